// The live map: a finger on it decodes at once, a click pins, Python is told on release.

import { rounded } from "../latents/link_decimals.js";
import { klDivergence } from "../latents/losses.js";
import { button, element } from "../shared/elements.js";
import { CLASSES } from "../shared/mnist.js";
import { paletteOf } from "../shared/palette.js";
import { TheoryPanel } from "../theory/panel.js";
import { MapCanvas } from "./canvas.js";
import { aroundDetails, digitDetails, Reading } from "./details.js";
import { listenToKeys, listenToPointers } from "./input.js";
import { CLOUD, ELLIPSES } from "./words.js";

/**
 * @import { Decodes } from "../network.js"
 * @import { Gaps } from "../latents/gaps.js"
 * @import { Digits, LatentMap } from "../latents/latent_map.js"
 * @import { Theory } from "../theory/panel.js"
 * @import { Image } from "../shared/pictures.js"
 * @import { Say } from "../stage.js"
 * @import { Cloud, Frame } from "./canvas.js"
 */

/**
 * @typedef {object} Place what the map shows, as links and `MapView` in Python have it: of `z`,
 *   `digit` and `drawing` at most one is set
 * @property {number[] | null} z
 * @property {number | null} digit
 * @property {boolean} drawing
 * @property {Frame | null} frame null: the whole map
 * @property {number[]} hidden labels
 * @property {boolean} manifold
 *
 * @typedef {object} Drawing what the visitor has drawn, and its posterior
 * @property {Image} image
 * @property {number[]} mean
 * @property {number[]} log_variance
 *
 * @typedef {object} Posterior that of the pinned digit, or of the drawing where `digit` is null,
 *   if the page cannot tell it: its cloud on the map, and its KL divergence in nats
 * @property {number | null} digit
 * @property {number} kl
 * @property {Cloud["points"]} points
 * @property {Cloud["rings"]} rings
 *
 * @typedef {object} Pin what was chosen last: a latent, maybe because it is that of a digit or of
 *   the drawing
 * @property {ArrayLike<number>} latent
 * @property {number | null} digit
 * @property {boolean} isDrawing
 */

const HINT_MS = 1500;

/** The view "map". The state `place` tells of changes. */
export class MapView {
  /** @type {Pin | null} */
  pinned = null;
  /** The latent under the finger. @type {ArrayLike<number> | null} */
  hover = null;
  /** @type {Drawing | null} */
  drawing = null;
  /** @type {Posterior | null} */
  #posterior = null;
  /** @type {number | null} */
  #revision = null;
  /** @type {TheoryPanel | null} */
  #theory = null;
  /** @type {number | null} */
  #waiting = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #telling;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hinting;

  /**
   * @param {HTMLElement} root
   * @param {[Decodes, LatentMap, Digits, Gaps?]} needed the last one for the theory only
   * @param {Say} say
   */
  constructor(root, [decoder, latentMap, digits, gaps], say) {
    this.decoder = decoder;
    this.latentMap = latentMap;
    this.digits = digits;
    this.gaps = gaps;
    this.root = root;
    this.say = say;
    this.palette = paletteOf(root);
    this.map = new MapCanvas(latentMap, decoder);
    this.reading = new Reading(latentMap, decoder, digits);
    this.details = element("div", { className: "details" });
    this.tools = mapTools(this);
    this.legend = mapLegend(this);
    this.hint = element("p", {
      className: "hint",
      textContent: "Ctrl and the wheel zoom",
      hidden: true,
    });
    const frame = element("div", { className: "frame" }, this.map.canvas, this.hint);
    root.classList.add("map-view");
    root.append(
      element("div", { className: "map-side" }, this.reading.element),
      element("div", { className: "map-main" }, this.legend.row, frame, this.tools.row),
      this.details,
    );
    listenToPointers(this);
    listenToKeys(this);
    this.resized = new ResizeObserver(() => this.redraw());
    this.resized.observe(this.map.canvas);
  }

