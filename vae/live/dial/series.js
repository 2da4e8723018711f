// Runs that differ in one option, stage by stage. A position between two whole numbers is between two
// runs.

import { between, Stages } from "../scrubber/history.js";

/** @import { Bundle } from "../bundle.js" */

const FAR = 2; // times as much as all others, from where on a run is beyond a scale

export class Series extends Stages {
  all = "the runs";

  /** @param {Bundle} bundle what `dial_data` packed */
  constructor(bundle) {
    super(bundle);
    const { values, arrays } = bundle;
    this.axis = values.name;
    /** The option's value in each run. @type {string[]} */
    this.labels = values.labels;
    /** @type {string[]} */
    this.runs = values.runs;
    /** Where the slider begins. @type {number} */
    this.begin = values.start;
    /** The reconstruction loss of each run, in nats. @type {number[]} */
    this.lost = values.lost;
    /** Its KL divergence; none of a plain autoencoder. @type {(number | null)[]} */
    this.told = values.told;
    /** On what digits they were measured. @type {string} */
    this.source = values.source;
    /** @type {number[]} */
    this.extents = values.extents;
    this.manifold = arrays.manifold;
  }

  get start() {
    return this.begin;
  }

  get highestKl() {
    const [runs, dimensions] = this.kl.shape;
    const most = (/** @type {unknown} */ _, /** @type {number} */ run) =>
      Math.max(0, ...this.kl.data.slice(run * dimensions, (run + 1) * dimensions));
    return Math.max(0.5, edge(Array.from({ length: runs }, most)));
  }

  /** @param {number} at */
  extent(at) {
    return mixed(this.extents, at);
  }

  /** @param {number} at */
  title(at) {
    return `${this.axis} = ${this.labels[Math.round(at)]}`;
  }

  /** @param {number} at */
  lossText(at) {
    return ` · ${this.figures(Math.round(at))}`;
  }

  /** @param {number} at */
  spoken(at) {
    return `${this.title(at)}, ${this.figures(Math.round(at))}`;
  }

  /**
   * What a run loses and tells of a digit.
   *
   * @param {number} run
   */
  figures(run) {
    const told = this.told[run];
    const rate = told === null ? "no KL divergence" : `KL divergence ${told.toFixed(1)} nats`;
    return `reconstruction loss ${this.lost[run].toFixed(1)}, ${rate}`;
  }

  /**
   * What is decoded all over the map.
   *
   * @param {number} at
   */
  decoded(at) {
    return between(this.manifold, at);
  }
}

/**
 * The number at a position of a list; between two of them, mixed.
 *
 * @param {number[]} numbers
 * @param {number} at
 */
export function mixed(numbers, at) {
  const first = Math.min(Math.floor(at), numbers.length - 1);
  const next = numbers[Math.min(first + 1, numbers.length - 1)];
  return numbers[first] + (at - first) * (next - numbers[first]);
}

/**
 * Where a scale of KL divergences ends: one run that goes far beyond all others, as one whose KL
 * divergence costs nothing, would press them together.
 *
 * @param {number[]} told
 */
export function edge(told) {
  const [highest, second] = told.toSorted((a, b) => b - a);
  return highest > FAR * second ? 1.2 * second : highest;
}
