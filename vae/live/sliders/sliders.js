// One slider for each latent dimension. A position is a share of the prior: at 30 % of the track
// lies the z below which 30 % of the prior's samples are.

import { drawFromPrior, quantile, shareBelow } from "../latents/prior.js";
import { button, element } from "../shared/elements.js";
import { digitCanvas, drawDigit, savePicture } from "../shared/pictures.js";
import { StripSlider } from "../shared/strip_slider.js";

/**
 * @import { Decoder } from "../network.js"
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
 * @property {number} cell the next one of the strip to draw
 */

const STRIP_CELLS = 11; // digits along a track
const STRIP_BUDGET = 6; // milliseconds a frame for the strips; the large digit comes first
const SHARE_STEP = 0.01; // of an arrow key; with Shift ten times
const OUTERMOST = 0.001; // share of the prior beyond either end of a track
const KEY_PAUSE = 250; // milliseconds after the last key until Python is told

/**
 * The z at a position: four decimals, as the link has them, so that it restores the same digit.
 *
 * @param {number} share
 */
export function zAt(share) {
  return fourDecimals(quantile(Math.min(Math.max(share, OUTERMOST), 1 - OUTERMOST)));
}

/** @param {number} z */
function fourDecimals(z) {
  return Number(z.toFixed(4));
}

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
  /** @type {Map<Element, Row>} */
  #rowOf = new Map();
  #isNew = false;
  /** @type {number | undefined} */
  #frame;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;

  /**
   * @param {HTMLElement} root
   * @param {[Decoder]} needed
   * @param {Say} say
   */
  constructor(root, [decoder], say) {
    this.decoder = decoder;
    this.say = say;
    this.digit = digitCanvas("Generated digit", "big");
    this.words = element("p", { className: "faint" });
    this.spoken = element("p", { className: "spoken", role: "status" });
    this.undo = button("Undo", "Back to what was before", () => this.#undo());
    const buttons = element(
      "div",
      { className: "row" },
      button("Randomise", "All that is not locked, drawn from the prior", () =>
        this.#change(() => fourDecimals(drawFromPrior())),
      ),
      button("Reset", "All that is not locked, to the middle", () => this.#change(() => 0)),
      this.undo,
      button("PNG", "Save the digit", () => savePicture(this.digit, 10, "digit.png")),
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
   */
  update({ latent, revision, order, notes, alive, likeliest }) {
    if (!this.#rows.length) this.#lay(order, notes, alive);
    this.spoken.textContent = `Most like a ${likeliest}. Distance from the middle: ${length(latent)}.`;
    if (revision === this.#revision) return;
    if (this.#revision !== null) this.#remember();
    this.#revision = revision;
    this.#set(latent);
  }

  destroy() {
    this.watcher.disconnect();
    if (this.#frame) cancelAnimationFrame(this.#frame);
    clearTimeout(this.#pause);
  }

  /**
   * @param {number[]} order
   * @param {string[]} notes
   * @param {number} alive
   */
  #lay(order, notes, alive) {
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
    return { dimension, slider, reading, element: whole, isSeen: false, isStale: true, cell: 0 };
  }

  /**
   * @param {number} dimension
   * @param {number} share
   */
  #drag(dimension, share) {
    this.#before ??= [...this.#latent];
    this.#latent[dimension] = zAt(share);
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
   * @param {() => number} value
   */
  #change(value) {
    this.#remember();
    const changed = this.#rows.map((row, i) => (row.slider.isLocked ? this.#latent[i] : value()));
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
    const z = this.#latent[row.dimension];
    const share = shareBelow(z);
    row.reading.textContent = `${z.toFixed(2)} · ${(100 * share).toFixed(0)} %`;
    const words = `z ${z.toFixed(4)}, ${(100 * share).toFixed(1)} % of the prior below`;
    row.slider.moveThumb(share, words);
  }

  #describe() {
    this.words.textContent = `Distance from the middle: ${length(this.#latent)}`;
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

  #draw() {
    this.#isNew = true;
    this.#frame ??= requestAnimationFrame(() => this.#paint());
  }

  /** The large digit, then as much of the strips as there is time for. */
  #paint() {
    this.#frame = undefined;
    if (this.#isNew) drawDigit(this.digit, this.decoder.decode(this.#latent));
    this.#isNew = false;
    const until = performance.now() + STRIP_BUDGET;
    let row = this.#nextStale();
    while (row && performance.now() < until) {
      this.#drawCell(row);
      row = this.#nextStale();
    }
    if (row) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  /** The stale row in sight whose strip is least complete. */
  #nextStale() {
    const stale = this.#rows.filter((row) => row.isSeen && (row.isStale || row.cell));
    return stale.toSorted((a, b) => a.cell - b.cell).at(0);
  }

  /**
   * One more digit of a strip. A drag makes strips stale while they are drawn: then once more.
   *
   * @param {Row} row
   */
  #drawCell(row) {
    if (row.cell === 0) row.isStale = false;
    const latent = [...this.#latent];
    latent[row.dimension] = quantile((row.cell + 0.5) / STRIP_CELLS);
    row.slider.drawCell(row.cell, this.decoder.decode(latent));
    row.cell = (row.cell + 1) % STRIP_CELLS;
    if (row.cell === 0 && !row.isStale) row.slider.track.classList.remove("stale");
  }
}

/** @param {number[]} latent */
function length(latent) {
  return Math.hypot(...latent).toFixed(2);
}
