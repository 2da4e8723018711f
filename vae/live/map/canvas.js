// The map's picture: digits as dots, the decoded manifold behind them, marks on top.

import { sixDigits } from "../latents/link_decimals.js";
import { writeNames } from "../shared/class_names.js";
import { element, pen } from "../shared/elements.js";
import { SIDE } from "../shared/mnist.js";
import { classColours, DOT_COVER, MARK_COVER } from "../shared/palette.js";
import { digitCanvas, drawDigit } from "../shared/pictures.js";
import { MAP_LABEL } from "./words.js";

/**
 * @import { Decodes } from "../network.js"
 * @import { LatentMap } from "../latents/latent_map.js"
 */

/**
 * @typedef {[x: number, y: number]} Point of the plane
 * @typedef {[left: number, top: number]} Spot on the screen: CSS pixels from the canvas' corner
 * @typedef {{x: number, y: number, half: number}} Frame a square piece of the plane: its centre and
 *   half its width
 * @typedef {{centre: Point, long: number, short: number, angle: number}} Ellipse
 * @typedef {{points: Point[], rings: Point[][][]}} Cloud draws of a posterior, the rings around most
 *   of them and around nearly all
 *
 * @typedef {object} Manifold what is decoded all over a frame
 * @property {string} drawnFor
 * @property {Frame} frame
 * @property {number} done steps, of `FINE`
 * @property {Float32Array[]} middles the images in the middles of the blocks
 * @property {HTMLCanvasElement} picture
 * @property {Manifold | null} before the one that is seen until all of this one's blocks are
 */

const DOT = 3.2; // radius in CSS pixels
const DOT_ON_MANIFOLD = 2.2; // smaller, so that digits show between
const BLOCKS = 6; // of the manifold along each side: each is first seen as one large digit, ...
const FINER = 3; // ... then as this many along each side, the middle one the same
const COARSE = BLOCKS ** 2; // steps until all blocks are seen
const FINE = COARSE * (1 + FINER ** 2);
const SCATTER = 13; // which blocks follow each other: all over the map
const BUDGET = 7; // milliseconds of decoding a frame where a finger moves, which comes first ...
const REST_BUDGET = 40; // ... and where nothing has for a while
const REST = 300; // milliseconds
const SMALL = 240; // CSS pixels of a map with small names

/** A square canvas over a square piece of the plane. */
export class MapCanvas {
  /** @type {Set<number>} labels */
  hidden = new Set();
  hasManifold = false;
  /** Whether a drag moves the map, and not z. */
  isMoved = false;
  hasDots = true;
  /**
   * What else is drawn, over the dots and under the marks.
   *
   * @type {((context: CanvasRenderingContext2D, map: MapCanvas) => void)[]}
   */
  layers = [];
  /** When a finger, or a key, moved something last. */
  movedAt = -Infinity;
  /** @type {{cursor: Point?, pin: Point?, ellipse: Ellipse?, cloud: Cloud?, drawing: Point?}} */
  marks = { cursor: null, pin: null, ellipse: null, cloud: null, drawing: null };
  #dots = element("canvas");
  #dotsDrawnFor = "";
  #cell = digitCanvas("");
  /** @type {Manifold | null} */
  #manifold = null;

  /**
   * @param {LatentMap} latentMap
   * @param {Decodes} [decoder] for a manifold
   */
  constructor(latentMap, decoder) {
    this.latentMap = latentMap;
    this.decoder = decoder;
    this.home = { x: 0, y: 0, half: latentMap.extent };
    /** @type {Frame} */
    this.frame = { ...this.home };
    const label = { role: "application", "aria-label": MAP_LABEL };
    this.canvas = element("canvas", { className: "map", tabIndex: 0, ...label });
  }

  /** Decode the manifold once more. */
  refresh() {
    this.#manifold = null;
  }

  /** CSS pixels along a side. */
  get side() {
    return this.canvas.clientWidth;
  }

  /** CSS pixels for one unit of the plane. */
  get scale() {
    return this.side / (2 * this.frame.half);
  }

