// What a decoder draws at the points of a grid over the plane, decoded once for all images.
//
// The plane is cut into square cells, and a cell into 3 x 3 of the next level, as often as need be.
// What is decoded is the middle of a cell, which is also that of its middle part.

/** @import { Decoder } from "../network.js" */

/**
 * @typedef {object} Cell
 * @property {number} level 0: coarse; the side of a cell is a third of that of the level before
 * @property {number} column counted from the left edge of the coarse grid; maybe beyond it
 * @property {number} row counted from its lower edge
 *
 * @typedef {object} Ink what of an image is not black
 * @property {Int32Array} pixels
 * @property {Float64Array} values
 */

export const COARSE = 96; // cells along a side of the coarse grid
export const DEEPEST = 4;
const GRID = COARSE ** 2;
const BLOCK = 1024; // nodes for which room is made at once; 3 kB each
const FINE = 8 * BLOCK; // finer ones that are kept
const SPAN = 2 ** 18; // more than cells along a side, at any level, with room beyond the edges
const PASSES = [16, 8, 4, 2, 1]; // coarse to fine: the steps in which the coarse grid is decoded

export class Lattice {
  /** @type {Float32Array[]} logits, BLOCK nodes in each */
  #blocks = [];
  /** @type {Float64Array[]} log of what normalises the pixels, so that all images add up to one */
  #normalisers = [];
  /** @type {Map<number, number>} where the node of a cell is kept */
  #nodes = new Map();
  #fine = 0;
  /** Steps between those nodes of the coarse grid that are all decoded; Infinity: none yet. */
  step = Infinity;

  /**
   * @param {Decoder} decoder of two latent dimensions
   * @param {number} extent half the width of the coarse grid
   */
  constructor(decoder, extent) {
    this.decoder = decoder;
    this.extent = extent;
    this.pixels = decoder.outputs[0].length;
  }

  get isComplete() {
    return this.step === 1;
  }

  /**
   * The side of a cell.
   *
   * @param {number} level
   */
  side(level) {
    return (2 * this.extent) / COARSE / 3 ** level;
  }

  /**
   * The middle of a cell, on the plane.
   *
   * @param {Cell} cell
   * @returns {[number, number]}
   */
  middle({ level, column, row }) {
    const side = this.side(level);
    return [(column + 0.5) * side - this.extent, (row + 0.5) * side - this.extent];
  }

  /**
   * The cell of a level in which a point lies.
   *
   * @param {number} x
   * @param {number} y
   * @returns {Cell}
   */
  cellAt(x, y, level = 0) {
    const side = this.side(level);
    const index = (/** @type {number} */ at) => Math.floor((at + this.extent) / side);
    return { level, column: index(x), row: index(y) };
  }

  /** Decode the coarse grid, coarse to fine; yields after each node, with whether a pass is over. */
  *decodeCoarse() {
    for (const step of PASSES) {
      for (let row = step >> 1; row < COARSE; row += step) {
        for (let column = step >> 1; column < COARSE; column += step) {
          const cell = { level: 0, column, row };
          if (this.#nodes.has(keyOf(cell))) continue;
          this.node(cell);
          yield false;
        }
      }
      this.step = step;
      yield true;
    }
  }

  /**
   * Where the node of a cell is kept; decoded if it is not yet.
   *
   * @param {Cell} cell
   * @returns {number}
   */
  node(cell) {
    const key = keyOf(cell);
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const { level, column, row } = cell;
    const isMiddle = level > 0 && column % 3 === 1 && row % 3 === 1;
    const number = isMiddle
      ? this.node({ level: level - 1, column: (column - 1) / 3, row: (row - 1) / 3 })
      : this.#decoded(cell);
    this.#nodes.set(key, number);
    return number;
  }

  /**
   * Whether the node of a cell needs no decoding any more.
   *
   * @param {Cell} cell
   */
  has(cell) {
    return this.#nodes.has(keyOf(cell));
  }

  /** @param {Cell} cell */
  #decoded(cell) {
    const { level, column, row } = cell;
    const isCoarse = level === 0 && Math.min(column, row) >= 0 && Math.max(column, row) < COARSE;
    const number = isCoarse ? row * COARSE + column : GRID + this.#fine++;
    const [block, at] = [Math.floor(number / BLOCK), number % BLOCK];
    if (!this.#blocks[block]) {
      this.#blocks[block] = new Float32Array(BLOCK * this.pixels);
      this.#normalisers[block] = new Float64Array(BLOCK);
    }
    const logits = this.decoder.logits(this.middle(cell));
    this.#blocks[block].set(logits, at * this.pixels);
    let sum = 0;
    for (const logit of logits) sum += Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit)));
    this.#normalisers[block][at] = sum;
    return number;
  }

  /**
   * log p(image | z) at a node, in nats.
   *
   * @param {Ink} ink
   * @param {number} node
   */
  logLikelihood({ pixels, values }, node) {
    const block = Math.floor(node / BLOCK);
    const logits = this.#blocks[block];
    const from = (node % BLOCK) * this.pixels;
    let sum = -this.#normalisers[block][node % BLOCK];
    for (let i = 0; i < pixels.length; i++) sum += values[i] * logits[from + pixels[i]];
    return sum;
  }

  /** Forget the finer nodes if they are too many: between two images, not within the work on one. */
  makeRoom() {
    if (this.#fine < FINE) return;
    for (const [key, node] of this.#nodes) if (node >= GRID) this.#nodes.delete(key);
    this.#fine = 0;
  }
}

/**
 * A number that no other cell has.
 *
 * @param {Cell} cell
 */
export function keyOf({ level, column, row }) {
  return (level * SPAN + column + SPAN / 2) * SPAN + row + SPAN / 2;
}

/**
 * What of an image is not black.
 *
 * @param {ArrayLike<number>} image in [0, 1]
 * @returns {Ink}
 */
export function inkOf(image) {
  const found = Array.from(image, (_, pixel) => pixel).filter((pixel) => image[pixel] > 0);
  return {
    pixels: Int32Array.from(found),
    values: Float64Array.from(found, (pixel) => image[pixel]),
  };
}
