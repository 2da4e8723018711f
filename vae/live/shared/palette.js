// The colours of palette.css, for what is drawn and not styled.

import { CLASSES } from "./mnist.js";

/** How much a dot of the map covers of what is under it. */
export const DOT_COVER = 0.85;

/** How much a faint mark does, in the colour of text: a ring, a draw. */
export const MARK_COVER = 0.5;

/** How many colours of heat there are. */
const HEATS = 4;

/**
 * @typedef {[red: number, green: number, blue: number]} Light each in [0, 1]
 *
 * @typedef {object} Palette
 * @property {Light} tooMuch where a reconstruction has more ink than the image
 * @property {Light} tooLittle and less
 * @property {Light[]} heat from nothing to most
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
    heat: Array.from({ length: HEATS }, (_, i) => light(colour(`heat-${i}`))),
  };
}

/**
 * A colour for each class, in the theme of an element.
 *
 * @param {Element} element
 */
export function classColours(element) {
  return themed(element, ...Array.from({ length: CLASSES }, (_, label) => `class-${label}`));
}

/**
 * Colours of the palette by their names, in the theme of an element.
 *
 * @param {Element} element
 * @param {...string} names
 */
export function themed(element, ...names) {
  const probe = document.createElement("i");
  probe.style.setProperty("forced-color-adjust", "none"); // else all are the colour of text
  element.append(probe);
  const colours = names.map((name) => {
    probe.style.color = `var(--${name})`; // which depends on the theme until it is used
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return colours;
}

/**
 * The heat of a share in [0, 1], between the colours of the palette.
 *
 * @param {Light[]} heat
 * @param {number} share
 * @returns {Light}
 */
export function heated(heat, share) {
  const place = share * (heat.length - 1);
  const below = Math.min(Math.floor(place), heat.length - 2);
  const part = place - below;
  const mixed = heat[below].map((channel, i) => channel + part * (heat[below + 1][i] - channel));
  return /** @type {Light} */ (mixed);
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
