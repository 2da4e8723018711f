// Noise: a drop of epsilon falls, is stretched by sigma and moved by the mean, and lands on the map.

import { MapCanvas } from "../map/canvas.js";
import { button, element, pen } from "../shared/elements.js";
import { isStill } from "../shared/motion.js";
import { MARK_COVER } from "../shared/palette.js";
import { digitCanvas, drawDigit } from "../shared/pictures.js";
import { momentAt, termsAt, WHOLE } from "./drop.js";
import { LossBar } from "./loss_stage.js";
import { Pad } from "./pad.js";
import { over, Stage } from "./stage.js";

/**
 * @import { Noise } from "../latents/posterior.js"
 * @import { Frame, Point, Spot } from "../map/canvas.js"
 * @import { Moment } from "./drop.js"
 * @import { Bench } from "./stage.js"
 * @import { Words } from "./words.js"
 */

const EACH = 450; // milliseconds from drop to drop while it rains
const SHORT = 250; // in which one of them falls
const SHOWER = 60; // drops, after which it stops, so that a page that is left alone costs nothing
const KEPT = 120; // drops whose traces are seen
const NEAR = 5; // standard deviations that the map shows around the mean, from near
const LANDED = momentAt(Infinity);

export class NoiseStage extends Stage {
  /** When the drop began to fall; null while none does. @type {number | null} */
  #begun = null;
  /** Where it is on its way. @type {Moment} */
  #moment = LANDED;
  /** The noise of the drop that falls. @type {Noise | null} */
  #falling = null;
  /** Drops that are still to come. */
  #left = 0;
  #hasRained = false;
  #asked = 0;
  /** The drops before, and where they have landed. @type {{noise: Noise, point: Point}[]} */
  #traces = [];
  /** What the traces and the place seen from near are of. */
  #image = new Float32Array(0);
  /** @type {Frame} */
  #near = { x: 0, y: 0, half: 1 };

