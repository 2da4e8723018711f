// A place to draw beside the map: what is drawn is read as the page Draw reads it, stroke by stroke.

import { drawingToImage } from "../preprocess/drawing.js";
import { strokeThrough } from "../preprocess/strokes.js";
import { button, element, pen } from "../shared/elements.js";
import { drawStrokes } from "../shared/pictures.js";

/**
 * @import { Point, Stroke } from "../preprocess/strokes.js"
 * @import { Image } from "../shared/pictures.js"
 */

const SIZE = 280; // pixels along a side of the canvas, and the pen's width, as on the page Draw
const PEN = 20;

export class Pad {
  /** @type {Stroke[]} */
  #strokes = [];
  /** @type {Point[] | null} the stroke that is being drawn */
  #points = null;

  /** @param {(image: Image) => void} drawn told whenever there is more to see */
  constructor(drawn) {
    this.drawn = drawn;
    const label = { role: "img", "aria-label": "Draw a digit here" };
    this.canvas = element("canvas", { className: "pad", width: SIZE, height: SIZE, ...label });
    const clear = button("Clear", "Draw another", () => this.clear());
    this.element = element("div", { className: "row drawn" }, this.canvas, "Draw here", clear);
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.#points = [this.#at(event)];
      this.#show();
    });
    this.canvas.addEventListener("pointermove", (event) => {
      this.#points?.push(this.#at(event));
      if (this.#points) this.#show();
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(end, () => {
        if (this.#points) this.#strokes.push(strokeThrough(this.#points, PEN));
        this.#points = null;
      });
    }
    this.clear();
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  #at({ clientX, clientY }) {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    return [((clientX - left) * SIZE) / width, ((clientY - top) * SIZE) / width];
  }

  #show() {
    const begun = this.#points ? [strokeThrough(this.#points, PEN)] : [];
    const strokes = [...this.#strokes, ...begun];
    this.#draw(strokes);
    const image = drawingToImage(strokes, { placed: true, upright: false, canvas: SIZE });
    if (image) this.drawn(image);
  }

  /** @param {Stroke[]} strokes */
  #draw(strokes) {
    const context = pen(this.canvas);
    context.clearRect(0, 0, SIZE, SIZE);
    Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    context.strokeStyle = "#ffffff";
    drawStrokes(context, strokes);
  }

  clear() {
    this.#strokes = [];
    this.#points = null;
    this.#draw([]);
  }
}
