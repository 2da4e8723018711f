// The pictures of a snapshot: the latent map, sheets of digits, the dimensions' bars.

import { writeNames } from "../shared/class_names.js";
import { element, pen } from "../shared/elements.js";
import { CLASSES, SIDE } from "../shared/mnist.js";
import { classColours, DOT_COVER, MARK_COVER } from "../shared/palette.js";
import { drawDigit } from "../shared/pictures.js";
import { between } from "./history.js";

/** @import { Stages } from "./history.js" */

const POINT = 2.2; // radius, in CSS pixels
const NAME = 13; // CSS pixels
const MANY = 40; // bars, between which there is no room
const [GAP, WIDER_GAP] = [2, 8]; // pixels between the digits of a sheet

/** A thousand digits on the map, class by class. */
export class MapPanel {
  constructor() {
    this.canvas = element("canvas", { className: "map", role: "img" });
    this.rings = element("p", { className: "faint" });
    const keys = Array.from({ length: CLASSES }, (_, label) => {
      const dot = element("i");
      dot.style.background = `var(--class-${label})`;
      return element("span", {}, dot, `${label}`);
    });
    const title = element("h2", { textContent: "Latent map" });
    const legend = element("div", { className: "legend", "aria-hidden": "true" }, ...keys);
    this.element = element("section", {}, title, this.canvas, legend, this.rings);
  }

  /**
   * @param {Stages} history
   * @param {number} at
   */
  draw(history, at) {
    const side = this.canvas.clientWidth;
    if (!side) return;
    const view = history.rank.length > 2 ? "The plane of the two strongest components. " : "";
    const rings = "Rings: 1, 2 and 3 standard deviations of the prior.";
    this.rings.textContent = view + (history.isAutoencoder ? "" : rings);
    const count = history.points.shape[1].toLocaleString("en");
    const words = `${count} digits on the latent map. ${history.spoken(at)}`;
    this.canvas.setAttribute("aria-label", words);
    const scale = devicePixelRatio || 1;
    this.canvas.width = this.canvas.height = Math.round(side * scale);
    const context = pen(this.canvas);
    context.scale(scale, scale);
    const unit = side / (2 * history.extent(at));
    if (!history.isAutoencoder) this.#drawRings(context, side / 2, unit);
    const points = between(history.points, at);
    this.#drawPoints(context, side / 2, unit, points);
    /** @type {(place: [x: number, y: number]) => [left: number, top: number]} */
    const spot = ([x, y]) => [side / 2 + x * unit, side / 2 - y * unit];
    writeNames(this.canvas, namePlaces(points).map(spot), NAME);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} middle
   * @param {number} unit CSS pixels
   */
  #drawRings(context, middle, unit) {
    context.strokeStyle = getComputedStyle(this.canvas).color;
    context.globalAlpha = MARK_COVER;
    for (let deviations = 1; deviations <= 3; deviations++) {
      context.beginPath();
      context.arc(middle, middle, deviations * unit, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} middle
   * @param {number} unit CSS pixels
   * @param {ArrayLike<number>} points
   */
  #drawPoints(context, middle, unit, points) {
    context.globalAlpha = DOT_COVER;
    const perClass = points.length / 2 / CLASSES;
    classColours(this.canvas).forEach((colour, label) => {
      context.fillStyle = colour;
      context.beginPath();
      for (let i = label * perClass; i < (label + 1) * perClass; i++) {
        const x = middle + points[2 * i] * unit;
        const y = middle - points[2 * i + 1] * unit;
        context.moveTo(x + POINT, y);
        context.arc(x, y, POINT, 0, 2 * Math.PI);
      }
      context.fill();
    });
  }
}

/**
 * Where each class's name stands: at the one of its points that is nearest to their middle.
 *
 * @param {ArrayLike<number>} points x and y of each, class by class
 * @returns {[x: number, y: number][]}
 */
export function namePlaces(points) {
  const size = points.length / 2 / CLASSES;
  return Array.from({ length: CLASSES }, (_, label) => {
    const own = Array.from({ length: size }, (_, i) => [
      points[2 * (label * size + i)],
      points[2 * (label * size + i) + 1],
    ]);
    const mean = (/** @type {number} */ axis) =>
      own.reduce((sum, point) => sum + point[axis], 0) / size;
    const [x, y] = [mean(0), mean(1)];
    const away = own.map((point) => Math.hypot(point[0] - x, point[1] - y));
    const nearest = own[away.indexOf(Math.min(...away))];
    return [nearest[0], nearest[1]];
  });
}

/** A sheet of digits with a title and a caption. */
export class SheetPanel {
  /**
   * @param {string} className
   * @param {string} title
   * @param {string} caption
   */
  constructor(className, title, caption) {
    this.canvas = element("canvas", { className: `sheet ${className}`, role: "img" });
    this.element = element(
      "section",
      { className },
      element("h2", { textContent: title }),
      this.canvas,
      element("p", { className: "faint", textContent: caption }),
    );
  }

  /**
   * Draw digits, with pixels from 0 to 255, row by row.
   *
   * @param {ArrayLike<number>[]} digits
   * @param {number} columns
   * @param {string} words
   * @param {number} [together] rows after which the gap is wider
   */
  draw(digits, columns, words, together = Infinity) {
    const cell = SIDE + GAP;
    const top = (/** @type {number} */ row) =>
      row * cell + (WIDER_GAP - GAP) * Math.floor(row / together);
    const width = columns * cell - GAP;
    const height = top(digits.length / columns - 1) + SIDE;
    if (this.canvas.width !== width || this.canvas.height !== height)
      Object.assign(this.canvas, { width, height });
    this.element.style.setProperty("--pixels", String(width));
    this.canvas.setAttribute("aria-label", words);
    digits.forEach((digit, i) => {
      drawDigit(this.canvas, digit, cell * (i % columns), top(Math.floor(i / columns)), 255);
    });
  }
}

/** What each latent dimension tells of a digit. */
export class BarsPanel {
  constructor() {
    this.bars = element("div", { className: "bars", role: "img" });
    this.words = element("p", { className: "faint" });
    const title = element("h2", { textContent: "KL divergence by dimension" });
    const parts = [title, this.bars, this.words];
    this.element = element("section", { className: "dimensions" }, ...parts);
  }

  /**
   * @param {Stages} history
   * @param {number} at
   */
  draw(history, at) {
    const { rank } = history;
    const { kl, dead } = history.dimensions(at);
    const highest = history.highestKl;
    if (this.bars.children.length !== rank.length)
      this.bars.replaceChildren(...rank.map(() => element("i")));
    this.bars.classList.toggle("many", rank.length > MANY);
    rank.forEach((dimension, position) => {
      const bar = /** @type {HTMLElement} */ (this.bars.children[position]);
      bar.style.setProperty("--share", String(Math.min(1, kl[dimension] / highest)));
      bar.classList.toggle("dead", dead.includes(dimension));
      bar.title = `${name(dimension)}: ${kl[dimension].toFixed(2)} nats`;
    });
    const total = kl.reduce((sum, value) => sum + value, 0).toFixed(1);
    const used = `${rank.length - dead.length} of ${rank.length} in use, ${total} nats together.`;
    const unused = dead.length ? ` These tell nothing: ${dead.map(name).join(", ")}.` : "";
    this.words.textContent = used + unused;
    const words = `KL divergence of each latent dimension. ${used}${unused}`;
    this.bars.setAttribute("aria-label", words);
  }
}

/** @param {number} dimension */
function name(dimension) {
  return `z${dimension + 1}`;
}
