// The dial: one slider through runs that differ in one option, and what each pays and gets for it.

import { SheetPanel } from "../scrubber/panels.js";
import { digits, Scrubber } from "../scrubber/scrubber.js";
import { element } from "../shared/elements.js";
import STYLE from "./dial.css";
import { RatePanel } from "./rate_panel.js";

/** @import { Series } from "./series.js" */

/** @extends {Scrubber<Series>} */
export class Dial extends Scrubber {
  /**
   * @param {ShadowRoot} parentElement
   * @param {Series} series
   */
  constructor(parentElement, series) {
    super(parentElement, series);
    this.element.classList.add("dial");
    this.element.append(element("style", { textContent: STYLE }));
    this.rate = new RatePanel((run) => this.go(run));
    const words = "Decoded from an even grid all over the map above, at its scale.";
    this.manifold = new SheetPanel("manifold", "What lies where", words);
    this.left.append(this.manifold.element);
    this.sheets.prepend(this.rate.element);
    this.marks = element("div", { className: "marks", "aria-hidden": "true" });
    this.slider.after(this.marks);
  }

  /** @param {Series} series */
  receive(series) {
    this.marks.replaceChildren(
      ...series.labels.map((label, i) => {
        const mark = element("span", { textContent: label });
        mark.style.setProperty("--share", String(i / Math.max(1, series.last)));
        return mark;
      }),
    );
    super.receive(series);
  }

  /**
   * @param {Series} series
   * @param {number} at
   */
  draw(series, at) {
    super.draw(series, at);
    const decoded = digits(series.decoded(at));
    const words = `What is decoded all over the map, ${series.title(at)}`;
    this.manifold.draw(decoded, Math.sqrt(decoded.length), words);
    this.rate.draw(series, at);
    [...this.marks.children].forEach((mark, i) => {
      mark.classList.toggle("here", i === Math.round(at));
    });
  }
}
