// The terms of the loss, as `vae/losses.py` has them.

/**
 * The reconstruction loss of one image, in nats.
 *
 * @param {ArrayLike<number>} image in [0, 1]
 * @param {ArrayLike<number>} reconstruction in [0, 1]
 */
export function reconstructionLoss(image, reconstruction) {
  let loss = 0;
  for (let pixel = 0; pixel < image.length; pixel++) {
    const shown = Math.min(Math.max(reconstruction[pixel], 1e-7), 1 - 1e-7);
    loss -= image[pixel] * Math.log(shown) + (1 - image[pixel]) * Math.log(1 - shown);
  }
  return loss;
}

/**
 * The reconstruction loss of each pixel, in nats, in the form that cannot overflow.
 *
 * @param {ArrayLike<number>} image in [0, 1]
 * @param {ArrayLike<number>} logits
 */
export function reconstructionPerPixel(image, logits) {
  return Float64Array.from(
    logits,
    (a, pixel) => Math.max(a, 0) - a * image[pixel] + Math.log1p(Math.exp(-Math.abs(a))),
  );
}

/**
 * The KL divergence of each latent dimension's posterior from the prior N(0, 1), in nats.
 *
 * @param {ArrayLike<number>} mean
 * @param {ArrayLike<number>} logVariance
 */
export function klPerDimension(mean, logVariance) {
  return Float64Array.from(
    mean,
    (m, i) => 0.5 * (m ** 2 + Math.exp(logVariance[i]) - 1 - logVariance[i]),
  );
}

/**
 * The KL divergence of a posterior from a standard prior, in nats.
 *
 * @param {ArrayLike<number>} mean
 * @param {ArrayLike<number>} logVariance
 */
export function klDivergence(mean, logVariance) {
  return total(klPerDimension(mean, logVariance));
}

/** @param {ArrayLike<number>} values */
export function total(values) {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}
