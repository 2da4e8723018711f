// What a finger moves on a picture over which the page can be scrolled (touch-action: pan-y): the
// page, if it goes up or down at once; what the picture shows, if it rests first or goes sideways.

const REST = 200; // milliseconds after which a finger that rests does not scroll any more
const STILL = 4; // CSS pixels that a finger which rests, or taps, may move

export class Finger {
  /** @type {"picture" | "page" | "undecided"} */
  #moves = "picture";
  #start = { x: 0, y: 0 };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #resting;

  /** @param {HTMLElement} picture */
  constructor(picture) {
    // Once the browser scrolls it takes the finger away: it is kept from that.
    const keep = (/** @type {TouchEvent} */ event) => {
      if (this.#moves === "picture" && event.cancelable) event.preventDefault();
    };
    picture.addEventListener("touchmove", keep, { passive: false });
  }

  /** Whether it scrolls the page: then a press is none on the picture. */
  get scrolls() {
    return this.#moves === "page";
  }

  /**
   * A press begins; a mouse and a pen move the picture at once.
   *
   * @param {PointerEvent} event
   * @param {() => void} rested what it does once it moves the picture without having moved
   */
  press({ pointerType, clientX: x, clientY: y }, rested) {
    this.hold();
    if (pointerType !== "touch") return rested();
    this.#moves = "undecided";
    this.#start = { x, y };
    this.#resting = setTimeout(() => {
      this.#moves = "picture";
      rested();
    }, REST);
  }

  /**
   * Whether it moves the picture, as far as it has gone.
   *
   * @param {PointerEvent} event
   */
  isMoving({ clientX, clientY }) {
    const [across, along] = [clientX - this.#start.x, clientY - this.#start.y].map(Math.abs);
    if (this.#moves === "undecided" && Math.hypot(across, along) > STILL) {
      clearTimeout(this.#resting);
      this.#moves = across > along ? "picture" : "page";
    }
    return this.#moves === "picture";
  }

  /** It moves the picture from now on; also when it is lifted. */
  hold() {
    clearTimeout(this.#resting);
    this.#moves = "picture";
  }
}
