// The worker, as the page sees it: begun when it is first needed, ended when nobody needs it.

import { sourceOf } from "../bundles.js";
import { ADDRESS } from "./worker.js";

/**
 * @import { Decoder } from "../network.js"
 * @import { Gaussian } from "./field.js"
 * @import { Posteriors } from "./mixture.js"
 * @import { Answer, Order } from "./worker.js"
 */

export class Asked {
  #number = 0;

  /**
   * @param {Decoder} decoder
   * @param {number} extent
   * @param {(answer: Answer) => void} take
   */
  constructor(decoder, extent, take) {
    this.worker = new Worker(ADDRESS, { type: "module" });
    this.worker.onmessage = ({ data }) => {
      if (!("number" in data) || data.number === this.#number) take(data);
    };
    const words = "this browser does not start the worker";
    this.worker.onerror = ({ message }) => take({ kind: "failed", error: message ?? words });
    this.#send({ kind: "model", source: sourceOf(decoder), extent });
  }

  /**
   * Ask for the true posterior of an image; what is still to come of earlier ones is dropped.
   *
   * @param {ArrayLike<number>} image
   * @param {Gaussian} q
   */
  look(image, q) {
    this.#number += 1;
    this.#send({ kind: "image", number: this.#number, image, q });
  }

  /** Ask for a better Gaussian than the encoder's. */
  improve() {
    this.#send({ kind: "improve", number: this.#number });
  }

  /**
   * @param {Posteriors} posteriors
   * @param {number} extent
   * @param {number} cells
   */
  raster(posteriors, extent, cells) {
    this.#send({ kind: "raster", posteriors, extent, cells });
  }

  /**
   * @param {Posteriors} posteriors
   * @param {number[][]} points
   */
  densities(posteriors, points) {
    this.#send({ kind: "densities", posteriors, points });
  }

  /** @param {Order} order */
  #send(order) {
    this.worker.postMessage(order);
  }

  end() {
    this.worker.terminate();
  }
}
