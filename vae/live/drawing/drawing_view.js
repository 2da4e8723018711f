// The drawing and what becomes of it: while the pen moves, before anybody has drawn, and as Python
// has read it once the pen is up.

import { received, want } from "../bundles.js";
import { drawingToImage } from "../preprocess/drawing.js";
import { strokeThrough } from "../preprocess/strokes.js";
import { button, element } from "../shared/elements.js";
import { paletteOf } from "../shared/palette.js";
import { forget, inSpareTime } from "../shared/spare_time.js";
import { Sketch } from "../sketch.js";
import { Example } from "./example.js";
import { Model } from "./model.js";
import { followPen } from "./pen.js";
import { Place, Rebuilt, Seen, waiting } from "./stages.js";

/**
 * @import { LatentMap } from "../latents/latent_map.js"
 * @import { Decodes, Encodes } from "../network.js"
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

/** The view "drawing". As long as nobody draws, sketches show what the models make of examples; then
 * their networks are sent for. The state `standing` tells what the page shows pictures by: models
 * whose networks are here, and the sketches of others. */
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
  /** @type {Map<string, {model: Model, stage: Rebuilt}>} what each model makes of the image, by name
   * and id, and whether it is a sketch */
  #stages = new Map();
  /** @type {WeakMap<Encodes, Model>} by what encodes: a network, or a sketch */
  #models = new WeakMap();
  /** Whether nobody has drawn: then sketches do. */
  #isUntouched = true;
  #standing = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #telling;
  /** @type {(() => void)} */
  #unfollow = () => {};
  /** @type {Rebuilt[]} in order */
  rebuilt = [];

  /**
   * @param {HTMLElement} root
   * @param {[LatentMap]} needed that of the model of the map
   * @param {Say} say
   */
  constructor(root, [latentMap], say) {
    this.root = root;
    this.say = say;
    this.latentMap = latentMap;
    /** The model of the map, once it is here. @type {Model | null} */
    this.onMap = null;
    this.palette = paletteOf(root);
    this.seen = new Seen();
    this.place = new Place(latentMap);
    this.row = element("div", { className: "stages" });
    const resample = button("Resample", "Other draws from each posterior", () => this.#resample());
    root.classList.add("drawing-view");
    root.append(this.row, element("div", { className: "under" }, legend(), resample));
  }

  /** @param {Data} data */
  update(data) {
    if (!this.#data) this.#begin(data);
    const isNew = data !== this.#data && !this.#points; // else bundles have come, or the pen is down
    this.#data = data;
    this.place.name(data.on_map.name);
    if (isNew) this.#strokes = data.strokes;
    this.#isUntouched = data.is_empty && !this.#strokes.length && !this.#points;
    const isOther = this.#arrange(data);
    if (this.#points) return; // told when it is up
    this.#tell();
    if (!isNew) return this.#showAgain(isOther);
    if (!data.is_empty) this.#endExample();
    this.root.classList.toggle("settled", data.image !== null);
    if (data.image) this.#settle(Float32Array.from(data.image));
    else if (!this.#example) this.clear();
    else this.#showAgain(isOther);
    this.root.classList.toggle("nothing", !data.image && !data.is_empty);
    this.root.classList.toggle("untouched", data.is_empty && !this.#strokes.length);
    if (data.is_empty && data.examples.length)
      this.#example ??= new Example(this, data.examples, data.reading, data.pen);
  }

  /** Let models that have just come show what is there. @param {boolean} isOther whether some have */
  #showAgain(isOther) {
    if (!isOther || !this.#image) return;
    if (!this.#example) this.#settle(this.#image);
    else if (this.#example.isResting) this.show(this.#image, false);
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
      near: () => this.#sendFor(this.#asked),
      start: () => {
        this.#isUntouched = false;
        this.#endExample();
        this.#arrange(/** @type {Data} */ (this.#data));
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
    this.#sendFor(this.#asked.filter(({ sketch }) => !sketch || !this.#isUntouched));
    this.onMap = this.place.model = this.#model(onMap);
    /** @type {Map<string, {model: Model, stage: Rebuilt}>} */
    const stages = new Map();
    const elements = models.map((asked) => {
      const model = this.#model(asked);
      if (!model) return waiting(asked.name);
      const key = JSON.stringify([asked.name, asked.id, isSketched(model)]);
      const stage = this.#stages.get(key)?.stage ?? new Rebuilt(asked, model, this.palette);
      stages.set(key, { model, stage });
      stage.usual = asked.usual;
      return stage.element;
    });
    const isOther = [...stages.keys()].join() !== [...this.#stages.keys()].join();
    if (!this.row.children.length || isOther || this.row.children.length !== 2 + models.length)
      this.row.replaceChildren(this.seen.element, this.place.element, ...elements);
    this.#stages = stages;
    this.rebuilt = [...stages.values()].map(({ stage }) => stage);
    return isOther;
  }

  /** The model of the map, and those that rebuild the drawing. */
  get #asked() {
    const { on_map: onMap, models } = /** @type {Data} */ (this.#data);
    return [onMap, ...models];
  }

  /** Send for networks. @param {Asked[]} models */
  #sendFor(models) {
    want(models.flatMap(({ id }) => [`encoder/${id}`, `decoder/${id}`]));
  }

  /**
   * A model's networks as far as they are here, or as long as nobody draws its sketch.
   *
   * @param {Asked} asked
   */
  #model({ id, sketch: name }) {
    const sketch = this.#isUntouched && name ? received(name) : undefined;
    const [encoder, decoder] = [received(`encoder/${id}`), received(`decoder/${id}`)];
    const isHere = encoder && decoder;
    const encodes = /** @type {Encodes | undefined} */ (isHere ? encoder : sketch);
    const decodes = /** @type {Decodes} */ (isHere ? decoder : sketch);
    if (!encodes) return null;
    const model = this.#models.get(encodes) ?? new Model(encodes, decodes);
    this.#models.set(encodes, model);
    return model;
  }

  /** Tell Python which models it need not show, by networks or sketch, once no pen is down. */
  #tell() {
    const standing = this.#asked.flatMap((asked) => {
      const model = this.#model(asked);
      if (!model) return [];
      return isSketched(model) ? [/** @type {string} */ (asked.sketch)] : [asked.id];
    });
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

/** @param {Model} model */
function isSketched(model) {
  return model.encoder instanceof Sketch;
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
