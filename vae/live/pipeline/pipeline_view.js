// A model as one pipeline: a step at a time, on one digit, whose every figure is computed here.

import { onlyRecorded, Recorded } from "../recording.js";
import { button, element, pen } from "../shared/elements.js";
import { isStill } from "../shared/motion.js";
import { paletteOf } from "../shared/palette.js";
import { digitCanvas, drawDigit } from "../shared/pictures.js";
import { unprompted } from "../shared/unprompted.js";
import { ImageStage } from "./image_stage.js";
import { LossStage } from "./loss_stage.js";
import { DecoderStage, EncoderStage } from "./network_stage.js";
import { NoiseStage } from "./noise_stage.js";
import { Passage } from "./passage.js";
import { ExpectedStage, LostStage } from "./pixel_stage.js";
import { PointStage, PosteriorStage } from "./posterior_stage.js";
import { digitOf, pointOf } from "./source.js";
import { stepsOf } from "./steps.js";
import { stagesOf } from "./words.js";

/**
 * @import { Decoder, Encoder } from "../network.js"
 * @import { RecordedDecoder, RecordedEncoder } from "../recording.js"
 * @import { Digits, LatentMap } from "../latents/latent_map.js"
 * @import { Say } from "../stage.js"
 * @import { Source } from "./source.js"
 * @import { Bench, Stage } from "./stage.js"
 * @import { Name, Words } from "./words.js"
 *
 * @typedef {object} Data what Python has
 * @property {Name | null} stage to begin with; null: the first ones are shown in turn
 * @property {Source} source what is followed
 * @property {number[]} examples the embedded digits that stand for their classes
 * @property {number[] | null} drawing the visitor's, (784) in [0, 1]
 * @property {number} kl_weight with which the model was trained
 */

const THUMB = 56; // pixels along a side of the rail's pictures
const RESTING = 0.02; // of a stage's width, by which one that has arrived may be off
const SETTLED = 300; // milliseconds after which a step is told to Python
const BELOW = 12; // CSS pixels that stay free at the bottom of the window
const LOWEST = 256; // CSS pixels for the pictures of a stage, however low the window is
const SHOWN = [2600, 6200, 9800]; // milliseconds after which each of the first stages is over

/** Whether the first stages have been shown: once a visit. */
let hasPlayed = false;

/** The view "pipeline". It tells Python the `stage` and the `source`. */
export class Pipeline {
  /** @type {Stage[]} */
  stages = [];
  /** @type {HTMLButtonElement[]} on the rail, one for each stage */
  stops = [];
  /** @type {HTMLCanvasElement[]} and its picture */
  thumbs = [];
  #at = 0;
  /** @type {Data | null} */
  #data = null;
  /** @type {Source} */
  #source = "";
  #isSeen = false;
  #isFit = false;
  #asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #telling;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;
  #endPlay = () => {};
  #ended = new AbortController();

