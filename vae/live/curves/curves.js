// A run's losses over its epochs, drawn anew whenever more of them are known.

import PALETTE from "../palette.css";
import { element } from "../shared/elements.js";
import { styled } from "../shared/styled.js";
import { nearestRow } from "./axes.js";
import STYLE from "./curves.css";
import { Panel } from "./panel.js";

/** @import { Line, Point } from "./axes.js" */

/**
 * @typedef {object} Data see `curves_data` in training_views.py
 * @property {string[]} terms
 * @property {number} planned epochs
 * @property {number[][]} epochs
 * @property {number[][]} batches
 */

const SPLITS = ["train", "validation"]; // in the order of an epoch's row
const NAMES = ["training", "validation"];

export class Curves {
  /** @type {Data} */
  #data;

  /**
   * @param {ShadowRoot} parentElement
   * @param {Data} data
   */
  constructor(parentElement, data) {
    this.#data = data;
    this.byBatch = this.#checkbox("by batch, too", true);
    this.logarithmic = this.#checkbox("log axis", false);
    this.panels = data.terms.map((name) => new Panel(name, (x) => this.#read(x)));
    this.table = element("table");
    const key = (/** @type {string} */ split, /** @type {number} */ i) =>
      element("span", { className: `key ${split}` }, element("i"), NAMES[i]);
    this.element = styled(parentElement, "curves", PALETTE + STYLE);
    const of = { "aria-label": "Every epoch's figures" };
    this.element.append(
      element(
        "div",
        { className: "top" },
        ...SPLITS.map(key),
        this.byBatch.label,
        this.logarithmic.label,
        element("span", { className: "faint", textContent: "nats per image, over the epochs" }),
      ),
      element("div", { className: "panels" }, ...this.panels.map((panel) => panel.element)),
      element(
        "details",
        {},
        element("summary", { textContent: "Every epoch's figures" }),
        element("div", { className: "scroll", tabIndex: 0, role: "region", ...of }, this.table),
      ),
    );
    this.resized = new ResizeObserver(() => this.#draw());
    this.resized.observe(this.element);
  }

  /** @param {Data} data */
  receive(data) {
    this.#data = data;
    this.#draw();
    this.#fill();
  }

  close() {
    this.resized.disconnect();
  }

  /**
   * @param {string} words
   * @param {boolean} checked
   */
  #checkbox(words, checked) {
    const input = element("input", { type: "checkbox", checked, onchange: () => this.#draw() });
    return { input, label: element("label", {}, input, words) };
  }

  #draw() {
    const { batches, epochs, planned } = this.#data;
    if (!this.element.clientWidth) return;
    this.panels.forEach((panel, term) => {
      const shown = this.byBatch.input.checked ? batches : [];
      /** @type {Line[]} */
      const lines = SPLITS.map((className, split) => {
        const column = this.#column(split, term);
        return { className, points: epochs.map((row) => [row[0], row[column]]) };
      });
      const batch = shown.map((row) => /** @type {Point} */ ([row[0], row[1 + term]]));
      panel.draw(
        [{ className: "batch", points: batch }, ...lines],
        planned,
        this.logarithmic.input.checked,
      );
    });
  }

  /**
   * Where a term stands in the row of an epoch: the epoch, then the terms of each split.
   *
   * @param {number} split
   * @param {number} term
   */
  #column(split, term) {
    return 1 + split * this.#data.terms.length + term;
  }

  /**
   * Say what each panel shows at the epoch that is nearest to x.
   *
   * @param {number | null} x
   */
  #read(x) {
    const row = x === null ? undefined : nearestRow(this.#data.epochs, x);
    this.panels.forEach((panel, term) => {
      if (row)
        panel.read(
          row[0],
          SPLITS.map((_, split) => row[this.#column(split, term)]),
        );
      else panel.readNothing();
    });
  }

  #fill() {
    const { terms, epochs } = this.#data;
    const heads = NAMES.flatMap((name) => terms.map((term) => `${name}: ${term.toLowerCase()}`));
    const cells = (/** @type {(string | number)[]} */ row, /** @type {"td" | "th"} */ tag) =>
      element("tr", {}, ...row.map((textContent) => element(tag, { textContent })));
    const rows = epochs.map(([epoch, ...losses]) =>
      cells([epoch, ...losses.map((loss) => loss.toFixed(3))], "td"),
    );
    this.table.replaceChildren(cells(["epoch", ...heads], "th"), ...rows.reverse());
  }
}
