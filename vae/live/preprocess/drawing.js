// From what a person draws to an image as MNIST's makers would have made it, as
// `vae/preprocess` makes it of the same strokes.

import { SIDE } from "../shared/mnist.js";
import { draw } from "./pen.js";
import { placed } from "./placement.js";
import { linesOf } from "./strokes.js";

/**
 * @import { Image } from "../shared/pictures.js"
 * @import { Line, Point, Stroke } from "./strokes.js"
 *
 * @typedef {object} Reading how a drawing becomes an image
 * @property {boolean} placed fitted, centred and drawn again as MNIST's; else the canvas, shrunk
 * @property {boolean} upright without its slant
 * @property {number} canvas its width and height in pixels
 */

/**
 * What the models see of strokes; null where that is no digit.
 *
 * @param {Stroke[]} strokes
 * @param {Reading} reading
 * @returns {Image | null}
 */
export function drawingToImage(strokes, reading) {
  if (!strokes.length) return null;
  return reading.placed
    ? placed(linesOf(strokes), reading.upright)
    : asDrawn(strokes, reading.canvas);
}

/**
 * The whole canvas, shrunk.
 *
 * @param {Stroke[]} strokes
 * @param {number} canvas
 * @returns {Image}
 */
function asDrawn(strokes, canvas) {
  const scale = SIDE / canvas;
  const shrunk = (/** @type {Point} */ [x, y]) => /** @type {Point} */ ([x * scale, y * scale]);
  const image = new Float32Array(SIDE * SIDE);
  for (const stroke of strokes) {
    /** @type {Line[]} */
    const lines = linesOf([stroke]).map(([from, to]) => [shrunk(from), shrunk(to)]);
    draw(lines, stroke.strokeWidth * scale).forEach((ink, pixel) => {
      image[pixel] = Math.max(image[pixel], ink);
    });
  }
  return image;
}