  /**
   * @param {HTMLElement} root
   * @param {[Encoder | RecordedEncoder, Decoder | RecordedDecoder, LatentMap, Digits]} needed
   * @param {Say} say
   */
  constructor(root, [encoder, decoder, latentMap, digits], say) {
    this.root = root;
    this.say = say;
    const { isAutoencoder } = latentMap;
    this.networks = { encoder, decoder };
    /** @type {Bench} */
    this.bench = {
      passage: new Passage(encoder, decoder, isAutoencoder),
      latentMap,
      digits,
      palette: paletteOf(root),
      klWeight: 1,
      changed: () => this.#request(),
      choose: (source, isOver) => this.#choose(source, isOver),
    };
    this.words = stagesOf(isAutoencoder, encoder.hasStandardPrior);
    this.strip = element("div", { className: "strip-of-stages" });
    this.rail = element("nav", { className: "rail", "aria-label": "Stages" });
    this.back = button("← Back", "The step before: arrow left", () => this.step(-1));
    this.next = button("Next →", "The next step: arrow right", () => this.step(1));
    this.next.classList.add("primary");
    this.place = element("span", { className: "place-of faint", "aria-live": "polite" });
    this.chooser = element("div", { className: "chooser", role: "group", "aria-label": "Digit" });
    const steps = element("div", { className: "row" }, this.back, this.next, this.place);
    const choices = element("div", { className: "steps" }, steps, this.chooser);
    this.element = element("div", { className: "pipeline" }, this.rail, choices, this.strip);
    root.append(this.element);
    this.#lay();
    this.resized = new ResizeObserver(() => this.#resize());
    for (const one of [this.element, this.strip]) this.resized.observe(one);
    this.sight = new IntersectionObserver((seen) => this.#see(!!seen.at(-1)?.isIntersecting));
    this.sight.observe(this.strip);
    this.#listen();
  }

  /** Every stage, and its place on the rail. */
  #lay() {
    /** @type {Record<Name, new (bench: Bench, words: Words) => Stage>} */
    const makers = {
      image: ImageStage,
      encoder: EncoderStage,
      posterior: this.bench.latentMap.isAutoencoder ? PointStage : PosteriorStage,
      noise: NoiseStage,
      decoder: DecoderStage,
      expected: ExpectedStage,
      lost: LostStage,
      loss: LossStage,
    };
    this.stages = [...this.words].map(([name, words]) => new makers[name](this.bench, words));
    this.thumbs = this.stages.map(() => element("canvas", { width: THUMB, height: THUMB }));
    this.stops = this.stages.map(({ words }, i) => {
      const stop = button("", words.title, () => this.#go(i));
      stop.append(this.thumbs[i], element("span", { textContent: words.short }));
      return stop;
    });
    this.rail.append(...this.stops);
    this.strip.append(...this.stages.map((stage) => stage.element));
  }

  #listen() {
    const { signal } = this.#ended;
    addEventListener(
      "keydown",
      (event) => {
        const step = stepsOf(event);
        if (step && this.#isSeen) this.step(step);
      },
      { signal },
    );
    addEventListener("resize", () => this.#resize(), { signal }); // lower, but as wide
    const over = "onscrollend" in window ? "scrollend" : "scroll";
    this.strip.addEventListener(over, () => this.#scrolled(), { signal, passive: true });
  }

  /** @param {Data} data */
  update(data) {
    const isFirst = this.#data === null;
    this.#data = data;
    this.bench.klWeight = data.kl_weight;
    this.bench.palette = paletteOf(this.root); // the theme may have changed
    if (!isFirst) return this.#request();
    this.#layChooser(data);
    this.#take(data.source);
    this.#arrive(
      Math.max(
        this.stages.findIndex(({ name }) => name === data.stage),
        0,
      ),
    );
    if (data.stage === null && !hasPlayed && !isStill()) this.#play();
    hasPlayed = true;
  }

  /** The networks have come: go on with them, and show their layers instead of the recorded ones. */
  refresh() {
    const { encoder, decoder } = this.networks;
    if (onlyRecorded([encoder, decoder]).length) return;
    this.bench.passage.become(networkOf(encoder), networkOf(decoder));
    this.#layAgain("encoder", EncoderStage);
    this.#layAgain("decoder", DecoderStage);
    this.#isFit = false;
    this.#take(this.#source);
  }

  /**
   * @param {Name} name of a stage
   * @param {new (bench: Bench, words: Words) => Stage} Maker
   */
  #layAgain(name, Maker) {
    const i = this.stages.findIndex((stage) => stage.name === name);
    const { element: before, words } = this.stages[i];
    const made = new Maker(this.bench, words);
    Object.assign(made.element, { inert: before.inert, className: before.className });
    before.replaceWith(made.element);
    this.stages[i] = made;
  }

  destroy() {
    this.#endPlay();
    this.#ended.abort();
    this.stages[this.#at].leave();
    cancelAnimationFrame(this.#asked);
    clearTimeout(this.#telling);
    clearTimeout(this.#settling);
    this.resized.disconnect();
    this.sight.disconnect();
  }

  /** @param {Data} data */
  #layChooser({ examples, drawing }) {
    const sources = [...examples.keys()].map(String).concat(drawing ? ["mine"] : []);
    const buttons = sources.map((source) => {
      const title = source === "mine" ? "My drawing" : `Digit ${source}`;
      const made = button("", title, () => this.#choose(source, true));
      made.setAttribute("aria-label", title);
      made.dataset.source = source;
      const picture = digitCanvas("");
      drawDigit(picture, this.#imageOf(source));
      made.append(picture);
      return made;
    });
    this.chooser.append(...buttons);
  }

  /**
   * The image that a source names.
   *
   * @param {Source} source
   */
  #imageOf(source) {
    const { examples, drawing } = /** @type {Data} */ (this.#data);
    const { digits, latentMap, passage } = this.bench;
    const point = pointOf(source);
    if (point) return passage.decoder.decode(latentMap.lift(point));
    if (source === "mine" && drawing) return Float32Array.from(drawing);
    return digits.image(digitOf(source, examples) ?? examples[0]);
  }

  /**
   * @param {Source} source
   * @param {boolean} isOver the gesture is
   */
  #choose(source, isOver) {
    if (source !== this.#source) this.#take(source);
    if (isOver) this.say.state("source", source);
  }

  /** @param {Source} source */
  #take(source) {
    this.#source = source;
    for (const one of this.chooser.children)
      if (one instanceof HTMLElement)
        one.setAttribute("aria-pressed", String(one.dataset.source === source));
    if (this.bench.passage.sendsFor(source)) return; // it is followed once they have come
    this.bench.passage.follow(this.#imageOf(source));
    this.#request();
  }

  /**
   * Go so many steps on, or back.
   *
   * @param {number} steps
   */
  step(steps) {
    this.#go(Math.min(Math.max(this.#at + steps, 0), this.stages.length - 1));
  }

  /** @param {number} at */
  #go(at) {
    this.#scrollTo(at, isStill() ? "instant" : "smooth");
    this.#reach(at);
  }

  /**
   * @param {number} at
   * @param {ScrollBehavior} behavior
   */
  #scrollTo(at, behavior) {
    this.strip.scrollTo({ left: at * this.strip.clientWidth, behavior });
  }

  /** A swipe is over: the stage in sight is the one. */
  #scrolled() {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      const place = this.strip.scrollLeft / this.strip.clientWidth;
      const at = Math.round(place);
      if (Math.abs(place - at) < RESTING) this.#reach(at); // else a finger holds it
    }, 150);
  }

  #resize() {
    this.#scrollTo(this.#at, "instant");
    this.#isFit = false;
    this.#request();
  }

  /** The stages fit into the window, as it is before anybody scrolls. */
  #fit() {
    this.#isFit = true;
    const root = this.root.getRootNode();
    const host = root instanceof ShadowRoot ? root.host : this.root;
    const page = host.closest("[data-testid=stMainBlockContainer]") ?? document.body;
    const above = page.getBoundingClientRect().top;
    for (const stage of this.stages) {
      const top = stage.body.getBoundingClientRect().top - above;
      stage.fit(Math.max(innerHeight - top - BELOW, LOWEST));
    }
  }

