// More than two latent dimensions in pictures of two or three: where each digit lies in them.

import { CLASSES } from "../shared/mnist.js";

/** @import { Bundle } from "../bundle.js" */

/**
 * @typedef {"plane" | "space" | "neighbours"} Kind
 * @typedef {[right: number, up: number]} Turn angles in radians
 */

/** The pictures that there are of a model. */
export class Pictures {
  /** @param {Bundle} bundle what `projections_bundle` packed */
  constructor({ values, arrays }) {
    this.places = arrays;
    /** The part of the variance that each shows. @type {Record<string, number>} */
    this.shares = values.shares;
    /** The part of ten neighbours that each keeps. @type {Record<string, number>} */
    this.kept = values.kept;
  }

  /** @returns {Kind[]} */
  get kinds() {
    return /** @type {Kind[]} */ (["plane", "space", "neighbours"]).filter((k) => this.places[k]);
  }

  /**
   * Where all digits lie in a picture: x, y, z in turn, each in a ball of radius 1.
   *
   * @param {Kind} kind
   */
  of(kind) {
    return this.places[kind].data;
  }
}

/**
 * All digits' places and, after them, that of each class's name: of its digits the nearest to their
 * median. A class without digits has its name in the middle.
 *
 * @param {ArrayLike<number>} places x, y, z in turn
 * @param {ArrayLike<number>} labels of the digits
 */
export function withNames(places, labels) {
  const found = new Float32Array(places.length + 3 * CLASSES);
  found.set(places);
  for (let label = 0; label < CLASSES; label++) {
    const own = Array.from(labels, (_, i) => i).filter((i) => labels[i] === label);
    if (!own.length) continue;
    const along = (/** @type {number} */ i) => [0, 1, 2].map((axis) => places[3 * i + axis]);
    const all = own.map(along);
    const median = [0, 1, 2].map((axis) => {
      const sorted = all.map((place) => place[axis]).sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)];
    });
    const away = all.map((place) => Math.hypot(...place.map((value, i) => value - median[i])));
    found.set(all[away.indexOf(Math.min(...away))], places.length + 3 * label);
  }
  return found;
}

/**
 * Between two pictures of the same digits.
 *
 * @param {ArrayLike<number>} from
 * @param {ArrayLike<number>} to
 * @param {number} share
 */
export function between(from, to, share) {
  return Float32Array.from(from, (value, i) => value + share * (to[i] - value));
}

/**
 * Points, x, y, z in turn, turned about the upright axis and then about the one across; as seen from
 * afar: x to the right, y up, z towards the eye.
 *
 * @param {ArrayLike<number>} places
 * @param {Turn} turn
 */
export function turned(places, [right, up]) {
  const [sine, cosine] = [Math.sin(right), Math.cos(right)];
  const [sineUp, cosineUp] = [Math.sin(up), Math.cos(up)];
  const seen = new Float32Array(places.length);
  for (let at = 0; at < places.length; at += 3) {
    const [x, y, z] = [places[at], places[at + 1], places[at + 2]];
    const depth = cosine * z - sine * x;
    seen[at] = cosine * x + sine * z;
    seen[at + 1] = cosineUp * y - sineUp * depth;
    seen[at + 2] = sineUp * y + cosineUp * depth;
  }
  return seen;
}
