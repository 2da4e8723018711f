// More than two dimensions, honestly: pictures of the same latents, and what each of them keeps.

import { MOVES } from "../shared/arrow_keys.js";
import { button, element } from "../shared/elements.js";
import { CLASSES } from "../shared/mnist.js";
import { captioned, digitCanvas, drawDigit } from "../shared/pictures.js";
import { Cloud } from "./cloud.js";
import { between, turned, withNames } from "./pictures.js";

/**
 * @import { Digits, LatentMap } from "../latents/latent_map.js"
 * @import { Say } from "../stage.js"
 * @import { Kind, Pictures, Turn } from "./pictures.js"
 */

const NEIGHBOURS = 10;
const FIRST = 440; // the digit that is shown before one is chosen
const GLIDE_MS = 700; // from one picture to the next
const TURN_MS = 24_000; // once around
const KEY_TURN = Math.PI / 24; // of an arrow key
const TAP = 6; // CSS pixels a pointer may stray and still choose a digit
const REACH = 16; // CSS pixels from a pointer to what it chooses
/** @type {Record<Kind, string>} */
const NAMES = { plane: "Plane", space: "3-D", neighbours: "t-SNE" };
/** @type {Turn} */
const FROM_FRONT = [0, 0];

/** The view "projections". It tells Python nothing. */
export class Projections {
  /** @type {Kind} */
  #kind = "plane";
  /** @type {Turn} */
  #turn = [0.5, 0.35];
  #turns = false;
  /** The places of a kind, those of the names among them. @type {Partial<Record<Kind, Float32Array>>} */
  #places = {};
  #frame = 0;
  #last = 0;
  /** Where the digits came from when the picture changed. @type {Float32Array | null} */
  #from = null;
  #changed = 0;
  /** @type {{x: number, y: number, isDrag: boolean} | null} */
  #gesture = null;

