// What becomes of an image, stage by stage, in one row: what the models see, where it lands on the
// map, what each model makes of it, and what that costs.

import { klDivergence, reconstructionLoss } from "../latents/losses.js";
import { MapCanvas } from "../map/canvas.js";
import { latentText } from "../map/words.js";
import { element, pen } from "../shared/elements.js";
import { CLASSES } from "../shared/mnist.js";
import { digitCanvas, drawDifference, drawDigit } from "../shared/pictures.js";

/**
 * @import { LatentMap } from "../latents/latent_map.js"
 * @import { Point } from "../map/canvas.js"
 * @import { Decoder, Encoder, Posterior } from "../network.js"
 * @import { Palette } from "../shared/palette.js"
 * @import { Image } from "../shared/pictures.js"
 *
 * @typedef {{encoder: Encoder, decoder: Decoder}} Model
 * @typedef {object} Asked a model, and what only Python knows of it
 * @property {string} name
 * @property {boolean} is_autoencoder
 * @property {[figure: string, words: string][]} unusual how its figures compare with usual ones
 */

const TRAIL = 60; // frames
const LONGEST = 200; // nats that fill a bar, unless one is longer

/** @param {string} step @param {...(Node | string)} words */
const heading = (step, ...words) =>
  element("h2", {}, element("small", { textContent: step }), ...words);

/** What the models see. */
export class Seen {
  picture = digitCanvas("What the models see");
  element = element(
    "section",
    { className: "seen" },
    heading("drawing", "What they see"),
    this.picture,
  );

  /** @param {Image} image */
  show(image) {
    drawDigit(this.picture, image);
  }

  clear() {
    cleared(this.picture);
  }
}

/** Where an image lands on the map of one model, and the way it took while it was drawn. */
export class Place {
  /** @type {Point[]} */
  trail = [];

  /**
   * @param {string} name
   * @param {Model} model
   * @param {LatentMap} latentMap
   */
  constructor(name, model, latentMap) {
    this.model = model;
    this.latentMap = latentMap;
    this.map = new MapCanvas(latentMap, model.decoder);
    this.map.canvas.tabIndex = -1;
    this.map.canvas.setAttribute("role", "img");
    this.map.canvas.setAttribute("aria-label", "The map, with a ring where the drawing is");
    this.words = element("code");
    const frame = element("div", { className: "frame" }, this.map.canvas, ...classNames(latentMap));
    this.element = element(
      "section",
      { className: "place" },
      heading("→ encoder →", "Map of ", element("b", { textContent: name })),
      frame,
      this.words,
    );
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.map.canvas);
  }

  /**
   * @param {Posterior | null} posterior null: nothing has landed yet
   * @param {boolean} isMoving whether the way there is shown, too
   */
  show(posterior, isMoving) {
    const { marks } = this.map;
    if (!posterior) {
      [this.trail, marks.pin, marks.ellipse] = [[], null, null];
      this.words.textContent = "";
      return this.draw();
    }
    const point = this.#within(this.latentMap.project(posterior.mean));
    marks.pin = point;
    marks.ellipse = this.latentMap.isAutoencoder
      ? null
      : { centre: point, ...this.latentMap.ellipse(posterior.logVariance) };
    this.trail = isMoving ? [...this.trail.slice(-TRAIL), point] : [];
    this.words.textContent = latentText(posterior.mean);
    this.draw();
  }

  /**
   * Where a latent is on the screen.
   *
   * @param {ArrayLike<number>} latent
   */
  spot(latent) {
    const [left, top] = this.map.toScreen(this.#within(this.latentMap.project(latent)));
    const box = this.map.canvas.getBoundingClientRect();
    return { x: box.left + left, y: box.top + top };
  }

  draw() {
    this.map.draw();
    if (this.trail.length < 2) return;
    const context = pen(this.map.canvas);
    context.beginPath();
    for (const point of this.trail) context.lineTo(...this.map.toScreen(point));
    context.strokeStyle = getComputedStyle(this.map.canvas).color;
    context.lineWidth = 1.5;
    context.stroke();
  }

  /**
   * A place beyond the map is shown at its edge.
   *
   * @param {Point} point
   * @returns {Point}
   */
  #within([x, y]) {
    const most = 0.96 * this.latentMap.extent;
    const held = (/** @type {number} */ value) => Math.min(Math.max(value, -most), most);
    return [held(x), held(y)];
  }
}

