// log p(image, z) of one image over the plane, fine where it counts: from it come p(image), the
// true posterior p(z | image), and how far a Gaussian q is from that. `vae/true_posterior.py` is the
// same in Python, on a grid that is fine from the start.

import { COARSE, DEEPEST, inkOf, keyOf } from "./lattice.js";

/**
 * @import { Cell, Lattice } from "./lattice.js"
 */

/**
 * @typedef {object} Leaf a cell that is not cut any further
 * @property {Cell} cell
 * @property {number} x of its middle
 * @property {number} y
 * @property {number} side
 * @property {number} value log p(image, z) at its middle, in nats
 *
 * @typedef {object} Gaussian with independent dimensions
 * @property {number[]} mean
 * @property {number[]} logVariance
 *
 * @typedef {object} Expected
 * @property {number} value E_q[log p(image, z)] in nats
 * @property {number[]} byMean how it grows with q's mean
 * @property {number[]} byLogVariance
 *
 * @typedef {object} Hill a peak of the true posterior, and what belongs to it
 * @property {number} probability
 * @property {Gaussian} moments
 * @property {number} narrowest its standard deviation where it is narrowest, in whatever direction
 */

const COARSE_MARGIN = 16; // nats below the highest at which a coarse cell is not cut any more,
const MARGIN = 9; // and a finer one
const FAR = 14; // nats below the highest at which a cell adds nothing
const FINE_ENOUGH = 0.1; // nats by which parts of the grid may differ, see `error`
const REACH = 4.5; // standard deviations of q that count
const WIDEST = 1.2; // side of a cell where a Gaussian is, in its standard deviations
const COVERED = 0.99; // of q's probability has to lie in leaves
const PEAK = Math.log(2); // nats that a hill has to rise above the way to a higher one
const SMALLEST = 0.01; // the probability that a hill has to hold
const MOST = 20_000; // leaves

export class Field {
  /** @type {Map<number, Leaf>} */
  leaves = new Map();
  /** @type {Set<number>} cells that are cut */
  #cut = new Set();
  /** Of the cells where the true posterior is. */
  #level = 0;
  top = -Infinity;

  /**
   * @param {Lattice} lattice
   * @param {ArrayLike<number>} image in [0, 1]
   */
  constructor(lattice, image) {
    this.lattice = lattice;
    this.ink = inkOf(image);
    for (let row = 0; row < COARSE; row++) {
      for (let column = 0; column < COARSE; column++) {
        const cell = { level: 0, column, row };
        if (lattice.has(cell)) this.#add(cell);
      }
    }
  }

