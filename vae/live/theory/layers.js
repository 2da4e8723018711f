// What the theory view draws on maps: over the dots, under the marks.

import { outlined } from "../map/canvas.js";
import { element, pen } from "../shared/elements.js";

/**
 * @import { MapCanvas, Point } from "../map/canvas.js"
 * @import { Gaussian } from "./field.js"
 */

/** @typedef {(context: CanvasRenderingContext2D, map: MapCanvas) => void} Layer */

/** Layers that are drawn anew only when something has changed, and else as a picture. */
export class Layers {
  #picture = element("canvas");
  #drawnFor = "";
  #version = 0;
  /** @type {Layer[]} */
  #layers = [];

  /** @param {Layer[]} layers */
  set(layers) {
    this.#layers = layers;
    this.#version += 1;
  }

  /** @type {Layer} */
  draw = (context, map) => {
    if (!this.#layers.length) return;
    const { x, y, half } = map.frame;
    const { width } = map.canvas;
    const drawnFor = [x, y, half, width, getComputedStyle(map.canvas).color, this.#version].join();
    if (drawnFor !== this.#drawnFor) {
      this.#drawnFor = drawnFor;
      this.#picture.width = this.#picture.height = width;
      const own = pen(this.#picture);
      own.scale(width / map.side, width / map.side);
      for (const layer of this.#layers) layer(own, map);
    }
    context.drawImage(this.#picture, 0, 0, map.side, map.side);
  };
}

/**
 * The cells of a true posterior, as dense as they are.
 *
 * @param {Float32Array} cells x, y, side and density each
 * @param {string} colour
 * @returns {Layer}
 */
export function heat(cells, colour) {
  return (context, map) => {
    context.fillStyle = colour;
    for (let i = 0; i < cells.length; i += 4) {
      const [x, y, side, density] = cells.subarray(i, i + 4);
      const width = side * map.scale;
      // to whole pixels, so that no seams are seen between cells
      const [left, top] = map.toScreen([x - side / 2, y + side / 2]).map(Math.round);
      const [right, bottom] = map.toScreen([x + side / 2, y - side / 2]).map(Math.round);
      context.globalAlpha = 0.95 * density ** 0.4; // so that slopes are seen, too
      context.fillRect(left, top, Math.max(right - left, 1), Math.max(bottom - top, 1));
      if (width < 1) context.fillRect(left - 1, top - 1, 2, 2);
    }
    context.globalAlpha = 1;
  };
}

/**
 * One and two standard deviations of a Gaussian, and the way that its mean has come.
 *
 * @param {Gaussian} q
 * @param {Point[]} way
 * @param {string} colour
 * @returns {Layer}
 */
export function gaussian({ mean, logVariance }, way, colour) {
  return (context, map) => {
    const paper = getComputedStyle(map.canvas).backgroundColor;
    const [left, top] = map.toScreen([mean[0], mean[1]]);
    const [across, along] = logVariance.map((value) => Math.exp(value / 2) * map.scale);
    for (const deviations of [1, 2]) {
      context.setLineDash(deviations === 2 ? [6, 4] : []);
      outlined(context, colour, paper, 2, () => {
        context.ellipse(left, top, deviations * across, deviations * along, 0, 0, 2 * Math.PI);
      });
    }
    context.setLineDash([]);
    outlined(context, colour, paper, 1.5, () => {
      for (const point of way) context.lineTo(...map.toScreen(point));
    });
  };
}

/**
 * One, two and three standard deviations of the prior.
 *
 * @type {Layer}
 */
export function prior(context, map) {
  const style = getComputedStyle(map.canvas);
  const [left, top] = map.toScreen([0, 0]);
  context.font = `12px ${style.fontFamily}`;
  context.textAlign = "center";
  for (const deviations of [1, 2, 3]) {
    const radius = deviations * map.scale;
    outlined(context, style.color, style.backgroundColor, 1.2, () =>
      context.arc(left, top, radius, 0, 2 * Math.PI),
    );
    labelled(context, `${deviations}σ`, left, top - radius - 5, style);
  }
}

/**
 * Numbers along the lower and the left edge.
 *
 * @type {Layer}
 */
export function axes(context, map) {
  const style = getComputedStyle(map.canvas);
  const { x, y, half } = map.frame;
  const step = niceStep((2 * half) / (map.side > 400 ? 10 : 6));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  context.font = `11px ${style.fontFamily}`;
  context.strokeStyle = context.fillStyle = style.color;
  context.lineWidth = 1;
  for (let i = Math.ceil((x - half) / step); i * step < x + half; i++) {
    const [left] = map.toScreen([i * step, y]);
    context.textAlign = "center";
    context.fillRect(left - 0.5, map.side - 6, 1, 6);
    if (left > 24 && left < map.side - 16)
      labelled(context, (i * step).toFixed(decimals), left, map.side - 9, style);
  }
  for (let i = Math.ceil((y - half) / step); i * step < y + half; i++) {
    const [, top] = map.toScreen([x, i * step]);
    context.textAlign = "left";
    context.fillRect(0, top - 0.5, 6, 1);
    if (top > 12 && top < map.side - 24)
      labelled(context, (i * step).toFixed(decimals), 9, top + 4, style);
  }
}

/**
 * 1, 2 or 5 times a power of ten, at least as large.
 *
 * @param {number} least
 */
export function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return (
    power * /** @type {number} */ ([1, 2, 5, 10].find((factor) => factor * power >= least * 0.999))
  );
}

/**
 * The density of the aggregate posterior over a square about the origin.
 *
 * @param {Float32Array} density row by row
 * @param {number} extent half the width of the square
 * @param {string} colour
 * @returns {Layer}
 */
export function mixture(density, extent, colour) {
  const cells = Math.sqrt(density.length);
  const picture = element("canvas", { width: cells, height: cells });
  const context = pen(picture);
  const most = density.toSorted()[Math.floor(0.995 * density.length)];
  context.fillStyle = colour;
  density.forEach((value, i) => {
    context.globalAlpha = 0.9 * Math.min(1, value / most) ** 0.5;
    context.fillRect(i % cells, Math.floor(i / cells), 1, 1);
  });
  return (on, map) => {
    const [left, top] = map.toScreen([-extent, extent]);
    const width = 2 * extent * map.scale;
    on.drawImage(picture, left, top, width, width);
  };
}

/**
 * Dots, each as its kind looks.
 *
 * @param {ArrayLike<number>} points two numbers each
 * @param {(index: number) => [colour: string, cover: number]} lookOf
 * @param {number} radius
 * @returns {Layer}
 */
export function dots(points, lookOf, radius) {
  return (context, map) => {
    for (let i = 0; i < points.length / 2; i++) {
      const [left, top] = map.toScreen([points[2 * i], points[2 * i + 1]]);
      if (left < 0 || top < 0 || left > map.side || top > map.side) continue;
      [context.fillStyle, context.globalAlpha] = lookOf(i);
      context.beginPath();
      context.arc(left, top, radius, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  };
}

/**
 * Text to be read on anything.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} words
 * @param {number} left
 * @param {number} top
 * @param {CSSStyleDeclaration} style
 */
function labelled(context, words, left, top, style) {
  context.lineWidth = 3;
  context.strokeStyle = style.backgroundColor;
  context.strokeText(words, left, top);
  context.fillStyle = style.color;
  context.fillText(words, left, top);
}
