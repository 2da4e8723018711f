// One term's curves on their axes.

import { element, svg } from "../shared/elements.js";
import { logarithmicTicks, range, scale, ticks } from "./axes.js";

/** @import { Line, Scale } from "./axes.js" */

const HEIGHT = 200;
const MARGIN = { left: 44, right: 8, top: 6, bottom: 22 };
const MOST_DOTS = 30; // a longer line has none

export class Panel {
  /** @type {Scale | undefined} */
  #x;
  /** @type {SVGLineElement | undefined} */
  #cursor;

  /**
   * @param {string} name
   * @param {(x: number | null) => void} onRead told the x under the pointer
   */
  constructor(name, onRead) {
    this.name = name;
    this.reading = element("span", { className: "reading" });
    this.svg = svg("svg", { height: HEIGHT, role: "img" });
    const title = element("b", { textContent: name });
    const caption = element("figcaption", {}, title, this.reading);
    this.element = element("figure", {}, caption, this.svg);
    this.svg.addEventListener("pointermove", (event) => {
      const box = this.svg.getBoundingClientRect();
      onRead(this.#x?.backwards(event.clientX - box.left) ?? null);
    });
    this.svg.addEventListener("pointerleave", () => onRead(null));
  }

  /**
   * @param {Line[]} lines that of the validation last
   * @param {number} planned epochs
   * @param {boolean} isLogarithmic
   */
  draw(lines, planned, isLogarithmic) {
    const width = this.element.clientWidth;
    this.svg.setAttribute("width", String(width));
    const [low, high] = range(lines, isLogarithmic);
    const x = scale(0, planned, MARGIN.left, width - MARGIN.right, false);
    const y = scale(low, high, HEIGHT - MARGIN.bottom, MARGIN.top, isLogarithmic);
    const frame = {
      x: MARGIN.left,
      y: MARGIN.top,
      width: width - MARGIN.left - MARGIN.right,
      height: HEIGHT - MARGIN.top - MARGIN.bottom,
    };
    const inside = svg("svg", { ...frame, viewBox: Object.values(frame).join(" ") });
    for (const line of lines) inside.append(...curve(line, x, y));
    const upright = { y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom, visibility: "hidden" };
    this.#x = x;
    this.#cursor = svg("line", { class: "cursor", ...upright });
    this.svg.replaceChildren(...axes(x, y, width, isLogarithmic), this.#cursor, inside);
    const last = lines.at(-1)?.points.at(-1);
    const words = last ? ` Validation, after epoch ${last[0]}: ${last[1].toFixed(2)} nats.` : "";
    this.svg.setAttribute("aria-label", `${this.name} over the epochs.${words}`);
  }

  /**
   * Write an epoch's figures above the panel, and mark it on the axis.
   *
   * @param {number} epoch
   * @param {number[]} values
   */
  read(epoch, values) {
    this.reading.textContent = values.map((value) => value.toFixed(2)).join(" / ");
    if (!this.#x || !this.#cursor) return;
    this.#cursor.setAttribute("visibility", "visible");
    this.#cursor.setAttribute("x1", String(this.#x.forwards(epoch)));
    this.#cursor.setAttribute("x2", String(this.#x.forwards(epoch)));
  }

  /** The pointer has left. */
  readNothing() {
    this.reading.textContent = "";
    this.#cursor?.setAttribute("visibility", "hidden");
  }
}

/**
 * @param {Line} line
 * @param {Scale} x
 * @param {Scale} y
 */
function curve({ className, points }, x, y) {
  const drawn = points.map((point) => [x.forwards(point[0]), y.forwards(point[1])]);
  const corner = (/** @type {number[]} */ [left, top], /** @type {number} */ i) =>
    `${i ? "L" : "M"}${left.toFixed(2)} ${top.toFixed(2)}`;
  const dots = className === "batch" || drawn.length > MOST_DOTS ? [] : drawn;
  return [
    svg("path", { class: className, d: drawn.map(corner).join("") }),
    ...dots.map(([left, top]) => svg("circle", { class: className, cx: left, cy: top, r: 2.5 })),
  ];
}

/**
 * The grid with its numbers, and the epochs below.
 *
 * @param {Scale} x
 * @param {Scale} y
 * @param {number} width
 * @param {boolean} isLogarithmic
 */
function axes(x, y, width, isLogarithmic) {
  const words = (
    /** @type {number} */ left,
    /** @type {number} */ top,
    /** @type {number} */ value,
    /** @type {string} */ anchor,
  ) => {
    const made = svg("text", { x: left, y: top, "text-anchor": anchor });
    made.textContent = String(value);
    return made;
  };
  const across = ticks(...x.ends, 5).filter(Number.isInteger);
  const up = isLogarithmic ? logarithmicTicks(...y.ends) : ticks(...y.ends, 5);
  const ends = { x1: MARGIN.left, x2: width - MARGIN.right };
  return [
    ...up.flatMap((value) => {
      const top = y.forwards(value);
      const line = svg("line", { class: "grid", ...ends, y1: top, y2: top });
      return [line, words(MARGIN.left - 6, top + 4, value, "end")];
    }),
    ...across.map((value) => words(x.forwards(value), HEIGHT - 6, value, "middle")),
  ];
}
