// What is true of one image: its true posterior enlarged, its loss as two bars, and a better Gaussian.

import { MapCanvas } from "../map/canvas.js";
import { button, element } from "../shared/elements.js";
import { classColours, themed } from "../shared/palette.js";
import { axes, dots, gaussian, heat, Layers } from "./layers.js";
import { betterText, EXACT, hillsText, lowerText, TERMS, told, upperText } from "./words.js";

/**
 * @import { LatentMap } from "../latents/latent_map.js"
 * @import { Point } from "../map/canvas.js"
 * @import { Decoder } from "../network.js"
 * @import { Image } from "../shared/pictures.js"
 * @import { Asked } from "./asked.js"
 * @import { Gaussian } from "./field.js"
 * @import { Step } from "./gaussian.js"
 * @import { Layer } from "./layers.js"
 * @import { Seen, Walked } from "./worker.js"
 */

/** @typedef {{image: Image, q: Gaussian}} Chosen an image, and what its encoder says of it */

const STEP = 140; // milliseconds for each step of the walk
const ROOM = 1.25; // of the loupe about what is shown
const SMALLEST = 0.02; // half the width of the loupe, at least
const SEEN = 0.01; // of the highest density: what the loupe is to show
const COARSE = 0.5; // nats by which parts of the grid may differ before it is said

export class OneImage {
  /** @type {Chosen | null} */
  #chosen = null;
  /** @type {Seen | null} */
  #seen = null;
  /** @type {Layer[]} the better Gaussian, and the way there */
  #found = [];
  #frame = 0;
  #isGridKnown = false;
  #layers = new Layers();

  /**
   * @param {LatentMap} latentMap
   * @param {Decoder} decoder
   * @param {Asked} asked
   * @param {() => void} changed what is drawn on the map, too
   */
  constructor(latentMap, decoder, asked, changed) {
    this.asked = asked;
    this.changed = changed;
    this.loupe = new MapCanvas(latentMap, decoder);
    this.loupe.canvas.classList.add("loupe");
    this.loupe.canvas.tabIndex = -1;
    this.loupe.canvas.setAttribute("role", "img");
    this.loupe.layers = [this.#layers.draw];
    this.loupe.hasDots = false;
    this.state = element("p", { className: "faint state" });
    this.upper = bar("truth", "gap");
    this.lower = bar("lost", "told");
    this.hills = element("p");
    const title = "Search the Gaussian that is best for this one digit";
    this.improve = button("Find a better posterior", title, () => {
      this.#stop();
      this.pace.textContent = "Searching …";
      asked.improve();
    });
    this.pace = element("p", { "aria-hidden": true }); // of the walk: too quick to be read out
    this.result = element("p", { className: "result", role: "status" });
    this.element = element(
      "div",
      { className: "chosen" },
      this.state,
      this.loupe.canvas,
      this.upper.element,
      this.lower.element,
      this.hills,
      element("div", { className: "row" }, this.improve, this.pace),
      this.result,
      more("What the figures mean", EXACT, TERMS),
    );
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.loupe.canvas);
  }

  /**
   * Show what is true of an image, or of none.
   *
   * @param {Chosen | null} chosen
   */
  show(chosen) {
    if (!chosen || !this.#chosen) this.#seen = null; // else what was seen stays until there is more
    this.#chosen = chosen;
    this.#stop();
    this.element.hidden = !chosen;
    this.#await();
    if (chosen) {
      this.asked.look(chosen.image, chosen.q);
      this.#enlarge(this.#seen?.cells ?? []);
    }
    this.#refresh();
  }

  /** What is still shown is of the image before. */
  #await() {
    this.improve.disabled = true;
    this.element.classList.add("stale");
    this.state.textContent = this.#isGridKnown ? "Computing …" : "Decoding the grid …";
  }

  #stop() {
    cancelAnimationFrame(this.#frame);
    this.#found = [];
    this.result.textContent = this.pace.textContent = "";
  }

  /** @param {Seen} seen */
  see(seen) {
    this.#seen = seen;
    const { terms, hills, isExact, error } = seen;
    this.#enlarge(seen.cells);
    if (terms && isExact) {
      this.#isGridKnown = true;
      this.improve.disabled = false;
      this.element.classList.remove("stale");
      this.hills.textContent = hillsText(hills);
      this.upper.show(terms.nll, terms.gap, upperText(terms));
      this.lower.show(terms.reconstruction, terms.kl, lowerText(terms));
      this.state.textContent =
        error > COARSE
          ? "The grid is too coarse for so sharp a posterior: figures may be off."
          : "";
    }
    this.#refresh();
  }

