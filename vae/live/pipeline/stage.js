// What all stages of the pipeline have in common.

import { element } from "../shared/elements.js";

/**
 * @import { Name, Words } from "./words.js"
 * @import { Passage } from "./passage.js"
 * @import { LatentMap } from "../latents/latent_map.js"
 * @import { Digits } from "../latents/latent_map.js"
 * @import { Palette } from "../shared/palette.js"
 * @import { Source } from "./source.js"
 *
 * @typedef {object} Bench what the stages work on
 * @property {Passage} passage
 * @property {LatentMap} latentMap
 * @property {Digits} digits
 * @property {Palette} palette
 * @property {number} klWeight with which the model was trained
 * @property {() => void} changed the passage has changed
 * @property {(source: Source, isOver: boolean) => void} choose another image to follow
 */

/** One step on the way; in sight it is drawn whenever the passage changes, else not. */
export class Stage {
  /**
   * @param {Bench} bench
   * @param {Name} name
   * @param {Words} words
   */
  constructor(bench, name, words) {
    this.bench = bench;
    this.name = name;
    this.words = words;
    this.body = element("div", { className: "body" });
    const title = element("h2", { textContent: words.title });
    const text = element("p", { className: "text", textContent: words.text });
    const label = { role: "group", "aria-label": words.title };
    this.element = element("section", { className: `stage of-${name}`, ...label }, title, text);
    this.element.append(this.body);
  }

  get passage() {
    return this.bench.passage;
  }

  /**
   * Its pictures fit into what is left of the window below its words.
   *
   * @param {number} height in CSS pixels
   */
  fit(height) {
    this.body.style.setProperty("--room", `${height}px`);
  }

  /** It comes into sight. */
  enter() {}

  /** It goes out of sight: nothing may move any more. */
  leave() {}

  /** Draw the passage as it is. */
  draw() {}

  /**
   * Draw what the rail shows of it.
   *
   * @param {CanvasRenderingContext2D} _context of a square canvas, empty
   * @param {number} _side in pixels
   */
  drawThumb(_context, _side) {}
}

/**
 * Words with the thing above them.
 *
 * @param {HTMLElement} thing
 * @param {...(Node | string)} words
 */
export function over(thing, ...words) {
  return element("figure", {}, thing, element("figcaption", {}, ...words));
}

/**
 * Draw a small picture into a square, enlarged without a blur.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} picture
 * @param {number} side
 */
export function filled(context, picture, side) {
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0, side, side);
}
