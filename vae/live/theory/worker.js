// The worker behind the theory view: it decodes the grid, and answers for one image at a time, so
// that the page stays free for fingers. The page imports this module for its address only.

import { unpacked } from "../bundle.js";
import { Decoder } from "../network.js";
import { Field } from "./field.js";
import { better, termsOf } from "./gaussian.js";
import { Lattice } from "./lattice.js";
import { logDensity, raster } from "./mixture.js";

/**
 * @import { Gaussian, Hill } from "./field.js"
 * @import { Step, Terms } from "./gaussian.js"
 * @import { Posteriors } from "./mixture.js"
 */

/**
 * @typedef {{kind: "model", source: Blob, extent: number}} ModelGiven
 * @typedef {{kind: "image", number: number, image: ArrayLike<number>, q: Gaussian}} ImageGiven
 * @typedef {{kind: "improve", number: number}} Improve
 * @typedef {{kind: "raster", posteriors: Posteriors, extent: number, cells: number}} RasterAsked
 * @typedef {{kind: "densities", posteriors: Posteriors, points: number[][]}} DensitiesAsked
 * @typedef {ModelGiven | ImageGiven | Improve | RasterAsked | DensitiesAsked} Order
 *
 * @typedef {object} Seen the true posterior of an image, as far as it is known
 * @property {"seen"} kind
 * @property {number} number that of the image
 * @property {Float32Array} cells for each of those that count: x, y, side, density by the highest
 * @property {boolean} isExact
 * @property {Terms | null} terms null: the grid is still too coarse
 * @property {number} error see `Field.error`
 * @property {Hill[]} hills
 *
 * @typedef {{kind: "walked", number: number, way: Step[], jumped: boolean}} Walked
 * @typedef {{kind: "raster", density: Float32Array}} Raster
 * @typedef {{kind: "densities", found: number[]}} Densities
 * @typedef {{kind: "failed", error: string}} Failed
 * @typedef {Seen | Walked | Raster | Densities | Failed} Answer
 */

/** Where this module is: what `new Worker` takes. */
export const ADDRESS = import.meta.url;

const SLICE = 12; // milliseconds of work between two looks at what came
const SHOWN = 9; // nats below the highest at which nothing is seen of a cell

/** Works through what the page asks; `answer` takes what is found. */
export class Theory {
  /** @type {Lattice | null} */
  #lattice = null;
  /** @type {Generator<unknown, void, unknown> | null} the grid, whenever there is time */
  #background = null;
  /** @type {Generator<unknown, void, unknown> | null} what was asked last */
  #foreground = null;
  /** @type {ImageGiven | null} */
  #image = null;
  /** @type {Field | null} */
  #field = null;
  /** The image of which a fine picture was told. @type {number | null} */
  #fine = null;

  /** @param {(answer: Answer) => void} answer */
  constructor(answer) {
    this.answer = answer;
  }

  /** @param {Order} order */
  async take(order) {
    switch (order.kind) {
      case "model": {
        const bytes = new Uint8Array(await order.source.arrayBuffer());
        this.#lattice = new Lattice(new Decoder(await unpacked(bytes)), order.extent);
        this.#background = this.#lattice.decodeCoarse();
        if (this.#image) this.#foreground = this.#look();
        return;
      }
      case "image":
        this.#image = order;
        this.#foreground = this.#look();
        return;
      case "improve":
        if (order.number === this.#image?.number && this.#field) this.#foreground = this.#improve();
        return;
      case "raster":
        this.answer({
          kind: "raster",
          density: raster(order.posteriors, order.extent, order.cells),
        });
        return;
      case "densities": {
        const { posteriors, points } = order;
        this.answer({
          kind: "densities",
          found: points.map(([x, y]) => logDensity(posteriors, x, y)),
        });
      }
    }
  }

  /**
   * Work for a while; false if nothing is left to do.
   *
   * @param {number} milliseconds
   */
  work(milliseconds = SLICE) {
    const until = performance.now() + milliseconds;
    while (performance.now() < until) {
      if (this.#foreground) {
        if (this.#foreground.next().done) this.#foreground = null;
      } else if (this.#background) {
        const { done, value: isPassOver } = this.#background.next();
        if (done) this.#background = null;
        if (isPassOver && this.#image) this.#foreground = this.#look();
      } else return false;
    }
    return true;
  }

  /** The true posterior of the image: at once as coarse as the grid is, then fine. */
  *#look() {
    const [lattice, image] = [this.#lattice, this.#image];
    if (!lattice || !image || lattice.step === Infinity) return; // the first pass takes a moment
    lattice.makeRoom();
    const field = new Field(lattice, image.image);
    this.#field = field;
    if (this.#fine !== image.number) this.#tell(field, image, false); // else it would flicker
    yield;
    yield* field.cover(image.q);
    yield* field.refine();
    yield* field.cover(image.q); // where a higher top has left out what q reaches
    this.#tell(field, image, true);
    this.#fine = image.number;
  }

  *#improve() {
    const [field, image] = [this.#field, this.#image];
    if (!field || !image) return;
    const { way, jumped } = yield* better(field, image.q);
    this.answer({ kind: "walked", number: image.number, way, jumped });
  }

  /**
   * @param {Field} field
   * @param {ImageGiven} image
   * @param {boolean} isFine
   */
  #tell(field, { number, q }, isFine) {
    const shown = [...field.leaves.values()].filter(({ value }) => value > field.top - SHOWN);
    const { step = 1, isComplete = false } = this.#lattice ?? {};
    const wide = (/** @type {number} */ level) => (level ? 1 : Math.min(step, 16));
    const cells = shown.flatMap(({ x, y, side, value, cell }) => [
      x,
      y,
      side * wide(cell.level),
      Math.exp(value - field.top),
    ]);
    this.answer({
      kind: "seen",
      number,
      cells: Float32Array.from(cells),
      isExact: isFine && isComplete,
      terms: isFine ? termsOf(field, q) : null,
      error: isFine ? field.error : Infinity,
      hills: isFine ? field.hills() : [],
    });
  }
}

/** Within a worker: take what the page sends. */
function serve() {
  const theory = new Theory((answer) => postMessage(answer));
  const { port1, port2 } = new MessageChannel(); // a timer would wait for milliseconds each time
  let isWorking = false;
  const failing = (/** @type {unknown} */ error) =>
    postMessage({ kind: "failed", error: String(error) });
  port2.onmessage = () => {
    try {
      isWorking = theory.work();
      if (isWorking) port1.postMessage(0);
    } catch (error) {
      failing(error);
    }
  };
  addEventListener("message", ({ data }) => {
    theory.take(data).then(() => {
      if (!isWorking) port1.postMessage(0);
      isWorking = true;
    }, failing);
  });
}

if ("WorkerGlobalScope" in globalThis) serve();
