// Strokes of the canvas -> lines, as `vae/preprocess/strokes.py` makes them. What comes here was read
// by Python or drawn in this page: it is well-formed.

const CURVE_STEPS = 6; // straight pieces to one curve of the canvas
const FEW = 3; // taps; a digit may be dotted with more
const MOST_STROKES = 100;
const MOST_STEPS = 1000; // of the pen, in all strokes

/**
 * @typedef {[x: number, y: number]} Point
 * @typedef {[from: Point, to: Point]} Line a straight piece of the pen's path; a dot ends at its
 *   start
 * @typedef {[command: string, ...numbers: number[]]} Step of the pen
 * @typedef {{path: Step[], strokeWidth: number}} Stroke an object of the canvas
 */

/**
 * A stroke through points, as the canvas makes it: smooth, from middle to middle.
 *
 * @param {Point[]} points at least one
 * @param {number} strokeWidth
 * @returns {Stroke}
 */
export function strokeThrough(points, strokeWidth) {
  const [first, ...others] = points;
  const last = others.pop() ?? first;
  const corners = [...others, last];
  /** @type {Step[]} */
  const curves = others.map(([x, y], i) => {
    const [nextX, nextY] = corners[i + 1];
    return ["Q", x, y, (x + nextX) / 2, (y + nextY) / 2];
  });
  return { path: [["M", ...first], ...curves, ["L", ...last]], strokeWidth };
}

/**
 * All strokes as lines, in pixels of the canvas. Where there are but a few taps, which may have
 * slipped, only a dot of one of them is left.
 *
 * @param {Stroke[]} strokes
 * @returns {Line[]}
 */
export function linesOf(strokes) {
  const drawn = strokes.slice(0, MOST_STROKES);
  const steps = drawn.reduce((sum, { path }) => sum + path.length, 0);
  const every = Math.max(1, Math.ceil(steps / MOST_STEPS));
  const paths = drawn.map(({ path }) => pointsOf(thinned(path, every)));
  const areTaps = drawn.every(({ strokeWidth }, i) => extent(paths[i]) <= strokeWidth / 2);
  if (drawn.length <= FEW && areTaps) return paths.slice(0, 1).map(([point]) => [point, point]);
  return paths.flatMap(joined);
}

/**
 * @param {Step[]} path
 * @param {number} every
 */
function thinned(path, every) {
  return path.filter((_, i) => i % every === 0 || i === path.length - 1);
}

/**
 * The points of a path, curves cut into straight pieces.
 *
 * @param {Step[]} path
 */
function pointsOf(path) {
  /** @type {Point[]} */
  const found = [];
  for (const [command, ...numbers] of path) {
    const [endX, endY] = numbers.slice(-2);
    const start = found.at(-1);
    if (command !== "Q" || !start || numbers.length !== 4) {
      found.push([endX, endY]);
      continue;
    }
    const [controlX, controlY] = numbers;
    for (let step = 1; step <= CURVE_STEPS; step++) {
      const t = step / CURVE_STEPS;
      const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
      found.push([a * start[0] + b * controlX + c * endX, a * start[1] + b * controlY + c * endY]);
    }
  }
  return found;
}

/**
 * From point to point; one alone is a dot.
 *
 * @param {Point[]} points
 * @returns {Line[]}
 */
function joined(points) {
  if (points.length === 1) return [[points[0], points[0]]];
  return points.slice(1).map((point, i) => [points[i], point]);
}

/**
 * Width or height of points, whichever is larger.
 *
 * @param {Point[]} points
 */
function extent(points) {
  const reach = (/** @type {0 | 1} */ axis) => {
    const along = points.map((point) => point[axis]);
    return Math.max(...along) - Math.min(...along);
  };
  return Math.max(reach(0), reach(1));
}
