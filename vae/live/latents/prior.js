// The prior: a standard normal distribution in each latent dimension, as `vae/latents.py` has it.

/**
 * The z below which a share of one dimension's prior lies; share in (0, 1).
 *
 * Right to about 16 digits. Source: Wichura 1988, "Algorithm AS 241: The Percentage Points of the
 * Normal Distribution", PPND16.
 *
 * @param {number} share
 * @returns {number}
 */
export function quantile(share) {
  const q = share - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    // biome-ignore format: tables of coefficients
    return (
      (q *
        polynomial(r, 3.387132872796366608, 133.14166789178437745, 1971.5909503065514427,
          13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
          33430.575583588128105, 2509.0809287301226727)) /
      polynomial(r, 1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077,
        21213.794301586595867, 39307.89580009271061, 28729.085735721942674, 5226.495278852854561)
    );
  }
  const r = Math.sqrt(-Math.log(q < 0 ? share : 1 - share));
  // biome-ignore format: tables of coefficients
  const z =
    r <= 5
      ? polynomial(r - 1.6, 1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055,
          3.64784832476320460504, 1.27045825245236838258, 0.24178072517745061177,
          0.0227238449892691845833, 7.7454501427834140764e-4) /
        polynomial(r - 1.6, 1, 2.05319162663775882187, 1.6763848301838038494,
          0.68976733498510000455, 0.14810397642748007459, 0.0151986665636164571966,
          5.475938084995344946e-4, 1.05075007164441684324e-9)
      : polynomial(r - 5, 6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358,
          0.29656057182850489123, 0.026532189526576123093, 0.0012426609473880784386,
          2.71155556874348757815e-5, 2.01033439929228813265e-7) /
        polynomial(r - 5, 1, 0.59983220655588793769, 0.13692988092273580531,
          0.0148753612908506148525, 7.868691311456132591e-4, 1.8463183175100546818e-5,
          1.4215117583164458887e-7, 2.04426310338993978564e-15);
  return q < 0 ? -z : z;
}

/**
 * The share of one dimension's prior below z: the inverse of `quantile`, by halving.
 *
 * @param {number} z
 */
export function shareBelow(z) {
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (quantile(middle) < z) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** A draw of one dimension from the prior. */
export function drawFromPrior() {
  return quantile(Math.random() || 0.5); // the share 0 has no quantile
}

/**
 * The share of the prior's samples that are nearer to the origin than a latent, in [0, 1].
 *
 * The regularised lower incomplete gamma function of half the dimensions and half the squared
 * length: by its series, and farther out, where that grows beyond all numbers, as what the
 * continued fraction of the upper one leaves.
 * Source: Abramowitz and Stegun 1964, 6.5.4, 6.5.29 and 6.5.31.
 *
 * @param {ArrayLike<number>} latent
 */
export function shareOfPriorWithin(latent) {
  let x = 0;
  for (let i = 0; i < latent.length; i++) x += latent[i] ** 2 / 2;
  const a = latent.length / 2;
  if (x === 0) return 0;
  let logGamma = latent.length % 2 ? Math.log(Math.PI) / 2 : 0; // of 1/2 or of 1
  for (let k = a; k > 0.25; k--) logGamma += Math.log(k); // up to that of a + 1
  const density = Math.exp(a * Math.log(x) - x - logGamma);
  return x < a + 1 ? density * series(a, x) : 1 - a * density * continuedFraction(a, x);
}

/**
 * 1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ...
 *
 * @param {number} a
 * @param {number} x
 */
function series(a, x) {
  let [term, sum] = [1, 1];
  for (let n = 1; term > 1e-12 * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/**
 * 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - ...))), for x > a + 1.
 *
 * From its innermost part outwards; deeper ones change nothing any more.
 *
 * @param {number} a
 * @param {number} x
 */
function continuedFraction(a, x) {
  const depth = Math.ceil(200 + 20 * Math.sqrt(a));
  let below = x + 2 * depth + 1 - a;
  for (let n = depth; n > 0; n--) below = x + 2 * n - 1 - a - (n * (n - a)) / below;
  return 1 / below;
}

/**
 * a + b x + c x^2 + ...
 *
 * @param {number} x
 * @param {...number} coefficients
 */
function polynomial(x, ...coefficients) {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient);
}