  /**
   * Take over what Python says, unless it only repeats what it was told.
   *
   * @param {object} data
   * @param {number} data.revision
   * @param {Place} data.place
   * @param {Drawing | null} data.drawing
   * @param {Posterior | null} data.cloud
   * @param {Theory | null} [data.theory] null: the theory is not asked for
   */
  update({ revision, place, drawing, cloud, theory = null }) {
    this.#showTheory(theory);
    this.drawing = drawing;
    this.#posterior = cloud;
    this.map.marks.drawing = drawing ? this.latentMap.project(drawing.mean) : null;
    if (revision !== this.#revision) {
      this.#revision = revision;
      this.#restore(place);
    } else if (this.#isPinned(cloud) && this.map.marks.cloud === null) this.#tellAgain();
    this.redraw();
  }

  /** @param {Theory | null} theory */
  #showTheory(theory) {
    if (Boolean(theory) === Boolean(this.#theory)) return;
    this.#theory?.end();
    this.#theory = theory && new TheoryPanel(this, theory, this.gaps ?? null);
    this.#tellTheory();
  }

  /** Let the theory be that of what is pinned, if it is an image. */
  #tellTheory() {
    const { pinned, latentMap, digits, drawing } = this;
    if (pinned?.isDrawing && drawing) {
      const q = { mean: drawing.mean, logVariance: drawing.log_variance };
      this.#theory?.show({ image: Float32Array.from(drawing.image), q });
    } else if (pinned && pinned.digit !== null) {
      const mean = Array.from(latentMap.latent(pinned.digit));
      const q = { mean, logVariance: Array.from(latentMap.logVariance(pinned.digit)) };
      this.#theory?.show({ image: digits.image(pinned.digit), q });
    } else this.#theory?.show(null);
  }

  /**
   * Whether a posterior is that of what is pinned now, and not of what was pinned before.
   *
   * @param {Posterior | null} posterior
   */
  #isPinned(posterior) {
    const { pinned } = this;
    if (!posterior || !pinned) return false;
    return posterior.digit === null ? pinned.isDrawing : posterior.digit === pinned.digit;
  }

