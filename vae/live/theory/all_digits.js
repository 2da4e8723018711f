// What is true of all digits: how their posteriors fill the prior, and what each one's ELBO lacks.

import { drawFromPrior } from "../latents/prior.js";
import { button, element } from "../shared/elements.js";
import { themed } from "../shared/palette.js";
import { gapsHistogram } from "./histogram.js";
import { axes, dots, mixture, prior } from "./layers.js";
import { gapsText, holesText, samplesText } from "./words.js";

/**
 * @import { Gaps } from "../latents/gaps.js"
 * @import { LatentMap } from "../latents/latent_map.js"
 * @import { Asked } from "./asked.js"
 * @import { Layer } from "./layers.js"
 */

/**
 * @typedef {object} Holes
 * @property {number} level the log density below which a place is a hole
 * @property {number} share of the prior
 */

const RASTER = 256; // cells along a side of the picture of the aggregate posterior
const SAMPLES = 1000;

export class AllDigits {
  /** @type {Set<string>} */
  #on = new Set();
  /** @type {Layer | null} */
  #mixture = null;
  /** @type {{points: number[][], isHole: boolean[]}} */
  #samples = { points: [], isHole: [] };

  /**
   * @param {LatentMap} latentMap
   * @param {Gaps | null} gaps
   * @param {Holes} holes
   * @param {Asked} asked
   * @param {() => void} changed what is drawn on the map
   */
  constructor(latentMap, gaps, holes, asked, changed) {
    this.latentMap = latentMap;
    this.gaps = gaps;
    this.holes = holes;
    this.asked = asked;
    this.changed = changed;
    this.posteriors = {
      means: /** @type {Float32Array} */ (latentMap.means),
      logVariances: /** @type {Float32Array} */ (latentMap.logVariances),
    };
    this.words = element("p", { className: "holes", role: "status" });
    const row = element(
      "div",
      { className: "row tools" },
      this.#toggle("prior", "Prior", "Contours of the prior: 1, 2 and 3 standard deviations"),
      this.#toggle("mixture", "All posteriors", "How dense the posteriors of all digits lie"),
      this.#toggle("samples", "1,000 samples", "Drop samples of the prior: which fall into holes?"),
      ...(gaps ? [this.#toggle("gaps", "Gaps", "Each digit by its amortisation gap")] : []),
      this.#toggle("axes", "Axes", "Axes and scale"),
    );
    this.element = element("div", { className: "theory-below" }, row, this.words);
    this.measured = gaps && measuredGaps(gaps);
  }

  /** Whether digits are still seen as dots in the colours of their classes. */
  get hasDots() {
    return !["mixture", "gaps", "samples"].some((name) => this.#on.has(name));
  }

  /**
   * @param {string} name
   * @param {string} words
   * @param {string} title
   */
  #toggle(name, words, title) {
    const made = button(words, title, () => {
      const isOn = !this.#on.delete(name);
      if (isOn) this.#on.add(name);
      made.setAttribute("aria-pressed", String(isOn));
      if (name === "samples" && isOn) this.#drop();
      if (name === "mixture" && !this.#mixture)
        this.asked.raster(this.posteriors, this.latentMap.extent, RASTER);
      this.#refresh();
    });
    made.setAttribute("aria-pressed", "false");
    return made;
  }

  /** Samples of the prior, new ones each time. */
  #drop() {
    const points = Array.from({ length: SAMPLES }, () => [drawFromPrior(), drawFromPrior()]);
    this.#samples = { points, isHole: [] };
    this.asked.densities(this.posteriors, points);
  }

  /** @param {number[]} logDensities at the samples */
  takeDensities(logDensities) {
    this.#samples.isHole = logDensities.map((density) => density < this.holes.level);
    this.#refresh();
  }

  /** @param {Float32Array} density */
  takeRaster(density) {
    const [blue] = themed(this.element, "truth");
    this.#mixture = mixture(density, this.latentMap.extent, blue);
    this.#refresh();
  }

  #refresh() {
    const { points, isHole } = this.#samples;
    const hasFallen = this.#on.has("samples") && isHole.length > 0;
    const fallen = isHole.filter(Boolean).length;
    const said = hasFallen ? [samplesText(fallen, points.length)] : [];
    if (this.#on.has("samples") || this.#on.has("mixture")) said.push(holesText(this.holes.share));
    this.words.textContent = said.join(" ");
    this.changed();
  }

  /** What is seen on the map. @returns {Layer[]} */
  layers() {
    const [blue, orange, grey] = themed(this.element, "truth", "gap", "unused");
    const { points, isHole } = this.#samples;
    /** @returns {[string, number]} */
    const fallen = (/** @type {number} */ i) => [
      isHole.length ? (isHole[i] ? orange : blue) : grey,
      0.9,
    ];
    /** @type {Record<string, () => Layer | null>} in the order in which they lie */
    const made = {
      mixture: () => this.#mixture,
      gaps: () => this.gaps && gapDots(this.latentMap.points, this.gaps, orange),
      samples: () => dots(points.flat(), fallen, 2.2),
      prior: () => prior,
      axes: () => axes,
    };
    const found = Object.entries(made).map(([name, make]) => (this.#on.has(name) ? make() : null));
    return found.filter((layer) => layer !== null);
  }
}

/** @param {Gaps} gaps */
function measuredGaps(gaps) {
  return element(
    "section",
    { className: "details-gaps" },
    element("h2", { textContent: `The gaps of all ${gaps.size.toLocaleString("en")} digits` }),
    gapsHistogram(gaps),
    element("p", { className: "faint", textContent: gapsText(gaps) }),
  );
}

/**
 * Each digit by its amortisation gap: the larger, the stronger.
 *
 * @param {ArrayLike<number>} points
 * @param {Gaps} gaps
 * @param {string} colour
 * @returns {Layer}
 */
function gapDots(points, { amortisation }, colour) {
  const most = amortisation.toSorted()[Math.floor(0.97 * amortisation.length)];
  const share = (/** @type {number} */ i) => Math.min(Math.max(amortisation[i] / most, 0), 1);
  return dots(points, (i) => [colour, 0.06 + 0.94 * share(i)], 2.8);
}
