// A run's losses over its epochs, drawn anew whenever more of them are known. See training.py.

const TERMS = ["Loss", "Reconstruction loss", "KL divergence"];
const LINES = [
  { name: "training", className: "train", first: 1 },
  { name: "validation", className: "validation", first: 4 },
]; // `first`: where its three terms begin in the row of an epoch
const HEIGHT = 200;
const MARGIN = { left: 44, right: 8, top: 6, bottom: 22 };

export default function ({ data, parentElement }) {
  parentElement.curves ??= new Curves(parentElement);
  parentElement.curves.receive(data);
  return () => {
    parentElement.curves?.close();
    delete parentElement.curves;
  };
}

class Curves {
  constructor(root) {
    root.querySelector(".curves")?.remove();
    const box = (words, checked) => {
      const input = element("input", { type: "checkbox", checked, onchange: () => this.#draw() });
      return { input, label: element("label", {}, input, words) };
    };
    this.byBatch = box("by batch, too", true);
    this.logarithmic = box("log axis", false);
    this.panels = TERMS.map((name) => new Panel(name, (x) => this.#read(x)));
    this.table = element("table");
    const key = ({ name, className }) => element("span", { className: `key ${className}` }, element("i"), name);
    this.element = element(
      "div",
      { className: "curves" },
      element("div", { className: "top" }, ...LINES.map(key),
        this.byBatch.label, this.logarithmic.label,
        element("span", { className: "faint", textContent: "nats per image, over the epochs" })),
      element("div", { className: "panels" }, ...this.panels.map((panel) => panel.element)),
      element("details", {},
        element("summary", { textContent: "Every epoch's figures" }),
        element("div", { className: "scroll", tabIndex: 0 }, this.table)),
    );
    root.append(this.element);
    this.resized = new ResizeObserver(() => this.#draw());
    this.resized.observe(this.element);
  }

  receive(data) {
    this.data = data;
    this.#draw();
    this.#fill();
  }

  close() {
    this.resized.disconnect();
  }

  #draw() {
    const { batches, epochs, planned } = this.data ?? {};
    if (!this.data || !this.element.clientWidth) return;
    this.panels.forEach((panel, term) => {
      const shown = this.byBatch.input.checked ? batches.map((row) => [row[0], row[1 + term]]) : [];
      const lines = LINES.map(({ className, first }) => ({
        className,
        points: epochs.map((row) => [row[0], row[first + term]]),
      }));
      panel.draw([{ className: "batch", points: shown }, ...lines], planned, this.logarithmic.input.checked);
    });
  }

  /** Say what each panel shows at the epoch that is nearest to x. */
  #read(x) {
    const { epochs } = this.data;
    const row = x === null ? undefined : nearest(epochs, x);
    this.panels.forEach((panel, term) => panel.read(row?.[0], LINES.map(({ first }) => row?.[first + term])));
  }

  #fill() {
    const names = ["epoch", ...LINES.flatMap(({ name }) => TERMS.map((term) => `${name}: ${term.toLowerCase()}`))];
    const cells = (row, tag) => element("tr", {}, ...row.map((value) => element(tag, { textContent: value })));
    const rows = this.data.epochs.map((row) => cells(row.map((v, i) => (i ? v.toFixed(3) : v)), "td"));
    this.table.replaceChildren(cells(names, "th"), ...rows.reverse());
  }
}

/** One term's curves on their axes. */
class Panel {
  constructor(name, onRead) {
    this.name = name;
    this.reading = element("span", { className: "reading" });
    this.svg = svg("svg", { height: HEIGHT, role: "img" });
    this.element = element("figure", {},
      element("figcaption", {}, element("b", { textContent: name }), this.reading), this.svg);
    this.svg.addEventListener("pointermove", (event) => {
      const box = this.svg.getBoundingClientRect();
      onRead(this.x?.backwards(event.clientX - box.left) ?? null);
    });
    this.svg.addEventListener("pointerleave", () => onRead(null));
  }

  draw(lines, planned, logarithmic) {
    const width = this.element.clientWidth;
    this.svg.setAttribute("width", width);
    const [low, high] = range(lines, logarithmic);
    this.x = scale(0, planned, MARGIN.left, width - MARGIN.right, false);
    this.y = scale(low, high, HEIGHT - MARGIN.bottom, MARGIN.top, logarithmic);
    const frame = { x: MARGIN.left, y: MARGIN.top, width: width - MARGIN.left - MARGIN.right,
      height: HEIGHT - MARGIN.top - MARGIN.bottom };
    this.cursor = svg("line", { class: "cursor", y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom, visibility: "hidden" });
    const inside = svg("svg", { ...frame, viewBox: Object.values(frame).join(" ") });
    for (const { className, points } of lines) inside.append(...this.#line(className, points));
    this.svg.replaceChildren(...this.#axes(width, low, high, logarithmic), this.cursor, inside);
    const last = lines.at(-1).points.at(-1);
    this.svg.setAttribute("aria-label", `${this.name} over the epochs.` +
      (last ? ` Validation, after epoch ${last[0]}: ${last[1].toFixed(2)} nats.` : ""));
  }

  /** Write an epoch's figures above the panel, and mark its place. */
  read(epoch, values) {
    this.reading.textContent = epoch === undefined ? "" : values.map((v) => v.toFixed(2)).join(" / ");
    this.cursor?.setAttribute("visibility", epoch === undefined ? "hidden" : "visible");
    if (epoch === undefined) return;
    this.cursor.setAttribute("x1", this.x.forwards(epoch));
    this.cursor.setAttribute("x2", this.x.forwards(epoch));
  }

  #line(className, points) {
    const placed = points.map(([x, y]) => [this.x.forwards(x), this.y.forwards(y)]);
    const path = placed.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
    const dots = className === "batch" || placed.length > 30 ? [] : placed;
    return [
      svg("path", { class: className, d: path }),
      ...dots.map(([x, y]) => svg("circle", { class: className, cx: x, cy: y, r: 2.5 })),
    ];
  }

  #axes(width, low, high, logarithmic) {
    const across = ticks(...this.x.ends, 5).filter(Number.isInteger);
    const up = logarithmic ? logarithmicTicks(low, high) : ticks(low, high, 5);
    const words = (x, y, text, anchor) => {
      const made = svg("text", { x, y, "text-anchor": anchor });
      made.textContent = text;
      return made;
    };
    return [
      ...up.flatMap((value) => {
        const y = this.y.forwards(value);
        return [
          svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }),
          words(MARGIN.left - 6, y + 4, `${value}`, "end"),
        ];
      }),
      ...across.map((value) => words(this.x.forwards(value), HEIGHT - 6, value, "middle")),
    ];
  }
}

