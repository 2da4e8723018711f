// The colours of palette.css, for what is drawn and not styled.

import { CLASSES } from "./mnist.js";

/** How much a dot of the map covers of what is under it. */
export const DOT_COVER = 0.85;

/**
 * @typedef {[red: number, green: number, blue: number]} Light each in [0, 1]
 *
 * @typedef {object} Palette
 * @property {Light} tooMuch where a reconstruction has more ink than the image
 * @property {Light} tooLittle and less
 */

/**
 * The palette under an element that the style sheets reach.
 *
 * @param {Element} element
 * @returns {Palette}
 */
export function paletteOf(element) {
  const style = getComputedStyle(element);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    tooMuch: light(colour("too-much-ink")),
    tooLittle: light(colour("too-little-ink")),
  };
}

/**
 * A colour for each class, in the theme of an element.
 *
 * @param {Element} element
 */
export function classColours(element) {
  const probe = document.createElement("i");
  element.append(probe);
  const colours = Array.from({ length: CLASSES }, (_, label) => {
    probe.style.color = `var(--class-${label})`; // which depends on the theme until it is used
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return colours;
}

/**
 * "#ff8000" as light.
 *
 * @param {string} colour
 * @returns {Light}
 */
export function light(colour) {
  const channel = (/** @type {number} */ at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255;
  return [channel(1), channel(3), channel(5)];
}
