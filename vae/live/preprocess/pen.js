// The pen that draws lines into an image, as `vae/preprocess/pen.py` draws them.

import { SIDE } from "../shared/mnist.js";

/**
 * @import { Image } from "../shared/pictures.js"
 * @import { Line } from "./strokes.js"
 */

/** Width of MNIST's strokes in pixels. */
export const PEN_WIDTH = 2.5;

/**
 * Lines in image pixels, drawn with a round pen: a pixel is as white as the pen covers it. Only
 * pixels that a line can reach are looked at.
 *
 * @param {Line[]} lines
 * @returns {Image}
 */
export function draw(lines, width = PEN_WIDTH) {
  const reach = width / 2 + 0.5;
  const squared = new Float64Array(SIDE * SIDE).fill(reach ** 2);
  for (const line of lines) approach(squared, line, reach);
  // a pen thinner than a pixel never covers one whole
  const most = Math.min(1, width);
  return Float32Array.from(squared, (value) => Math.min(reach - Math.sqrt(value), most));
}

/**
 * Lower each pixel's squared distance to that of this line.
 *
 * @param {Float64Array} squared
 * @param {Line} line
 * @param {number} reach
 */
function approach(squared, [[x, y], [endX, endY]], reach) {
  const [right, down] = [endX - x, endY - y];
  const length = Math.max(right ** 2 + down ** 2, 1e-12);
  const first = (/** @type {number} */ at) => Math.max(0, Math.floor(at - reach));
  const last = (/** @type {number} */ at) => Math.min(SIDE - 1, Math.ceil(at + reach));
  const lastColumn = last(Math.max(x, endX));
  const lastRow = last(Math.max(y, endY));
  for (let row = first(Math.min(y, endY)); row <= lastRow; row++) {
    for (let column = first(Math.min(x, endX)); column <= lastColumn; column++) {
      const [a, b] = [column + 0.5 - x, row + 0.5 - y];
      const share = Math.min(Math.max((a * right + b * down) / length, 0), 1);
      const apart = (a - share * right) ** 2 + (b - share * down) ** 2;
      const pixel = row * SIDE + column;
      if (apart < squared[pixel]) squared[pixel] = apart;
    }
  }
}
