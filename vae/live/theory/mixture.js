// The aggregate posterior: the posteriors of all digits, mixed. `vae/aggregate.py` is the same.

/**
 * @typedef {object} Posteriors of all digits: Gaussians with independent dimensions
 * @property {Float32Array} means two numbers each
 * @property {Float32Array} logVariances
 */

/**
 * The log density of the mixture at a point.
 *
 * @param {Posteriors} posteriors
 * @param {number} x
 * @param {number} y
 */
export function logDensity({ means, logVariances }, x, y) {
  let [top, sum] = [-Infinity, 0];
  for (let i = 0; i < means.length; i += 2) {
    const [vx, vy] = [logVariances[i], logVariances[i + 1]];
    const exponent =
      -0.5 *
      ((x - means[i]) ** 2 * Math.exp(-vx) + (y - means[i + 1]) ** 2 * Math.exp(-vy) + vx + vy);
    if (exponent <= top) sum += Math.exp(exponent - top);
    else [top, sum] = [exponent, sum * Math.exp(top - exponent) + 1];
  }
  return top + Math.log(sum) - Math.log((means.length / 2) * 2 * Math.PI);
}

/**
 * The mean density of the mixture in each cell of a square: exact, however narrow a posterior is.
 *
 * @param {Posteriors} posteriors
 * @param {number} extent half the width of the square
 * @param {number} cells along a side
 * @returns {Float32Array} the uppermost row first
 */
export function raster({ means, logVariances }, extent, cells) {
  const found = new Float32Array(cells * cells);
  const side = (2 * extent) / cells;
  const scale = 2 / means.length / side / side;
  for (let i = 0; i < means.length; i += 2) {
    const [first, shares] = sharesAlong(means[i], logVariances[i], extent, cells);
    const [lowest, heights] = sharesAlong(means[i + 1], logVariances[i + 1], extent, cells);
    heights.forEach((height, j) => {
      const from = (cells - 1 - lowest - j) * cells + first;
      shares.forEach((share, k) => {
        found[from + k] += scale * height * share;
      });
    });
  }
  return found;
}

/**
 * How a Gaussian is shared out among the cells of an axis: the first cell that has any, and the
 * shares from there on.
 *
 * @param {number} mean
 * @param {number} logVariance
 * @param {number} extent
 * @param {number} cells
 * @returns {[number, number[]]}
 */
function sharesAlong(mean, logVariance, extent, cells) {
  const deviation = Math.exp(logVariance / 2);
  const side = (2 * extent) / cells;
  const cell = (/** @type {number} */ at) =>
    Math.min(Math.max(Math.floor((at + extent) / side), 0), cells - 1);
  const [first, last] = [cell(mean - 5 * deviation), cell(mean + 5 * deviation)];
  const edges = Array.from({ length: last - first + 2 }, (_, i) =>
    below(((first + i) * side - extent - mean) / deviation),
  );
  return [first, edges.slice(1).map((edge, i) => edge - edges[i])];
}

/**
 * The share of a standard normal distribution below z, to 1e-7.
 *
 * Source: Abramowitz and Stegun 1964, 7.1.26.
 *
 * @param {number} z
 */
export function below(z) {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const terms =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * terms * Math.exp(-x * x);
  return z < 0 ? tail : 1 - tail;
}
