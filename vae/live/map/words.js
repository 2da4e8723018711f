// What the map says of a latent, in words.

import { shareOfPriorWithin } from "../latents/prior.js";

/** @import { LatentMap } from "../latents/latent_map.js" */

export const MAP_LABEL =
  "Latent map. Arrow keys move z, with Shift ten times as far; Enter pins it, with Shift the " +
  "nearest digit. " +
  "Plus and minus zoom, 0 shows the whole map again.";

export const ELLIPSES =
  "The ellipses on the map are its posterior to true scale: one (line) and two (dashes) standard " +
  "deviations.";

export const CLOUD =
  "The dots on the map are draws from its posterior, with lines around the densest 39 % (line) " +
  "and 86 % (dashes) of them, as one and two standard deviations of a bell curve would hold.";

export const NO_POSTERIOR =
  "A plain autoencoder gives one point and says nothing of how sure it is.";

/**
 * A latent as text; of many dimensions only how far it is from the origin.
 *
 * @param {ArrayLike<number>} latent
 */
export function latentText(latent) {
  const values = Array.from(latent);
  if (values.length <= 4) return `z = (${values.map((v) => v.toFixed(2)).join(", ")})`;
  return `|z| = ${Math.hypot(...values).toFixed(2)} in ${values.length} dimensions`;
}

export const NO_PRIOR =
  "A plain autoencoder has no prior: it was never told where its latents should lie.";

/**
 * How likely a latent is under the prior.
 *
 * @param {ArrayLike<number>} latent
 */
export function priorText(latent) {
  const share = shareOfPriorWithin(latent);
  if (share < 0.01) return "In the middle of the prior: not 1\u00a0% of its samples lie nearer.";
  const kind = share < 0.95 ? "Usual" : share < 0.999 ? "Rare" : "Hardly ever drawn";
  return `${kind} under the prior: ${percent(share)} of its samples lie nearer the middle.`;
}

/**
 * How far a latent is from any digit.
 *
 * @param {Pick<LatentMap, "shareNearer">} latentMap
 * @param {{distance: number}} nearest
 */
export function distanceText(latentMap, { distance }) {
  const share = latentMap.shareNearer(distance);
  const away = `the nearest is ${distance.toFixed(2)} away`;
  if (share === 1) return `Far from all the digits: ${away}.`;
  if (share < 0.9) return `Among the digits: ${away}.`;
  return `At the edge of the digits: ${away}, farther than for ${percent(share)} of digits.`;
}

/**
 * Steps on the map, "2 up and 1 left".
 *
 * @param {number} right
 * @param {number} up
 */
export function directionText(right, up) {
  const across = right && `${Math.abs(right)} ${right > 0 ? "right" : "left"}`;
  const along = up && `${Math.abs(up)} ${up > 0 ? "up" : "down"}`;
  return [along, across].filter(Boolean).join(" and ");
}

/** @param {number} share */
function percent(share) {
  const rounded = Math.floor(1000 * share) / 10;
  return `${rounded > 99 && rounded < 100 ? rounded.toFixed(1) : Math.round(rounded)}\u00a0%`;
}