  /** Tell once more of what is pinned, now that its posterior is there. */
  #tellAgain() {
    const { latent, digit, isDrawing } = /** @type {Pin} */ (this.pinned);
    const { hover } = this;
    this.#choose(latent, digit, isDrawing);
    this.hover = hover;
  }

  /** Decode once more all that is shown. */
  refresh() {
    this.map.refresh();
    const focused = focusedIn(this.details)?.getAttribute("aria-label");
    if (this.pinned) this.#tellAgain();
    const same = this.details.querySelector(`[aria-label="${focused}"]`);
    if (same instanceof HTMLElement) same.focus(); // what had the focus is gone
    this.redraw();
  }

  destroy() {
    this.#theory?.end();
    this.resized.disconnect();
    if (this.#waiting !== null) cancelAnimationFrame(this.#waiting);
    clearTimeout(this.#telling);
    clearTimeout(this.#hinting);
  }

  /** @param {Place} place */
  #restore(place) {
    this.map.hidden = new Set(place.hidden);
    this.map.hasManifold = place.manifold;
    this.map.frame = place.frame ? { ...place.frame } : { ...this.map.home };
    if (place.digit !== null) this.#choose(this.latentMap.latent(place.digit), place.digit);
    else if (place.drawing && this.drawing) this.#choose(this.drawing.mean, null, true);
    else if (place.z) this.#choose(rounded(place.z));
    this.refreshTools();
  }

  /**
   * Tell Python soon; only the last of quick changes.
   *
   * @param {number} [delay] in milliseconds
   */
  tell(delay = 0) {
    clearTimeout(this.#telling);
    const said = () => this.say.state("place", placeOf(this.pinned, this.map));
    this.#telling = setTimeout(said, delay);
  }

  /**
   * Pin a latent or a digit, show all about it, and tell Python.
   *
   * @param {ArrayLike<number>} latent
   * @param {number | null} [digit]
   */
  pin(latent, digit = null) {
    this.#choose(latent, digit);
    this.redraw();
    this.tell();
  }

  /**
   * @param {ArrayLike<number>} latent
   * @param {number | null} digit
   */
  #choose(latent, digit = null, isDrawing = false) {
    this.pinned = { latent, digit, isDrawing };
    this.hover = null;
    const { latentMap, map } = this;
    map.marks.pin = latentMap.project(latent);
    map.marks.ellipse = map.marks.cloud = null;
    const parts = [];
    if (digit !== null) parts.push(this.#digitDetails(digit));
    if (isDrawing) parts.push(this.#drawingDetails());
    const { half } = map.frame;
    const go = (/** @type {ArrayLike<number>} */ to) => {
      this.pin(to);
      const here = this.details.querySelector("[aria-label='Here']");
      if (here instanceof HTMLElement) here.focus(); // the button that was pressed is gone
    };
    parts.push(aroundDetails(latentMap, this.decoder, latent, half, go));
    this.details.replaceChildren(...parts);
    this.#tellTheory();
  }

  /** @param {number} digit */
  #digitDetails(digit) {
    const { latentMap, digits } = this;
    const posterior = { mean: latentMap.latent(digit), logVariance: latentMap.logVariance(digit) };
    return this.#imageDetails(`A digit: ${digits.labels[digit]}`, digits.image(digit), posterior);
  }

  #drawingDetails() {
    const { image, mean, log_variance: logVariance } = /** @type {Drawing} */ (this.drawing);
    return this.#imageDetails("Your drawing", image, { mean, logVariance });
  }

  /**
   * @param {string} name
   * @param {Image} image
   * @param {{mean: ArrayLike<number>, logVariance: ArrayLike<number>}} posterior
   */
  #imageDetails(name, image, { mean, logVariance }) {
    const { decoder, palette, latentMap } = this;
    if (latentMap.isAutoencoder) return digitDetails(decoder, palette, image, mean, null, name);
    if (!latentMap.hasStandardPrior) {
      const posterior = this.#isPinned(this.#posterior) ? this.#posterior : null;
      this.map.marks.cloud = posterior;
      const cloud = { kl: posterior?.kl ?? null, shape: CLOUD };
      return digitDetails(decoder, palette, image, mean, cloud, name);
    }
    this.map.marks.ellipse = { centre: latentMap.project(mean), ...latentMap.ellipse(logVariance) };
    const gaussian = { kl: klDivergence(mean, logVariance), shape: ELLIPSES };
    return digitDetails(decoder, palette, image, mean, gaussian, name);
  }

  /**
   * Decode what is under the finger, at the next frame.
   *
   * @param {ArrayLike<number> | null} latent
   */
  hoverAt(latent) {
    this.hover = latent;
    this.map.movedAt = performance.now();
    this.redraw();
  }

  /** The latent that is shown: under the finger, pinned, or the middle of the map. */
  get current() {
    return this.hover ?? this.pinned?.latent ?? new Float64Array(this.latentMap.latentDim);
  }

  /** Draw at the next frame, once however often it is asked for. */
  redraw() {
    this.#waiting ??= requestAnimationFrame(() => {
      this.#waiting = null;
      const title = this.hover
        ? "Under the pointer"
        : this.pinned
          ? "Pinned"
          : "The middle of the map";
      const index = this.hover ? -1 : (this.pinned?.digit ?? -1);
      this.reading.show(this.current, title, index);
      this.map.marks.cursor = this.hover ? this.latentMap.project(this.hover) : null;
      if (this.map.draw()) this.redraw();
    });
  }

  /** Say how the wheel zooms, to who has scrolled the page over the map. */
  hintAtWheel() {
    this.hint.hidden = false;
    clearTimeout(this.#hinting);
    this.#hinting = setTimeout(() => {
      this.hint.hidden = true;
    }, HINT_MS);
  }

  refreshTools() {
    this.tools.refresh();
    this.legend.refresh();
  }
}

/**
 * What has the focus within an element of a component.
 *
 * @param {HTMLElement} within
 */
function focusedIn(within) {
  const root = /** @type {ShadowRoot} */ (within.getRootNode());
  return within.contains(root.activeElement) ? root.activeElement : null;
}

