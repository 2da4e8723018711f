// What the positions of a track mean: shares of the prior, or, where a model has none, of the digits'
// own latents. At 30 % of a track lies the z below which 30 % of them are.

import { quantile, shareBelow } from "../latents/prior.js";

const OUTERMOST = 0.001; // share beyond either end of a track

/** The scale of one dimension. */
export class Scale {
  #percentiles;

  /** @param {number[] | null} percentiles of the digits' latents, ascending; null: a prior */
  constructor(percentiles) {
    this.#percentiles = percentiles;
    this.of = percentiles ? "the digits" : "the prior";
  }

  /**
   * The z at a position: four decimals, as the link has them, so that it restores the same digit.
   *
   * @param {number} share
   */
  z(share) {
    const inside = Math.min(Math.max(share, OUTERMOST), 1 - OUTERMOST);
    return fourDecimals(this.#percentiles ? at(this.#percentiles, inside) : quantile(inside));
  }

  /**
   * The position of a z.
   *
   * @param {number} z
   */
  share(z) {
    return this.#percentiles ? shareOf(this.#percentiles, z) : shareBelow(z);
  }

  /** A z at random. */
  draw() {
    return this.z(Math.random());
  }
}

/** @param {number} z */
function fourDecimals(z) {
  return Number(z.toFixed(4));
}

/**
 * @param {number[]} ascending
 * @param {number} share
 */
function at(ascending, share) {
  const place = share * (ascending.length - 1);
  const below = Math.min(Math.floor(place), ascending.length - 2);
  return ascending[below] + (place - below) * (ascending[below + 1] - ascending[below]);
}

/**
 * @param {number[]} ascending
 * @param {number} z
 */
function shareOf(ascending, z) {
  const above = ascending.findIndex((value) => value >= z);
  if (above === 0) return 0;
  if (above < 0) return 1;
  const gap = ascending[above] - ascending[above - 1];
  return (above - 1 + (z - ascending[above - 1]) / gap) / (ascending.length - 1);
}
