// What is followed through the model, as it is told to Python and stands in links: "7" is the
// example of a class, "mine" the visitor's drawing, "#123" a digit of the map, and "0.5,-1.2" what
// is decoded at that point of its plane.

/** @typedef {string} Source */

/**
 * A point of the plane as a source.
 *
 * @param {[x: number, y: number]} point
 */
export function sourceAt([x, y]) {
  return `${x.toFixed(4)},${y.toFixed(4)}`;
}

/**
 * The point of the plane that a source names, if it names one.
 *
 * @param {Source} source
 * @returns {[x: number, y: number] | null}
 */
export function pointOf(source) {
  if (!source.includes(",")) return null;
  const [x, y] = source.split(",").map(Number);
  return [x, y];
}

/**
 * The embedded digit that a source names, if it names one.
 *
 * @param {Source} source
 * @param {number[]} examples one of each class
 */
export function digitOf(source, examples) {
  if (source.startsWith("#")) return Number(source.slice(1));
  return source.length === 1 ? examples[Number(source)] : null;
}
