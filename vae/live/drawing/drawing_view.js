// The drawing and what becomes of it: while the pen moves, before anybody has drawn, and as Python
// has read it once the pen is up.

import { received } from "../bundles.js";
import { drawingToImage } from "../preprocess/drawing.js";
import { strokeThrough } from "../preprocess/strokes.js";
import { button, element } from "../shared/elements.js";
import { paletteOf } from "../shared/palette.js";
import { forget, inSpareTime } from "../shared/spare_time.js";
import { Example } from "./example.js";
import { Model } from "./model.js";
import { followPen } from "./pen.js";
import { Place, Rebuilt, Seen, waiting } from "./stages.js";

/**
 * @import { LatentMap } from "../latents/latent_map.js"
 * @import { Decoder, Encoder } from "../network.js"
 * @import { Reading } from "../preprocess/drawing.js"
 * @import { Point, Stroke } from "../preprocess/strokes.js"
 * @import { Image } from "../shared/pictures.js"
 * @import { Say } from "../stage.js"
 * @import { Asked } from "./stages.js"
 *
 * @typedef {object} Data what Python has
 * @property {Asked} on_map the model of the map
 * @property {Asked[]} models those that rebuild the drawing in the page, once they have come
 * @property {number[] | null} image what the models see; null where that is no digit
 * @property {Stroke[]} strokes on the canvas
 * @property {number} version of the canvas
 * @property {boolean} is_empty nothing is drawn, and no picture is looked at
 * @property {Reading} reading
 * @property {number} pen its width
 * @property {Point[][][]} examples digits that draw themselves
 */

const SETTLED = 200; // milliseconds after which Python is told of a model that has come

/** The view "drawing". The state `standing` tells which models are here and need not be sent again:
 * that of the map, and those whose pictures the page shows by itself. */