  /**
   * @param {Bench} bench
   * @param {Words} words
   */
  constructor(bench, words) {
    super(bench, "noise", words);
    this.pad = new Pad((noise) => this.#drag(noise));
    this.map = new MapCanvas(bench.latentMap);
    this.map.canvas.tabIndex = -1;
    this.map.canvas.setAttribute("role", "img");
    this.map.canvas.setAttribute("aria-label", "The map, and where the drop has landed");
    this.picture = digitCanvas("Decoded from z", "big");
    this.drop = element("i", { className: "drop", hidden: true });
    this.terms = ["ε", "σ ⊙ ε", "μ + σ ⊙ ε"].map((term) => element("b", { textContent: term }));
    const [fallen, stretched, moved] = this.terms;
    const formula = element("p", { className: "terms" }, fallen, " → ", stretched, " → ", moved);
    formula.append(" = z");
    this.slider = element("input", { type: "range", min: "0", max: "2", step: "0.02", value: "1" });
    this.slider.setAttribute("aria-label", "Sigma, times");
    this.factor = element("output");
    this.slider.addEventListener("input", () => this.#widen(Number(this.slider.value)));
    let before = 1; // a finger that scrolls the page has moved it all the same
    this.slider.addEventListener("pointerdown", () => {
      before = Number(this.slider.value);
    });
    this.slider.addEventListener("pointercancel", () => this.#widen(before));
    this.slider.addEventListener("dblclick", () => this.#widen(1));
    this.rain = button("Rain", "A drop after the other", () => this.#setRain(!this.#left));
    this.another = button("Another drop", "Slowly", () => this.#begin());
    this.atMean = button("ε = 0", "The mean, without noise", () =>
      this.#drag(this.passage.nothing),
    );
    this.loss = new LossBar();
    const { hasStandardPrior } = bench.passage.encoder;
    this.why = hasStandardPrior ? "they tell most" : "of them the encoder is surest";
    const shape = hasStandardPrior ? "the ellipse is" : "the dots are draws from";
    const sigma = element("label", { className: "sigma" }, "σ ×", this.slider, this.factor);
    const buttons = element("div", { className: "row" }, this.another, this.rain, this.atMean);
    this.controls = element("div", { className: "controls" }, formula, sigma, buttons);
    this.controls.append(this.loss.element);
    this.body.append(
      over(this.pad.canvas, "ε from N(0, I): drag it", this.pad.words),
      over(this.map.canvas, `z on the map; ${shape} the posterior`),
      over(this.picture, "what the decoder draws there"),
      this.controls,
      this.drop,
    );
  }

  /** @param {number} height in CSS pixels */
  fit(height) {
    super.fit(height - this.controls.offsetHeight);
  }

  enter() {
    if (this.#left) this.#ask();
    else if (!isStill() && !this.#hasRained) this.#begin();
  }

  leave() {
    cancelAnimationFrame(this.#asked);
    this.#asked = 0;
    this.#land();
  }

  /** Let one drop fall, slowly; the rain follows the first. */
  #begin() {
    if (this.#left) this.#setRain(false);
    this.#land();
    this.#falling = this.passage.aDraw();
    if (isStill()) return this.#land();
    this.#begun = performance.now();
    this.#ask();
  }

  /** @param {boolean} isRaining */
  #setRain(isRaining) {
    this.#hasRained = true;
    this.#left = isRaining ? SHOWER : 0;
    this.rain.setAttribute("aria-pressed", String(isRaining));
    this.#land();
    if (isRaining) this.#ask();
  }

  #ask() {
    this.#asked ||= requestAnimationFrame((now) => {
      this.#asked = 0;
      this.#tick(now);
    });
  }

  /** @param {number} now */
  #tick(now) {
    const time = now - (this.#begun ?? now);
    if (this.#begun !== null && this.#falling && !this.#left) {
      this.#moment = momentAt(time);
      if (time >= WHOLE) {
        this.#land();
        if (!this.#hasRained) this.#setRain(true);
      }
      this.#show();
    } else if (this.#left) {
      if (this.#begun === null || time >= EACH) {
        this.#falling = this.passage.aDraw();
        this.#begun = now;
      }
      if (this.#falling) this.#showRain(Math.min((now - this.#begun) / SHORT, 1));
    }
    if (this.#begun !== null || this.#left) this.#ask();
  }

  /** One of many drops: it falls, and is where it will be. @param {number} fallen */
  #showRain(fallen) {
    this.#moment = { ...LANDED, fallen };
    const noise = this.#falling;
    if (fallen < 1 || !noise) return this.#show();
    this.#falling = null;
    this.#take(noise);
    if (--this.#left === 0) this.#setRain(false);
  }

  /** The drop that falls is where it will be, at once. */
  #land() {
    if (this.#falling) this.#take(this.#falling);
    this.#falling = null;
    this.#begun = null;
    this.#moment = LANDED;
  }

  /** @param {Noise} noise */
  #take(noise) {
    this.passage.take(noise);
    this.#traces = [...this.#traces, this.#trace(noise)].slice(-KEPT);
    this.bench.changed();
  }

  /** The visitor takes it into the hand. @param {Noise} noise */
  #drag(noise) {
    this.#falling = null;
    this.#setRain(false);
    this.#traces = [];
    this.passage.take(noise);
    this.bench.changed();
  }

  /** @param {number} factor */
  #widen(factor) {
    this.slider.value = String(factor);
    this.passage.widen(factor);
    this.#traces = this.#traces.map(({ noise }) => this.#trace(noise));
    this.#lookAtCloud();
    this.bench.changed();
  }

  draw() {
    if (this.#image !== this.passage.image) this.#lookAtIt();
    this.loss.draw(this.passage);
    this.factor.textContent = this.passage.spread.toFixed(2);
    drawDigit(this.picture, this.passage.expected);
    this.#show();
  }

  /** Another image is followed: another place is seen from near. */
  #lookAtIt() {
    const { passage, bench } = this;
    this.#image = passage.image;
    this.#traces = isStill() ? this.#someTraces() : [];
    const [x, y] = this.#pointOf(passage.nothing);
    const cloud = this.#lookAtCloud();
    const reach = cloud
      ? Math.max(...cloud.map((point) => Math.hypot(point[0] - x, point[1] - y))) / 3
      : bench.latentMap.ellipse(passage.given.logVariance).long;
    this.#near = { x, y, half: Math.min(NEAR * reach, this.map.home.half) };
  }

  /** A posterior that no ellipse can show is shown by draws. */
  #lookAtCloud() {
    if (this.passage.encoder.hasStandardPrior) return null;
    const points = this.#someTraces().map(({ point }) => point);
    this.map.marks.cloud = { points, rings: [] };
    return points;
  }

  #someTraces() {
    return Array.from({ length: KEPT }, () => this.#trace(this.passage.aDraw()));
  }

  /** @param {Noise} noise */
  #trace(noise) {
    return { noise, point: this.#pointOf(noise) };
  }

  /** Where a noise lands on the map. @param {Noise} noise @returns {Point} */
  #pointOf(noise) {
    return this.bench.latentMap.project(this.passage.latentOf(noise));
  }

  /** Everything that moves, where it is now. */
  #show() {
    const noise = this.#falling ?? this.passage.noise;
    const before = this.#traces.map((trace) => trace.noise);
    this.pad.draw(noise, this.passage.foremost, this.#moment.fallen, before, this.why);
    const term = termsAt(this.#moment);
    ["fallen", "stretched", "moved"].forEach((name, i) => {
      this.terms[i].classList.toggle("now", name === term);
    });
    this.#showMap(noise);
    this.#fly(noise);
  }

  /** @param {Noise} noise */
  #showMap(noise) {
    const { map, passage } = this;
    const { latentMap } = this.bench;
    const { stretched, moved, flown, neared } = this.#moment;
    map.frame = between(map.home, this.#near, neared);
    const { hasStandardPrior } = passage.encoder;
    const seen = this.#stretchedAndMoved(stretched, moved);
    map.marks.ellipse = hasStandardPrior
      ? {
          centre: latentMap.project(seen.centre),
          ...latentMap.ellipse(seen.scale.map((scale) => 2 * Math.log(scale))),
        }
      : null;
    map.draw();
    const context = pen(map.canvas);
    context.fillStyle = getComputedStyle(map.canvas).color;
    context.globalAlpha = MARK_COVER;
    if (neared > 0) for (const { point } of this.#traces) dot(context, map.toScreen(point), 2);
    context.globalAlpha = 1;
    if (flown < 1) return;
    context.fillStyle = getComputedStyle(this.drop).color;
    dot(context, map.toScreen(this.#pointNow(noise)), 6);
  }

  /**
   * What is left of N(0, I), centre and scale of each dimension, while it becomes the posterior.
   *
   * @param {number} stretched
   * @param {number} moved
   */
  #stretchedAndMoved(stretched, moved) {
    const { deviation, posterior } = this.passage;
    return {
      centre: posterior.mean.map((mean) => moved * mean),
      scale: deviation.map((value) => 1 + stretched * (value - 1)),
    };
  }

  /** Where the drop is on the map. @param {Noise} noise @returns {Point} */
  #pointNow(noise) {
    const { stretched, moved } = this.#moment;
    if (!this.passage.encoder.hasStandardPrior) return this.#pointOf(noise); // its space is not the map's
    const { centre, scale } = this.#stretchedAndMoved(stretched, moved);
    return this.bench.latentMap.project(centre.map((at, i) => at + scale[i] * noise[i]));
  }

  /** The drop between the pad and the map. @param {Noise} noise */
  #fly(noise) {
    const { fallen, flown } = this.#moment;
    this.drop.hidden = fallen < 1 || flown >= 1;
    if (this.drop.hidden) return;
    const home = this.body.getBoundingClientRect();
    const at = (/** @type {HTMLElement} */ canvas, /** @type {Spot} */ [left, top]) => {
      const box = canvas.getBoundingClientRect();
      return [box.left - home.left + left, box.top - home.top + top];
    };
    const from = at(this.pad.canvas, this.pad.spot);
    const to = at(this.map.canvas, this.map.toScreen(this.#pointNow(noise)));
    const [left, top] = from.map((start, i) => start + flown * (to[i] - start));
    this.drop.style.transform = `translate(${left}px, ${top}px)`;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} side
   */
  drawThumb(context, side) {
    const [first, second] = this.passage.foremost;
    const { noise } = this.passage;
    const at = (/** @type {number} */ value) => (0.5 + Math.min(Math.max(value, -3), 3) / 6) * side;
    context.strokeStyle = context.fillStyle = getComputedStyle(this.element).color;
    context.lineWidth = side / 28;
    for (const reach of [1, 2]) {
      context.beginPath();
      context.arc(side / 2, side / 2, (reach * side) / 6, 0, 2 * Math.PI);
      context.stroke();
    }
    context.fillStyle = getComputedStyle(this.drop).color;
    dot(context, [at(noise[first]), at(-(noise[second] ?? 0))], side / 12);
  }
}

/**
 * A piece of the plane on the way from a wide one to a narrow one inside it.
 *
 * @param {Frame} wide
 * @param {Frame} narrow
 * @param {number} way in [0, 1]
 * @returns {Frame}
 */
export function between(wide, narrow, way) {
  const half = wide.half * (narrow.half / wide.half) ** way;
  if (wide.half === narrow.half) return { ...narrow, half };
  // the narrow one's middle nears evenly on the screen
  const share = (half - narrow.half) / (wide.half - narrow.half);
  const mixed = (/** @type {number} */ a, /** @type {number} */ b) => b + share * (a - b);
  return { x: mixed(wide.x, narrow.x), y: mixed(wide.y, narrow.y), half };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Spot} spot
 * @param {number} radius
 */
function dot(context, [left, top], radius) {
  context.beginPath();
  context.arc(left, top, radius, 0, 2 * Math.PI);
  context.fill();
}
