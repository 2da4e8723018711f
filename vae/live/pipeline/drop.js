// The fall of a drop of noise, and what becomes of it: when it is where.

import { eased } from "../shared/motion.js";

/**
 * @typedef {object} Moment shares of what is done by then, each in [0, 1]
 * @property {number} fallen it has fallen from N(0, I),
 * @property {number} flown it has flown to the map,
 * @property {number} stretched it is stretched by sigma,
 * @property {number} moved it is moved by the mean,
 * @property {number} neared and the map shows the place from near
 */

/** Milliseconds that each takes, in turn. @type {[keyof Moment, number][]} */
const PHASES = [
  ["fallen", 800],
  ["flown", 700],
  ["stretched", 1100],
  ["moved", 1100],
  ["neared", 900],
];
const PAUSE = 350; // milliseconds between two of them

/** How long it takes. */
export const WHOLE = PHASES.reduce((sum, [, length]) => sum + length + PAUSE, -PAUSE);

/**
 * How far a drop is.
 *
 * @param {number} time in milliseconds since it began
 */
export function momentAt(time) {
  const moment = { fallen: 0, flown: 0, stretched: 0, moved: 0, neared: 0 };
  let begin = 0;
  for (const [name, length] of PHASES) {
    moment[name] = eased((time - begin) / length);
    begin += length + PAUSE;
  }
  return moment;
}

/** Which part of z = mean + sigma * epsilon is there by then. @param {Moment} moment */
export function termsAt({ stretched, moved }) {
  if (moved > 0) return "moved";
  return stretched > 0 ? "stretched" : "fallen";
}
