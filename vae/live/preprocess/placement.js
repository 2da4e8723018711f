// Lines of any size anywhere -> a digit placed as MNIST's are, as `vae/preprocess/placement.py`
// places it. Where that gives a `Blank` and its reason, here is null: the words are Python's.

import { SIDE } from "../shared/mnist.js";
import { draw, PEN_WIDTH } from "./pen.js";

/**
 * @import { Image } from "../shared/pictures.js"
 * @import { Line, Point } from "./strokes.js"
 */

const BOX = 20;
const CENTRE = 14.5; // where MNIST's centre of mass lies, counted from the edge of the first pixel
const SMALLEST = 3; // pixels of the drawing; anything smaller is a dot
const BLOT = 4; // pixels from ink to paper
const MOST_INK = 260; // pixels
const MOST_SLANT = 1; // tangent

/**
 * Lines fitted into the box, drawn with MNIST's pen, and centred by mass.
 *
 * @param {Line[]} lines at least one, in pixels of the drawing
 * @param {boolean} upright take the slant away first
 * @returns {Image | null} null where there is no digit
 */
export function placed(lines, upright = false) {
  if (sizeOf(lines) < SMALLEST) return null;
  let within = fitted(lines);
  if (upright) within = fitted(sheared(within, slant(draw(within))));
  const image = draw(within);
  if (isBlot(image) || image.reduce((sum, ink) => sum + ink, 0) > MOST_INK) return null;
  const { lows, highs } = bounds(within);
  const shift = centreOfMass(image).map((centre, axis) => {
    const room = (SIDE - PEN_WIDTH - (highs[axis] - lows[axis])) / 2; // to where ink is cut off
    return Math.min(Math.max(CENTRE - centre, -room), room);
  });
  return draw(moved(within, ([x, y]) => [x + shift[0], y + shift[1]]));
}

/**
 * @param {Line[]} lines
 * @param {(point: Point) => Point} move
 * @returns {Line[]}
 */
function moved(lines, move) {
  return lines.map(([from, to]) => [move(from), move(to)]);
}

/** @param {Line[]} lines */
function bounds(lines) {
  const [lows, highs] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (const point of lines.flat()) {
    point.forEach((value, axis) => {
      lows[axis] = Math.min(lows[axis], value);
      highs[axis] = Math.max(highs[axis], value);
    });
  }
  return { lows, highs };
}

/** @param {Line[]} lines */
function sizeOf(lines) {
  const { lows, highs } = bounds(lines);
  return Math.max(highs[0] - lows[0], highs[1] - lows[1]);
}

/**
 * The lines in the middle of the image, their ink as large as the box.
 *
 * @param {Line[]} lines
 */
function fitted(lines) {
  const { lows, highs } = bounds(lines);
  const [x, y] = [(lows[0] + highs[0]) / 2, (lows[1] + highs[1]) / 2];
  const scale = (BOX - PEN_WIDTH) / Math.max(highs[0] - lows[0], highs[1] - lows[1]);
  return moved(lines, (point) => [
    (point[0] - x) * scale + SIDE / 2,
    (point[1] - y) * scale + SIDE / 2,
  ]);
}

/**
 * By how many pixels the ink moves to the right for each pixel down.
 *
 * @param {Image} image
 */
function slant(image) {
  const [x, y] = centreOfMass(image);
  let together = 0;
  let spread = 0;
  image.forEach((ink, pixel) => {
    const down = Math.floor(pixel / SIDE) + 0.5 - y;
    together += ink * down * ((pixel % SIDE) + 0.5 - x);
    spread += ink * down ** 2;
  });
  return Math.min(Math.max(together / Math.max(spread, 1e-6), -1), 1) * MOST_SLANT;
}

/**
 * Each point moved sideways, so that what leaned by `slant` stands upright.
 *
 * @param {Line[]} lines
 * @param {number} slant
 */
function sheared(lines, slant) {
  return moved(lines, ([x, y]) => [x - slant * (y - SIDE / 2), y]);
}

/**
 * Whether ink covers a place larger than any stroke or crossing of strokes does.
 *
 * @param {Image} image
 */
function isBlot(image) {
  const isPaper = (/** @type {number} */ row, /** @type {number} */ column) =>
    row >= 0 && column >= 0 && row < SIDE && column < SIDE && image[row * SIDE + column] <= 0.5;
  return image.some((_, pixel) => {
    const [row, column] = [Math.floor(pixel / SIDE), pixel % SIDE];
    return !NEAR.some(([down, right]) => isPaper(row + down, column + right));
  });
}

/** Steps to all pixels within a blot's radius, the shortest first. */
const NEAR = Array.from({ length: (2 * BLOT + 1) ** 2 }, (_, i) => [
  Math.floor(i / (2 * BLOT + 1)) - BLOT,
  (i % (2 * BLOT + 1)) - BLOT,
])
  .filter(([down, right]) => Math.hypot(down, right) <= BLOT)
  .sort((a, b) => Math.hypot(...a) - Math.hypot(...b));

/**
 * x and y, in pixels from the edge of the first one.
 *
 * @param {Image} image
 */
function centreOfMass(image) {
  let [mass, x, y] = [0, 0, 0];
  image.forEach((ink, pixel) => {
    mass += ink;
    x += ink * ((pixel % SIDE) + 0.5);
    y += ink * (Math.floor(pixel / SIDE) + 0.5);
  });
  return [x / mass, y / mass];
}
