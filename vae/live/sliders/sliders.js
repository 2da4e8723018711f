// One slider for each latent dimension. Until the first touch the digit breathes along the first.

import { button, element } from "../shared/elements.js";
import { digitCanvas, drawDigit, savePicture } from "../shared/pictures.js";
import { forget, inSpareTime } from "../shared/spare_time.js";
import { StripSlider } from "../shared/strip_slider.js";
import { unprompted } from "../shared/unprompted.js";
import { Scale } from "./scale.js";

/**
 * @import { Decodes } from "../network.js"
 * @import { Say } from "../stage.js"
 */

/**
 * @typedef {object} Row a latent dimension
 * @property {number} dimension
 * @property {StripSlider} slider
 * @property {HTMLElement} reading
 * @property {HTMLElement} element
 * @property {boolean} isSeen
 * @property {boolean} isStale whether another dimension has changed since its strip was begun
 * @property {number} done cells of the strip that are drawn
 */

const STRIP_CELLS = 11; // digits along a track
const ORDER = [5, 1, 9, 3, 7, 0, 2, 4, 6, 8, 10]; // in which they are drawn, coarse to fine
const FEW = 6; // dimensions, which stand one under the other in a window of any width
const SHARE_STEP = 0.01; // of an arrow key; with Shift ten times
const BREATH = 5000; // milliseconds up, down and back,
const BREATHS = 3; // so often,
const DEPTH = 0.45; // by so much of the track,
const BREATH_FRAME = 33; // in frames as long as this
const KEY_PAUSE = 250; // milliseconds after the last key until Python is told

