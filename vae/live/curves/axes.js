// The axes of a chart: what they span, where values lie on them, and their ticks.

/**
 * @typedef {[x: number, y: number]} Point
 *
 * @typedef {object} Line
 * @property {string} className
 * @property {Point[]} points
 *
 * @typedef {object} Scale positions along an axis, in CSS pixels
 * @property {[low: number, high: number]} ends
 * @property {(value: number) => number} forwards
 * @property {(pixels: number) => number} backwards
 */

/**
 * A scale from values to positions, and back.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} from where low lies
 * @param {number} to and high
 * @param {boolean} isLogarithmic
 * @returns {Scale}
 */
export function scale(low, high, from, to, isLogarithmic) {
  const same = (/** @type {number} */ value) => value;
  const [f, back] = isLogarithmic ? [Math.log, Math.exp] : [same, same];
  const slope = (to - from) / (f(high) - f(low) || 1);
  return {
    ends: [low, high],
    forwards: (value) => from + (f(value) - f(low)) * slope,
    backwards: (pixels) => back(f(low) + (pixels - from) / slope),
  };
}

/**
 * The values that a panel spans. The training losses of the first half of an epoch, and later of
 * the whole first epoch, are cut off: they are so much worse that nothing else could be told apart.
 *
 * @param {Line[]} lines that of the validation last
 * @param {boolean} isLogarithmic
 * @returns {[low: number, high: number]}
 */
export function range(lines, isLogarithmic) {
  const validation = lines[lines.length - 1];
  const done = validation.points.length;
  const from = done > 4 ? 1.01 : done > 1 ? 0.5 : 0;
  const values = lines.flatMap((line) =>
    line.points.filter(([x]) => x >= from || line === validation).map(([, y]) => y),
  );
  const usable = values.filter((value) => Number.isFinite(value) && (!isLogarithmic || value > 0));
  if (!usable.length) return isLogarithmic ? [1, 10] : [0, 1];
  const [low, high] = [Math.min(...usable), Math.max(...usable)];
  if (isLogarithmic) return [low / 1.03, high * 1.03];
  const room = 0.06 * (high - low) || 0.5;
  return [Math.max(low - room, low < 0 ? -Infinity : 0), high + room];
}

/**
 * About n round numbers from low to high.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} n
 */
export function ticks(low, high, n) {
  const rough = (high - low) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toFixed(digits)));
}

/**
 * Round numbers on a logarithmic axis: 1, 2, 5 in each decade, more where that is less than three.
 *
 * @param {number} low
 * @param {number} high
 */
export function logarithmicTicks(low, high) {
  const decades = Array.from({ length: 13 }, (_, i) => 10 ** (i - 6));
  const round = decades.flatMap((d) => [1, 2, 5].map((m) => Number((m * d).toPrecision(1))));
  const found = round.filter((value) => value >= low && value <= high);
  return found.length > 2 ? found : ticks(low, high, 4).filter((value) => value > 0);
}

/**
 * The row whose first number is nearest to x; of two that are as near the first.
 *
 * @param {number[][]} rows
 * @param {number} x
 * @returns {number[] | undefined}
 */
export function nearestRow(rows, x) {
  const apart = (/** @type {number[]} */ row) => Math.abs(row[0] - x);
  return rows.toSorted((a, b) => apart(a) - apart(b)).at(0);
}
