// A slider through what was drawn stage by stage, as by a model after each of its epochs; it may run
// once by itself.

import PALETTE from "../palette.css";
import { element } from "../shared/elements.js";
import { SIDE } from "../shared/mnist.js";
import { isStill } from "../shared/motion.js";
import { afterKey } from "../shared/strip_slider.js";
import { styled } from "../shared/styled.js";
import { unprompted } from "../shared/unprompted.js";
import { between } from "./history.js";
import { BarsPanel, MapPanel, SheetPanel } from "./panels.js";
import STYLE from "./scrubber.css";

/** @import { Stages } from "./history.js" */

const PLAY_MS = 450; // from one stage to the next
const UNPROMPTED = 8000; // milliseconds for all of them, before anybody has touched the page
const NARROW = 700; // CSS pixels; below, what is side by side stands one under the other
const SETTLED_MS = 250; // until a screen reader is told where the slider stands
const PAGE = 5; // stages that Page Up and Page Down go
const SIDEWAYS = 6; // CSS pixels after which a finger drags, and does not scroll the page

/** @template {Stages} [Kind=Stages] */
export class Scrubber {
  #history;
  #at; // position among the stages
  #frame = 0;
  #isPlaying = false;
  #endUnprompted = () => {};
  /** Whether its button stopped it as it ran by itself: then the click is done already. */
  #isStopped = false;
  /** A finger that may yet scroll the page: where it began. @type {number | null} */
  #undecided = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;