  /**
   * The ellipse walks, step by step; at once where less motion is asked for.
   *
   * @param {Walked} walked
   */
  walk({ way, jumped }) {
    const end = () => {
      this.#found = [this.#better(way, way.length - 1)];
      this.pace.textContent = "";
      this.result.textContent = betterText(way, jumped, this.#seen?.hills.length ?? 1);
      this.#refresh();
    };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return end();
    const begun = performance.now();
    const next = (/** @type {number} */ now) => {
      const at = Math.max(0, (now - begun) / STEP);
      if (at >= way.length - 1) return end();
      this.#found = [this.#better(way, at)];
      this.pace.textContent = `Gap ${told(way[Math.floor(at)].gap)} nats`;
      this.#refresh();
      this.#frame = requestAnimationFrame(next);
    };
    this.#frame = requestAnimationFrame(next);
  }

  /**
   * The Gaussian at a place of the way, maybe between two steps.
   *
   * @param {Step[]} way
   * @param {number} at
   */
  #better(way, at) {
    const [before, after] = [way[Math.floor(at)].q, way[Math.ceil(at)].q];
    const between = (/** @type {number[]} */ a, /** @type {number[]} */ b) =>
      a.map((value, i) => value + (at % 1) * (b[i] - value));
    const q = {
      mean: between(before.mean, after.mean),
      logVariance: between(before.logVariance, after.logVariance),
    };
    const gone = way.slice(0, Math.floor(at) + 1).map((step) => step.q.mean);
    const [orange] = themed(this.element, "gap");
    return gaussian(q, /** @type {Point[]} */ ([...gone, q.mean]), orange);
  }

  /**
   * Set the loupe about the encoder's Gaussian and the cells of the true posterior.
   *
   * @param {ArrayLike<number>} cells
   */
  #enlarge(cells) {
    if (!this.#chosen) return;
    const { mean, logVariance } = this.#chosen.q;
    const reach = logVariance.map((value) => 2.5 * Math.exp(value / 2));
    const low = mean.map((value, i) => value - reach[i]);
    const high = mean.map((value, i) => value + reach[i]);
    for (let i = 0; i < cells.length; i += 4) {
      if (cells[i + 3] < SEEN) continue;
      for (const axis of [0, 1]) {
        low[axis] = Math.min(low[axis], cells[i + axis] - cells[i + 2] / 2);
        high[axis] = Math.max(high[axis], cells[i + axis] + cells[i + 2] / 2);
      }
    }
    const half = (ROOM * Math.max(high[0] - low[0], high[1] - low[1])) / 2;
    const [x, y] = low.map((value, i) => (value + high[i]) / 2);
    this.loupe.frame = { x, y, half: Math.max(half, SMALLEST) };
  }

  /**
   * What is seen of it on any map.
   *
   * @param {boolean} hasEncoders whether the encoder's Gaussian is one of it
   * @returns {Layer[]}
   */
  layers(hasEncoders = false) {
    if (!this.#chosen) return [];
    const [blue] = themed(this.element, "truth");
    const { color } = getComputedStyle(this.loupe.canvas);
    const encoders = hasEncoders ? [gaussian(this.#chosen.q, [], color)] : [];
    return [...(this.#seen ? [heat(this.#seen.cells, blue)] : []), ...encoders, ...this.#found];
  }

  /** The digits about it, faint behind what is true. */
  #digits() {
    const { points, labels } = this.loupe.latentMap;
    const colours = classColours(this.element);
    return dots(points, (i) => [colours[labels[i]], 0.25], 2.5);
  }

  #refresh() {
    this.#layers.set([this.#digits(), ...this.layers(), axes]);
    this.draw();
    this.changed();
  }

  draw() {
    if (!this.#chosen) return;
    const { mean, logVariance } = this.#chosen.q;
    const [long, short] = logVariance.map((value) => Math.exp(value / 2));
    this.loupe.marks.ellipse = { centre: [mean[0], mean[1]], long, short, angle: 0 };
    const words = `The true posterior, enlarged. ${this.hills.textContent}`;
    this.loupe.canvas.setAttribute("aria-label", words);
    this.loupe.draw();
  }

  end() {
    this.#stop();
    this.resized.disconnect();
  }
}

/**
 * Two terms as one bar, and their sum in words.
 *
 * @param {string} first the class of the first
 * @param {string} second
 */
function bar(first, second) {
  const parts = [first, second].map((className) => element("i", { className }));
  const track = element(
    "div",
    { className: "loss", role: "img", "aria-label": "Not computed yet" },
    ...parts,
  );
  const words = element("p", { className: "figures" });
  return {
    element: element("div", { className: "sum" }, track, words),
    show: (/** @type {number} */ a, /** @type {number} */ b, /** @type {string} */ text) => {
      parts[0].style.flexGrow = String(a);
      parts[1].style.flexGrow = String(Math.max(b, 0));
      words.textContent = text;
      track.setAttribute("aria-label", text);
    },
  };
}

/**
 * Words for whoever asks.
 *
 * @param {string} title
 * @param {...string} paragraphs
 */
function more(title, ...paragraphs) {
  return element(
    "details",
    { "aria-label": title },
    element("summary", { textContent: title }),
    ...paragraphs.map((textContent) => element("p", { className: "faint", textContent })),
  );
}
