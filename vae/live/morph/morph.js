// A morph: a path through latent space, played there and back, and shown on the map, where its ends
// can be moved. Until the first touch it plays by itself.

import { latentPath } from "../latents/path.js";
import { MapCanvas, outlined } from "../map/canvas.js";
import { button, element, pen } from "../shared/elements.js";
import { captioned, digitCanvas, drawDigit } from "../shared/pictures.js";
import { StripSlider } from "../shared/strip_slider.js";
import { unprompted } from "../shared/unprompted.js";
import { endLetter, listenToKeys, listenToPointers, MORPH_LABEL } from "./input.js";

/**
 * @import { Decodes } from "../network.js"
 * @import { LatentMap } from "../latents/latent_map.js"
 * @import { Point, Spot } from "../map/canvas.js"
 * @import { Say } from "../stage.js"
 *
 * @typedef {"straight" | "spherical"} PathKind
 */

const FILM_CELLS = 16; // digits along the film, fewer for shorter paths and on phones
const SPEEDS = [5, 10, 20]; // frames a second
const UNPROMPTED = 12_000; // milliseconds that it plays by itself, or once there and back

/**
 * The view "morph". A new end on the map triggers `added` with its latent, one that is moved there
 * `moved` with `{end, latent}`.
 */
export class Morph {
  /** The latents of the ends. @type {number[][]} */
  ends = [];
  /** Where a key would add an end. @type {Point | null} */
  cursor = null;
  /** The end that is being moved. @type {number | null} */
  held = null;
  #steps = 2;
  /** @type {PathKind} */
  #kind = "straight";
  #frame = 0;
  #speed = 10;
  #shown = "";
  /** @type {Float64Array[]} the latents from end to end */
  #latents = [];
  /** @type {number[]} the frames at which the path is at its ends */
  #marks = [];
  /** The way that it plays: 1 or -1. */
  #way = 1;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #playing;
  #endUnprompted = () => {};
  /** Whether its button stopped it as it played by itself: then the click is done already. */
  #isStopped = false;
  #filling = 0;