  /**
   * @param {HTMLElement} root
   * @param {[LatentMap, Digits, Pictures]} needed
   * @param {Say} _say
   */
  constructor(root, [latentMap, digits, pictures], _say) {
    this.latentMap = latentMap;
    this.digits = digits;
    this.pictures = pictures;
    this.cloud = new Cloud(latentMap.labels);
    this.words = element("p", { className: "kept" });
    this.kinds = pictures.kinds.map((kind) => {
      const made = button(NAMES[kind], "", () => this.#show(kind));
      made.dataset.kind = kind;
      return made;
    });
    this.spin = button("Turn", "Let it turn by itself", () => this.#spin(!this.#turns));
    this.find = element("input", {
      type: "search",
      placeholder: "Find a class, or #number",
      "aria-label": "Find a class by its label, or a digit by its number after #",
      oninput: () => this.#search(this.find.value.trim()),
    });
    this.legend = Array.from({ length: CLASSES }, (_, label) => this.#chip(label));
    this.near = element("div", { className: "near" });
    this.told = element("p", { role: "status" });
    const hint = "Click a dot: lines lead to its ten nearest in latent space.";
    root.classList.add("projections-view");
    root.append(
      element("div", { className: "row" }, ...this.kinds, this.spin, this.find),
      element("div", { className: "row legend" }, ...this.legend),
      element(
        "div",
        { className: "beside" },
        this.cloud.canvas,
        element(
          "div",
          { className: "chosen" },
          this.words,
          element("p", { className: "faint", textContent: hint }),
          this.told,
          this.near,
        ),
      ),
    );
    this.#listen();
    this.resized = new ResizeObserver(() => this.redraw());
    this.resized.observe(this.cloud.canvas);
    this.#show(pictures.kinds.at(-1) ?? "plane", false);
    this.#choose(Math.min(FIRST, latentMap.size - 1));
  }

  update() {
    this.redraw();
  }

  destroy() {
    this.resized.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  redraw() {
    if (!this.#frame) this.#frame = requestAnimationFrame((now) => this.#paint(now));
  }

  /**
   * Another picture of the same digits: they glide there.
   *
   * @param {Kind} kind
   */
  #show(kind, glides = true) {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#from = glides && !isStill ? this.cloud.seen : null;
    this.#changed = performance.now();
    this.#kind = kind;
    this.#turns = kind === "space" && !isStill;
    this.spin.hidden = kind !== "space";
    for (const made of this.kinds)
      made.setAttribute("aria-pressed", String(made.dataset.kind === kind));
    this.spin.setAttribute("aria-pressed", String(this.#turns));
    this.#say();
    this.redraw();
  }

  /** What the picture is, and what it keeps. */
  #say() {
    const { shares, kept } = this.pictures;
    const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(0)} %`;
    const told = {
      plane: `The plane of the two strongest principal components shows ${percent(shares.plane)} of the variance of the latents.`,
      space: `The three strongest principal components show ${percent(shares.space)} of the variance of the latents. Drag, or arrow keys, turn them.`,
      neighbours:
        "t-SNE puts near each other what is near in latent space. How far groups are apart, and how large they are, means nothing here.",
    }[this.#kind];
    const near = `Of a digit's ten nearest neighbours in all ${this.latentMap.latentDim} dimensions, ${percent(kept[this.#kind])} are among its ten nearest here.`;
    this.words.textContent = `${told} ${near}`;
    const drawn = `${this.latentMap.size.toLocaleString("en")} digits by their latents`;
    const keys = this.#kind === "space" ? " Arrow keys turn it." : "";
    this.cloud.canvas.setAttribute("aria-label", `${NAMES[this.#kind]}: ${drawn}.${keys}`);
  }

  /** @param {number} label */
  #chip(label) {
    const dot = element("i");
    dot.style.background = `var(--class-${label})`;
    const onclick = () => this.#isolate(this.cloud.isolated === label ? null : label);
    const chip = element(
      "button",
      { type: "button", title: `Only ${label}, or all`, "aria-label": `Only ${label}`, onclick },
      dot,
      String(label),
    );
    chip.ondblclick = () => this.#isolate(label); // after two clicks, which undo each other
    return chip;
  }

  /** @param {number | null} label */
  #isolate(label) {
    this.cloud.isolated = label;
    this.legend.forEach((chip, i) => {
      chip.setAttribute("aria-pressed", String(label === i));
    });
    this.redraw();
  }

  /** @param {string} text */
  #search(text) {
    const index = Number(text.slice(1));
    if (/^\d$/.test(text)) this.#isolate(Number(text));
    else if (/^#\d+$/.test(text) && index < this.latentMap.size) this.#choose(index);
    else if (!text) this.#isolate(null);
  }

  /**
   * Show a digit and its nearest neighbours in latent space; -1: none.
   *
   * @param {number} index
   */
  #choose(index) {
    const { latentMap, cloud } = this;
    this.near.replaceChildren();
    cloud.chosen = [];
    this.told.textContent = "";
    if (index >= 0) {
      const found = latentMap.nearest(latentMap.latent(index), NEIGHBOURS, index);
      cloud.chosen = [index, ...found.map((one) => one.index)];
      const label = latentMap.labels[index];
      const same = found.filter((one) => latentMap.labels[one.index] === label).length;
      this.told.textContent = `Digit #${index}, a ${label}, and its ${NEIGHBOURS} nearest in latent space: ${same} of them are a ${label}, too.`;
      this.near.append(...cloud.chosen.map((other, i) => this.#thumbnail(other, found[i - 1])));
    }
    this.redraw();
  }

  /**
   * @param {number} index
   * @param {{distance: number} | undefined} neighbour
   */
  #thumbnail(index, neighbour) {
    const label = this.latentMap.labels[index];
    const canvas = digitCanvas(`Digit #${index}, a ${label}`, neighbour ? "small" : "");
    drawDigit(canvas, this.digits.image(index));
    const caption = neighbour ? neighbour.distance.toFixed(2) : `#${index}`;
    return captioned(canvas, caption);
  }

  /** @param {boolean} turns */
  #spin(turns) {
    this.#turns = turns;
    this.spin.setAttribute("aria-pressed", String(turns));
    this.redraw();
  }

  #listen() {
    const { canvas } = this.cloud;
    canvas.addEventListener("pointerdown", (event) => {
      this.#gesture = { x: event.clientX, y: event.clientY, isDrag: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => this.#drag(event));
    canvas.addEventListener("pointerup", (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      if (this.#gesture && !this.#gesture.isDrag)
        this.#choose(this.cloud.at(event.clientX - left, event.clientY - top, REACH));
      this.#gesture = null;
    });
    canvas.addEventListener("pointercancel", () => {
      this.#gesture = null;
    });
    canvas.addEventListener("keydown", (event) => {
      if (!(event.key in MOVES) || this.#kind !== "space") return;
      event.preventDefault();
      const [right, up] = MOVES[event.key];
      this.#turnBy(KEY_TURN * right, KEY_TURN * up);
    });
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    const gesture = this.#gesture;
    if (!gesture) return;
    const [right, down] = [event.clientX - gesture.x, event.clientY - gesture.y];
    gesture.isDrag ||= Math.hypot(right, down) > TAP;
    if (!gesture.isDrag || this.#kind !== "space") return;
    [gesture.x, gesture.y] = [event.clientX, event.clientY];
    const radian = this.cloud.canvas.clientWidth / Math.PI; // half a turn across the canvas
    this.#turnBy(right / radian, -down / radian);
  }

  /**
   * @param {number} right
   * @param {number} up
   */
  #turnBy(right, up) {
    const [before, beforeUp] = this.#turn;
    const most = Math.PI / 2;
    this.#turn = [before + right, Math.min(most, Math.max(-most, beforeUp + up))];
    this.#spin(false);
  }

  /** @param {number} now */
  #paint(now) {
    this.#frame = 0;
    if (this.#turns) this.#turn[0] += (2 * Math.PI * Math.min(now - this.#last, 100)) / TURN_MS;
    this.#last = now;
    this.#places[this.#kind] ??= withNames(this.pictures.of(this.#kind), this.latentMap.labels);
    const to = turned(
      this.#places[this.#kind] ?? [],
      this.#kind === "space" ? this.#turn : FROM_FRONT,
    );
    const share = Math.min(1, Math.max(0, (now - this.#changed) / GLIDE_MS));
    const eased = share * share * (3 - 2 * share);
    const glides = this.#from?.length && share < 1;
    this.cloud.seen = glides ? between(this.#from ?? to, to, eased) : to;
    this.cloud.draw();
    if (this.#turns || glides) this.redraw();
  }
}