function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A map from values to places, and back. */
function scale(low, high, from, to, logarithmic) {
  const f = logarithmic ? Math.log : (v) => v;
  const back = logarithmic ? Math.exp : (v) => v;
  const slope = (to - from) / (f(high) - f(low) || 1);
  return {
    ends: [low, high],
    forwards: (value) => from + (f(value) - f(low)) * slope,
    backwards: (place) => back(f(low) + (place - from) / slope),
  };
}

/**
 * The values that a panel spans. The training losses of the first half of an epoch, and later of
 * the whole first epoch, are cut off: they are so much worse that nothing else could be told apart.
 */
function range(lines, logarithmic) {
  const done = lines.at(-1).points.length;
  const from = done > 4 ? 1.01 : done > 1 ? 0.5 : 0;
  const values = lines.flatMap(({ className, points }) =>
    points.filter(([x]) => x >= from || className === "validation").map(([, y]) => y));
  const usable = values.filter((value) => Number.isFinite(value) && (!logarithmic || value > 0));
  if (!usable.length) return logarithmic ? [1, 10] : [0, 1];
  const [low, high] = [Math.min(...usable), Math.max(...usable)];
  if (logarithmic) return [low / 1.03, high * 1.03];
  const room = 0.06 * (high - low) || 0.5;
  return [Math.max(low - room, low < 0 ? -Infinity : 0), high + room];
}

/** About n round numbers from low to high. */
function ticks(low, high, n) {
  const rough = (high - low) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toFixed(digits)));
}

/** Round numbers on a logarithmic axis: 1, 2, 5 in each decade, more where that is less than three. */
function logarithmicTicks(low, high) {
  const decades = Array.from({ length: 13 }, (_, i) => 10 ** (i - 6));
  const round = decades.flatMap((d) => [1, 2, 5].map((m) => Number((m * d).toPrecision(1))));
  const found = round.filter((value) => value >= low && value <= high);
  return found.length > 2 ? found : ticks(low, high, 4).filter((value) => value > 0);
}

/** The row whose first number is nearest to x. */
function nearest(rows, x) {
  return rows.reduce((best, row) => (!best || Math.abs(row[0] - x) < Math.abs(best[0] - x) ? row : best), undefined);
}
