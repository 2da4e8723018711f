// One image's way through a model: its posterior, the noise, the latent, what is decoded, the loss.

import { klPerDimension, reconstructionPerPixel, total } from "../latents/losses.js";
import { draw, evenNoise, klDivergence } from "../latents/posterior.js";
import { drawFromPrior } from "../latents/prior.js";
import { sigmoid } from "../layer_kinds.js";
import { onlyRecorded } from "../recording.js";

/**
 * @import { Noise } from "../latents/posterior.js"
 * @import { Decoder, Encoder, Posterior } from "../network.js"
 * @import { RecordedDecoder, RecordedEncoder } from "../recording.js"
 * @import { Image } from "../shared/pictures.js"
 */

export const DRAWS = 100; // over which the KL divergence from a learned prior is a mean

export class Passage {
  /** What is followed. @type {Image} */
  image = new Float32Array(0);
  /** The posterior as the encoder gives it. @type {Posterior} */
  given = { mean: new Float32Array(0), logVariance: new Float32Array(0) };
  /** What its standard deviation is multiplied by. */
  spread = 1;
  /** epsilon, one number for each latent dimension. @type {Noise} */
  noise;
  /** The latent that is decoded: of the base space, where the prior is learned. @type {Noise} */
  latent = new Float32Array(0);
  /** The ink that is expected of each pixel. @type {Image} */
  expected = new Float32Array(0);
  /** The reconstruction loss of each pixel, in nats. */
  perPixel = new Float64Array(0);
  /** @type {Noise[]} */
  #noises;
  /** @type {number | null} */
  #told = null;
  /** What was asked for that was not recorded. @type {{noise?: Noise, spread?: number}} */
  #asked = {};

  /**
   * @param {Encoder | RecordedEncoder} encoder
   * @param {Decoder | RecordedDecoder} decoder
   * @param {boolean} isAutoencoder whether all that the encoder says is the mean
   */
  constructor(encoder, decoder, isAutoencoder) {
    this.encoder = encoder;
    this.decoder = decoder;
    this.isAutoencoder = isAutoencoder;
    this.noise = this.nothing;
    this.#noises = encoder.hasStandardPrior ? [] : evenNoise(DRAWS, decoder.latentDim);
  }

  /** No noise at all: of the mean. */
  get nothing() {
    return new Float32Array(this.decoder.latentDim);
  }

  /** epsilon from N(0, I). */
  aDraw() {
    return this.nothing.map(drawFromPrior);
  }

  /** The posterior as wide as it is taken; of no width, its log variance is -Infinity. */
  get posterior() {
    const { mean, logVariance } = this.given;
    const wider = 2 * Math.log(this.spread);
    return { mean, logVariance: logVariance.map((value) => value + wider) };
  }

  /** The standard deviation of that. */
  get deviation() {
    return this.posterior.logVariance.map((value) => Math.exp(value / 2));
  }

  /** mean + deviation * noise. */
  get z() {
    return draw(this.posterior, this.noise);
  }

  /**
   * The latent of a noise.
   *
   * @param {Noise} noise
   */
  latentOf(noise) {
    return this.encoder.toBase(draw(this.posterior, noise)).latent;
  }

  /**
   * The networks have come: what was asked for meanwhile is taken with the next image.
   *
   * @param {Encoder} encoder
   * @param {Decoder} decoder
   */
  become(encoder, decoder) {
    const { noise = this.noise, spread = this.spread } = this.#asked;
    Object.assign(this, { encoder, decoder, noise, spread });
  }

  /**
   * Whether all that is known is what was recorded: then the networks are sent for, unless it is
   * that which is asked.
   *
   * @param {string} [source] the image that is asked for, at its mean
   */
  sendsFor(source) {
    const recorded = onlyRecorded([this.encoder, this.decoder]).filter(
      (one) => one.source !== source,
    );
    for (const one of recorded) one.send();
    return recorded.length > 0;
  }

  /**
   * Follow an image.
   *
   * @param {Image} image
   */
  follow(image) {
    this.image = image;
    this.given = this.encoder.encode(image);
    this.#told = null;
    this.#decode();
  }

  /**
   * Take another noise. A plain autoencoder has none.
   *
   * @param {Noise} noise
   */
  take(noise) {
    if (this.isAutoencoder) return;
    if (this.sendsFor()) {
      this.#asked.noise = noise;
      return;
    }
    this.noise = noise;
    this.#decode();
  }

  /**
   * Make the posterior wider or narrower than it is.
   *
   * @param {number} spread
   */
  widen(spread) {
    if (this.sendsFor()) {
      this.#asked.spread = spread;
      return;
    }
    this.spread = spread;
    this.#told = null;
    this.#decode();
  }

  #decode() {
    this.latent = this.latentOf(this.noise);
    const logits = this.decoder.logits(this.latent);
    this.expected = logits.map(sigmoid);
    this.perPixel = reconstructionPerPixel(this.image, logits);
  }

  /** The reconstruction loss for this noise, in nats. */
  get lost() {
    return total(this.perPixel);
  }

  /** The KL divergence in nats, infinite for a point; with a learned prior a mean over draws. */
  get told() {
    this.#told ??= klDivergence(
      this.encoder,
      this.posterior,
      this.#noises.map((noise) => this.encoder.toBase(draw(this.posterior, noise))),
      this.#noises,
    );
    return this.#told;
  }

  /** The KL divergence of each dimension; null with a learned prior, where it has no parts. */
  get toldPerDimension() {
    const { mean, logVariance } = this.posterior;
    return this.encoder.hasStandardPrior ? klPerDimension(mean, logVariance) : null;
  }

  /**
   * The two dimensions in which the noise matters most: those that tell most of the image; with a
   * learned prior those of which the encoder is surest. Of a single dimension, that one.
   *
   * @returns {number[]} ascending
   */
  get foremost() {
    const { mean, logVariance } = this.given;
    const weight = this.encoder.hasStandardPrior
      ? klPerDimension(mean, logVariance)
      : logVariance.map((value) => -value);
    const order = Array.from(weight, (_, i) => i).sort((a, b) => weight[b] - weight[a]);
    return order.slice(0, 2).sort((a, b) => a - b);
  }
}
