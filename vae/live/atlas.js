// The digits and where they lie in latent space: what Python's `vae.atlas` knows, in the page.

/** The images of the embedded digits. */
class Digits {
  constructor({ arrays }) {
    this.images = arrays.images.data;
    this.labels = arrays.labels.data;
  }

  /** One image, (784) in [0, 1]. */
  image(index) {
    const start = SIDE * SIDE * index;
    return Float32Array.from(this.images.subarray(start, start + SIDE * SIDE), (v) => v / 255);
  }
}

/** The posteriors of the digits under one model, and the plane on which they are shown. */
class Atlas {
  constructor({ values, arrays }) {
    Object.assign(this, values); // latent_dim, extent, colours
    for (const [name, { data }] of Object.entries(arrays)) this[name] = data; // see map_bundle
    this.size = this.labels.length;
  }

  /** Where a latent lies on the plane. */
  project(latent) {
    return [0, 1].map((row) => {
      let sum = 0;
      for (let i = 0; i < this.latent_dim; i++)
        sum += (latent[i] - this.origin[i]) * this.axes[row * this.latent_dim + i];
      return sum;
    });
  }

  /** The latent at a point of the plane. */
  lift([x, y]) {
    return Float64Array.from(
      this.origin,
      (start, i) => start + x * this.axes[i] + y * this.axes[this.latent_dim + i],
    );
  }

  /** The posterior mean of a digit. */
  latent(index) {
    return this.mean.subarray(index * this.latent_dim, (index + 1) * this.latent_dim);
  }

  /** The log posterior variance of a digit. */
  logVariance(index) {
    return this.log_variance.subarray(index * this.latent_dim, (index + 1) * this.latent_dim);
  }

  /** The n digits whose posterior means are nearest to a latent, nearest first. */
  nearest(latent, n, skip = -1) {
    const found = []; // [squared distance, index], ascending
    const size = this.latent_dim;
    let limit = Infinity;
    for (let index = 0, at = 0; index < this.size; index++, at += size) {
      let squared = 0;
      for (let i = 0; i < size && squared < limit; i++) {
        const apart = latent[i] - this.mean[at + i];
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

  /** The share of digits that are nearer to their nearest neighbour than this, in [0, 1]. */
  shareNearer(distance) {
    const below = this.neighbour_distances.findIndex((known) => known >= distance);
    return (below < 0 ? this.neighbour_distances.length : below) / this.neighbour_distances.length;
  }

  /** One standard deviation of a posterior on the plane: half axes and the angle of the first. */
  ellipse(logVariance) {
    const [xx, xy, yy] = [[0, 0], [0, 1], [1, 1]].map(([row, other]) => {
      let sum = 0;
      for (let i = 0; i < this.latent_dim; i++)
        sum +=
          this.axes[row * this.latent_dim + i] *
          this.axes[other * this.latent_dim + i] *
          Math.exp(logVariance[i]);
      return sum;
    });
    const middle = (xx + yy) / 2;
    const reach = Math.hypot((xx - yy) / 2, xy);
    return {
      long: Math.sqrt(middle + reach),
      short: Math.sqrt(Math.max(middle - reach, 0)),
      angle: 0.5 * Math.atan2(2 * xy, xx - yy),
    };
  }
}

/** The share of the prior's samples that are nearer to the origin than a latent, in [0, 1].
 *
 * The regularised lower incomplete gamma function of half the dimensions and half the squared
 * length, by its series. Source: Abramowitz and Stegun 1964, 6.5.4 and 6.5.29.
 */
function shareOfPriorWithin(latent) {
  const x = latent.reduce((sum, value) => sum + value * value, 0) / 2;
  const a = latent.length / 2;
  if (x === 0) return 0;
  let logGamma = latent.length % 2 ? Math.log(Math.PI) / 2 : 0; // of 1/2 or of 1
  for (let k = a; k > 0.25; k--) logGamma += Math.log(k); // up to that of a + 1
  let term = 1;
  let sum = 1;
  for (let n = 1; term > 1e-12 * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return Math.min(1, Math.exp(a * Math.log(x) - x - logGamma) * sum);
}

/** The terms of the loss of one image, in nats: as `vae/losses.py`. */
function lossTerms(image, reconstruction, mean, logVariance) {
  let reconstructionLoss = 0;
  for (let pixel = 0; pixel < image.length; pixel++) {
    const shown = Math.min(Math.max(reconstruction[pixel], 1e-7), 1 - 1e-7);
    reconstructionLoss -=
      image[pixel] * Math.log(shown) + (1 - image[pixel]) * Math.log(1 - shown);
  }
  let klDivergence = 0;
  for (let i = 0; i < mean.length; i++)
    klDivergence += 0.5 * (mean[i] ** 2 + Math.exp(logVariance[i]) - 1 - logVariance[i]);
  return { reconstructionLoss, klDivergence };
}
