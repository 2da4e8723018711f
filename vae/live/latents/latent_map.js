// The digits and where they lie in latent space: what `vae/latent_map.py` knows, in the page.

import { SIDE } from "../shared/mnist.js";

/** @import { Bundle } from "../bundle.js" */

/** The images of the embedded digits. */
export class Digits {
  /** @param {Bundle} bundle what `digits_bundle` packed */
  constructor({ arrays }) {
    this.images = /** @type {Uint8Array} */ (arrays.images.data);
    this.labels = arrays.labels.data;
  }

  /**
   * One image, (784) in [0, 1].
   *
   * @param {number} index
   */
  image(index) {
    const start = SIDE * SIDE * index;
    return Float32Array.from(this.images.subarray(start, start + SIDE * SIDE), (v) => v / 255);
  }
}

/** The posteriors of the digits under one model, and the plane on which they are shown. */
export class LatentMap {
  /** @param {Bundle} bundle what `map_bundle` packed */
  constructor({ values, arrays }) {
    /** @type {number} */
    this.latentDim = values.latent_dim;
    /** Half the width of the whole map. @type {number} */
    this.extent = values.extent;
    /** Whether the model gives points and no posteriors. @type {boolean} */
    this.isAutoencoder = values.is_autoencoder;
    /** Whether posteriors here are Gaussian; with a flow Python sends clouds. @type {boolean} */
    this.hasStandardPrior = values.prior === "standard";
    this.points = arrays.points.data;
    this.labels = arrays.labels.data;
    this.size = this.labels.length;
    /** Where the classes' names stand, x and y of each. */
    this.names = arrays.names.data;
    this.means = arrays.mean.data;
    this.logVariances = arrays.log_variance.data;
    this.origin = arrays.origin.data;
    this.axes = arrays.axes.data;
    this.neighbourDistances = arrays.neighbour_distances.data;
  }

  /**
   * Where a latent lies on the plane.
   *
   * @param {ArrayLike<number>} latent
   * @returns {[number, number]}
   */
  project(latent) {
    const along = (/** @type {number} */ row) => {
      let sum = 0;
      for (let i = 0; i < this.latentDim; i++)
        sum += (latent[i] - this.origin[i]) * this.axes[row * this.latentDim + i];
      return sum;
    };
    return [along(0), along(1)];
  }

  /**
   * The latent at a point of the plane.
   *
   * @param {[number, number]} point
   */
  lift(point) {
    return this.moved(this.origin, ...point);
  }

  /**
   * A latent moved along the plane.
   *
   * @param {ArrayLike<number>} latent
   * @param {number} right
   * @param {number} up
   */
  moved(latent, right, up) {
    return Float64Array.from(
      latent,
      (value, i) => value + right * this.axes[i] + up * this.axes[this.latentDim + i],
    );
  }

  /**
   * The posterior mean of a digit.
   *
   * @param {number} index
   */
  latent(index) {
    return this.means.subarray(index * this.latentDim, (index + 1) * this.latentDim);
  }

  /**
   * The log posterior variance of a digit.
   *
   * @param {number} index
   */
  logVariance(index) {
    return this.logVariances.subarray(index * this.latentDim, (index + 1) * this.latentDim);
  }

  /**
   * The n digits whose posterior means are nearest to a latent, nearest first.
   *
   * @param {ArrayLike<number>} latent
   * @param {number} n
   * @param {number} [skip] a digit to leave out
   */
  nearest(latent, n, skip = -1) {
    /** @type {[squared: number, index: number][]} ascending */
    const found = [];
    const size = this.latentDim;
    let limit = Infinity;
    for (let index = 0, at = 0; index < this.size; index++, at += size) {
      let squared = 0;
      for (let i = 0; i < size && squared < limit; i++) {
        const apart = latent[i] - this.means[at + i];
        squared += apart * apart;
      }
      if (squared >= limit || index === skip) continue;
      found.push([squared, index]);
      found.sort((a, b) => a[0] - b[0]);
      if (found.length > n) found.pop();
      if (found.length === n) limit = found[n - 1][0];
    }
    return found.map(([squared, index]) => ({ index, distance: Math.sqrt(squared) }));
  }

  /**
   * The share of digits that are nearer to their nearest neighbour than this, in [0, 1].
   *
   * @param {number} distance
   */
  shareNearer(distance) {
    const known = this.neighbourDistances;
    const below = known.findIndex((other) => other >= distance);
    return (below < 0 ? known.length : below) / known.length;
  }

  /**
   * One standard deviation of a posterior on the plane: half axes and the angle of the first.
   *
   * @param {ArrayLike<number>} logVariance
   */
  ellipse(logVariance) {
    const covariance = (/** @type {number} */ row, /** @type {number} */ other) => {
      let sum = 0;
      for (let i = 0; i < this.latentDim; i++)
        sum +=
          this.axes[row * this.latentDim + i] *
          this.axes[other * this.latentDim + i] *
          Math.exp(logVariance[i]);
      return sum;
    };
    const [xx, xy, yy] = [covariance(0, 0), covariance(0, 1), covariance(1, 1)];
    const middle = (xx + yy) / 2;
    const reach = Math.hypot((xx - yy) / 2, xy);
    return {
      long: Math.sqrt(middle + reach),
      short: Math.sqrt(Math.max(middle - reach, 0)),
      angle: 0.5 * Math.atan2(2 * xy, xx - yy),
    };
  }
}
