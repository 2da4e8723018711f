// Pictures that the server has decoded beforehand, a hundredth of what the networks weigh: a page
// shows them as long as somebody only looks. What they do not show needs the networks.

/**
 * @import { Bundle } from "./bundle.js"
 * @import { Decoder, Decodes, Posterior } from "./network.js"
 * @import { Image } from "./shared/pictures.js"
 */

const SAME = 1e-3; // between latents that are one: links and Python round to four decimals

/** What a model decodes at some latents and, where it has images, what it makes of these. */
export class Sketch {
  /** As of each that has images. */
  hasStandardPrior = true;
  #arrays;

  /** @param {Bundle} bundle what `sketch_bundle` or `examples_bundle` packed */
  constructor({ arrays }) {
    this.#arrays = arrays;
  }

  get latentDim() {
    return this.#arrays.latents.shape[1];
  }

  /**
   * What stands for the decoder.
   *
   * @param {string} _name of its bundle
   * @param {() => void} send for it
   */
  standIn(_name, send) {
    return new SketchedDecoder(this, send);
  }

  /**
   * Whether it shows what is decoded from a latent, and not only something near it.
   *
   * @param {ArrayLike<number>} latent
   */
  knows(latent) {
    return nearest(this.#arrays.latents, latent).distance < SAME;
  }

  /**
   * What is decoded from a latent, or from the nearest one that is known.
   *
   * @param {ArrayLike<number>} latent
   * @returns {Image}
   */
  decode(latent) {
    const { pictures, latents } = this.#arrays;
    const picture = Float32Array.from(row(pictures, nearest(latents, latent).index));
    return pictures.data instanceof Uint8Array ? picture.map((ink) => ink / 255) : picture;
  }

  /**
   * The posterior of an image, or of the nearest one that is known.
   *
   * @param {ArrayLike<number>} image
   * @returns {Posterior}
   */
  encode(image) {
    const { images, mean, log_variance: logVariance } = this.#arrays;
    const { index } = nearest(images, image);
    const of = (/** @type {Bundle["arrays"][string]} */ array) =>
      Float32Array.from(row(array, index));
    return { mean: of(mean), logVariance: of(logVariance) };
  }

  /** @param {Posterior["mean"]} z which is the latent */
  toBase(z) {
    return { latent: z, logVolume: 0 };
  }
}

/**
 * A sketch that becomes a decoder. What the sketch does not know is shown by what it has next to
 * it, and the decoder is sent for.
 *
 * @implements {Decodes}
 */
export class SketchedDecoder {
  /** @type {Decoder | null} */
  #decoder = null;
  #isSentFor = false;

  /**
   * @param {Sketch} sketch
   * @param {() => void} send for the decoder; called once
   */
  constructor(sketch, send) {
    this.sketch = sketch;
    this.send = send;
  }

  get latentDim() {
    return this.sketch.latentDim;
  }

  /**
   * Whether it decodes a latent exactly.
   *
   * @param {ArrayLike<number>} latent
   */
  knows(latent) {
    return this.#decoder !== null || this.sketch.knows(latent);
  }

  /**
   * The image of one latent, now or once the decoder has come.
   *
   * @param {ArrayLike<number>} latent
   */
  decode(latent) {
    if (this.#decoder) return this.#decoder.decode(latent);
    if (!this.#isSentFor && !this.sketch.knows(latent)) {
      this.#isSentFor = true;
      this.send();
    }
    return this.sketch.decode(latent);
  }

  /** @param {Decoder} decoder from now on it decodes */
  become(decoder) {
    this.#decoder = decoder;
  }
}

/**
 * The row of an array that is nearest to a point, and how far off.
 *
 * @param {Bundle["arrays"][string]} array
 * @param {ArrayLike<number>} point
 */
function nearest({ data, shape: [rows, width] }, point) {
  let best = { index: 0, distance: Number.POSITIVE_INFINITY };
  for (let index = 0; index < rows; index++) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += (data[index * width + i] - point[i]) ** 2;
    if (sum < best.distance ** 2) best = { index, distance: Math.sqrt(sum) };
  }
  return best;
}

/**
 * @param {Bundle["arrays"][string]} array
 * @param {number} index
 */
function row({ data, shape: [, width] }, index) {
  return data.subarray(index * width, (index + 1) * width);
}
