// The rate-distortion curve: what each run tells of a digit, and what it leaves untold.

import { scale, ticks } from "../curves/axes.js";
import { element, svg } from "../shared/elements.js";
import { edge, mixed } from "./series.js";

/** @import { Series } from "./series.js" */

const [WIDTH, HEIGHT] = [300, 230];
const MARGIN = { left: 42, right: 12, top: 10, bottom: 38 };
const ROOM = 0.12; // of what the axes span, beyond the outermost points

export class RatePanel {
  /** @param {(run: number) => void} onChoose told which run was clicked */
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.svg = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    this.words = element("p", { className: "faint" });
    const title = element("h2", { textContent: "Rate and distortion" });
    this.element = element("section", { className: "rate" }, title, this.svg, this.words);
  }

  /**
   * @param {Series} series
   * @param {number} at
   */
  draw(series, at) {
    const runs = series.told.flatMap((rate, run) => (rate === null ? [] : [run]));
    this.element.hidden = runs.length < 2;
    if (this.element.hidden) return;
    const all = runs.map((run) => Number(series.told[run]));
    const most = edge(all);
    const told = all.map((rate) => Math.min(rate, most));
    const lost = runs.map((run) => series.lost[run]);
    const x = spanned(told, MARGIN.left, WIDTH - MARGIN.right, 0);
    const y = spanned(lost, HEIGHT - MARGIN.bottom, MARGIN.top);
    const place = (/** @type {number} */ i) => [x.forwards(told[i]), y.forwards(lost[i])];
    const line = runs.map((_, i) => `${i ? "L" : "M"}${place(i).map((v) => v.toFixed(1))}`);
    this.svg.replaceChildren(
      ...axes(x, y),
      svg("path", { class: "curve", d: line.join("") }),
      ...runs.map((run, i) => this.#point(series, run, place(i), all[i] > most, at)),
    );
    if (runs.length === series.told.length) {
      const [rate, loss] = [mixed(told, at), mixed(lost, at)];
      const here = { cx: x.forwards(rate), cy: y.forwards(loss), r: 6 };
      this.svg.append(svg("circle", { class: "now", ...here }));
    }
    this.words.textContent = `Each dot is a run, measured on ${series.source}, in nats. Click one.`;
    this.svg.setAttribute("aria-label", `Rate and distortion of each run. ${series.spoken(at)}`);
  }

  /**
   * @param {Series} series
   * @param {number} run
   * @param {number[]} place
   * @param {boolean} isBeyond whether it lies farther to the right than the axis goes
   * @param {number} at
   */
  #point(series, run, [left, top], isBeyond, at) {
    const group = svg("g", { class: run === Math.round(at) ? "point here" : "point" });
    const title = svg("title", {});
    title.textContent = `${series.title(run)}: ${series.figures(run)}`;
    const place = isBeyond ? { x: left + 8, y: top + 16, "text-anchor": "end" } : {};
    const label = svg("text", { x: left + 7, y: top - 8, ...place });
    const rate = Number(series.told[run]).toFixed(0);
    label.textContent = isBeyond ? `${series.labels[run]} (at ${rate}) →` : series.labels[run];
    const target = svg("circle", { class: "target", cx: left, cy: top, r: 14 });
    group.append(title, svg("circle", { cx: left, cy: top, r: 3.5 }), label, target);
    group.addEventListener("click", () => this.onChoose(run));
    return group;
  }
}

/**
 * A scale over these numbers, with room at its ends.
 *
 * @param {number[]} numbers
 * @param {number} from
 * @param {number} to
 * @param {number} [least] below which nothing lies
 */
function spanned(numbers, from, to, least = -Infinity) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const room = ROOM * (high - low) || 1;
  return scale(Math.max(least, low - room), high + room, from, to, false);
}

/**
 * @param {import("../curves/axes.js").Scale} x
 * @param {import("../curves/axes.js").Scale} y
 */
function axes(x, y) {
  const words = (/** @type {string} */ text, /** @type {Record<string, unknown>} */ where) => {
    const made = svg("text", where);
    made.textContent = text;
    return made;
  };
  const bottom = HEIGHT - MARGIN.bottom;
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const middle = (MARGIN.top + bottom) / 2;
  return [
    ...ticks(...y.ends, 4).flatMap((value) => {
      const top = y.forwards(value);
      return [
        svg("line", { class: "grid", x1: left, x2: right, y1: top, y2: top }),
        words(String(value), { x: left - 5, y: top + 4, "text-anchor": "end" }),
      ];
    }),
    ...ticks(...x.ends, 5).map((value) =>
      words(String(value), { x: x.forwards(value), y: bottom + 15, "text-anchor": "middle" }),
    ),
    words("KL divergence (told)", {
      x: (left + right) / 2,
      y: HEIGHT - 5,
      "text-anchor": "middle",
    }),
    words("reconstruction loss (untold)", {
      x: 0,
      y: 0,
      transform: `translate(10 ${middle}) rotate(-90)`,
      "text-anchor": "middle",
    }),
  ];
}
