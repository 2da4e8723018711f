// The picture itself: digits as dots, and lines from one of them to its neighbours.

import { outlined } from "../map/canvas.js";
import { writeNames } from "../shared/class_names.js";
import { element, pen } from "../shared/elements.js";
import { CLASSES } from "../shared/mnist.js";
import { classColours, DOT_COVER } from "../shared/palette.js";

const DOT = 2.6; // radius in CSS pixels
const STAMP = 16; // pixels along a side of a dot that is drawn once
const NAME = 15; // CSS pixels
const FAINT = 0.12; // how much a dot of another class than the chosen one covers
const FILLED = 0.94; // of the canvas' half by a ball of radius 1

export class Cloud {
  /** x, y, z of each digit, and after them of each class's name, as seen. */
  seen = new Float32Array(0);
  /** The one class that is not faint. @type {number | null} */
  isolated = null;
  /** A digit and its neighbours, the digit first. @type {number[]} */
  chosen = [];

  /** @param {ArrayLike<number>} labels */
  constructor(labels) {
    this.labels = labels;
    this.canvas = element("canvas", { className: "map cloud", tabIndex: 0, role: "application" });
  }

  /**
   * Where a digit is on the screen, in CSS pixels from the corner.
   *
   * @param {number} index
   * @returns {[left: number, top: number]}
   */
  spot(index) {
    const half = this.canvas.clientWidth / 2;
    return [
      half * (1 + FILLED * this.seen[3 * index]),
      half * (1 - FILLED * this.seen[3 * index + 1]),
    ];
  }

  /**
   * The digit that is seen nearest to a spot, of those that are not faint; -1 beyond `reach`.
   *
   * @param {number} left
   * @param {number} top
   * @param {number} reach in CSS pixels
   */
  at(left, top, reach) {
    let [best, limit] = [-1, reach ** 2];
    for (let i = 0; i < this.labels.length; i++) {
      if (this.isolated !== null && this.labels[i] !== this.isolated) continue;
      const [x, y] = this.spot(i);
      const squared = (x - left) ** 2 + (y - top) ** 2;
      if (squared < limit) [best, limit] = [i, squared];
    }
    return best;
  }

  draw() {
    const side = this.canvas.clientWidth;
    if (!side || !this.seen.length) return;
    const ratio = window.devicePixelRatio || 1;
    const pixels = Math.round(side * ratio);
    if (this.canvas.width !== pixels) this.canvas.width = this.canvas.height = pixels;
    const context = pen(this.canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, side, side);
    this.#drawDots(context);
    this.#writeNames();
    this.#drawNeighbours(context);
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawDots(context) {
    const stamps = classColours(this.canvas).map(stamp);
    const size = this.labels.length;
    const alone = this.isolated;
    context.save();
    // One class alone comes after all others, which are faint then.
    for (let i = 0; i < (alone === null ? size : 2 * size); i++) {
      const index = (i * 1987) % size; // a stride through the classes: none covers all others
      const label = this.labels[index];
      const isFaint = alone !== null && i < size;
      if (alone !== null && isFaint === (label === alone)) continue;
      const [left, top] = this.spot(index);
      const near = 1 + 0.35 * this.seen[3 * index + 2]; // what is nearer is larger
      context.globalAlpha = isFaint ? FAINT : DOT_COVER;
      const width = 2 * DOT * near;
      context.drawImage(stamps[label], left - width / 2, top - width / 2, width, width);
    }
    context.restore();
  }

  #writeNames() {
    const spots = Array.from({ length: CLASSES }, (_, label) =>
      (this.isolated ?? label) === label ? this.spot(this.labels.length + label) : null,
    );
    writeNames(this.canvas, spots, NAME);
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawNeighbours(context) {
    const [index, ...neighbours] = this.chosen;
    if (index === undefined) return;
    const style = getComputedStyle(this.canvas);
    const [ink, paper] = [style.color, style.backgroundColor];
    const [left, top] = this.spot(index);
    for (const neighbour of neighbours) {
      const [x, y] = this.spot(neighbour);
      outlined(context, ink, paper, 1.2, () => {
        context.moveTo(left, top);
        context.lineTo(x, y);
      });
      outlined(context, ink, paper, 1.5, () => context.arc(x, y, 4, 0, 2 * Math.PI));
    }
    outlined(context, ink, paper, 2.5, () => context.arc(left, top, 8, 0, 2 * Math.PI));
  }
}

/**
 * A dot of one colour, drawn once and stamped often, at any size.
 *
 * @param {string} colour
 */
function stamp(colour) {
  const canvas = element("canvas", { width: STAMP, height: STAMP });
  const context = pen(canvas);
  context.fillStyle = colour;
  context.arc(STAMP / 2, STAMP / 2, STAMP / 2, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}