/** What one model makes of an image: its reconstruction, where that is off, and the loss. */
export class Rebuilt {
  /**
   * @param {Asked} asked
   * @param {Model} model
   * @param {Palette} palette
   */
  constructor({ name, is_autoencoder: isAutoencoder }, model, palette) {
    this.model = model;
    this.palette = palette;
    this.isAutoencoder = isAutoencoder;
    this.picture = digitCanvas(`Reconstruction by ${name}`);
    this.difference = digitCanvas(`Difference of ${name}`, "apart");
    this.lost = element("i", { className: "lost" });
    this.told = element("i", { className: "told" });
    this.bar = element("div", { className: "loss", role: "img" }, this.lost, this.told);
    this.figures = element("p", { className: "figures" });
    this.words = element("div", { className: "words faint" });
    this.element = element(
      "section",
      { className: "rebuilt" },
      heading("→ decoder →", "By ", element("b", { textContent: name })),
      this.picture,
      this.difference,
      this.bar,
      this.figures,
      this.words,
    );
  }

  /** @param {Image} image */
  show(image) {
    const { mean, logVariance } = this.model.encoder.encode(image);
    const reconstruction = this.model.decoder.decode(mean);
    drawDigit(this.picture, reconstruction);
    drawDifference(this.difference, image, reconstruction, this.palette);
    const lost = reconstructionLoss(image, reconstruction);
    const told = this.isAutoencoder ? 0 : klDivergence(mean, logVariance);
    const whole = Math.max(LONGEST, lost + told);
    this.lost.style.width = `${(100 * lost) / whole}%`;
    this.told.style.width = `${(100 * told) / whole}%`;
    this.figures.textContent = this.isAutoencoder
      ? `${lost.toFixed(1)} nats lost`
      : `${lost.toFixed(1)} lost + ${told.toFixed(1)} KL = ${(lost + told).toFixed(1)} nats`;
    this.bar.setAttribute("aria-label", `Loss: ${this.figures.textContent}`);
  }

  clear() {
    cleared(this.picture);
    cleared(this.difference);
    this.lost.style.width = this.told.style.width = "0";
    this.figures.textContent = "";
    this.bar.setAttribute("aria-label", "Loss");
  }

  /** @param {[figure: string, words: string][]} unusual */
  say(unusual) {
    const sentences = unusual.map(([figure, words]) =>
      element("p", {}, element("b", { textContent: figure }), ` ${words}`),
    );
    this.words.replaceChildren(...sentences);
  }
}

/** @param {HTMLCanvasElement} canvas */
function cleared(canvas) {
  pen(canvas).clearRect(0, 0, canvas.width, canvas.height);
}

/**
 * Each class by its name, where its digits lie on average.
 *
 * @param {LatentMap} latentMap
 */
function classNames({ points, labels, extent }) {
  const sums = Array.from({ length: CLASSES }, () => [0, 0, 0]);
  labels.forEach((label, i) => {
    const sum = sums[label];
    sum[0] += points[2 * i];
    sum[1] += points[2 * i + 1];
    sum[2] += 1;
  });
  return sums.map(([x, y, n], label) => {
    const name = element("b", { className: "name", textContent: String(label) });
    name.style.left = `${50 + (50 * x) / n / extent}%`;
    name.style.top = `${50 - (50 * y) / n / extent}%`;
    return name;
  });
}