/** All sliders of a latent, and the digit that it decodes to. The state `latent` tells of it. */
export class Sliders {
  /** @type {number[]} */
  #latent = [];
  /** @type {number | null} */
  #revision = null;
  /** @type {number[][]} what Undo goes back to */
  #history = [];
  /** The latent at the start of a gesture. @type {number[] | null} */
  #before = null;
  /** @type {Row[]} by dimension */
  #rows = [];
  /** @type {Scale[]} by dimension */
  scales = [];
  /** @type {Map<Element, Row>} */
  #rowOf = new Map();
  /** @type {number | undefined} */
  #frame;
  /** The strips, a digit at a time. */
  #work = () => {
    const row = this.#nextStale();
    if (row) this.#drawCell(row);
    return row !== undefined;
  };
  /** Where the digit is while it breathes. @type {{dimension: number, z: number} | null} */
  #breath = null;
  #endBreath = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;

  /**
   * @param {HTMLElement} root
   * @param {[Decodes]} needed
   * @param {Say} say
   */
  constructor(root, [decoder], say) {
    this.decoder = decoder;
    this.say = say;
    this.digit = digitCanvas("Generated digit", "big");
    this.words = element("p", { className: "faint" });
    this.spoken = element("p", { className: "spoken", role: "status" });
    this.png = button("PNG", "Save the digit", () => savePicture(this.digit, 10, "digit.png"));
    this.undo = button("Undo", "Back to what was before", () => this.#undo());
    const buttons = element(
      "div",
      { className: "row" },
      button("Randomise", "All that is not locked, at random", () =>
        this.#change((scale) => scale.draw()),
      ),
      button("Reset", "All that is not locked, to the middle", () =>
        this.#change((scale) => scale.z(0.5)),
      ),
      this.undo,
      this.png,
    );
    const current = element(
      "div",
      { className: "current" },
      this.digit,
      this.words,
      buttons,
      this.spoken,
    );
    this.list = element("div", { className: "dimensions" });
    root.append(element("div", { className: "sliders-view" }, current, this.list));
    this.watcher = new IntersectionObserver((seen) => this.#see(seen), { rootMargin: "100px" });
  }

  /**
   * Take what Python has: the dimensions, and where `revision` is new, the latent.
   *
   * @param {object} data
   * @param {number[]} data.latent
   * @param {number} data.revision
   * @param {number[]} data.order the dimensions, the most informative first
   * @param {string[]} data.notes what each dimension tells or does
   * @param {number} data.alive how many the decoder does not ignore
   * @param {number} data.likeliest the class that the latent is most like
   * @param {number[][] | null} data.percentiles of the digits' latents in each dimension, where
   *   there is no prior
   */
  update({ latent, revision, order, notes, alive, likeliest, percentiles }) {
    if (!this.#rows.length) {
      this.scales = order.map((_, dimension) => new Scale(percentiles?.[dimension] ?? null));
      this.#lay(order, notes, alive);
    }
    this.spoken.textContent = `Most like a ${likeliest}. Distance from the middle: ${length(latent)}.`;
    if (revision === this.#revision) return;
    const isFirst = this.#revision === null;
    if (!isFirst) this.#remember();
    this.#revision = revision;
    this.#set(latent);
    if (isFirst) this.#breathe(this.#rows[order[0]]);
  }

  /** Decode the digit and all strips once more. */
  refresh() {
    for (const row of this.#rows) row.isStale = true;
    this.#describe();
    this.#draw();
  }

  destroy() {
    this.watcher.disconnect();
    this.#endBreath();
    forget(this.#work);
    if (this.#frame) cancelAnimationFrame(this.#frame);
    clearTimeout(this.#pause);
  }

  /**
   * @param {number[]} order
   * @param {string[]} notes
   * @param {number} alive
   */
  #lay(order, notes, alive) {
    this.list.classList.toggle("few", alive <= FEW);
    const rows = order.map((dimension) => this.#row(dimension, notes[dimension]));
    this.#rows = rows.toSorted((a, b) => a.dimension - b.dimension);
    for (const row of rows) {
      this.#rowOf.set(row.element, row);
      this.watcher.observe(row.element);
    }
    this.list.append(...rows.slice(0, alive).map((row) => row.element));
    const dead = rows.slice(alive);
    if (!dead.length) return;
    const count = dead.length === 1 ? "1 dead dimension" : `${dead.length} dead dimensions`;
    const summary = element("summary", { textContent: `${count}: the decoder ignores them` });
    const folded = element("div", { className: "dimensions" }, ...dead.map((row) => row.element));
    this.list.append(element("details", {}, summary, folded));
  }

  /**
   * @param {number} dimension
   * @param {string} note
   * @returns {Row}
   */
  #row(dimension, note) {
    const name = `z${dimension + 1}`;
    const slider = new StripSlider({
      label: name,
      cells: STRIP_CELLS,
      step: SHARE_STEP,
      onMove: (share) => this.#drag(dimension, share),
      onRelease: (byKey) => this.#before && this.#commit(byKey ? KEY_PAUSE : 0),
    });
    const reading = element("code");
    const lock = button("", `Lock ${name}`, () => {
      slider.lock(!slider.isLocked);
      lock.setAttribute("aria-pressed", String(slider.isLocked));
    });
    lock.className = "lock";
    lock.setAttribute("aria-pressed", "false");
    lock.setAttribute("aria-label", `Lock ${name}`);
    const words = element("span", { className: "faint", textContent: ` ${note}` });
    const title = element(
      "span",
      { className: "name" },
      element("b", { textContent: name }),
      words,
    );
    const parts = [title, reading, lock, slider.track];
    const whole = element("div", { className: "dimension" }, ...parts);
    return { dimension, slider, reading, element: whole, isSeen: false, isStale: true, done: 0 };
  }

  /**
   * @param {number} dimension
   * @param {number} share
   */
  #drag(dimension, share) {
    this.#before ??= [...this.#latent];
    this.#latent[dimension] = this.scales[dimension].z(share);
    for (const row of this.#rows) {
      if (row.dimension === dimension) this.#show(row);
      else row.isStale = true;
    }
    this.#describe();
    this.#draw();
  }

  /**
   * A new value for each dimension that is not locked, at once.
   *
   * @param {(scale: Scale) => number} value
   */
  #change(value) {
    this.#remember();
    const changed = this.#rows.map((row, i) =>
      row.slider.isLocked ? this.#latent[i] : value(this.scales[i]),
    );
    this.#set(changed);
    this.#commit();
  }

  #undo() {
    const before = this.#history.pop();
    if (!before) return;
    this.#before = null;
    this.#set(before);
    this.#commit();
  }

  #remember() {
    this.#history.push(this.#before ?? [...this.#latent]);
    this.#before = null;
  }

  /** @param {number[]} latent */
  #set(latent) {
    this.#latent = [...latent];
    for (const row of this.#rows) {
      row.isStale = true;
      row.slider.track.classList.add("stale");
      this.#show(row);
    }
    this.undo.disabled = !this.#history.length;
    this.#describe();
    this.#draw();
  }

  /** @param {Row} row */
  #show(row) {
    const z = this.#moved()[row.dimension];
    const scale = this.scales[row.dimension];
    const share = scale.share(z);
    row.reading.textContent = `${z.toFixed(2)} · ${(100 * share).toFixed(0)} %`;
    const words = `z ${z.toFixed(4)}, ${(100 * share).toFixed(1)} % of ${scale.of} below`;
    row.slider.moveThumb(share, words);
  }

  #describe() {
    this.png.disabled = !this.decoder.knows(this.#latent); // it would be another digit
    this.words.textContent = `Distance from the middle: ${length(this.#moved())}`;
  }

  /**
   * Tell Python, once the gesture is over.
   *
   * @param {number} pause in milliseconds, in which the next one may begin
   */
  #commit(pause = 0) {
    if (this.#before) {
      this.#remember();
      this.undo.disabled = false;
    }
    this.#describe();
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.say.state("latent", [...this.#latent]), pause);
  }

  /** @param {IntersectionObserverEntry[]} changes */
  #see(changes) {
    for (const { target, isIntersecting } of changes) {
      const row = this.#rowOf.get(target);
      if (row) row.isSeen = isIntersecting;
    }
    this.#draw();
  }

  /** The large digit at the next frame, then the strips as there is time. */
  #draw() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      drawDigit(this.digit, this.decoder.decode(this.#moved()));
    });
    inSpareTime(this.#work);
  }

  /** The latent, or where it breathes. */
  #moved() {
    const { dimension, z } = this.#breath ?? { dimension: -1, z: 0 };
    return this.#latent.map((value, i) => (i === dimension ? z : value));
  }

  /**
   * Until the first touch the digit moves along a dimension and back; Python is not told.
   *
   * @param {Row} row
   */
  #breathe(row) {
    const home = this.#latent[row.dimension];
    const scale = this.scales[row.dimension];
    const middle = scale.share(home);
    const move = (/** @type {number} */ z) => {
      this.#breath = z === home ? null : { dimension: row.dimension, z };
      this.#show(row);
      this.#describe();
      this.#draw();
    };
    let last = 0;
    this.#endBreath = unprompted(
      this.digit,
      BREATHS * BREATH,
      (played) => {
        if (played - last < BREATH_FRAME) return;
        last = played;
        const share = middle + DEPTH * Math.sin((2 * Math.PI * played) / BREATH);
        move(scale.z(Math.round(100 * share) / 100)); // a whole percent, as a sketch has them
      },
      () => move(home),
    );
  }

  /** The stale row in sight whose strip is least complete. */
  #nextStale() {
    const stale = this.#rows.filter((row) => row.isSeen && (row.isStale || row.done));
    return stale.toSorted((a, b) => a.done - b.done).at(0);
  }

  /**
   * One more digit of a strip. A drag makes strips stale while they are drawn: then once more.
   *
   * @param {Row} row
   */
  #drawCell(row) {
    if (row.done === 0) row.isStale = false;
    const latent = [...this.#latent];
    const cell = ORDER[row.done];
    latent[row.dimension] = this.scales[row.dimension].z((cell + 0.5) / STRIP_CELLS);
    const image = this.decoder.decode(latent);
    const { track } = row.slider;
    const cells = track.classList.contains("stale") ? covered(row.done) : [cell];
    for (const one of cells) row.slider.drawCell(one, image);
    row.done = (row.done + 1) % STRIP_CELLS;
    if (row.done === 0 && !row.isStale) row.slider.track.classList.remove("stale");
  }
}

/**
 * The cells of a strip that a digit stands for, as long as their own are not drawn: none shows what
 * was before.
 *
 * @param {number} turn of the digit in `ORDER`
 */
export function covered(turn) {
  const drawn = ORDER.slice(0, turn + 1);
  const nearest = (/** @type {number} */ cell) =>
    drawn.reduce((best, one) => (Math.abs(one - cell) < Math.abs(best - cell) ? one : best));
  return ORDER.filter((cell) => nearest(cell) === ORDER[turn]);
}

/** @param {number[]} latent */
function length(latent) {
  return Math.hypot(...latent).toFixed(2);
}
