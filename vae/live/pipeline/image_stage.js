// The first stage: the digit, and the map to choose another from.

import { MapCanvas } from "../map/canvas.js";
import { MOVES } from "../shared/arrow_keys.js";
import { digitCanvas, drawDigit } from "../shared/pictures.js";
import { sourceAt } from "./source.js";
import { filled, over, Stage } from "./stage.js";

/**
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
    this.map = new MapCanvas(bench.latentMap, bench.passage.decoder);
    const { canvas } = this.map;
    canvas.setAttribute("aria-label", "The map: arrow keys choose the place that is followed.");
    this.body.append(over(this.picture, "x, the digit"), over(canvas, "the map: press or drag"));
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#choose(event, false);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#choose(event, false);
    });
    canvas.addEventListener("pointerup", (event) => this.#choose(event, true));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * @param {PointerEvent} event
   * @param {boolean} isOver
   */
  #choose({ offsetX, offsetY }, isOver) {
    const dot = this.map.dotAt([offsetX, offsetY], REACH);
    const source = dot < 0 ? sourceAt(this.map.toPlane([offsetX, offsetY])) : `#${dot}`;
    this.bench.choose(source, isOver);
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