  /**
   * Where a point of the plane is on the screen.
   *
   * @param {Point} point
   * @returns {Spot}
   */
  toScreen([x, y]) {
    const { frame, scale, side } = this;
    return [side / 2 + (x - frame.x) * scale, side / 2 - (y - frame.y) * scale];
  }

  /**
   * The point of the plane at a spot on the screen.
   *
   * @param {Spot} spot
   * @returns {Point}
   */
  toPlane([left, top]) {
    const { frame, scale, side } = this;
    return [frame.x + (left - side / 2) / scale, frame.y - (top - side / 2) / scale];
  }

  /**
   * The visible dot nearest to a spot on the screen, within `reach` CSS pixels; else -1.
   *
   * @param {Spot} spot
   * @param {number} reach
   */
  dotAt(spot, reach) {
    const [x, y] = this.toPlane(spot);
    const { points, labels, size } = this.latentMap;
    let best = -1;
    let limit = (reach / this.scale) ** 2;
    for (let i = 0; i < size; i++) {
      const squared = (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2;
      if (squared < limit && !this.hidden.has(labels[i])) [best, limit] = [i, squared];
    }
    return best;
  }

  /**
   * Zoom by a factor about a spot on the screen that stays where it is: the pin, if none is given.
   *
   * @param {number} factor
   * @param {Spot} spot
   */
  zoom(factor, spot = this.#pinOrMiddle) {
    const [x, y] = this.toPlane(spot);
    const { frame, home } = this;
    const half = Math.min(Math.max(frame.half * factor, home.half / 200), home.half * 4);
    const ratio = half / frame.half;
    this.frame = sixDigits({ x: x + (frame.x - x) * ratio, y: y + (frame.y - y) * ratio, half });
  }

  /** The pin's spot, or the middle of the map where that is not in sight. */
  get #pinOrMiddle() {
    const { side, marks } = this;
    /** @type {Spot} */
    const spot = marks.pin ? this.toScreen(marks.pin) : [-1, -1];
    /** @type {Spot} */
    const middle = [side / 2, side / 2];
    return spot.every((value) => value >= 0 && value <= side) ? spot : middle;
  }

  /**
   * Move the plane by so many CSS pixels.
   *
   * @param {number} right
   * @param {number} down
   */
  pan(right, down) {
    const { x, y, half } = this.frame;
    this.frame = sixDigits({ x: x - right / this.scale, y: y + down / this.scale, half });
  }

  /** Show the whole map. */
  goHome() {
    this.frame = { ...this.home };
  }

