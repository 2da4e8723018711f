// Pixels side by side: what was given, what is expected, what was lost; and one of them in figures.

import { element, svg } from "../shared/elements.js";
import { SIDE } from "../shared/mnist.js";
import { digitCanvas, drawDigit, drawHeat } from "../shared/pictures.js";
import { filled, over, Stage } from "./stage.js";

/**
 * @import { Bench } from "./stage.js"
 * @import { Words } from "./words.js"
 */

class PixelStage extends Stage {
  /** The pixel that is looked at; null: the one that lost most. @type {number | null} */
  #pixel = null;

  /**
   * @param {Bench} bench
   * @param {"expected" | "lost"} name
   * @param {Words} words
   * @param {[canvas: HTMLCanvasElement, caption: string][]} pictures
   */
  constructor(bench, name, words, pictures) {
    super(bench, name, words);
    this.reading = element("p", { className: "pixel-reading" });
    this.marks = pictures.map(() => element("i", { className: "mark" }));
    const figures = pictures.map(([canvas, caption], i) => {
      canvas.tabIndex = i ? -1 : 0;
      canvas.setAttribute("role", i ? "img" : "application");
      canvas.addEventListener("pointermove", (event) => this.#point(canvas, event));
      canvas.addEventListener("pointerdown", (event) => this.#point(canvas, event));
      canvas.addEventListener("keydown", (event) => this.#key(event));
      return over(element("div", { className: "frame" }, canvas, this.marks[i]), caption);
    });
    this.body.append(...figures);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {PointerEvent} event
   */
  #point(canvas, { offsetX, offsetY }) {
    const cell = (/** @type {number} */ at) =>
      Math.min(Math.max(Math.floor((at * SIDE) / canvas.clientWidth), 0), SIDE - 1);
    this.#look(SIDE * cell(offsetY) + cell(offsetX));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: SIDE, ArrowUp: -SIDE };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (!step) return;
    event.preventDefault();
    const to = this.pixel + step;
    if (to >= 0 && to < SIDE * SIDE) this.#look(to);
  }

  /** @param {number} pixel */
  #look(pixel) {
    this.#pixel = pixel;
    this.show(pixel);
  }

  get pixel() {
    const { perPixel } = this.passage;
    return this.#pixel ?? perPixel.indexOf(Math.max(...perPixel));
  }

  draw() {
    this.show(this.pixel);
  }

  /** @param {number} pixel */
  show(pixel) {
    const [row, column] = [Math.floor(pixel / SIDE), pixel % SIDE];
    for (const mark of this.marks) {
      mark.style.left = `${(100 * column) / SIDE}%`;
      mark.style.top = `${(100 * row) / SIDE}%`;
    }
    const { image, expected, perPixel } = this.passage;
    const [x, p] = [image[pixel], expected[pixel]];
    this.reading.replaceChildren(
      `Row ${row + 1}, column ${column + 1}: x = ${x.toFixed(2)}, p = ${p.toFixed(2)}, `,
      element("b", { textContent: `${perPixel[pixel].toFixed(2)} nats` }),
      " lost",
    );
  }
}

export class ExpectedStage extends PixelStage {
  /**
   * @param {Bench} bench
   * @param {Words} words
   */
  constructor(bench, words) {
    const image = digitCanvas("x, the digit. Arrow keys move from pixel to pixel.", "big");
    const expected = digitCanvas("p, the ink that is expected", "big");
    super(bench, "expected", words, [
      [image, "x, what was given"],
      [expected, "p, how likely ink is"],
    ]);
    this.image = image;
    this.expected = expected;
    this.body.append(this.reading);
  }

  draw() {
    super.draw();
    drawDigit(this.image, this.passage.image);
    drawDigit(this.expected, this.passage.expected);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} side
   */
  drawThumb(context, side) {
    const digit = digitCanvas("");
    drawDigit(digit, this.passage.expected);
    filled(context, digit, side);
  }
}

export class LostStage extends PixelStage {
  /**
   * @param {Bench} bench
   * @param {Words} words
   */
  constructor(bench, words) {
    const lost = digitCanvas("The loss of each pixel. Arrow keys move from pixel to pixel.", "big");
    super(bench, "lost", words, [[lost, "lost: the brighter, the more"]]);
    this.lost = lost;
    this.cost = new Cost();
    this.sum = element("p", { className: "sum" });
    const side = element("div", { className: "side" }, this.cost.element, this.reading, this.sum);
    this.body.append(side);
  }

  draw() {
    super.draw();
    drawHeat(this.lost, this.passage.perPixel, this.bench.palette);
    const words = element("b", { textContent: `${this.passage.lost.toFixed(1)} nats` });
    this.sum.replaceChildren("Reconstruction loss, the sum over all pixels: ", words);
  }

  /** @param {number} pixel */
  show(pixel) {
    super.show(pixel);
    this.cost.show(this.passage.image[pixel], this.passage.expected[pixel]);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} side
   */
  drawThumb(context, side) {
    const heat = digitCanvas("");
    drawHeat(heat, this.passage.perPixel, this.bench.palette);
    filled(context, heat, side);
  }
}

const [WIDTH, HEIGHT, MOST] = [100, 60, 6]; // of the picture, and nats from its bottom to its top

/** What a pixel would cost for each p: a curve, and where this one is on it. */
class Cost {
  #curve = svg("path", { class: "cost" });
  #dot = svg("circle", { class: "here", r: 2.2 });

  constructor() {
    const picture = svg("svg", { viewBox: `-9 -4 ${WIDTH + 14} ${HEIGHT + 15}`, role: "img" });
    picture.setAttribute("aria-label", "What the pixel would cost for each p");
    const line = (/** @type {Record<string, number>} */ ends) =>
      svg("line", { ...ends, class: "axis" });
    const text = (
      /** @type {number} */ x,
      /** @type {number} */ y,
      /** @type {string} */ words,
    ) => {
      const made = svg("text", { x, y });
      made.textContent = words;
      return made;
    };
    picture.append(
      line({ x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT }),
      line({ x1: 0, x2: 0, y1: 0, y2: HEIGHT }),
      text(-7, 4, `${MOST}`),
      text(-7, HEIGHT, "0"),
      text(0, HEIGHT + 8, "p = 0"),
      text(WIDTH - 12, HEIGHT + 8, "p = 1"),
      text(3, 4, "nats"),
      this.#curve,
      this.#dot,
    );
    this.element = picture;
  }

  /**
   * @param {number} x
   * @param {number} p
   */
  show(x, p) {
    const steps = Array.from({ length: 101 }, (_, i) => i / 100);
    const points = steps.map((step) => this.#spot(x, step).join());
    this.#curve.setAttribute("d", `M${points.join("L")}`);
    const [left, top] = this.#spot(x, p);
    this.#dot.setAttribute("cx", left);
    this.#dot.setAttribute("cy", top);
  }

  /**
   * @param {number} x
   * @param {number} p
   */
  #spot(x, p) {
    const inner = Math.min(Math.max(p, 1e-6), 1 - 1e-6);
    const nats = -x * Math.log(inner) - (1 - x) * Math.log(1 - inner);
    const top = HEIGHT * (1 - Math.min(nats, MOST + 0.5) / MOST);
    return [(WIDTH * p).toFixed(2), top.toFixed(2)];
  }
}
