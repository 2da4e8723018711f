// A morph: a path through latent space, played, and shown on the map.

import { rounded } from "../latents/link_decimals.js";
import { latentPath } from "../latents/path.js";
import { MapCanvas, outlined } from "../map/canvas.js";
import { button, element, pen } from "../shared/elements.js";
import { captioned, digitCanvas, drawDigit } from "../shared/pictures.js";
import { StripSlider } from "../shared/strip_slider.js";

/**
 * @import { Decoder } from "../network.js"
 * @import { LatentMap } from "../latents/latent_map.js"
 * @import { Spot } from "../map/canvas.js"
 * @import { Say } from "../stage.js"
 */

const FILM_CELLS = 16; // digits along the film, fewer for shorter paths and on phones
const SPEEDS = [5, 10, 20]; // frames a second

/** The view "morph". A click on the map triggers `added` with the latent of that point. */
export class Morph {
  #frame = 0;
  #speed = 10;
  #shown = "";
  /** @type {Float64Array[]} the latents from end to end */
  #latents = [];
  /** @type {number[]} the frames at which the path is at its ends */
  #ends = [];
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #playing;
  #filling = 0;

  /**
   * @param {HTMLElement} root
   * @param {[Decoder, LatentMap]} needed
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
    this.map.canvas.tabIndex = -1;
    this.map.canvas.setAttribute("role", "img");
    this.map.canvas.setAttribute(
      "aria-label",
      "The path on the map. Click it to add an end there.",
    );
    this.map.canvas.onclick = (event) => this.#add(event);
    const aSecond = element("span", { className: "faint", textContent: "a second" });
    const controls = element("div", { className: "row" }, this.play, ...this.speeds, aSecond);
    const screen = element("div", { className: "screen" }, this.digit, controls, this.words);
    const map = captioned(this.map.canvas, "Click the map to add an end there.");
    root.append(element("div", { className: "morph-view" }, screen, this.film, map));
    this.resized = new ResizeObserver(() => this.#draw());
    this.resized.observe(this.map.canvas);
  }

  /**
   * Take another path; it starts at its beginning.
   *
   * @param {{ends: number[][], steps: number, kind: "straight" | "spherical"}} data
   */
  update({ ends, steps, kind }) {
    const shown = JSON.stringify([ends, steps, kind]);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#latents = latentPath(ends, steps, kind);
      this.#ends = ends.map((_, i) => i * (steps - 1));
      this.#pause();
      this.#lay();
      this.#go(0);
    }
    this.#draw(); // the theme may have changed
  }

  destroy() {
    this.#pause();
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
    const letters = this.#ends.map((frame, i) => {
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
    const frame = Math.round((cell * this.#last) / (this.scrubber.cells - 1));
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
    this.#draw();
  }

  #toggle() {
    if (this.#playing) this.#pause();
    else this.#start();
  }

  #start() {
    clearInterval(this.#playing);
    const next = () => this.#go((this.#frame + 1) % (this.#last + 1));
    this.#playing = setInterval(next, 1000 / this.#speed);
    this.play.textContent = "Pause";
  }

  #pause() {
    clearInterval(this.#playing);
    this.#playing = undefined;
    this.play.textContent = "Play";
  }

  /** @param {MouseEvent} event */
  #add({ offsetX, offsetY }) {
    const latent = this.latentMap.lift(this.map.toPlane([offsetX, offsetY]));
    this.say.trigger("added", Array.from(rounded(latent)));
  }

  #draw() {
    if (!this.#latents.length || !this.map.side) return;
    this.map.draw();
    const context = pen(this.map.canvas);
    const { color: ink, backgroundColor: paper } = getComputedStyle(this.map.canvas);
    const spots = this.#latents.map((z) => this.map.toScreen(this.latentMap.project(z)));
    const [left, top] = spots[this.#frame];
    outlined(context, ink, paper, 2, () => {
      for (const spot of spots) context.lineTo(...spot);
    });
    outlined(context, ink, paper, 3, () => context.arc(left, top, 8, 0, 2 * Math.PI));
    this.#ends.forEach((frame, i) => {
      drawLetter(context, ink, paper, endLetter(i), spots[frame]);
    });
  }
}

/**
 * A, B, C ...
 *
 * @param {number} i
 */
function endLetter(i) {
  return String.fromCharCode(65 + i);
}

/**
 * A letter on a disc.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} ink
 * @param {string} paper
 * @param {string} letter
 * @param {Spot} spot
 */
function drawLetter(context, ink, paper, letter, [left, top]) {
  context.beginPath();
  context.arc(left, top, 9, 0, 2 * Math.PI);
  context.fillStyle = ink;
  context.fill();
  context.fillStyle = paper;
  context.font = "600 12px sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(letter, left, top + 0.5);
}