  /** @param {Cell} cell */
  #add(cell) {
    const [x, y] = this.lattice.middle(cell);
    const logPrior = -Math.log(2 * Math.PI) - (x * x + y * y) / 2;
    const value = logPrior + this.lattice.logLikelihood(this.ink, this.lattice.node(cell));
    this.leaves.set(keyOf(cell), { cell, x, y, side: this.lattice.side(cell.level), value });
    this.top = Math.max(this.top, value);
  }

  /**
   * Cut a cell into 3 x 3, whether it was a leaf or not known yet; yields after each part.
   *
   * @param {Cell} cell
   */
  *#divide(cell) {
    const key = keyOf(cell);
    this.#cut.add(key);
    this.leaves.delete(key);
    for (const part of partsOf(cell)) {
      this.#add(part);
      yield;
    }
  }

  /** Cut where the true posterior is, until the grid is fine enough. */
  *refine() {
    for (let level = 0; level < DEEPEST; level++) {
      if (this.isFine) return;
      const margin = level ? MARGIN : COARSE_MARGIN;
      const found = [...this.leaves.values()].filter(({ cell }) => cell.level === level);
      found.sort((a, b) => b.value - a.value);
      for (const { cell, value } of found) {
        if (value < this.top - margin || this.leaves.size > MOST) break;
        yield* this.#divide(cell);
      }
      yield* this.#surround(level + 1);
      this.#level = level + 1;
    }
  }

  /**
   * Around what counts at a level, nothing is coarser.
   *
   * @param {number} level
   */
  *#surround(level) {
    const waiting = [...this.leaves.values()].filter(({ cell }) => cell.level === level);
    for (let leaf = waiting.pop(); leaf; leaf = waiting.pop()) {
      if (leaf.value < this.top - MARGIN || this.leaves.size > MOST) continue;
      for (const near of around(leaf.cell)) {
        const coarser = parentOf(near);
        if (this.#cut.has(keyOf(coarser)) || (level > 1 && !this.leaves.has(keyOf(coarser))))
          continue;
        yield* this.#divide(coarser);
        for (const part of partsOf(coarser)) waiting.push(this.#leaf(part));
      }
    }
  }

  /** @param {Cell} cell */
  #leaf(cell) {
    return /** @type {Leaf} */ (this.leaves.get(keyOf(cell)));
  }

  /**
   * Cut where q is, until cells are narrower than it.
   *
   * @param {Gaussian} q
   */
  *cover(q) {
    const [across, along] = q.logVariance.map((value) => REACH * Math.exp(value / 2));
    const first = this.lattice.cellAt(q.mean[0] - across, q.mean[1] - along);
    const last = this.lattice.cellAt(q.mean[0] + across, q.mean[1] + along);
    for (let row = first.row; row <= last.row; row++) {
      for (let column = first.column; column <= last.column; column++) {
        yield* this.#coverCell({ level: 0, column, row }, q);
      }
    }
  }

  /**
   * @param {Cell} cell
   * @param {Gaussian} q
   * @returns {Generator<undefined, void, unknown>}
   */
  *#coverCell(cell, q) {
    if (!isReached(cell, q, this.lattice) || this.leaves.size > MOST) return;
    const deviation = Math.exp(Math.min(...q.logVariance) / 2);
    const isFine = this.lattice.side(cell.level) <= WIDEST * deviation;
    const key = keyOf(cell);
    if (this.#cut.has(key)) {
      for (const part of partsOf(cell)) yield* this.#coverCell(part, q);
    } else if (isFine || cell.level === DEEPEST) {
      if (!this.leaves.has(key)) this.#add(cell);
      yield;
    } else {
      yield* this.#divide(cell);
      for (const part of partsOf(cell)) yield* this.#coverCell(part, q);
    }
  }

  /** log p(image), in nats. */
  get logEvidence() {
    let sum = 0;
    for (const { value, side } of this.leaves.values())
      sum += side * side * Math.exp(value - this.top);
    return this.top + Math.log(sum);
  }

  /**
   * How far log p(image) differs between every other column and the rest, or row, or diagonal, in
   * nats: each is a coarser grid of its own, so the whole is much nearer to the truth than that.
   */
  get error() {
    const sums = [
      [0, 0],
      [0, 0],
      [0, 0],
    ];
    for (const { cell, value, side } of this.leaves.values()) {
      if (value < this.top - FAR) continue;
      const weight = side * side * Math.exp(value - this.top);
      sums[0][cell.column & 1] += weight;
      sums[1][cell.row & 1] += weight;
      sums[2][(cell.column + cell.row) & 1] += weight;
    }
    return Math.max(...sums.map(([even, odd]) => Math.abs(Math.log(even / odd))));
  }

  /** The least log variance that a Gaussian may have: of one that is as narrow as a cell can be. */
  get leastLogVariance() {
    return 2 * Math.log(this.lattice.side(DEEPEST) / WIDEST);
  }

  /** Whether the cells are narrower than what is to be seen on them. */
  get isFine() {
    if (this.error > FINE_ENOUGH) return false;
    const side = this.lattice.side(this.#level);
    return this.hills().every(({ narrowest }) => side < WIDEST * narrowest);
  }

  /**
   * E_q[log p(image, z)] over the leaves, for a q that is covered, and its slopes.
   *
   * @param {Gaussian} q
   * @returns {Expected}
   */
  expected({ mean, logVariance }) {
    const [sx, sy] = logVariance.map((value) => Math.exp(value / 2));
    const near = [];
    let [covered, value] = [0, 0];
    for (const leaf of this.leaves.values()) {
      const [x, y] = [(leaf.x - mean[0]) / sx, (leaf.y - mean[1]) / sy];
      const squared = x * x + y * y;
      if (squared > 60) continue; // e^-30 of it
      const weight = (leaf.side ** 2 * Math.exp(-squared / 2)) / (2 * Math.PI * sx * sy);
      near.push({ x, y, weight, value: leaf.value });
      covered += weight;
      value += weight * (leaf.value - this.top);
    }
    value = covered < COVERED ? -Infinity : this.top + value / covered;
    const [byMean, byLogVariance] = [
      [0, 0],
      [0, 0],
    ];
    for (const one of near) {
      const part = (one.weight / covered) * (one.value - value);
      byMean[0] += (part * one.x) / sx;
      byMean[1] += (part * one.y) / sy;
      byLogVariance[0] += (part * (one.x ** 2 - 1)) / 2;
      byLogVariance[1] += (part * (one.y ** 2 - 1)) / 2;
    }
    return { value, byMean, byLogVariance };
  }

  /**
   * The hills of the true posterior that hold 1 % of it at least, the largest first.
   *
   * A hill has a peak from which one has to descend to half its density before one can climb higher:
   * less is the roughness of a network.
   *
   * @returns {Hill[]}
   */
  hills() {
    const found = [...this.leaves.values()].filter(({ value }) => value > this.top - FAR);
    found.sort((a, b) => b.value - a.value);
    const near = this.#neighbours(found);
    /** @type {Map<Leaf, Leaf>} of each leaf, and of peaks that turned out to be none, a higher one */
    const up = new Map();
    const peakOf = (/** @type {Leaf} */ leaf) => {
      let peak = leaf;
      for (let next = up.get(peak); next; next = up.get(peak)) peak = next;
      return peak;
    };
    /** @type {Set<Leaf>} */
    const seen = new Set();
    for (const leaf of found) {
      const peaks = (near.get(leaf) ?? []).filter((one) => seen.has(one)).map(peakOf);
      peaks.sort((a, b) => b.value - a.value);
      seen.add(leaf);
      if (!peaks.length) continue;
      up.set(leaf, peaks[0]);
      for (const lower of peaks) {
        if (lower !== peaks[0] && lower.value - leaf.value < PEAK) up.set(lower, peaks[0]);
      }
    }
    return this.#moments(found, peakOf);
  }

  /**
   * Which leaves touch, whatever their size.
   *
   * @param {Leaf[]} among
   */
  #neighbours(among) {
    /** @type {Map<Leaf, Leaf[]>} */
    const near = new Map(among.map((leaf) => [leaf, []]));
    for (const leaf of among) {
      for (let cell of around(leaf.cell)) {
        while (cell.level > 0 && !this.leaves.has(keyOf(cell)) && !this.#cut.has(keyOf(cell)))
          cell = parentOf(cell);
        const other = this.leaves.get(keyOf(cell)); // none if it is cut: its parts will find this
        if (!other || other === leaf || !near.has(other)) continue;
        near.get(leaf)?.push(other);
        near.get(other)?.push(leaf);
      }
    }
    return near;
  }

  /**
   * @param {Leaf[]} among
   * @param {(leaf: Leaf) => Leaf} peakOf
   * @returns {Hill[]}
   */
  #moments(among, peakOf) {
    /** @type {Map<Leaf, number[]>} sums of 1, x, y, x^2, y^2, xy, weighted */
    const sums = new Map();
    let whole = 0;
    for (const leaf of among) {
      const weight = leaf.side ** 2 * Math.exp(leaf.value - this.top);
      const { x, y } = leaf;
      const peak = peakOf(leaf);
      const before = sums.get(peak) ?? [0, 0, 0, 0, 0, 0];
      const terms = [1, x, y, x * x, y * y, x * y];
      sums.set(
        peak,
        before.map((sum, i) => sum + weight * terms[i]),
      );
      whole += weight;
    }
    return [...sums.values()]
      .map(([weight, x, y, xx, yy, xy]) => {
        const mean = [x / weight, y / weight];
        const variance = [xx / weight - mean[0] ** 2, yy / weight - mean[1] ** 2];
        const logVariance = variance.map((value) => Math.log(Math.max(value, 1e-12)));
        const half =
          Math.hypot(variance[0] - variance[1], 2 * (xy / weight - mean[0] * mean[1])) / 2;
        const least = (variance[0] + variance[1]) / 2 - half;
        const narrowest = Math.sqrt(Math.max(least, 0));
        return { probability: weight / whole, moments: { mean, logVariance }, narrowest };
      })
      .filter(({ probability }) => probability >= SMALLEST)
      .sort((a, b) => b.probability - a.probability);
  }
}