  /** Draw everything; true if there is more to come (the manifold is decoded bit by bit). */
  draw() {
    const ratio = window.devicePixelRatio || 1;
    const pixels = Math.round(this.side * ratio);
    if (!pixels) return false;
    if (this.canvas.width !== pixels) this.canvas.width = this.canvas.height = pixels;
    const context = pen(this.canvas);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, pixels, pixels);
    const more = this.hasManifold && this.#drawManifold(context, pixels);
    if (this.hasDots) this.#drawDots(context, pixels, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const layer of this.layers) layer(context, this);
    this.#drawNames();
    this.#drawMarks(context);
    return more;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} pixels
   * @param {number} ratio
   */
  #drawDots(context, pixels, ratio) {
    const { x, y, half } = this.frame;
    const theme = getComputedStyle(this.canvas).color;
    const drawnFor = [x, y, half, pixels, theme, this.hasManifold, ...this.hidden].join();
    if (drawnFor !== this.#dotsDrawnFor) {
      this.#dotsDrawnFor = drawnFor;
      this.#dots.width = this.#dots.height = pixels;
      this.#drawEachDot(pen(this.#dots), ratio);
    }
    context.drawImage(this.#dots, 0, 0);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} ratio
   */
  #drawEachDot(context, ratio) {
    const { latentMap, side } = this;
    const radius = (this.hasManifold ? DOT_ON_MANIFOLD : DOT) * ratio;
    const colours = classColours(this.canvas);
    const stamps = colours.map((colour) => stamp(colour, radius, this.hasManifold));
    const middle = stamps[0].width / 2;
    for (let i = 0; i < latentMap.size; i++) {
      // a stride through the classes, so that none covers all others
      const index = (i * 1987) % latentMap.size;
      const label = latentMap.labels[index];
      if (this.hidden.has(label)) continue;
      const [left, top] = this.toScreen([
        latentMap.points[2 * index],
        latentMap.points[2 * index + 1],
      ]);
      if (left < -DOT || top < -DOT || left > side + DOT || top > side + DOT) continue;
      context.drawImage(stamps[label], left * ratio - middle, top * ratio - middle);
    }
  }

  /**
   * The manifold as far as it is decoded; true while it is not complete.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {number} pixels
   */
  #drawManifold(context, pixels) {
    const manifold = this.#manifoldOf(this.frame);
    const now = performance.now();
    const until = now + (now - this.movedAt < REST ? BUDGET : REST_BUDGET);
    while (manifold.done < FINE && performance.now() < until) this.#decodeStep(manifold);
    if (manifold.done >= COARSE) manifold.before = null;
    for (const one of [manifold.before, manifold]) {
      if (!one) continue;
      const { x, y, half } = one.frame;
      const [left, top] = this.toScreen([x - half, y + half]);
      const unit = pixels / this.side;
      const width = 2 * half * this.scale * unit;
      context.imageSmoothingEnabled = width < one.picture.width; // no stroke is lost
      context.drawImage(one.picture, left * unit, top * unit, width, width);
    }
    return manifold.done < FINE;
  }

  /**
   * The manifold over a frame; a new one begins empty, and the one before is seen meanwhile.
   *
   * @param {Frame} frame
   */
  #manifoldOf({ x, y, half }) {
    const drawnFor = [x, y, half].join();
    const last = this.#manifold;
    if (last?.drawnFor !== drawnFor) {
      const side = SIDE * BLOCKS * FINER;
      const picture = element("canvas", { width: side, height: side });
      const before = last && last.done < COARSE ? last.before : last;
      const begun = { drawnFor, frame: { x, y, half }, done: 0, middles: [], picture, before };
      this.#manifold = begun;
    }
    return /** @type {Manifold} */ (this.#manifold);
  }

  /**
   * One more digit of the manifold: the large ones first, then each block's small ones.
   *
   * @param {Manifold} manifold
   */
  #decodeStep(manifold) {
    const isCoarse = manifold.done < COARSE;
    const fine = manifold.done - COARSE;
    const block = ((isCoarse ? manifold.done : Math.floor(fine / FINER ** 2)) * SCATTER) % COARSE;
    const within = isCoarse ? (FINER ** 2 - 1) / 2 : fine % FINER ** 2;
    const row = FINER * Math.floor(block / BLOCKS) + Math.floor(within / FINER);
    const column = FINER * (block % BLOCKS) + (within % FINER);
    const isMiddle = within === (FINER ** 2 - 1) / 2;
    if (isCoarse) manifold.middles[block] = this.#decoded(manifold.frame, column, row);
    const image = isMiddle ? manifold.middles[block] : this.#decoded(manifold.frame, column, row);
    drawDigit(this.#cell, image);
    const context = pen(manifold.picture);
    context.imageSmoothingEnabled = false;
    const [left, top, size] = isCoarse ? [column - 1, row - 1, FINER] : [column, row, 1];
    context.drawImage(this.#cell, left * SIDE, top * SIDE, size * SIDE, size * SIDE);
    manifold.done += 1;
  }

  /**
   * What is decoded in the middle of a cell.
   *
   * @param {Frame} frame
   * @param {number} column
   * @param {number} row
   */
  #decoded({ x, y, half }, column, row) {
    const along = (/** @type {number} */ cell) =>
      half * ((2 * (cell + 0.5)) / (BLOCKS * FINER) - 1);
    return /** @type {Decodes} */ (this.decoder)
      .decode(this.latentMap.lift([x + along(column), y - along(row)]))
      .slice();
  }

  /** The classes' names, where most of their digits are. */
  #drawNames() {
    const { names } = this.latentMap;
    const spots = Array.from({ length: names.length / 2 }, (_, label) =>
      this.hidden.has(label) ? null : this.toScreen([names[2 * label], names[2 * label + 1]]),
    );
    writeNames(this.canvas, spots, this.side < SMALL ? 11 : 15, this.hasManifold ? 5 : 2);
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawMarks(context) {
    const style = getComputedStyle(this.canvas);
    const [ink, paper] = [style.color, style.backgroundColor];
    const { cursor, pin, ellipse, cloud, drawing } = this.marks;
    if (ellipse) {
      for (const deviations of [1, 2]) {
        context.setLineDash(deviations === 2 ? [6, 4] : []);
        outlined(context, ink, paper, 1.5, () => this.#ellipsePath(context, ellipse, deviations));
      }
      context.setLineDash([]);
    }
    if (cloud) this.#drawCloud(context, cloud, ink, paper);
    if (drawing) this.#drawStar(context, this.toScreen(drawing), ink, paper);
    if (pin) {
      const [left, top] = this.toScreen(pin);
      outlined(context, ink, paper, 2.5, () => context.arc(left, top, 9, 0, 2 * Math.PI));
    }
    if (cursor) {
      const [left, top] = this.toScreen(cursor);
      outlined(context, ink, paper, 1.5, () => {
        for (const [right, down] of [
          [1, 0],
          [-1, 0],
          [0, 1],
          [0, -1],
        ]) {
          context.moveTo(left + 4 * right, top + 4 * down);
          context.lineTo(left + 12 * right, top + 12 * down);
        }
      });
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Cloud} cloud
   * @param {string} ink
   * @param {string} paper
   */
  #drawCloud(context, { points, rings }, ink, paper) {
    const spots = points.map((point) => this.toScreen(point));
    context.save();
    context.fillStyle = paper; // under all of them, so that they are seen on any class
    for (const [left, top] of spots) context.fillRect(left - 2, top - 2, 4, 4);
    context.fillStyle = ink;
    context.globalAlpha = MARK_COVER;
    for (const [left, top] of spots) context.fillRect(left - 1, top - 1, 2, 2);
    context.restore();
    rings.forEach((found, i) => {
      context.setLineDash(i ? [6, 4] : []);
      for (const ring of found)
        outlined(context, ink, paper, 1.5, () => {
          for (const point of ring) context.lineTo(...this.toScreen(point));
          context.closePath();
        });
    });
    context.setLineDash([]);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Ellipse} ellipse
   * @param {number} deviations
   */
  #ellipsePath(context, { centre, long, short, angle }, deviations) {
    const [left, top] = this.toScreen(centre);
    const [a, b] = [long, short].map((axis) => deviations * axis * this.scale);
    context.ellipse(left, top, a, b, -angle, 0, 2 * Math.PI);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Spot} spot
   * @param {string} ink
   * @param {string} paper
   */
  #drawStar(context, [left, top], ink, paper) {
    outlined(context, ink, paper, 2, () => {
      for (let i = 0; i <= 10; i++) {
        const [reach, turn] = [i % 2 ? 4 : 10, (i * Math.PI) / 5 - Math.PI / 2];
        context.lineTo(left + reach * Math.cos(turn), top + reach * Math.sin(turn));
      }
    });
  }
}

/**
 * A dot of one colour, drawn once and stamped often.
 *
 * @param {string} colour
 * @param {number} radius
 * @param {boolean} isRimmed
 */
function stamp(colour, radius, isRimmed) {
  const side = 2 * Math.ceil(radius + 2);
  const canvas = element("canvas", { width: side, height: side });
  const context = pen(canvas);
  context.globalAlpha = isRimmed ? 1 : DOT_COVER;
  context.fillStyle = colour;
  context.arc(side / 2, side / 2, radius, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = "#000000";
  if (isRimmed) context.stroke();
  return canvas;
}

/**
 * A line in the colour of text on a wider one in that of paper: to be seen on anything.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} ink
 * @param {string} paper
 * @param {number} width
 * @param {() => void} path
 */
export function outlined(context, ink, paper, width, path) {
  const stroke = (/** @type {string} */ colour, /** @type {number} */ wide) => {
    context.beginPath();
    path();
    context.strokeStyle = colour;
    context.lineWidth = wide;
    context.stroke();
  };
  stroke(paper, width + 3);
  stroke(ink, width);
}
