// Two dimensions of the noise, under the finger: N(0, I) from above, and the drop.

import { MOVES } from "../shared/arrow_keys.js";
import { element, pen } from "../shared/elements.js";
import { Finger } from "../shared/finger.js";

/**
 * @import { Noise } from "../latents/posterior.js"
 * @import { Spot } from "../map/canvas.js"
 */

const REACH = 3.2; // standard deviations from the middle to an edge
const ARROW = 0.1;

export class Pad {
  /** @type {ArrayLike<number>} */
  #noise = [];
  /** @type {number[]} the dimensions that are shown */
  #shown = [];

  /** @param {(noise: Noise) => void} onDrag */
  constructor(onDrag) {
    this.onDrag = onDrag;
    this.canvas = element("canvas", {
      className: "noise-pad",
      tabIndex: 0,
      role: "application",
      "aria-label": "Epsilon, the noise. Arrow keys move it.",
    });
    this.words = element("span");
    const { canvas } = this;
    const finger = new Finger(canvas);
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      const { offsetX, offsetY } = event;
      finger.press(event, () => this.#drag({ offsetX, offsetY }));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId) && finger.isMoving(event)) this.#drag(event);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!finger.scrolls) this.#drag(event); // a tap, too
      finger.hold();
    });
    canvas.addEventListener("pointercancel", () => finger.hold());
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  get side() {
    return this.canvas.clientWidth;
  }

  /** Where the drop is on the canvas, in CSS pixels. @returns {Spot} */
  get spot() {
    const [first, second] = this.#shown;
    return this.#spotOf(this.#noise[first], this.#noise[second] ?? 0);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {Spot}
   */
  #spotOf(x, y) {
    const scale = this.side / (2 * REACH);
    return [this.side / 2 + x * scale, this.side / 2 - y * scale];
  }

  /** @param {{offsetX: number, offsetY: number}} spot */
  #drag({ offsetX, offsetY }) {
    const scale = this.side / (2 * REACH);
    this.#move((offsetX - this.side / 2) / scale, (this.side / 2 - offsetY) / scale);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    const step = ARROW * (event.shiftKey ? 5 : 1);
    const [right, up] = MOVES[event.key];
    const [first, second] = this.#shown;
    this.#move(this.#noise[first] + right * step, (this.#noise[second] ?? 0) + up * step);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  #move(x, y) {
    const held = (/** @type {number} */ value) => Math.min(Math.max(value, -REACH), REACH);
    const noise = Float32Array.from(this.#noise);
    const [first, second] = this.#shown;
    noise[first] = held(x);
    if (second !== undefined) noise[second] = held(y);
    this.onDrag(noise);
  }

  /**
   * @param {Noise} noise
   * @param {number[]} shown one or two of its dimensions
   * @param {number} fallen how far the drop has come down, in [0, 1]
   * @param {Noise[]} traces drops before
   * @param {string} why these dimensions
   */
  draw(noise, shown, fallen, traces, why) {
    this.#noise = noise;
    this.#shown = shown;
    const names = shown.map((i) => `ε${i + 1}`).join(" and ");
    const words = noise.length > 2 ? `. Of ${noise.length} dimensions ${names}: ${why}` : "";
    if (this.words.textContent !== words) this.words.textContent = words;
    const ratio = window.devicePixelRatio || 1;
    const pixels = Math.round(this.side * ratio);
    if (!pixels) return;
    const { canvas } = this;
    if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
    const context = pen(canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.side, this.side);
    const style = getComputedStyle(canvas);
    this.#drawDensity(context, style.outlineColor);
    context.fillStyle = style.outlineColor;
    context.globalAlpha = 0.4;
    const [first, second] = shown;
    for (const trace of traces) {
      context.beginPath();
      context.arc(...this.#spotOf(trace[first], trace[second] ?? 0), 1.8, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    this.#drawDrop(context, fallen, style.color);
  }

  /**
   * N(0, I): as light as it is dense, and rings at one and two standard deviations.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {string} ink
   */
  #drawDensity(context, ink) {
    const [middle, scale] = [this.side / 2, this.side / (2 * REACH)];
    const shade = context.createRadialGradient(middle, middle, 0, middle, middle, middle);
    for (let i = 0; i <= 10; i++) {
      const share = Math.round(30 * Math.exp(-0.5 * ((i / 10) * REACH) ** 2));
      shade.addColorStop(i / 10, `color-mix(in srgb, ${ink} ${share}%, transparent)`);
    }
    context.fillStyle = shade;
    context.fillRect(0, 0, this.side, this.side);
    context.strokeStyle = ink;
    context.lineWidth = 1;
    for (const deviations of [1, 2]) {
      context.globalAlpha = 0.6;
      context.setLineDash(deviations === 2 ? [6, 4] : []);
      context.beginPath();
      context.arc(middle, middle, deviations * scale, 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
    context.globalAlpha = 0.25;
    context.beginPath();
    context.moveTo(0, middle);
    context.lineTo(this.side, middle);
    context.moveTo(middle, 0);
    context.lineTo(middle, this.side);
    context.stroke();
    context.globalAlpha = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} fallen
   * @param {string} colour
   */
  #drawDrop(context, fallen, colour) {
    const [left, top] = this.spot;
    const height = (1 - fallen) * (top + 20); // above where it lands
    const tip = 16 * (1 - fallen);
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.globalAlpha = 0.5 * fallen;
    context.beginPath();
    context.arc(left, top, 7 + 10 * (1 - fallen), 0, 2 * Math.PI);
    context.stroke();
    context.globalAlpha = 1;
    context.beginPath();
    context.arc(left, top - height, 7, 0, Math.PI);
    context.quadraticCurveTo(left - 7, top - height - 6, left, top - height - 7 - tip);
    context.quadraticCurveTo(left + 7, top - height - 6, left + 7, top - height);
    context.fill();
  }
}
