// The terms of the loss, as `vae/losses.py` has them.

/**
 * The terms of the loss of one image, in nats.
 *
 * @param {ArrayLike<number>} image in [0, 1]
 * @param {ArrayLike<number>} reconstruction in [0, 1]
 * @param {ArrayLike<number>} mean of the posterior
 * @param {ArrayLike<number>} logVariance of the posterior
 */
export function lossTerms(image, reconstruction, mean, logVariance) {
  let reconstructionLoss = 0;
  for (let pixel = 0; pixel < image.length; pixel++) {
    const shown = Math.min(Math.max(reconstruction[pixel], 1e-7), 1 - 1e-7);
    reconstructionLoss -= image[pixel] * Math.log(shown) + (1 - image[pixel]) * Math.log(1 - shown);
  }
  let klDivergence = 0;
  for (let i = 0; i < mean.length; i++)
    klDivergence += 0.5 * (mean[i] ** 2 + Math.exp(logVariance[i]) - 1 - logVariance[i]);
  return { reconstructionLoss, klDivergence };
}