export class DrawingView {
  /** @type {Data | null} */
  #data = null;
  /** @type {Stroke[]} on the canvas, as far as they are known */
  #strokes = [];
  /** @type {Point[] | null} the stroke that is being drawn */
  #points = null;
  /** @type {Image | null} */
  #image = null;
  #frame = 0;
  #turn = 0;
  /** What is still to be shown of the image: of the model of the map at once, of others as there is
   * time. @type {(() => void)[]} */
  #due = [];
  #work = () => {
    this.#due.shift()?.();
    return this.#due.length > 0;
  };
  /** @type {Example | null} */
  #example = null;
  /** @type {Map<string, {model: Model, stage: Rebuilt}>} the models that have come, by name and id */
  #stages = new Map();
  #standing = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #telling;
  /** @type {(() => void)} */
  #unfollow = () => {};
  /** @type {Rebuilt[]} in order */
  rebuilt = [];

  /**
   * @param {HTMLElement} root
   * @param {[LatentMap, Encoder, Decoder]} needed those of the model of the map
   * @param {Say} say
   */
  constructor(root, [latentMap, encoder, decoder], say) {
    this.root = root;
    this.say = say;
    this.latentMap = latentMap;
    this.onMap = new Model(encoder, decoder);
    this.palette = paletteOf(root);
    this.seen = new Seen();
    this.place = new Place(this.onMap, latentMap);
    this.row = element("div", { className: "stages" });
    const resample = button("Resample", "Other draws from each posterior", () => this.#resample());
    root.classList.add("drawing-view");
    root.append(this.row, element("div", { className: "under" }, legend(), resample));
  }

  /** @param {Data} data */
  update(data) {
    if (!this.#data) this.#begin(data);
    this.#data = data;
    this.place.name(data.on_map.name);
    const isOther = this.#arrange(data);
    if (this.#points) return; // the pen is down again
    this.#tell();
    this.#strokes = data.strokes;
    if (!data.is_empty) this.#endExample();
    this.root.classList.toggle("settled", data.image !== null);
    if (data.image) this.#settle(Float32Array.from(data.image));
    else if (!this.#example) this.clear();
    else if (isOther && this.#image && this.#example.isResting) this.show(this.#image, false);
    this.root.classList.toggle("nothing", !data.image && !data.is_empty);
    this.root.classList.toggle("untouched", data.is_empty && !this.#strokes.length);
    if (data.is_empty && data.examples.length)
      this.#example ??= new Example(this, data.examples, data.reading, data.pen);
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#telling);
    forget(this.#work);
    this.#example?.end();
    this.#unfollow();
    this.place.resized.disconnect();
  }

  /** @param {Data} data */
  #begin({ reading }) {
    this.#unfollow = followPen(reading.canvas, {
      start: () => {
        this.#endExample();
        this.root.classList.remove("nothing", "untouched");
      },
      move: (points) => {
        this.#points = points;
        this.#request();
      },
      end: (points) => {
        const { pen } = /** @type {Data} */ (this.#data);
        this.#strokes = [...this.#strokes, strokeThrough(points, pen)];
        this.#points = null;
        this.#request();
        this.#tell();
      },
    });
  }

  /**
   * A stage for each model that has come; true if they are others than before.
   *
   * @param {Data} data
   */
  #arrange({ on_map: onMap, models }) {
    /** @type {Map<string, {model: Model, stage: Rebuilt}>} */
    const stages = new Map();
    const elements = models.map((asked) => {
      const key = JSON.stringify([asked.name, asked.id]);
      const found = this.#stages.get(key) ?? this.#stage(asked, onMap);
      if (!found) return waiting(asked.name);
      stages.set(key, found);
      found.stage.usual = asked.usual;
      return found.stage.element;
    });
    const isOther = [...stages.keys()].join() !== [...this.#stages.keys()].join();
    if (!this.row.children.length || isOther || this.row.children.length !== 2 + models.length)
      this.row.replaceChildren(this.seen.element, this.place.element, ...elements);
    this.#stages = stages;
    this.rebuilt = [...stages.values()].map(({ stage }) => stage);
    return isOther;
  }

  /**
   * @param {Asked} asked
   * @param {Asked} onMap
   */
  #stage(asked, onMap) {
    const encoder = /** @type {Encoder | undefined} */ (received(`encoder/${asked.id}`));
    const decoder = /** @type {Decoder | undefined} */ (received(`decoder/${asked.id}`));
    if (!encoder || !decoder) return null;
    const model = asked.id === onMap.id ? this.onMap : new Model(encoder, decoder);
    return { model, stage: new Rebuilt(asked, model, this.palette) };
  }

  /** Tell Python which models it need not show, once no pen is down. */
  #tell() {
    const { on_map: onMap, models } = /** @type {Data} */ (this.#data);
    const here = models.filter(({ name, id }) => this.#stages.has(JSON.stringify([name, id])));
    const standing = [onMap, ...here].map(({ id }) => id);
    if (standing.join() === this.#standing) return;
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      if (this.#points) return; // told when the pen is up
      this.#standing = standing.join();
      this.say.state("standing", standing);
    }, SETTLED);
  }

  /** Show the drawing as it is now, at the next frame. */
  #request() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      const { pen, reading } = /** @type {Data} */ (this.#data);
      const begun = this.#points ? [strokeThrough(this.#points, pen)] : [];
      const image = drawingToImage([...this.#strokes, ...begun], reading);
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
    this.#image = image;
    this.#due = [];
    this.seen.show(image);
    if (stage === "seen") return;
    this.place.show(image, isMoving);
    if (stage === "placed") return;
    const isOnMap = (/** @type {Rebuilt} */ one) => Number(one.model === this.onMap);
    const inTurn = this.rebuilt.toSorted((a, b) => isOnMap(b) - isOnMap(a) || a.turn - b.turn);
    this.#due = inTurn.map((one) => () => {
      one.turn = ++this.#turn;
      one.show(image);
    });
    if (inTurn.some(isOnMap)) this.#due.shift()?.();
    inSpareTime(this.#work);
  }

  /**
   * Show what Python has read, and draws from the posteriors.
   *
   * @param {Image} image
   */
  #settle(image) {
    this.show(image, false);
    for (const one of this.rebuilt)
      one.draws.forEach((_, i) => {
        this.#due.push(() => one.showDraw(image, i));
      });
  }

  #resample() {
    for (const { model } of this.#stages.values()) model.resample();
    if (this.#image && !this.#example) this.#settle(this.#image);
  }

  /** Show nothing. */
  clear() {
    this.#image = null;
    this.#due = [];
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