  /**
   * @param {ShadowRoot} parentElement
   * @param {Kind} history
   */
  constructor(parentElement, history) {
    this.#history = history;
    this.#at = history.start;
    this.element = styled(parentElement, "scrubber", PALETTE + STYLE);
    this.play = element("button", { className: "play", onclick: () => this.#toggle() });
    const name = { "aria-label": history.axis };
    this.slider = element("input", { type: "range", min: 0, step: "any", ...name });
    this.title = element("b");
    this.losses = element("span");
    this.map = new MapPanel();
    const below = "Digits, and under each what is rebuilt.";
    this.rebuilt = new SheetPanel("rebuilt", "Reconstructions", below);
    const same = `From the same ${history.samples.shape[1]} latents of the prior.`;
    this.samples = new SheetPanel("samples", "Samples", same);
    this.drawing = new SheetPanel("drawing", "Your drawing", "As the models see it, and rebuilt.");
    this.bars = new BarsPanel();
    const where = element("p", { className: "where" }, this.title, this.losses);
    const track = element("div", { className: "track" }, this.slider, where);
    const drawing = element("div", {}, this.drawing.element);
    const digits = element("div", { className: "where-digits-lie" }, this.map.element, drawing);
    const beside = element("div", {}, this.samples.element, this.bars.element);
    this.sheets = element("div", { className: "sheets" }, this.rebuilt.element, beside);
    this.left = digits;
    this.element.append(
      element("div", { className: "head" }, this.play, track),
      element("div", { className: "panels" }, digits, this.sheets),
    );
    this.slider.addEventListener("input", () => this.#drag());
    this.slider.addEventListener("change", () => this.go(Math.round(this.#at)));
    this.slider.addEventListener("pointerdown", ({ pointerType, clientX }) => {
      this.#undecided = pointerType === "touch" ? clientX : null;
    });
    this.slider.addEventListener("pointermove", ({ clientX }) => {
      const isSideways = Math.abs(clientX - (this.#undecided ?? clientX)) > SIDEWAYS;
      if (isSideways) this.#undecided = null;
    });
    this.slider.addEventListener("pointerup", () => this.#touched());
    this.slider.addEventListener("pointercancel", () => this.#scrolled());
    this.slider.addEventListener("keydown", (event) => this.#key(event));
    this.resized = new ResizeObserver(() => this.draw(this.#history, this.#at));
    this.resized.observe(this.element);
    this.#sayPlaying(false);
  }

  /**
   * Take a history in; who watches the latest epoch goes on to the new one.
   *
   * @param {Kind} history
   */
  receive(history) {
    const follows = this.#at === this.#history.last;
    const isLonger = history.last > this.#history.last;
    this.#history = history;
    this.slider.max = String(history.last);
    this.drawing.element.hidden = !history.drawing;
    this.bars.element.hidden = !history.rank.length || history.isAutoencoder; // there are none
    this.samples.element.hidden = history.isAutoencoder; // as it has no prior
    if (follows && isLonger && history.growing) this.#glide(history.last);
    else this.#show(follows ? history.last : Math.min(this.#at, history.last));
  }

  /** Once through all snapshots, until the first touch of the page. */
  runOnce() {
    const { last } = this.#history;
    if (!last) return;
    const duration = Math.min(last * PLAY_MS, UNPROMPTED);
    this.#endUnprompted = unprompted(
      this.element,
      duration,
      (played) => {
        if (!this.#isPlaying) this.#sayPlaying(true);
        this.#show((last * played) / duration);
      },
      (touch) => {
        const isHere = touch?.composedPath().includes(this.element);
        this.#isStopped = touch?.composedPath().includes(this.play) ?? false;
        this.#sayPlaying(false);
        this.go(isHere ? Math.round(this.#at) : this.#history.last);
      },
    );
  }

  close() {
    this.#endUnprompted();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#settling);
    this.resized.disconnect();
  }

  #drag() {
    if (this.#undecided !== null) return;
    this.#pause();
    this.#show(Number(this.slider.value));
  }

  /** A tap on the track goes there. */
  #touched() {
    if (this.#undecided === null) return;
    this.#undecided = null;
    this.#drag();
    this.go(Math.round(this.#at));
  }

  /** The finger scrolled the page: the slider stays where it was. */
  #scrolled() {
    this.#undecided = null;
    this.go(this.#at);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { last } = this.#history;
    const to = afterKey(event.key, Math.round(this.#at), 1, PAGE, last);
    if (to === undefined) return;
    event.preventDefault();
    this.#pause();
    this.go(Math.max(0, Math.min(last, to)));
  }

  /**
   * Move the slider, and let a screen reader say where it stands.
   *
   * @param {number} at
   */
  go(at) {
    this.#show(at);
    clearTimeout(this.#settling);
    const tell = () => this.slider.setAttribute("aria-valuetext", this.#history.spoken(this.#at));
    this.#settling = setTimeout(tell, SETTLED_MS);
  }

  #toggle() {
    const isStopped = this.#isStopped;
    this.#isStopped = false;
    if (isStopped) return;
    if (this.#isPlaying) return this.#pause();
    const { last } = this.#history;
    if (this.#at >= last) this.#at = 0;
    this.#glide(last);
  }

  #pause() {
    cancelAnimationFrame(this.#frame);
    this.#sayPlaying(false);
  }

  /**
   * Move to a later snapshot, through all that lie between.
   *
   * @param {number} target
   */
  #glide(target) {
    cancelAnimationFrame(this.#frame);
    const isCut = isStill();
    const begin = { at: this.#at, time: performance.now() };
    this.#sayPlaying(true);
    const step = (/** @type {number} */ now) => {
      const at = Math.min(target, begin.at + Math.max(0, now - begin.time) / PLAY_MS);
      this.#show(isCut ? Math.floor(at) : at);
      if (at < target) this.#frame = requestAnimationFrame(step);
      else {
        this.#sayPlaying(false);
        this.go(target);
      }
    };
    this.#frame = requestAnimationFrame(step);
  }

  /** @param {boolean} isPlaying */
  #sayPlaying(isPlaying) {
    this.#isPlaying = isPlaying;
    this.play.textContent = isPlaying ? "❚❚" : "▶";
    this.play.setAttribute("aria-label", isPlaying ? "Pause" : `Play through ${this.#history.all}`);
  }

  /** @param {number} at */
  #show(at) {
    this.#at = at;
    this.slider.value = String(at);
    this.slider.style.setProperty("--share", String(at / Math.max(1, this.#history.last)));
    this.draw(this.#history, at);
  }

  /**
   * @param {Kind} history
   * @param {number} at
   */
  draw(history, at) {
    this.title.textContent = history.title(at);
    this.losses.textContent = history.lossText(at);
    this.slider.setAttribute("aria-valuetext", history.spoken(at));
    this.map.draw(history, at);
    this.bars.draw(history, at);
    this.#drawSheets(history, at);
  }

  /**
   * @param {Kind} history
   * @param {number} at
   */
  #drawSheets(history, at) {
    const words = history.title(at).toLowerCase();
    const originals = digits(history.originals.data);
    const rebuilt = digits(between(history.rebuilt, at));
    const columns = this.element.clientWidth < NARROW ? 8 : 4;
    const rows = Array.from({ length: originals.length / columns }, (_, row) => [
      ...originals.slice(row * columns, (row + 1) * columns),
      ...rebuilt.slice(row * columns, (row + 1) * columns),
    ]);
    const pairs = `${originals.length} digits and their reconstructions ${words}`;
    this.rebuilt.draw(rows.flat(), columns, pairs, 2);
    const samples = digits(between(history.samples, at));
    this.samples.draw(samples, Math.sqrt(samples.length), `${samples.length} samples ${words}`);
    if (!history.drawing) return;
    const both = [history.drawing.data, between(history.drawings, at)];
    this.drawing.draw(both, 2, `Your drawing, and rebuilt ${words}`);
  }
}

/**
 * Images one after the other, each apart.
 *
 * @template {{length: number, subarray: (start: number, end: number) => Images}} Images
 * @param {Images} images
 */
export function digits(images) {
  const size = SIDE * SIDE;
  return Array.from({ length: images.length / size }, (_, i) =>
    images.subarray(i * size, (i + 1) * size),
  );
}
