// The theory view: beside the map, what is true of the digit that is pinned on it, and of all.

import { received, want } from "../bundles.js";
import { button, element } from "../shared/elements.js";
import { AllDigits } from "./all_digits.js";
import { Asked } from "./asked.js";
import { Layers } from "./layers.js";
import { OneImage } from "./one_image.js";
import { Pad } from "./pad.js";
import { CHOOSE } from "./words.js";

/**
 * @import { Gaps } from "../latents/gaps.js"
 * @import { MapView } from "../map/map_view.js"
 * @import { Decoder, Encoder } from "../network.js"
 * @import { Image } from "../shared/pictures.js"
 * @import { Holes } from "./all_digits.js"
 * @import { Chosen } from "./one_image.js"
 * @import { Answer } from "./worker.js"
 *
 * @typedef {Holes & {encoder: string}} Theory what Python tells; the bundle of the encoder by name
 */

export class TheoryPanel {
  #layers = new Layers();
  /** Whether what is seen was drawn here, so that no mark of the map shows it. */
  #isDrawn = false;

  /**
   * @param {MapView} view
   * @param {Theory} theory
   * @param {Gaps | null} gaps
   */
  constructor(view, theory, gaps) {
    this.view = view;
    this.theory = theory;
    const { latentMap, map } = view;
    const decoder = /** @type {Decoder} */ (view.decoder); // no sketch stands for it here
    want([theory.encoder]); // for the pad
    const changed = () => this.#refresh();
    this.asked = new Asked(decoder, latentMap.extent, (answer) => this.#take(answer));
    this.one = new OneImage(latentMap, decoder, this.asked, changed);
    this.all = new AllDigits(latentMap, gaps, theory, this.asked, changed);
    this.pad = new Pad((image) => this.#draw(image));
    this.choose = element("p", { textContent: CHOOSE });
    this.examples = element(
      "div",
      { className: "row examples" },
      "Examples",
      ...this.#examples(gaps),
    );
    this.failure = element("p", { className: "failure", role: "alert" });
    this.element = element(
      "section",
      { className: "theory" },
      element("h2", { textContent: "The true posterior" }),
      this.failure,
      this.pad.element,
      this.choose,
      this.one.element,
    );
    map.layers = [this.#layers.draw];
    view.root.classList.add("with-theory");
    view.legend.row.before(this.examples);
    view.reading.element.after(this.element);
    view.tools.row.after(this.all.element);
    if (this.all.measured) view.details.before(this.all.measured);
  }

  /**
   * Digits worth a look, as far as they are measured.
   *
   * @param {Gaps | null} gaps
   */
  #examples(gaps) {
    const { latentMap, digits } = this.view;
    const example = (/** @type {string} */ words, /** @type {number} */ index) =>
      button(words, `A ${digits.labels[index]}`, () =>
        this.view.pin(latentMap.latent(index), index),
      );
    if (!gaps) return [517, 2017, 4017].map((i) => example(`a ${digits.labels[i]}`, i));
    const { hills, gap, approximation, amortisation } = gaps;
    const at = (/** @type {Float32Array} */ values) => (/** @type {number} */ i) => values[i];
    // the more even two hills are, the nearer to log 2 is what a Gaussian on one of them lacks
    const evenness = (/** @type {number} */ i) =>
      hills[i] === 2 ? -Math.abs(approximation[i] - Math.LN2) : -Infinity;
    return [
      example("two hills", best(gaps.size, evenness)),
      example("a large gap", best(gaps.size, at(amortisation))),
      example("a small gap", best(gaps.size, at(gap.map((nats) => -nats)))),
    ];
  }

  /** What is drawn on the pad takes the place of what is pinned. @param {Image} image */
  #draw(image) {
    const encoder = /** @type {Encoder | undefined} */ (received(this.theory.encoder));
    if (!encoder) return; // it is on its way: the next stroke is read
    const { mean, logVariance } = encoder.encode(image);
    this.#isDrawn = true;
    this.#see({ image, q: { mean: Array.from(mean), logVariance: Array.from(logVariance) } });
  }

  /**
   * Show what is true of an image that is pinned, or of none.
   *
   * @param {Chosen | null} chosen
   */
  show(chosen) {
    this.#isDrawn = false;
    this.pad.clear();
    this.#see(chosen);
  }

  /** @param {Chosen | null} chosen */
  #see(chosen) {
    this.choose.hidden = chosen !== null;
    this.one.show(chosen);
  }

  /** @param {Answer} answer */
  #take(answer) {
    switch (answer.kind) {
      case "seen":
        return this.one.see(answer);
      case "walked":
        return this.one.walk(answer);
      case "raster":
        return this.all.takeRaster(answer.density);
      case "densities":
        return this.all.takeDensities(answer.found);
      case "failed":
        console.error(answer.error);
        this.failure.textContent = `The true posterior cannot be computed here: ${answer.error}`;
    }
  }

  #refresh() {
    this.#layers.set([...this.all.layers(), ...this.one.layers(this.#isDrawn)]);
    this.view.map.hasDots = this.all.hasDots;
    this.view.redraw();
  }

  end() {
    this.one.end();
    this.asked.end();
    this.view.map.layers = [];
    this.view.map.hasDots = true;
    this.view.root.classList.remove("with-theory");
    const { all, element: panel, examples } = this;
    for (const part of [panel, examples, all.element, all.measured]) part?.remove();
  }
}

/**
 * Which of so many has the highest value.
 *
 * @param {number} size
 * @param {(index: number) => number} value
 */
function best(size, value) {
  let found = 0;
  for (let i = 1; i < size; i++) if (value(i) > value(found)) found = i;
  return found;
}
