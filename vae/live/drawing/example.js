// What is seen before anybody has drawn: a digit draws itself on the canvas, is encoded, flies to
// its place on the map, and from there it is rebuilt. Whoever asks for less motion sees the end.

import { drawingToImage } from "../preprocess/drawing.js";
import { strokeThrough } from "../preprocess/strokes.js";
import { element, pen } from "../shared/elements.js";
import { eased, isStill } from "../shared/motion.js";
import { digitCanvas, drawDigit, drawStrokes } from "../shared/pictures.js";
import { board } from "./pen.js";

/**
 * @import { Reading } from "../preprocess/drawing.js"
 * @import { Point, Stroke } from "../preprocess/strokes.js"
 * @import { DrawingView } from "./drawing_view.js"
 */

const DRAWN = 2200; // milliseconds after the start: the digit is drawn,
const LANDED = 3100; // it has flown to the map,
const DECODED = 4000; // and from there to its reconstruction,
const OVER = 7500; // and that was looked at
const SMALL = 0.2; // of its size, where a flying digit lands
const LOOK = 300; // milliseconds until it is looked whether another canvas has come
const MOST = 4; // digits; then the last one rests, so that a page that is left alone costs nothing

export class Example {
  #start = performance.now();
  #asked = 0;
  #which = 0;
  #drawn = 0;
  /** @type {"seen" | "placed" | "rebuilt"} how far the digit has come */
  #stage = "seen";
  #paper = element("canvas", { className: "example" });
  #flying = digitCanvas("", "flying");
  /** A digit that rests is written again where another canvas took the place of its own. */
  #looking = setInterval(() => {
    if (this.isResting && board() !== this.#paper.parentElement) this.#write(1);
  }, LOOK);

  /**
   * @param {DrawingView} view
   * @param {Point[][][]} drawings each a digit
   * @param {Reading} reading
   * @param {number} width of the pen
   */
  constructor(view, drawings, reading, width) {
    this.view = view;
    this.drawings = drawings;
    this.reading = reading;
    this.width = width;
    this.#paper.width = this.#paper.height = reading.canvas;
    Object.assign(this.#paper.style, {
      position: "absolute",
      inset: "0",
      zIndex: "11", // before the canvas, which has 10
      pointerEvents: "none",
    });
    this.#flying.hidden = true;
    view.root.append(this.#flying);
    if (isStill()) this.#showEnd();
    else this.#next();
  }

  /** Whether the digit is at its end, so that nothing is shown anew by itself. */
  get isResting() {
    return this.#stage === "rebuilt";
  }

  end() {
    cancelAnimationFrame(this.#asked);
    clearInterval(this.#looking);
    this.#paper.remove();
    this.#flying.remove();
  }

  /** Everything at once, and again when the canvas has come. */
  #showEnd() {
    this.#stage = "rebuilt";
    const isThere = this.#write(1);
    const image = this.#image(1);
    if (image) this.view.show(image, false);
    if (!isThere) this.#asked = requestAnimationFrame(() => this.#showEnd());
  }

  #next() {
    this.#asked = requestAnimationFrame((now) => {
      const time = now - this.#start;
      if (time > OVER) {
        if (++this.#drawn === MOST) return;
        this.#start = now;
        this.#which = (this.#which + 1) % this.drawings.length;
        this.view.clear();
      } else this.#frame(time);
      this.#next();
    });
  }

  /** @param {number} time in milliseconds since the digit began */
  #frame(time) {
    const { view } = this;
    const share = Math.min(time / DRAWN, 1);
    const stage = time < LANDED ? "seen" : time < DECODED ? "placed" : "rebuilt";
    if (stage === "rebuilt" && stage === this.#stage) return; // nothing moves any more
    this.#stage = stage;
    this.#write(share);
    const image = this.#image(share);
    if (!image) return;
    view.show(image, false, stage);
    const { onMap } = view;
    this.#flying.hidden = time < DRAWN || time >= DECODED || !onMap;
    if (this.#flying.hidden || !onMap) return;
    const { latent } = onMap.read(image);
    const spot = view.place.spot(latent);
    if (time < LANDED) {
      drawDigit(this.#flying, image);
      return this.#fly(view.seen.picture, spot, eased((time - DRAWN) / (LANDED - DRAWN)));
    }
    const rebuilt = view.rebuilt.at(0);
    this.#flying.hidden = !rebuilt;
    if (!rebuilt) return; // its networks have not come yet
    drawDigit(this.#flying, onMap.decoder.decode(latent));
    this.#fly(rebuilt.picture, spot, 1 - eased((time - LANDED) / (DECODED - LANDED)));
  }

  /**
   * Show the flying digit between a picture, as large as that, and a spot of the page.
   *
   * @param {HTMLCanvasElement} picture
   * @param {{x: number, y: number}} spot
   * @param {number} way from 0, at the picture, to 1
   */
  #fly(picture, spot, way) {
    const from = picture.getBoundingClientRect();
    const home = this.view.root.getBoundingClientRect();
    const between = (/** @type {number} */ a, /** @type {number} */ b) => a + (b - a) * way;
    const side = between(from.width, SMALL * from.width);
    Object.assign(this.#flying.style, {
      width: `${side}px`,
      left: `${between(from.left + from.width / 2, spot.x) - side / 2 - home.left}px`,
      top: `${between(from.top + from.height / 2, spot.y) - side / 2 - home.top}px`,
    });
  }

  /**
   * The strokes of the digit as far as they are drawn.
   *
   * @param {number} share
   */
  #strokes(share) {
    const drawing = this.drawings[this.#which];
    let left = 1 + share * (drawing.flat().length - 1);
    /** @type {Stroke[]} */
    const begun = [];
    for (const points of drawing) {
      if (left > 0) begun.push(strokeThrough(cut(points, left), this.width));
      left -= points.length;
    }
    return begun;
  }

  /** @param {number} share */
  #image(share) {
    return drawingToImage(this.#strokes(share), this.reading);
  }

  /**
   * Write on the canvas; true if it is there.
   *
   * @param {number} share
   */
  #write(share) {
    const on = board();
    if (!on) return false;
    if (this.#paper.parentElement !== on) on.append(this.#paper);
    const context = pen(this.#paper);
    context.clearRect(0, 0, this.#paper.width, this.#paper.height);
    context.lineWidth = this.width;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = "#8a8a8a"; // paler than a pen: it is not the visitor's
    drawStrokes(context, this.#strokes(share));
    return true;
  }
}

/**
 * The first points of a stroke, and a part of the way to the next.
 *
 * @param {Point[]} points
 * @param {number} length in points
 * @returns {Point[]}
 */
function cut(points, length) {
  const whole = Math.floor(length);
  if (whole >= points.length) return points;
  const part = length - whole;
  const [x, y] = points[Math.max(whole - 1, 0)];
  const [nextX, nextY] = points[whole];
  return [...points.slice(0, whole), [x + part * (nextX - x), y + part * (nextY - y)]];
}
