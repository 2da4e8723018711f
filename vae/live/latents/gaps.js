// The gaps of all digits of the map, as `vae/gaps.py` measured them.

/** @import { Bundle } from "../bundle.js" */

/** What the ELBO lacks of log p(image), digit by digit, in nats. */
export class Gaps {
  /** @param {Bundle} bundle what `gaps_bundle` packed */
  constructor({ arrays }) {
    /** KL(q || p(z | image)) of the encoder's q. */
    this.gap = /** @type {Float32Array} */ (arrays.gap.data);
    /** That of the best Gaussian that was found. */
    this.approximation = /** @type {Float32Array} */ (arrays.approximation.data);
    /** What the best Gaussian saves. */
    this.amortisation = this.gap.map((value, i) => value - this.approximation[i]);
    /** How many hills the true posterior has. */
    this.hills = /** @type {Uint8Array} */ (arrays.hills.data);
    this.size = this.hills.length;
  }
}
