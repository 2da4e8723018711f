// Numbers as they stand in links: what is seen is what a link shows.

/**
 * A latent with four decimals.
 *
 * @param {ArrayLike<number>} latent
 */
export function rounded(latent) {
  return Float64Array.from(latent, (value) => Math.round(value * 1e4) / 1e4);
}

/**
 * A piece of the plane with six digits.
 *
 * @template {Record<string, number>} Frame
 * @param {Frame} frame
 * @returns {Frame}
 */
export function sixDigits(frame) {
  const shown = Object.entries(frame).map(([name, value]) => [name, Number(value.toPrecision(6))]);
  return Object.fromEntries(shown);
}