  /**
   * @param {HTMLElement} root
   * @param {[Decodes, LatentMap]} needed
   * @param {Say} say
   */
  constructor(root, [decoder, latentMap], say) {
    this.decoder = decoder;
    this.latentMap = latentMap;
    this.say = say;
    this.digit = digitCanvas("Frame", "big");
    this.words = element("p", { className: "faint" });
    this.film = element("div", { className: "film" });
    this.scrubber = this.#scrubber(1);
    this.play = button("Play", "", () => this.#toggle());
    this.speeds = SPEEDS.map((speed) => this.#speedButton(speed));
    this.map = new MapCanvas(latentMap, decoder);
    this.map.canvas.setAttribute("aria-label", MORPH_LABEL);
    this.spoken = element("p", { className: "spoken", role: "status" });
    listenToPointers(this);
    listenToKeys(this);
    const aSecond = element("span", { className: "faint", textContent: "frames a second" });
    const controls = element("div", { className: "row" }, this.play, ...this.speeds, aSecond);
    const screen = element("div", { className: "screen" }, this.digit, controls, this.words);
    const map = captioned(
      this.map.canvas,
      "Click the map to add an end there, drag one to move it.",
    );
    const parts = [screen, this.film, map, this.spoken];
    root.append(element("div", { className: "morph-view" }, ...parts));
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.map.canvas);
  }

  /**
   * Take another path; it starts at its beginning, unless it has as many frames.
   *
   * @param {{ends: number[][], steps: number, kind: PathKind}} data
   */
  update({ ends, steps, kind }) {
    const shown = JSON.stringify([ends, steps, kind]);
    const isFirst = !this.#shown;
    if (shown !== this.#shown) {
      this.#shown = shown;
      [this.ends, this.#steps, this.#kind] = [ends, steps, kind];
      const last = this.#last;
      this.held = null;
      this.#pause();
      this.#find();
      this.#lay();
      this.#way = 1;
      this.#go(last === this.#last ? this.#frame : 0);
    }
    if (isFirst) this.#playUnprompted();
    this.draw(); // the theme may have changed
  }

  #find() {
    this.#latents = latentPath(this.ends, this.#steps, this.#kind);
    this.#marks = this.ends.map((_, i) => i * (this.#steps - 1));
  }

  /**
   * Move an end somewhere, without a word to Python.
   *
   * @param {number} end
   * @param {ArrayLike<number>} latent
   */
  move(end, latent) {
    this.held = end;
    this.ends = this.ends.map((one, i) => (i === end ? Array.from(latent) : one));
    this.#find();
    this.#go(this.#frame);
  }

  /** The end that is moved stays here. */
  drop() {
    const end = this.held;
    if (end === null) return;
    this.held = null;
    const shown = JSON.stringify([this.ends, this.#steps, this.#kind]);
    if (shown === this.#shown) return this.draw(); // it was taken, and not moved
    this.#shown = shown;
    this.say.trigger("moved", { end, latent: this.ends[end] });
    this.spoken.textContent = `End ${endLetter(end)} is moved.`;
    this.#lay();
    this.draw();
  }

  /** @param {ArrayLike<number>} latent */
  add(latent) {
    this.cursor = null;
    this.say.trigger("added", Array.from(latent));
    this.spoken.textContent = `End ${endLetter(this.ends.length)} is added.`;
    this.draw();
  }

  /** Decode the frame and the film once more. */
  refresh() {
    cancelAnimationFrame(this.#filling);
    this.#fill(0);
    this.#go(this.#frame);
  }

  destroy() {
    this.#pause();
    this.#endUnprompted();
    cancelAnimationFrame(this.#filling);
    this.resized.disconnect();
  }

  get #last() {
    return this.#latents.length - 1;
  }

  /** @param {number} speed frames a second */
  #speedButton(speed) {
    const title = `${speed} frames a second`;
    const made = button(String(speed), title, () => this.#setSpeed(speed));
    made.setAttribute("aria-label", title);
    made.setAttribute("aria-pressed", String(speed === this.#speed));
    return made;
  }

  /** @param {number} speed */
  #setSpeed(speed) {
    this.#speed = speed;
    SPEEDS.forEach((one, i) => {
      this.speeds[i].setAttribute("aria-pressed", String(one === speed));
    });
    if (this.#playing) this.#start();
  }

  /** @param {number} cells */
  #scrubber(cells) {
    return new StripSlider({
      label: "Frame",
      cells,
      step: 1 / this.#last,
      onMove: (share) => {
        this.#pause();
        this.#go(Math.round(share * this.#last));
      },
      onRelease: () => {},
    });
  }

  /** The film: a strip of frames that is also the scrubber, and the ends' letters under it. */
  #lay() {
    const most = this.film.clientWidth < 500 ? FILM_CELLS / 2 : FILM_CELLS;
    this.scrubber = this.#scrubber(Math.min(most, this.#latents.length));
    const letters = this.#marks.map((frame, i) => {
      const letter = element("b", { textContent: endLetter(i) });
      letter.style.left = `${(100 * frame) / this.#last}%`;
      return letter;
    });
    this.film.replaceChildren(
      this.scrubber.track,
      element("div", { className: "letters" }, ...letters),
    );
    cancelAnimationFrame(this.#filling);
    this.#fill(0);
  }

  /**
   * Draw the film, one digit a frame of the screen.
   *
   * @param {number} cell
   */
  #fill(cell) {
    if (cell === this.scrubber.cells) return;
    const frame = Math.round(((cell + 0.5) / this.scrubber.cells) * this.#last); // in its middle
    this.scrubber.drawCell(cell, this.decoder.decode(this.#latents[frame]));
    this.#filling = requestAnimationFrame(() => this.#fill(cell + 1));
  }

  /** @param {number} frame */
  #go(frame) {
    this.#frame = frame;
    drawDigit(this.digit, this.decoder.decode(this.#latents[frame]));
    const words = `Frame ${frame + 1} of ${this.#last + 1}`;
    this.scrubber.moveThumb(frame / this.#last, words);
    this.words.textContent = words;
    this.draw();
  }

  #toggle() {
    const isStopped = this.#isStopped;
    this.#isStopped = false;
    if (isStopped) return;
    if (this.#playing) this.#pause();
    else this.#start();
  }

  #start() {
    clearInterval(this.#playing);
    this.#playing = setInterval(() => this.#step(), 1000 / this.#speed);
    this.play.textContent = "Pause";
  }

  /** Until the first touch, and for whole turns, so that it ends where it began. */
  #playUnprompted() {
    const turn = (2000 * this.#last) / this.#speed;
    const duration = turn * Math.max(1, Math.floor(UNPROMPTED / turn));
    this.#endUnprompted = unprompted(
      this.digit,
      duration,
      (played) => {
        this.play.textContent = "Pause";
        const at = Math.floor((played / 1000) * this.#speed) % (2 * this.#last);
        const frame = at > this.#last ? 2 * this.#last - at : at;
        if (frame !== this.#frame) this.#go(frame);
      },
      (touch) => {
        this.#isStopped = touch?.composedPath().includes(this.play) ?? false;
        this.play.textContent = "Play";
        if (!touch) this.#go(0);
      },
    );
  }

  /** To the next frame; at either end it turns. */
  #step() {
    if (this.#frame === (this.#way > 0 ? this.#last : 0)) this.#way = -this.#way;
    this.#go(this.#frame + this.#way);
  }

  #pause() {
    clearInterval(this.#playing);
    this.#playing = undefined;
    this.play.textContent = "Play";
  }

  draw() {
    if (!this.#latents.length || !this.map.side) return;
    this.map.marks.cursor = this.cursor;
    this.map.draw();
    const context = pen(this.map.canvas);
    const { color: ink, backgroundColor: paper } = getComputedStyle(this.map.canvas);
    const spots = this.#latents.map((z) => this.map.toScreen(this.latentMap.project(z)));
    const [left, top] = spots[this.#frame];
    outlined(context, ink, paper, 2, () => {
      for (const spot of spots) context.lineTo(...spot);
    });
    outlined(context, ink, paper, 3, () => context.arc(left, top, 8, 0, 2 * Math.PI));
    this.#marks.forEach((frame, i) => {
      drawLetter(context, ink, paper, endLetter(i), spots[frame], i === this.held);
    });
  }
}

/**
 * A letter on a disc.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} ink
 * @param {string} paper
 * @param {string} letter
 * @param {Spot} spot
 * @param {boolean} isHeld
 */
function drawLetter(context, ink, paper, letter, [left, top], isHeld) {
  context.beginPath();
  context.arc(left, top, isHeld ? 13 : 9, 0, 2 * Math.PI);
  context.fillStyle = ink;
  context.fill();
  context.fillStyle = paper;
  context.font = "600 12px sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(letter, left, top + 0.5);
}