  /** @param {boolean} isSeen whether any of it is on the screen */
  #see(isSeen) {
    if (isSeen === this.#isSeen) return;
    this.#isSeen = isSeen;
    if (isSeen) this.#enter();
    else this.stages[this.#at].leave();
  }

  #enter() {
    this.stages[this.#at].enter();
    this.#request();
  }

  /** Another stage is the one in sight: Python is told. @param {number} at */
  #reach(at) {
    if (at === this.#at) return;
    this.#arrive(at);
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => this.say.state("stage", this.stages[at].name), SETTLED);
  }

  /** @param {number} at */
  #arrive(at) {
    this.stages[this.#at].leave();
    this.#at = at;
    this.stages.forEach(({ element: one }, i) => {
      one.inert = i !== at;
      one.classList.toggle("here", i === at);
      if (i === at) this.stops[i].setAttribute("aria-current", "step");
      else this.stops[i].removeAttribute("aria-current");
    });
    this.back.disabled = at === 0;
    this.next.disabled = at === this.stages.length - 1;
    const title = element("span", { className: "spoken" }, `: ${this.stages[at].words.title}`);
    this.place.replaceChildren(`${at + 1} of ${this.stages.length}`, title);
    if (this.#isSeen) this.#enter();
  }

  /** The first stages, one after the other, until somebody touches anything. */
  #play() {
    const { encoder, decoder } = this.networks;
    const isRecorded = onlyRecorded([encoder, decoder]).length > 0;
    const ends = isRecorded ? SHOWN.slice(0, -1) : SHOWN; // the next stage has a drop of its own
    const whole = ends[ends.length - 1];
    const show = (/** @type {number} */ played) => {
      const at = ends.filter((end) => end <= played).length;
      if (at > this.#at) this.#go(at);
    };
    this.#endPlay = unprompted(this.strip, whole + 1000, show, () => {});
  }

  /** Draw what is in sight, at the next frame. */
  #request() {
    if (this.#asked || !this.#data) return;
    this.#asked = requestAnimationFrame(() => {
      this.#asked = 0;
      this.#draw();
    });
  }

  #draw() {
    if (!this.#isFit) this.#fit();
    this.stages[this.#at].draw();
    this.stages.forEach((stage, i) => {
      const canvas = this.thumbs[i];
      if (!canvas.clientWidth) return; // on a phone the rail has no pictures
      const context = pen(canvas);
      context.clearRect(0, 0, THUMB, THUMB);
      stage.drawThumb(context, THUMB);
    });
  }
}

/**
 * A network, also if it has come after its recording.
 *
 * @template Real
 * @param {Real | Recorded<Real>} one
 * @returns {Real}
 */
function networkOf(one) {
  return one instanceof Recorded ? /** @type {Real} */ (one.network) : one;
}