/**
 * Whether q has any weight in a cell.
 *
 * @param {Cell} cell
 * @param {Gaussian} q
 * @param {Lattice} lattice
 */
function isReached(cell, { mean, logVariance }, lattice) {
  const half = lattice.side(cell.level) / 2;
  const apart = lattice
    .middle(cell)
    .map(
      (value, i) => Math.max(0, Math.abs(value - mean[i]) - half) * Math.exp(-logVariance[i] / 2),
    );
  return Math.hypot(...apart) <= REACH;
}

/**
 * @param {Cell} cell
 * @returns {Cell[]}
 */
function partsOf({ level, column, row }) {
  return Array.from({ length: 9 }, (_, i) => ({
    level: level + 1,
    column: 3 * column + (i % 3),
    row: 3 * row + Math.floor(i / 3),
  }));
}

/**
 * @param {Cell} cell
 * @returns {Cell}
 */
function parentOf({ level, column, row }) {
  return { level: level - 1, column: Math.floor(column / 3), row: Math.floor(row / 3) };
}

/**
 * The eight cells around one.
 *
 * @param {Cell} cell
 * @returns {Cell[]}
 */
function around({ level, column, row }) {
  return Array.from({ length: 9 }, (_, i) => ({
    level,
    column: column + (i % 3) - 1,
    row: row + Math.floor(i / 3) - 1,
  })).filter((_, i) => i !== 4);
}