/**
 * What a link needs to show the same again.
 *
 * @param {Pin | null} pinned
 * @param {Pick<MapCanvas, "frame" | "home" | "hidden" | "hasManifold">} map
 * @returns {Place}
 */
export function placeOf(pinned, { frame, home, hidden, hasManifold }) {
  const isHome = frame.x === home.x && frame.y === home.y && frame.half === home.half;
  const isBare = pinned !== null && pinned.digit === null && !pinned.isDrawing;
  return {
    z: isBare ? Array.from(pinned.latent) : null,
    digit: pinned?.digit ?? null,
    drawing: pinned?.isDrawing ?? false,
    frame: isHome ? null : frame,
    hidden: [...hidden].sort(),
    manifold: hasManifold,
  };
}

/**
 * Zoom, the manifold, and what a drag means.
 *
 * @param {MapView} view
 */
function mapTools(view) {
  const { map } = view;
  const tool = (
    /** @type {string} */ words,
    /** @type {string} */ title,
    /** @type {() => void} */ act,
  ) => {
    const made = button(words, title, () => {
      act();
      view.refreshTools();
      view.redraw();
      view.tell(300);
    });
    if (!/\w/.test(words)) made.setAttribute("aria-label", title); // a sign is no name
    return made;
  };
  const manifold = tool("Manifold", "Show what is decoded all over the map", () => {
    map.hasManifold = !map.hasManifold;
  });
  const drags = ["z", "map"].map((what) =>
    tool(what, `A drag moves ${what === "z" ? "z: the digit morphs" : "the map"}`, () => {
      map.isMoved = what === "map";
    }),
  );
  const choice = element("div", {
    className: "choice",
    role: "group",
    "aria-label": "A drag moves",
  });
  choice.append("Drag", ...drags);
  const row = element(
    "div",
    { className: "row tools" },
    manifold,
    choice,
    tool("−", "Zoom out", () => map.zoom(1.5)),
    tool("+", "Zoom in", () => map.zoom(1 / 1.5)),
    tool("Whole map", "Show the whole map", () => map.goHome()),
  );
  const refresh = () => {
    manifold.setAttribute("aria-pressed", String(map.hasManifold));
    view.root.classList.toggle("on-black", map.hasManifold);
    drags.forEach((one, i) => {
      one.setAttribute("aria-pressed", String(map.isMoved === (i === 1)));
    });
    map.canvas.style.touchAction = map.isMoved ? "none" : "";
  };
  refresh();
  return { row, refresh };
}

/**
 * One chip a class; a click hides or shows it, a double click or one with Shift shows it alone.
 *
 * @param {MapView} view
 */
function mapLegend(view) {
  const { map } = view;
  const chips = Array.from({ length: CLASSES }, (_, label) => {
    const dot = element("i");
    dot.style.background = `var(--class-${label})`;
    const title = "Hides or shows these digits; a double click, or Shift, shows them alone";
    const named = { "aria-label": `Digits ${label}`, title };
    const chip = element("button", named, dot, String(label));
    const changed = () => {
      refresh();
      view.redraw();
      view.tell(300);
    };
    const alone = () => {
      map.hidden = isolated(label, map.hidden);
      changed();
    };
    chip.onclick = ({ shiftKey }) => {
      if (shiftKey) return alone();
      if (!map.hidden.delete(label)) map.hidden.add(label);
      changed();
    };
    chip.ondblclick = ({ shiftKey }) => !shiftKey && alone(); // after two clicks, which undo each other
    return chip;
  });
  const refresh = () =>
    chips.forEach((chip, label) => {
      chip.setAttribute("aria-pressed", String(!map.hidden.has(label)));
    });
  refresh();
  return { row: element("div", { className: "row legend" }, ...chips), refresh };
}

/**
 * What is hidden so that one class is alone; where it is already, nothing is.
 *
 * @param {number} label
 * @param {Set<number>} hidden
 */
export function isolated(label, hidden) {
  const isAlone = hidden.size === CLASSES - 1 && !hidden.has(label);
  const others = Array.from({ length: CLASSES }, (_, other) => other).filter((o) => o !== label);
  return new Set(isAlone ? [] : others);
}
