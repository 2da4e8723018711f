// What the theory view says.

/**
 * @import { Gaps } from "../latents/gaps.js"
 * @import { Hill } from "./field.js"
 * @import { Step, Terms } from "./gaussian.js"
 */

export const CHOOSE = "Draw a digit here, click a dot on the map, or take one of those above it.";

export const EXACT =
  "Blue is the true posterior p(z | x) of this image x: how likely each place z is to have drawn it, " +
  "computed by decoding a fine grid. The ellipses are the encoder's guess q at it, a Gaussian: one " +
  "and two standard deviations. Orange, after a search, is the best Gaussian for this image.";

export const TERMS =
  "Upper bar: -log p(x) is how unlikely the model finds the image, whatever its encoder says; the gap " +
  "KL(q || p(z | x)) is how far the guess is from the truth. Lower bar: the reconstruction loss, " +
  "averaged over q, and KL(q || p(z)), how far q is from the prior. Both add up to -ELBO, the loss " +
  "that training makes small: all of it that a better encoder could save is the gap.";

/** @param {number} nats */
export const told = (nats) => (nats < 9.995 ? nats.toFixed(2) : nats.toFixed(1));

/** @param {Terms} terms */
export function upperText({ nll, gap }) {
  return `-log p(x) ${nll.toFixed(1)} + gap ${told(gap)} = ${(nll + gap).toFixed(1)} nats`;
}

/** @param {Terms} terms */
export function lowerText({ reconstruction, kl }) {
  const sum = (reconstruction + kl).toFixed(1);
  return `reconstruction ${reconstruction.toFixed(1)} + KL ${kl.toFixed(1)} = ${sum} nats`;
}

/** @param {Hill[]} hills */
export function hillsText(hills) {
  if (hills.length < 2) return "The true posterior has one hill.";
  const shares = hills.map(({ probability }) => `${Math.round(100 * probability)} %`);
  const last = shares.pop();
  return (
    `The true posterior has ${COUNTS[hills.length] ?? hills.length} hills, with ` +
    `${shares.join(", ")} and ${last} of the probability: the image could have come from ` +
    `${hills.length === 2 ? "either" : "any of them"}. A Gaussian can stand on one only.`
  );
}

const COUNTS = ["no", "one", "two", "three", "four", "five", "six"];

/**
 * What the better Gaussian saves, and what it cannot.
 *
 * @param {Step[]} way
 * @param {boolean} jumped
 * @param {number} hills
 */
export function betterText(way, jumped, hills) {
  const [before, after] = [way[0].gap, way[way.length - 1].gap];
  const why =
    hills > 1
      ? `a Gaussian cannot have ${COUNTS[hills] ?? hills} hills`
      : "no Gaussian with upright axes has the true posterior's shape";
  const how = jumped ? "It lies on another hill, which no small step would have reached. " : "";
  return (
    `${told(before - after)} of ${told(before)} nats saved: the amortisation gap, the price of one ` +
    `encoder for all images in place of a search for each. ${how}` +
    `${told(after)} nats remain, the approximation gap: ${why}.`
  );
}

/** @param {Gaps} gaps */
export function gapsText({ hills, size }) {
  const several = hills.reduce((/** @type {number} */ sum, count) => sum + Number(count > 1), 0);
  return (
    "The gap is what the ELBO lacks of log p(x). The amortisation gap is the part that a search for " +
    "each digit would save, the approximation gap the part that no Gaussian can. " +
    `${several.toLocaleString("en")} digits (${((100 * several) / size).toFixed(1)} %) have a true ` +
    "posterior of several hills."
  );
}

/** @param {number} share of the prior in holes */
export function holesText(share) {
  return (
    `${(100 * share).toFixed(1)} % of the prior lies in holes: where the posteriors of the digits, ` +
    "all mixed, are less dense than at 95 % of their own draws (a draw is measured by the other " +
    "digits' posteriors). If they filled the prior evenly it would be 5 %."
  );
}

/**
 * @param {number} inHoles
 * @param {number} all
 */
export function samplesText(inHoles, all) {
  return `Of these ${all.toLocaleString("en")} samples of the prior, ${inHoles} fell into holes.`;
}
