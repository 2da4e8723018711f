// What becomes of an image, stage by stage, in one row: what the models see, where it lands on the
// map, what each model makes of it, and what that costs.

import { reconstructionLoss } from "../latents/losses.js";
import { MapCanvas } from "../map/canvas.js";
import { latentText } from "../map/words.js";
import { element, pen } from "../shared/elements.js";
import { digitCanvas, drawDifference, drawDigit } from "../shared/pictures.js";
import { SHOWN_DRAWS } from "./model.js";

/**
 * @import { LatentMap } from "../latents/latent_map.js"
 * @import { Point } from "../map/canvas.js"
 * @import { Palette } from "../shared/palette.js"
 * @import { Image } from "../shared/pictures.js"
 * @import { Model } from "./model.js"
 *
 * @typedef {object} Asked a model, and what only Python knows of it
 * @property {string} name
 * @property {string} id that of its bundles
 * @property {boolean} is_autoencoder
 * @property {string} [sketch] the bundle that shows what it makes of examples
 * @property {Usual | null} usual null until the first drawing
 *
 * @typedef {object} Usual the percentiles of real digits, from 0 to 100, in nats
 * @property {number[]} lost of their reconstruction losses
 * @property {number[]} told of their KL divergences
 */

const TRAIL = 60; // frames
const LONGEST = 200; // nats that fill a bar, unless one is longer

/** @param {string} step @param {...(Node | string)} words */
const heading = (step, ...words) =>
  element("h2", {}, element("small", { textContent: step }), ...words);

/** What the models see. */
export class Seen {
  picture = digitCanvas("What the models see");
  element = element("section", { className: "seen" }, heading("drawing", "As seen"), this.picture);

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

  /** Whose map it is, once it is here. @type {Model | null} */
  model = null;

  #name = element("b");

  /** @param {LatentMap} latentMap */
  constructor(latentMap) {
    this.latentMap = latentMap;
    this.map = new MapCanvas(latentMap);
    this.map.canvas.tabIndex = -1;
    this.map.canvas.setAttribute("role", "img");
    this.map.canvas.setAttribute("aria-label", "The map, with a ring where the drawing is");
    this.words = element("code");
    const frame = element("div", { className: "frame" }, this.map.canvas);
    this.element = element(
      "section",
      { className: "place" },
      heading("→ encoder →", "Placed by ", this.#name),
      frame,
      this.words,
    );
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.map.canvas);
  }

  /**
   * Say whose map it is.
   *
   * @param {string} name
   */
  name(name) {
    this.#name.textContent = name;
  }

  /**
   * @param {Image | null} image null: nothing has landed yet
   * @param {boolean} isMoving whether the way there is shown, too
   */
  show(image, isMoving) {
    const { latentMap } = this;
    const { marks } = this.map;
    [marks.pin, marks.ellipse, marks.cloud] = [null, null, null];
    if (!image || !this.model) {
      this.trail = [];
      this.words.textContent = "";
      return this.draw();
    }
    const { posterior, latent, draws } = this.model.read(image);
    const point = this.#within(latentMap.project(latent));
    marks.pin = point;
    if (draws.length)
      marks.cloud = { points: draws.map((one) => latentMap.project(one)), rings: [] };
    else if (!latentMap.isAutoencoder)
      marks.ellipse = { centre: point, ...latentMap.ellipse(posterior.logVariance) };
    this.trail = isMoving ? [...this.trail.slice(-TRAIL), point] : [];
    this.words.textContent = latentText(latent);
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
  /** When it was shown last: a number that grows. */
  turn = 0;
  /** @type {Usual | null} */
  usual = null;

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
    this.draws = Array.from({ length: isAutoencoder ? 0 : SHOWN_DRAWS }, (_, i) =>
      digitCanvas(`Draw ${i + 1} of ${name}`),
    );
    const caption = element("p", { className: "faint", textContent: "Draws from the posterior" });
    const draws = element("div", { className: "draws" }, ...this.draws);
    this.element = element(
      "section",
      { className: "rebuilt" },
      ...headingOf(name),
      this.picture,
      this.difference,
      this.bar,
      this.figures,
      this.words,
      ...(isAutoencoder ? [] : [element("div", { className: "drawn" }, caption, draws)]),
    );
  }

  /** @param {Image} image */
  show(image) {
    const { latent, kl } = this.model.read(image);
    const reconstruction = this.model.decoder.decode(latent);
    drawDigit(this.picture, reconstruction);
    drawDifference(this.difference, image, reconstruction, this.palette);
    const lost = reconstructionLoss(image, reconstruction);
    const told = this.isAutoencoder ? 0 : kl;
    const whole = Math.max(LONGEST, lost + told);
    this.lost.style.width = `${(100 * lost) / whole}%`;
    this.told.style.width = `${(100 * told) / whole}%`;
    this.figures.textContent = this.isAutoencoder
      ? `${lost.toFixed(1)} nats lost`
      : `${lost.toFixed(1)} lost + ${told.toFixed(1)} KL = ${(lost + told).toFixed(1)} nats`;
    this.bar.setAttribute("aria-label", `Loss: ${this.figures.textContent}`);
    if (this.usual) this.#say(this.usual, lost, told);
  }

  /**
   * Show one of the draws from the posterior, decoded.
   *
   * @param {Image} image
   * @param {number} i
   */
  showDraw(image, i) {
    drawDigit(this.draws[i], this.model.drawn(this.model.read(image).posterior, i));
  }

  clear() {
    for (const canvas of [this.picture, this.difference, ...this.draws]) cleared(canvas);
    this.lost.style.width = this.told.style.width = "0";
    this.figures.textContent = "";
    this.words.replaceChildren();
    this.bar.setAttribute("aria-label", "Loss");
  }

  /**
   * How unusual the terms of the loss are.
   *
   * @param {Usual} usual
   * @param {number} lost
   * @param {number} told
   */
  #say(usual, lost, told) {
    const percent = (/** @type {number[]} */ known, /** @type {number} */ nats) =>
      Math.max(known.filter((one) => one < nats).length - 1, 0);
    const sentence = (/** @type {string} */ figure, /** @type {string} */ words) =>
      element("p", {}, element("b", { textContent: figure }), ` ${words}`);
    const harder = percent(usual.lost, lost);
    this.words.replaceChildren(
      sentence(`${lost.toFixed(1)} nats`, `to rebuild: harder than ${harder} % of real digits.`),
      this.isAutoencoder
        ? sentence("One point", "and no posterior: it is a plain autoencoder.")
        : sentence(
            `${told.toFixed(1)} nats`,
            `of KL divergence: more than ${percent(usual.told, told)} % of them.`,
          ),
    );
  }
}

/**
 * In the place of what a model makes of an image, until its networks have come.
 *
 * @param {string} name
 */
export function waiting(name) {
  const words = element("p", { className: "faint", textContent: "Loading the model …" });
  return element("section", { className: "rebuilt" }, ...headingOf(name), digitCanvas(""), words);
}

/** @param {string} name */
function headingOf(name) {
  return [heading("→ decoder →", "By ", element("b", { textContent: name }))];
}

/** @param {HTMLCanvasElement} canvas */
function cleared(canvas) {
  pen(canvas).clearRect(0, 0, canvas.width, canvas.height);
}
