// Mean and standard deviation: a bell curve for each latent dimension, and what each tells.

import { MapCanvas } from "../map/canvas.js";
import { element, svg } from "../shared/elements.js";
import { DRAWS } from "./passage.js";
import { over, Stage } from "./stage.js";
import { natsText } from "./words.js";

/**
 * @import { Bench } from "./stage.js"
 * @import { Words } from "./words.js"
 */

const REACH = 4; // z from the middle of a curve to its ends, at least
const POINTS = 240;
const HEIGHT = 40; // of a curve, in units of the picture
const WIDTH = 100;

export class PosteriorStage extends Stage {
  /**
   * @param {Bench} bench
   * @param {Words} words
   */
  constructor(bench, words) {
    super(bench, "posterior", words);
    const dimensions = bench.passage.noise.length;
    this.curves = Array.from({ length: dimensions }, (_, i) => new Curve(i));
    this.sum = element("p", { className: "sum" });
    this.list = element("div", { className: "curves" }, ...this.curves.map((c) => c.element));
    this.body.append(this.list, this.sum);
  }

  /** Curves are as high as all rows of them have room. @param {number} height in CSS pixels */
  fit(height) {
    const { gridTemplateColumns, rowGap } = getComputedStyle(this.list);
    const rows = Math.ceil(this.curves.length / gridTemplateColumns.split(" ").length);
    const [{ element: curve }] = this.curves;
    const words = curve.clientHeight - (curve.querySelector("svg")?.clientHeight ?? 0);
    const below = 2 * this.sum.offsetHeight; // with what is left free above it
    super.fit((height - below) / rows - words - parseFloat(rowGap));
  }

  draw() {
    const { passage } = this;
    const { mean } = passage.posterior;
    const { deviation, toldPerDimension: told } = passage;
    const most = told ? Math.max(...told) : 0;
    const farthest = Math.max(...mean.map((value, i) => Math.abs(value) + 2 * deviation[i]));
    const reach = Math.max(REACH, Math.ceil(farthest));
    this.curves.forEach((curve, i) => {
      curve.draw(mean[i], deviation[i], told?.[i] ?? null, most, reach);
    });
    this.sum.replaceChildren(
      "KL divergence: ",
      element("b", { textContent: natsText(passage.told) }),
      told ? "" : `, a mean over ${DRAWS} draws`,
    );
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} side
   */
  drawThumb(context, side) {
    const { posterior, deviation } = this.passage;
    const rows = Math.min(posterior.mean.length, 6);
    context.strokeStyle = getComputedStyle(this.element).color;
    context.lineWidth = side / 28;
    for (let row = 0; row < rows; row++) {
      const [top, pitch] = [((row + 0.85) * side) / rows, (0.65 * side) / rows];
      context.beginPath();
      for (const [x, y] of bell(posterior.mean[row], deviation[row], REACH))
        context.lineTo((x / WIDTH) * side, top - (y / HEIGHT) * pitch);
      context.stroke();
    }
  }
}

/** A plain autoencoder's answer: a point, on the map. */
export class PointStage extends Stage {
  /**
   * @param {Bench} bench
   * @param {Words} words
   */
  constructor(bench, words) {
    super(bench, "posterior", words);
    this.map = new MapCanvas(bench.latentMap);
    this.map.canvas.tabIndex = -1;
    this.map.canvas.setAttribute("role", "img");
    this.map.canvas.setAttribute("aria-label", "The map, with a ring where the digit is");
    this.numbers = element("code", { className: "answer" });
    this.body.append(over(this.map.canvas, "the map, and the digit's place on it"), this.numbers);
  }

  draw() {
    const { z } = this.passage;
    this.numbers.textContent = Array.from(z, (value, i) => `z${i + 1} = ${value.toFixed(3)}`).join(
      "\n",
    );
    this.map.marks.pin = this.bench.latentMap.project(z);
    this.map.draw();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} side
   */
  drawThumb(context, side) {
    const { latentMap } = this.bench;
    const [x, y] = latentMap.project(this.passage.z).map((at) => at / latentMap.extent);
    context.fillStyle = getComputedStyle(this.element).color;
    context.beginPath();
    context.arc((0.5 + x / 2) * side, (0.5 - y / 2) * side, side / 12, 0, 2 * Math.PI);
    context.fill();
  }
}

/** One dimension's posterior over the prior, and its KL divergence. */
class Curve {
  #prior = svg("path", { class: "prior" });
  #posterior = svg("path", { class: "posterior" });
  #mean = svg("line", { class: "mean", y1: 0, y2: HEIGHT });
  #reading = element("span", { className: "reading" });
  #bar = element("i", { className: "told" });
  #nats = element("span", { className: "nats" });

  /** @param {number} i */
  constructor(i) {
    const picture = svg("svg", {
      viewBox: `0 -2 ${WIDTH} ${HEIGHT + 3}`,
      preserveAspectRatio: "none",
      "aria-hidden": true,
    });
    const axis = { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT };
    picture.append(this.#prior, svg("line", axis), this.#posterior, this.#mean);
    const name = element("b", {}, "z", element("sub", { textContent: String(i + 1) }));
    const words = element("p", {}, name, " ", this.#reading);
    const bar = element("div", { className: "told-bar" }, this.#bar);
    this.told = element("div", { className: "tells" }, bar, this.#nats);
    this.element = element("div", { className: "curve" }, words, picture, this.told);
  }

  /**
   * @param {number} mean
   * @param {number} deviation
   * @param {number | null} told in nats; null where it has no parts
   * @param {number} most that a dimension tells
   * @param {number} reach z from the middle to the ends
   */
  draw(mean, deviation, told, most, reach) {
    // a learned prior has no such curve
    this.#prior.setAttribute("d", told === null ? "" : path(bell(0, 1, reach)));
    this.#posterior.setAttribute("d", path(bell(mean, deviation, reach)));
    const at = String(placeOf(mean, reach));
    this.#mean.setAttribute("x1", at);
    this.#mean.setAttribute("x2", at);
    this.#reading.textContent = `μ ${mean.toFixed(2)}  σ ${deviation.toFixed(2)}`;
    this.told.hidden = told === null;
    if (told === null) return;
    this.#bar.style.width = `${told === Infinity ? 100 : (100 * told) / Math.max(most, 1e-9)}%`;
    this.#nats.textContent = natsText(told);
  }
}

/**
 * @param {number} z
 * @param {number} reach
 */
function placeOf(z, reach) {
  return WIDTH * (0.5 + Math.min(Math.max(z, -reach), reach) / (2 * reach));
}

/**
 * A bell curve as points of the picture, as high as every other.
 *
 * @param {number} mean
 * @param {number} deviation
 * @param {number} reach
 * @returns {[x: number, y: number][]} y upwards from the axis
 */
export function bell(mean, deviation, reach) {
  const points = Array.from({ length: POINTS + 1 }, (_, i) => reach * ((2 * i) / POINTS - 1));
  // its middle and its flanks lie between two of these where it is narrow
  const near = [-2, -1, -0.5, 0, 0.5, 1, 2].map((step) => mean + step * Math.max(deviation, 1e-6));
  const all = [...points, ...near].sort((a, b) => a - b);
  return all.map((z) => [
    placeOf(z, reach),
    HEIGHT * Math.exp(-0.5 * ((z - mean) / Math.max(deviation, 1e-6)) ** 2),
  ]);
}

/** @param {[x: number, y: number][]} points */
function path(points) {
  return `M${points.map(([x, y]) => `${x.toFixed(2)},${(HEIGHT - y).toFixed(2)}`).join("L")}`;
}
