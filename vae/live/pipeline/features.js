// Feature maps as pictures: every number that a layer makes of an image, as it is.

import { pen } from "../shared/elements.js";
import { heated } from "../shared/palette.js";

/**
 * @import { Tensor } from "../layer_kinds.js"
 * @import { Palette } from "../shared/palette.js"
 */

const WIDEST = 1.7; // columns for each row

/**
 * What a decoder makes of z: behind a learned prior not what its flow makes of the latent before,
 * which ends in z, as many numbers as the latent.
 *
 * @param {Tensor[]} features
 * @param {number} latentDim
 * @param {boolean} hasStandardPrior whether the latent is z
 */
export function ofDecoder(features, latentDim, hasStandardPrior) {
  if (hasStandardPrior) return features;
  return features.slice(features.findLastIndex(({ data }) => data.length === latentDim) + 1);
}

/** What a layer makes, in words. @param {number[]} shape */
export function shapeText(shape) {
  if (shape.length < 3) return `${shape[shape.length - 1]} numbers`;
  const [height, width, channels] = shape;
  return `${channels} ${channels === 1 ? "map" : "maps"} of ${height} × ${width}`;
}

/**
 * Columns and rows for so many maps, about as many of each.
 *
 * @param {number} maps
 */
export function grid(maps) {
  const root = Math.ceil(Math.sqrt(maps));
  let columns = root;
  while (maps % columns) columns++;
  if (columns ** 2 / maps > WIDEST) columns = root; // some places stay empty
  return { columns, rows: Math.ceil(maps / columns) };
}

/**
 * Draw what a layer made: black is 0, blue is below; as light as it is large within the layer.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Tensor} layer
 * @param {Palette} palette
 */
export function drawFeatures(canvas, { data, shape }, { heat, tooLittle }) {
  const [height, width, channels] = shape.length === 3 ? shape : [1, 1, data.length];
  const gap = Number(height > 1);
  const { columns, rows } = grid(channels);
  canvas.width = columns * (width + gap) - gap;
  canvas.height = rows * (height + gap) - gap;
  const context = pen(canvas);
  const picture = context.createImageData(canvas.width, canvas.height);
  const most = data.reduce((so, value) => Math.max(so, Math.abs(value)), 1e-9);
  for (let at = 0; at < data.length; at++) {
    const [channel, pixel] = [at % channels, Math.floor(at / channels)];
    const left = (channel % columns) * (width + gap) + (pixel % width);
    const top = Math.floor(channel / columns) * (height + gap) + Math.floor(pixel / width);
    const share = data[at] / most;
    const colour = share < 0 ? tooLittle.map((light) => -share * light) : heated(heat, share);
    const to = 4 * (top * canvas.width + left);
    for (let i = 0; i < 3; i++) picture.data[to + i] = 255 * colour[i];
    picture.data[to + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}
