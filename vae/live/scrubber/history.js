// What a run's snapshots say of it, epoch by epoch. A position among them is a number from 0 to the
// last; between two whole numbers it is between two snapshots.

/** @import { Array as Stack, Bundle } from "../bundle.js" */

/** @typedef {[loss: number, reconstruction: number, kl: number]} Losses */

/**
 * What a slider goes through, stage by stage: pictures, points of a map, and words on each.
 *
 * @abstract
 */
export class Stages {
  /** What the slider is called. */
  axis = "";
  /** What it goes through. */
  all = "";
  /** Whether more stages are to come. */
  growing = false;
  /** Whether the slider runs once by itself. */
  runsOnce = false;
  /** Whether there is neither a posterior nor a prior. */
  isAutoencoder = false;

  /** @param {Bundle} bundle with the arrays that every stage has */
  constructor({ values, arrays }) {
    /** Nats below which a latent dimension tells nothing. @type {number} */
    this.deadBelow = values.dead_below;
    this.originals = arrays.originals;
    this.rebuilt = arrays.rebuilt;
    this.samples = arrays.samples;
    this.points = arrays.points;
    this.kl = arrays.kl;
    /** What the visitor had drawn. @type {Stack | undefined} */
    this.drawing = arrays.drawing;
    this.drawings = arrays.drawings;
    this.rank = ranked(arrays.kl);
  }

  /** The position of the latest stage. */
  get last() {
    return this.points.shape[0] - 1;
  }

  /** The position to begin with. */
  get start() {
    return this.last;
  }

  /** What the highest bar of a dimension stands for, in nats. */
  get highestKl() {
    return Math.max(0.5, ...this.kl.data.slice(-this.rank.length));
  }

  /**
   * Half the width of the map.
   *
   * @param {number} _at
   */
  extent(_at) {
    return 1;
  }

  /**
   * Where the slider stands.
   *
   * @param {number} at
   */
  title(at) {
    return String(at);
  }

  /**
   * What is to be said of it.
   *
   * @param {number} _at
   * @returns {string}
   */
  lossText(_at) {
    return "";
  }

  /**
   * The same, to be read aloud.
   *
   * @param {number} at
   */
  spoken(at) {
    return this.title(at);
  }

  /**
   * Whether a dimension that tells nothing there is dead, and not only untrained.
   *
   * @param {number} at
   */
  isTrained(at) {
    return at >= 0;
  }

  /**
   * The KL divergence of each latent dimension, and the dimensions that tell nothing.
   *
   * @param {number} at
   */
  dimensions(at) {
    const kl = Array.from(between(this.kl, at));
    const isDead = (/** @type {number} */ i) => this.isTrained(at) && kl[i] < this.deadBelow;
    return { kl, dead: [...this.rank].filter(isDead).sort((a, b) => a - b) };
  }
}

/** The snapshots of a training. */
export class History extends Stages {
  axis = "Epoch";
  all = "the epochs";
  #extent;

  /** @param {Bundle} bundle what `scrubber_data` packed */
  constructor(bundle) {
    super(bundle);
    const { values, arrays } = bundle;
    /** @type {number[]} of each snapshot; 0 is before training */
    this.epochs = values.epochs;
    /** @type {number} */
    this.planned = values.planned;
    /** @type {boolean} */
    this.growing = values.growing;
    this.runsOnce = !this.growing;
    /** @type {boolean} */
    this.isAutoencoder = values.is_autoencoder;
    /** @type {Record<number, Losses>} of the validation images, by epoch */
    this.losses = values.losses;
    /** @type {number} */
    this.klWeight = values.kl_weight;
    this.#extent = reach(arrays.points);
  }

  extent() {
    return this.#extent;
  }

  /** @param {number} at */
  isTrained(at) {
    return this.epoch(at) > 0;
  }

  /** @param {number} at */
  epoch(at) {
    return this.epochs[Math.round(at)];
  }

  /**
   * Where the slider stands: the epoch, and its losses.
   *
   * @param {number} at
   */
  title(at) {
    const epoch = this.epoch(at);
    return epoch ? `After epoch ${epoch}` : "Before training";
  }

  /** @param {number} at */
  lossText(at) {
    const losses = this.losses[this.epoch(at)];
    if (!losses) return ` · of ${this.planned} epochs`;
    const [loss, reconstruction, kl] = losses.map((nats) => nats.toFixed(1));
    if (this.isAutoencoder)
      return ` of ${this.planned} · validation reconstruction loss ${reconstruction}`;
    const weight = this.klWeight === 1 ? "" : `${this.klWeight} × `;
    return ` of ${this.planned} · validation loss ${loss} = ${reconstruction} reconstruction + ${weight}${kl} KL`;
  }

  /**
   * The same, to be read aloud.
   *
   * @param {number} at
   */
  spoken(at) {
    const losses = this.losses[this.epoch(at)];
    return this.title(at) + (losses ? `, validation loss ${losses[0].toFixed(1)} nats` : "");
  }
}

/**
 * The numbers at a position among the snapshots; between two of them, mixed.
 *
 * @param {Stack} stack
 * @param {number} at
 */
export function between({ data, shape }, at) {
  const size = data.length / shape[0];
  const first = Math.min(Math.floor(at), shape[0] - 1);
  const share = at - first;
  const one = data.subarray(first * size, (first + 1) * size);
  if (share <= 0 || first + 1 >= shape[0]) return one;
  const next = data.subarray((first + 1) * size, (first + 2) * size);
  return Float32Array.from(one, (value, i) => value + share * (next[i] - value));
}

/**
 * Half the width of a map that holds nearly all points of nearly all snapshots.
 *
 * @param {Stack} points
 */
export function reach({ data, shape: [n, points] }) {
  const reaches = Array.from({ length: n }, (_, snapshot) => {
    const radii = Array.from({ length: points }, (_, i) => {
      const at = 2 * (snapshot * points + i);
      return Math.max(Math.abs(data[at]), Math.abs(data[at + 1]));
    });
    return radii.sort((a, b) => a - b)[Math.floor(0.995 * points)];
  });
  const last = reaches[n - 1];
  return Math.max(1, Math.min(Math.max(...reaches), 1.5 * last)) * 1.06;
}

/**
 * The latent dimensions, the most telling of the last snapshot first.
 *
 * @param {Stack} kl
 */
export function ranked({ data, shape: [n, latentDim] }) {
  const last = data.subarray((n - 1) * latentDim);
  return Array.from(last.keys()).sort((a, b) => last[b] - last[a]);
}
