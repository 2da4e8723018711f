// Digits as crisp pictures: one canvas pixel for each pixel, enlarged by the style sheet.

import { element, pen } from "./elements.js";
import { SIDE } from "./mnist.js";
import { heated } from "./palette.js";

/**
 * @import { Stroke } from "../preprocess/strokes.js"
 * @import { Palette } from "./palette.js"
 */

/** @typedef {Float32Array<ArrayBuffer>} Image the pixels of a digit, row by row, in [0, 1] */

/**
 * A canvas for one digit, with words for those who cannot see it; without any it is decoration, as
 * on a button that has a name.
 *
 * @param {string} label
 */
export function digitCanvas(label, className = "") {
  return element("canvas", {
    className: `digit ${className}`,
    width: SIDE,
    height: SIDE,
    ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true }),
  });
}

/**
 * A canvas with words under it.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {string} caption
 */
export function captioned(canvas, caption) {
  return element("figure", {}, canvas, element("figcaption", { textContent: caption }));
}

/**
 * Draw an image, white on black, `left` and `top` pixels from the corner of the canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} image numbers from 0 to `white`
 */
export function drawDigit(canvas, image, left = 0, top = 0, white = 1) {
  const picture = pen(canvas).createImageData(SIDE, SIDE);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    const light = Math.round((255 / white) * image[pixel]);
    picture.data.fill(light, 4 * pixel, 4 * pixel + 3);
    picture.data[4 * pixel + 3] = 255;
  }
  pen(canvas).putImageData(picture, left, top);
}

/**
 * Draw where a reconstruction differs: as light as the difference is large.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} image
 * @param {ArrayLike<number>} reconstruction
 * @param {Palette} palette
 */
export function drawDifference(canvas, image, reconstruction, { tooMuch, tooLittle }) {
  const picture = pen(canvas).createImageData(SIDE, SIDE);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    const apart = reconstruction[pixel] - image[pixel];
    const colour = apart > 0 ? tooMuch : tooLittle;
    colour.forEach((channel, i) => {
      picture.data[4 * pixel + i] = 255 * Math.abs(apart) * channel;
    });
    picture.data[4 * pixel + 3] = 255;
  }
  pen(canvas).putImageData(picture, 0, 0);
}

/**
 * Draw numbers from 0 up, (784), as heat: the largest is white.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 * @param {Palette} palette
 */
export function drawHeat(canvas, values, { heat }) {
  const picture = pen(canvas).createImageData(SIDE, SIDE);
  const most = Math.max(...Array.from(values), 1e-9);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    heated(heat, values[pixel] / most).forEach((channel, i) => {
      picture.data[4 * pixel + i] = 255 * channel;
    });
    picture.data[4 * pixel + 3] = 255;
  }
  pen(canvas).putImageData(picture, 0, 0);
}

/**
 * Draw strokes as the pen went, with the colour and the width that the context has.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stroke[]} strokes
 */
export function drawStrokes(context, strokes) {
  for (const { path } of strokes) {
    context.beginPath();
    for (const [command, ...[x, y, endX, endY]] of path) {
      if (command === "Q") context.quadraticCurveTo(x, y, endX, endY);
      else context.lineTo(x, y);
    }
    context.stroke();
  }
}

/**
 * Save a canvas as a PNG file, each pixel a square of `factor` pixels.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} factor
 * @param {string} name
 */
export async function savePicture(canvas, factor, name) {
  const large = new OffscreenCanvas(canvas.width * factor, canvas.height * factor);
  const context = pen(large);
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, large.width, large.height);
  const link = URL.createObjectURL(await large.convertToBlob());
  element("a", { href: link, download: name }).click();
  URL.revokeObjectURL(link);
}
