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
 * The KL divergence of a posterior from a standard prior, in nats.
 *
 * @param {ArrayLike<number>} mean
 * @param {ArrayLike<number>} logVariance
 */
export function klDivergence(mean, logVariance) {
  let sum = 0;
  for (let i = 0; i < mean.length; i++)
    sum += 0.5 * (mean[i] ** 2 + Math.exp(logVariance[i]) - 1 - logVariance[i]);
  return sum;
}
