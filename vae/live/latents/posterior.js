// Draws from a posterior, and its KL divergence from the prior: `Posterior` of vae/inference.py.

import { klDivergence as inClosedForm } from "./losses.js";
import { quantile } from "./prior.js";

/**
 * @import { Base, Encodes, Posterior } from "../network.js"
 * @typedef {Float32Array<ArrayBuffer>} Noise a draw of N(0, I)
 */

/**
 * Draws of N(0, I), the same each time and evenly spread, each with its opposite: what is estimated
 * with them does not tremble from frame to frame.
 *
 * Source: Roberts 2018, "The Unreasonable Effectiveness of Quasirandom Sequences", R_d.
 *
 * @param {number} count even
 * @param {number} dimensions
 * @returns {Noise[]}
 */
export function evenNoise(count, dimensions) {
  let root = 2; // of x^(d + 1) = x + 1
  for (let i = 0; i < 50; i++) root = (1 + root) ** (1 / (dimensions + 1));
  return Array.from({ length: count / 2 }, (_, i) =>
    Float32Array.from({ length: dimensions }, (_, dimension) =>
      quantile((0.5 + (i + 1) * root ** -(dimension + 1)) % 1),
    ),
  ).flatMap((noise) => [noise, noise.map((value) => -value)]);
}

/**
 * One draw from a posterior.
 *
 * @param {Posterior} posterior
 * @param {Noise} noise
 */
export function draw({ mean, logVariance }, noise) {
  return mean.map((value, i) => value + Math.exp(0.5 * logVariance[i]) * noise[i]);
}

/**
 * The KL divergence of a posterior from the prior, in nats.
 *
 * In closed form; with a learned prior the mean of log q(z) - log p(z) over draws.
 *
 * @param {Encodes} encoder
 * @param {Posterior} posterior
 * @param {Base[]} draws where its draws lie in the base space
 * @param {Noise[]} noises those that they were drawn with
 */
export function klDivergence(encoder, { mean, logVariance }, draws, noises) {
  if (encoder.hasStandardPrior) return inClosedForm(mean, logVariance);
  let sum = 0;
  draws.forEach(({ latent, logVolume }, n) => {
    sum -= logVolume;
    for (let i = 0; i < latent.length; i++)
      sum += 0.5 * (latent[i] ** 2 - noises[n][i] ** 2 - logVariance[i]);
  });
  return sum / draws.length;
}
