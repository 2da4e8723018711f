// A slider whose track is a strip of digits: what one would get with the thumb there.

import { element } from "./elements.js";
import { SIDE } from "./mnist.js";
import { drawDigit } from "./pictures.js";

const TAP = 6; // CSS pixels a finger may stray and still tap

/**
 * @typedef {object} Options
 * @property {string} label
 * @property {number} cells digits along the track
 * @property {number} step of an arrow key
 * @property {(share: number) => void} onMove called for each change by the visitor
 * @property {(byKey: boolean) => void} onRelease when a gesture or a keystroke is over
 */

/** Positions are shares of the track, in [0, 1]. */
export class StripSlider {
  share = 0.5;
  isLocked = false;
  /** @type {{x: number, isSure: boolean, grip: number} | null} */
  #gesture = null;

  /** @param {Options} options */
  constructor({ label, cells, step, onMove, onRelease }) {
    this.cells = cells;
    this.step = step;
    this.onMove = onMove;
    this.onRelease = onRelease;
    this.strip = element("canvas", { width: SIDE * cells, height: SIDE });
    this.thumb = element("span", { className: "thumb" });
    const track = {
      className: "strip-slider",
      tabIndex: 0,
      role: "slider",
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    };
    this.track = element("div", track, this.strip, this.thumb);
    this.track.style.setProperty("--cell", `${100 / cells}cqi`);
    this.track.addEventListener("pointerdown", (event) => this.#press(event));
    this.track.addEventListener("pointermove", (event) => this.#drag(event));
    this.track.addEventListener("pointerup", (event) => this.#lift(event));
    this.track.addEventListener("pointercancel", () => this.#end());
    this.track.addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * Put the thumb somewhere, and say in words what that means.
   *
   * @param {number} share
   * @param {string} words
   */
  moveThumb(share, words) {
    this.share = share;
    this.thumb.style.left = `${100 * share}%`;
    this.track.setAttribute("aria-valuenow", (100 * share).toFixed(1));
    this.track.setAttribute("aria-valuetext", words);
  }

  /**
   * Let the visitor move it, or not.
   *
   * @param {boolean} isLocked
   */
  lock(isLocked) {
    this.isLocked = isLocked;
    this.track.setAttribute("aria-disabled", String(isLocked));
  }

  /**
   * Draw an image, (784) in [0, 1], in one cell of the strip.
   *
   * @param {number} cell
   * @param {ArrayLike<number>} image
   */
  drawCell(cell, image) {
    drawDigit(this.strip, image, SIDE * cell);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (this.isLocked || event.button > 0) return;
    const isOnThumb = event.target === this.thumb;
    // A finger on the strip may be about to scroll the page: wait and see. (The style sheet lets
    // the page scroll from the strip, up and down, and never from the thumb.)
    const isSure = event.pointerType !== "touch" || isOnThumb;
    const grip = isOnThumb ? this.#shareAt(event) - this.share : 0; // the thumb does not jump
    this.#gesture = { x: event.clientX, isSure, grip };
    this.track.setPointerCapture(event.pointerId);
    if (isSure && !isOnThumb) this.#move(this.#shareAt(event));
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    const gesture = this.#gesture;
    if (!gesture) return;
    gesture.isSure ||= Math.abs(event.clientX - gesture.x) > TAP;
    if (!gesture.isSure || event.clientX === gesture.x) return;
    this.#move(this.#shareAt(event) - gesture.grip);
  }

  /** @param {PointerEvent} event */
  #lift(event) {
    if (this.#gesture && !this.#gesture.isSure) this.#move(this.#shareAt(event));
    this.#end();
  }

  #end() {
    if (this.#gesture) this.onRelease(false);
    this.#gesture = null;
  }

  /** @param {PointerEvent} event */
  #shareAt(event) {
    const { left, width } = this.track.getBoundingClientRect();
    return (event.clientX - left) / width;
  }

  /** @param {number} share */
  #move(share) {
    this.onMove(Math.min(Math.max(share, 0), 1));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = this.step * (event.shiftKey ? 10 : 1);
    const to = afterKey(event.key, this.share, step, 10 * this.step, 1);
    if (to === undefined || this.isLocked) return;
    event.preventDefault();
    this.#move(Math.round(to / this.step) * this.step);
    this.onRelease(true);
  }
}

/**
 * Where a key moves a slider that runs from 0 to `end`: the keys of the ARIA pattern "slider".
 *
 * @param {string} key
 * @param {number} here
 * @param {number} step of an arrow key
 * @param {number} page of Page Up and Page Down, in the arrows' directions
 * @param {number} end
 * @returns {number | undefined} undefined for all other keys; maybe beyond the ends
 */
export function afterKey(key, here, step, page, end) {
  switch (key) {
    case "ArrowRight":
    case "ArrowUp":
      return here + step;
    case "ArrowLeft":
    case "ArrowDown":
      return here - step;
    case "PageUp":
      return here + page;
    case "PageDown":
      return here - page;
    case "Home":
      return 0;
    case "End":
      return end;
  }
}
