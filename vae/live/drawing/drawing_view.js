// The drawing and what becomes of it: while the pen moves, before anybody has drawn, and as Python
// has read it once the pen is up.

import { drawingToImage } from "../preprocess/drawing.js";
import { strokeThrough } from "../preprocess/strokes.js";
import { element } from "../shared/elements.js";
import { paletteOf } from "../shared/palette.js";
import { Example } from "./example.js";
import { followPen } from "./pen.js";
import { Place, Rebuilt, Seen } from "./stages.js";

/**
 * @import { LatentMap } from "../latents/latent_map.js"
 * @import { Decoder, Encoder } from "../network.js"
 * @import { Reading } from "../preprocess/drawing.js"
 * @import { Point, Stroke } from "../preprocess/strokes.js"
 * @import { Image } from "../shared/pictures.js"
 * @import { Asked } from "./stages.js"
 *
 * @typedef {object} Data what Python has
 * @property {Asked[]} models the first is that of the map
 * @property {boolean} is_map_shown whether that one is asked for its reconstruction, too
 * @property {number[] | null} image what the models see; null where that is no digit
 * @property {Stroke[]} strokes on the canvas
 * @property {number} version of the canvas
 * @property {boolean} is_empty nothing is drawn, and no picture is looked at
 * @property {Reading} reading
 * @property {number} pen its width
 * @property {Point[][][]} examples digits that draw themselves
 */

/** What Python shows where this view is not there. */
const INSTEAD =
  ".st-key-rebuilt, :has(> .st-key-rebuilt), .st-key-landing .side > div:first-child " +
  "{ display: none !important; }";

/** The view "drawing". */
export class DrawingView {
  /** @type {Data | null} */
  #data = null;
  /** @type {Stroke[]} on the canvas, as far as they are known */
  #strokes = [];
  /** @type {Point[] | null} the stroke that is being drawn */
  #points = null;
  #asked = 0;
  /** @type {Example | null} */
  #example = null;
  #instead = element("style", { textContent: INSTEAD });
  /** What the stages were made for. */
  #madeFor = "";
  /** @type {(() => void)[]} */
  #ends = [];
  place = /** @type {Place} */ (/** @type {unknown} */ (null)); // until the first update
  /** @type {Rebuilt[]} */
  rebuilt = [];

  /**
   * @param {HTMLElement} root
   * @param {[LatentMap, ...(Encoder | Decoder)[]]} needed encoder and decoder of each model
   */
  constructor(root, [latentMap, ...networks]) {
    this.root = root;
    this.latentMap = latentMap;
    this.networks = networks;
    this.palette = paletteOf(root);
    this.seen = new Seen();
    root.classList.add("drawing-view");
    document.head.append(this.#instead);
  }

  /** @param {Data} data */
  update(data) {
    this.#data = data;
    const madeFor = JSON.stringify([data.models.map(({ name }) => name), data.is_map_shown]);
    if (this.#madeFor !== madeFor) {
      this.#end();
      this.#begin(data);
      this.#madeFor = madeFor;
    }
    if (this.#points) return; // the pen is down again
    this.#strokes = data.strokes;
    this.rebuilt.forEach((one, i) => {
      one.say(data.models[data.is_map_shown ? i : i + 1].unusual);
    });
    if (!data.is_empty) this.#endExample();
    if (data.image) this.show(Float32Array.from(data.image), false);
    else if (!this.#example) this.clear();
    this.root.classList.remove("moving");
    this.root.classList.toggle("nothing", !data.image && !data.is_empty);
    if (data.is_empty) this.#example ??= new Example(this, data.examples, data.reading, data.pen);
  }

  destroy() {
    this.#end();
    this.#instead.remove();
  }

  #end() {
    cancelAnimationFrame(this.#asked);
    this.#example?.end();
    this.#example = null;
    for (const end of this.#ends.splice(0)) end();
  }

  /** @param {Data} data */
  #begin({ models, is_map_shown: isMapShown, reading }) {
    const { latentMap, palette, networks } = this;
    const all = models.map((asked, i) => {
      const [encoder, decoder] = networks.slice(2 * i);
      return /** @type {{asked: Asked, model: {encoder: Encoder, decoder: Decoder}}} */ ({
        asked,
        model: { encoder, decoder },
      });
    });
    const [{ asked, model }] = all;
    this.place = new Place(asked.name, model, latentMap);
    this.rebuilt = all
      .slice(isMapShown ? 0 : 1)
      .map((one) => new Rebuilt(one.asked, one.model, palette));
    const stages = [this.seen, this.place, ...this.rebuilt].map((stage) => stage.element);
    const [row, words] = [element("div", { className: "stages" }, ...stages), legend()];
    this.root.append(row, words);
    const unfollow = followPen(reading.canvas, {
      start: () => {
        this.#endExample();
        this.root.classList.remove("nothing");
        this.root.classList.add("moving");
      },
      move: (points) => {
        this.#points = points;
        this.#request();
      },
      end: (points) => {
        this.#strokes = [
          ...this.#strokes,
          strokeThrough(points, /** @type {Data} */ (this.#data).pen),
        ];
        this.#points = null;
        this.#request();
      },
    });
    const { resized } = this.place;
    this.#ends.push(
      unfollow,
      () => resized.disconnect(),
      () => row.remove(),
      () => words.remove(),
    );
  }

  /** Show the drawing as it is now, at the next frame. */
  #request() {
    cancelAnimationFrame(this.#asked);
    this.#asked = requestAnimationFrame(() => {
      const data = /** @type {Data} */ (this.#data);
      const begun = this.#points ? [strokeThrough(this.#points, data.pen)] : [];
      const image = drawingToImage([...this.#strokes, ...begun], data.reading);
      if (image) this.show(image, true);
    });
  }

  /**
   * Show what becomes of an image, as far as one stage or another.
   *
   * @param {Image} image
   * @param {boolean} isMoving
   * @param {"seen" | "placed" | "rebuilt"} stage
   */
  show(image, isMoving, stage = "rebuilt") {
    this.seen.show(image);
    if (stage === "seen") return;
    this.place.show(this.place.model.encoder.encode(image), isMoving);
    if (stage === "placed") return;
    for (const one of this.rebuilt) one.show(image);
  }

  /** Show nothing. */
  clear() {
    this.seen.clear();
    this.place.show(null, false);
    for (const one of this.rebuilt) one.clear();
  }

  #endExample() {
    if (!this.#example) return;
    this.#example.end();
    this.#example = null;
    this.clear();
  }
}

/** What the colours mean. */
function legend() {
  const words = (/** @type {string} */ className, /** @type {string} */ textContent) =>
    element("span", { className, textContent });
  return element(
    "p",
    { className: "meaning" },
    "Under each reconstruction, where it is off: ",
    words("much", "orange"),
    " is too much ink, ",
    words("little", "blue"),
    " too little. The bar is the loss in nats: ",
    words("lost-word", "what is lost"),
    " and ",
    words("told-word", "what the place tells (KL)"),
    ".",
  );
}
