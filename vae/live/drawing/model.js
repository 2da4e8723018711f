// What one model makes of an image.

import { draw, evenNoise, klDivergence } from "../latents/posterior.js";
import { drawFromPrior } from "../latents/prior.js";

/**
 * @import { Noise } from "../latents/posterior.js"
 * @import { Decodes, Encodes, Posterior } from "../network.js"
 * @import { Image } from "../shared/pictures.js"
 */

const DRAWS = 16; // of a posterior behind a learned prior, to show its cloud and measure its KL
export const SHOWN_DRAWS = 6;

export class Model {
  /** The image that was read last, and what was read. @type {[Image, Reading] | null} */
  #last = null;
  /** @type {Noise[]} */
  #shown = [];

  /**
   * @param {Encodes} encoder
   * @param {Decodes} decoder
   */
  constructor(encoder, decoder) {
    this.encoder = encoder;
    this.decoder = decoder;
    this.noises = encoder.hasStandardPrior ? [] : evenNoise(DRAWS, decoder.latentDim);
    this.resample();
  }

  /**
   * Where an image lies in latent space; the same image is not read twice.
   *
   * @param {Image} image
   */
  read(image) {
    if (this.#last?.[0] !== image) this.#last = [image, new Reading(this, image)];
    return this.#last[1];
  }

  /** From now on show other draws. */
  resample() {
    this.#shown = Array.from({ length: SHOWN_DRAWS }, () =>
      Float32Array.from({ length: this.decoder.latentDim }, drawFromPrior),
    );
  }

  /**
   * One of the draws that are shown, decoded.
   *
   * @param {Posterior} posterior
   * @param {number} i
   */
  drawn(posterior, i) {
    const { latent } = this.encoder.toBase(draw(posterior, this.#shown[i]));
    return this.decoder.decode(latent);
  }
}

/** A posterior, and where it lies in the base space. */
class Reading {
  /**
   * @param {Model} model
   * @param {Image} image
   */
  constructor({ encoder, noises }, image) {
    this.posterior = encoder.encode(image);
    this.latent = encoder.toBase(this.posterior.mean).latent;
    const bases = noises.map((noise) => encoder.toBase(draw(this.posterior, noise)));
    /** Draws; with a standard prior none, since an ellipse says more. */
    this.draws = bases.map(({ latent }) => latent);
    this.kl = klDivergence(encoder, this.posterior, bases, noises);
  }
}
