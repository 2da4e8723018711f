// The first stage: the digit, and the map to choose another from.

import { MapCanvas } from "../map/canvas.js";
import { MOVES } from "../shared/arrow_keys.js";
import { Finger } from "../shared/finger.js";
import { digitCanvas, drawDigit } from "../shared/pictures.js";
import { sourceAt } from "./source.js";
import { filled, over, Stage } from "./stage.js";

/**
 * @import { Source } from "./source.js"
 * @import { Bench } from "./stage.js"
 * @import { Words } from "./words.js"
 */

const REACH = 6; // CSS pixels within which a press means a dot
const ARROW = 1 / 50; // of the map's width: one step of an arrow key

export class ImageStage extends Stage {
  /**
   * @param {Bench} bench
   * @param {Words} words
   */
  constructor(bench, words) {
    super(bench, "image", words);
    this.picture = digitCanvas("The digit that is followed", "big");
    this.map = new MapCanvas(bench.latentMap);
    const { canvas } = this.map;
    canvas.setAttribute("aria-label", "The map: arrow keys choose the place that is followed.");
    this.body.append(over(this.picture, "x, the digit"), over(canvas, "the map: press or drag"));
    this.#listen(canvas);
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {HTMLCanvasElement} canvas */
  #listen(canvas) {
    const finger = new Finger(canvas);
    /** What the press has chosen so far. @type {Source | null} */
    let chosen = null;
    const choose = (/** @type {Source} */ source) => {
      chosen = source;
      this.bench.choose(source, false);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      const source = this.#under(event);
      finger.press(event, () => choose(source));
    });
    canvas.addEventListener("pointermove", (event) => {
      const isPressed = canvas.hasPointerCapture(event.pointerId);
      if (isPressed && finger.isMoving(event)) choose(this.#under(event));
    });
    const release = (/** @type {PointerEvent} */ event) => {
      if (event.type === "pointerup" && !finger.scrolls) choose(this.#under(event));
      finger.hold();
      if (chosen !== null) this.bench.choose(chosen, true);
      chosen = null;
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
  }

  /**
   * What is under a pointer: a digit, or a place between them.
   *
   * @param {PointerEvent} event
   * @returns {Source}
   */
  #under({ offsetX, offsetY }) {
    const dot = this.map.dotAt([offsetX, offsetY], REACH);
    return dot < 0 ? sourceAt(this.map.toPlane([offsetX, offsetY])) : `#${dot}`;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    const step = 2 * this.map.frame.half * ARROW * (event.shiftKey ? 5 : 1);
    const [right, up] = MOVES[event.key];
    const [x, y] = this.#place;
    this.bench.choose(sourceAt([x + right * step, y + up * step]), true);
  }

  /** Where the digit is on the plane. */
  get #place() {
    const { passage, latentMap } = this.bench;
    return latentMap.project(passage.latentOf(passage.nothing));
  }

  draw() {
    drawDigit(this.picture, this.passage.image);
    this.map.marks.pin = this.#place;
    this.map.draw();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} side
   */
  drawThumb(context, side) {
    const digit = digitCanvas("");
    drawDigit(digit, this.passage.image);
    filled(context, digit, side);
  }
}
