// A slider whose track is a strip of digits: what one would get with the thumb there.

const TAP = 6; // CSS pixels a finger may stray and still tap

/** Positions are shares of the track, in [0, 1]. `onMove(share)` is called for each change by the
 * visitor, `onRelease(byKey)` when a gesture or a keystroke is over. */
class StripSlider {
  constructor({ label, cells, step, onMove, onRelease }) {
    Object.assign(this, { cells, step, onMove, onRelease, share: 0.5, isLocked: false });
    this.strip = element("canvas", { width: SIDE * cells, height: SIDE });
    this.thumb = element("span", { className: "thumb" });
    this.track = element("div", {
      className: "strip-slider",
      tabIndex: 0,
      role: "slider",
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    });
    this.track.append(this.strip, this.thumb);
    this.track.addEventListener("pointerdown", (event) => this.#press(event));
    this.track.addEventListener("pointermove", (event) => this.#drag(event));
    this.track.addEventListener("pointerup", (event) => this.#lift(event));
    this.track.addEventListener("pointercancel", () => this.#end());
    this.track.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Put the thumb somewhere, and say in words what that means. */
  place(share, words) {
    this.share = share;
    this.thumb.style.left = `${100 * share}%`;
    this.track.setAttribute("aria-valuenow", (100 * share).toFixed(1));
    this.track.setAttribute("aria-valuetext", words);
  }

  /** Let the visitor move it, or not. */
  lock(isLocked) {
    this.isLocked = isLocked;
    this.track.setAttribute("aria-disabled", isLocked);
  }

  /** Draw an image, (784) in [0, 1], in one place of the strip. */
  drawCell(cell, image) {
    drawDigit(this.strip, image, SIDE * cell);
  }

  #press(event) {
    if (this.isLocked || event.button > 0) return;
    const isOnThumb = event.target === this.thumb;
    // A finger on the strip may be about to scroll the page: wait and see. (The style sheet lets
    // the page scroll from the strip, up and down, and never from the thumb.)
    const isSure = event.pointerType !== "touch" || isOnThumb;
    const grip = isOnThumb ? this.#shareAt(event) - this.share : 0; // the thumb does not jump
    this.gesture = { x: event.clientX, isSure, grip };
    this.track.setPointerCapture(event.pointerId);
    if (isSure && !isOnThumb) this.#move(this.#shareAt(event));
  }

  #drag(event) {
    if (!this.gesture) return;
    this.gesture.isSure ||= Math.abs(event.clientX - this.gesture.x) > TAP;
    if (!this.gesture.isSure || event.clientX === this.gesture.x) return;
    this.#move(this.#shareAt(event) - this.gesture.grip);
  }

  #lift(event) {
    if (this.gesture && !this.gesture.isSure) this.#move(this.#shareAt(event));
    this.#end();
  }

  #end() {
    if (this.gesture) this.onRelease(false);
    this.gesture = null;
  }

  #shareAt(event) {
    const { left, width } = this.track.getBoundingClientRect();
    return (event.clientX - left) / width;
  }

  #move(share) {
    this.onMove(Math.min(Math.max(share, 0), 1));
  }

  #key(event) {
    const step = this.step * (event.shiftKey ? 10 : 1);
    const to = {
      ArrowRight: this.share + step,
      ArrowUp: this.share + step,
      ArrowLeft: this.share - step,
      ArrowDown: this.share - step,
      PageUp: this.share + 10 * this.step,
      PageDown: this.share - 10 * this.step,
      Home: 0,
      End: 1,
    }[event.key];
    if (to === undefined || this.isLocked) return;
    event.preventDefault();
    this.#move(Math.round(to / this.step) * this.step);
    this.onRelease(true);
  }
}
