// The path through ends: `path` of vae/latents.py once more, so that only the ends are sent.

import { rounded } from "./link_decimals.js";

/**
 * Latents from end to end.
 *
 * @param {number[][]} ends
 * @param {number} steps for each leg, with both its ends
 * @param {"straight" | "spherical"} kind
 */
export function latentPath(ends, steps, kind) {
  const leg = kind === "spherical" ? sphericalLeg : straightLeg;
  const path = [Float64Array.from(ends[0])];
  for (let i = 1; i < ends.length; i++) {
    const at = leg(ends[i - 1], ends[i]);
    for (let step = 1; step < steps; step++) path.push(rounded(at(step / (steps - 1))));
  }
  return path;
}

/**
 * @param {number[]} start
 * @param {number[]} end
 * @returns {(share: number) => number[]}
 */
function straightLeg(start, end) {
  return (share) => start.map((value, i) => (1 - share) * value + share * end[i]);
}

/**
 * The direction turns evenly and the length changes evenly; see `interpolate_spherically`.
 *
 * @param {number[]} start
 * @param {number[]} end
 * @returns {(share: number) => number[]}
 */
function sphericalLeg(start, end) {
  const lengths = [Math.hypot(...start), Math.hypot(...end)];
  if (Math.min(...lengths) === 0 || start.length === 1) return straightLeg(start, end);
  const first = start.map((value) => value / lengths[0]);
  const last = end.map((value) => value / lengths[1]);
  let across = withoutPart(last, first);
  const angle = Math.atan2(Math.hypot(...across), dot(last, first));
  if (Math.hypot(...across) < 1e-6) {
    // parallel or opposite: the axis that is most nearly at right angles
    const sizes = first.map(Math.abs);
    const axis = sizes.indexOf(Math.min(...sizes));
    across = withoutPart(
      first.map((_, i) => Number(i === axis)),
      first,
    );
  }
  const size = Math.hypot(...across);
  return (share) => {
    if (share === 1) return [...end];
    const length = (1 - share) * lengths[0] + share * lengths[1];
    const [along, aside] = [Math.cos(share * angle), Math.sin(share * angle) / size];
    return first.map((value, i) => length * (along * value + aside * across[i]));
  };
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function dot(a, b) {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/**
 * What is left of a vector without its part along a direction of length one.
 *
 * @param {number[]} vector
 * @param {number[]} direction
 */
function withoutPart(vector, direction) {
  const along = dot(vector, direction);
  return vector.map((value, i) => value - along * direction[i]);
}
