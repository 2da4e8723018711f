// Computes a run's networks (network.py) in the page, layer by layer (layer_kinds.js).

import { product } from "./bundle.js";
import { prepared, room, sigmoid, WEIGHTED } from "./layer_kinds.js";
import { Memory } from "./row_sums.js";

/**
 * @import { Bundle } from "./bundle.js"
 * @import { Floats, Layer, Step, Tensor } from "./layer_kinds.js"
 * @import { Image } from "./shared/pictures.js"
 */

/**
 * @typedef {object} Posterior
 * @property {Floats} mean of z
 * @property {Floats} logVariance
 *
 * @typedef {Pick<Decoder, "latentDim" | "decode" | "knows">} Decodes what makes images of latents
 * @typedef {Pick<Encoder, "encode" | "toBase" | "hasStandardPrior">} Encodes what makes posteriors of
 *   images
 *
 * @typedef {object} Base where a z lies in the base space
 * @property {Floats} latent
 * @property {number} logVolume log |det du/dz|
 */

class Network {
  /** @param {Bundle} bundle the `values` and weights of a `Network` of network.py */
  constructor({ values: { input, shape, outputs, layers }, arrays }) {
    this.input = { data: new Float32Array(product(shape)), shape };
    const weights = /** @type {Record<string, Tensor>} */ (arrays);
    /** @type {Record<string, Tensor>} by number */
    const results = { ...weights, [input]: this.input };
    const rooms = layers.map((/** @type {Layer} */ layer) => room(layer, weights));
    const memory = new Memory(
      rooms.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0),
    );
    /** @type {Step[]} */
    this.steps = layers.map((/** @type {Layer} */ layer) => prepared(layer, results, memory));
    /** @type {Floats[]} */
    this.outputs = outputs.map((/** @type {number} */ number) => results[number].data);
    this.features = features(layers, results, outputs);
  }

  /**
   * Compute the outputs.
   *
   * @param {ArrayLike<number>} input
   * @param {string} name
   */
  compute(input, name) {
    const { data } = this.input;
    if (input.length !== data.length) {
      throw new RangeError(`${name} of ${input.length} numbers; expected ${data.length}`);
    }
    data.set(input);
    for (const step of this.steps) step();
  }
}

export class Encoder extends Network {
  /** The way from z to latents; null with a standard prior, where they are one. */
  #toBase;

  /** @param {Bundle} bundle what `encoder_bundle` packed */
  constructor({ values, arrays }) {
    super({ values, arrays });
    const { to_base: toBase } = values;
    this.#toBase = toBase
      ? new Network({ values: toBase, arrays: part(arrays, "to_base ") })
      : null;
  }

  /** Whether z are the latents, so that a posterior is Gaussian on the map. */
  get hasStandardPrior() {
    return this.#toBase === null;
  }

  /**
   * Where z lies in the base space, in which latents are decoded and shown.
   *
   * @param {Floats} z
   * @returns {Base}
   */
  toBase(z) {
    if (!this.#toBase) return { latent: z, logVolume: 0 };
    this.#toBase.compute(z, "z");
    const [latent, logVolume] = this.#toBase.outputs;
    return { latent: latent.slice(), logVolume: logVolume[0] };
  }

  /**
   * The posterior of one image.
   *
   * @param {ArrayLike<number>} image
   * @returns {Posterior}
   */
  encode(image) {
    this.compute(image, "an image");
    const [mean, logVariance] = this.outputs;
    return { mean: mean.slice(), logVariance: logVariance.slice() };
  }
}

export class Decoder extends Network {
  get latentDim() {
    return this.input.data.length;
  }

  /** Whether it decodes a latent exactly: any. @param {ArrayLike<number>} _latent */
  knows(_latent) {
    return true;
  }

  /**
   * The image of one latent (latentDim numbers).
   *
   * @param {ArrayLike<number>} latent
   * @returns {Image}
   */
  decode(latent) {
    return this.logits(latent).map(sigmoid);
  }

  /**
   * What is decoded from one latent before the sigmoid; overwritten by the next.
   *
   * @param {ArrayLike<number>} latent
   */
  logits(latent) {
    this.compute(latent, "a latent");
    return this.outputs[0];
  }
}

const PICTURE = { least: 8, most: 1024 }; // numbers of a layer; 4,096 weights of places are none

/**
 * What lies between the input and the outputs: the result of each layer that has weights, after
 * the activation and all else that follows it, in the order in which they are needed; as maps,
 * height x width x channels, where it is read or made as such. It is what was computed last.
 *
 * @param {Layer[]} layers
 * @param {Record<string, Tensor>} results
 * @param {number[]} outputs
 */
export function features(layers, results, outputs) {
  const made = new Map(layers.map((layer) => [layer.output, layer]));
  /** @type {number[][]} the results that belong to each layer with weights */
  const groups = [];
  /** @type {Map<number, number>} in which of these a result is; -1: in none */
  const group = new Map();
  const follow = (/** @type {number} */ number) => {
    const layer = made.get(number);
    if (!layer || group.has(number)) return;
    layer.inputs.forEach(follow);
    const last = WEIGHTED.includes(layer.kind)
      ? groups.push([]) - 1
      : Math.max(...layer.inputs.map((input) => group.get(input) ?? -1));
    groups[last]?.push(number);
    group.set(number, last);
  };
  outputs.forEach(follow);
  const areMaps = (/** @type {number} */ number) => results[number].shape.length === 3;
  const isPicture = (/** @type {number} */ number) =>
    results[number].data.length >= PICTURE.least && results[number].data.length <= PICTURE.most;
  const isSeen = (/** @type {number[]} */ group) => group.some(areMaps) || isPicture(group[0]);
  const inner = groups.filter((group) => !group.some((number) => outputs.includes(number)));
  return inner
    .filter(isSeen)
    .map((group) => results[group.findLast(areMaps) ?? group[group.length - 1]]);
}

/**
 * The arrays whose names begin so, without that beginning.
 *
 * @param {Bundle["arrays"]} arrays
 * @param {string} beginning
 */
function part(arrays, beginning) {
  const found = Object.entries(arrays).filter(([name]) => name.startsWith(beginning));
  return Object.fromEntries(found.map(([name, array]) => [name.slice(beginning.length), array]));
}
