// Latents as a sheet of digits; each is a button.

import { element } from "../shared/elements.js";
import { digitCanvas, drawDigit } from "../shared/pictures.js";
import { forget, inSpareTime } from "../shared/spare_time.js";
import { afterKey } from "../shared/strip_slider.js";

/**
 * @import { Decodes } from "../network.js"
 * @import { Say } from "../stage.js"
 */

/** The view "sheet". The trigger `picked` tells which digit was pressed, counted from 0. */
export class Sheet {
  #shown = "";
  /** @type {number[][]} */
  #latents = [];
  /** Latents that are not decoded yet, and what shows them. @type {[HTMLCanvasElement, number[]][]} */
  #due = [];
  #work = () => {
    const next = this.#due.shift();
    if (next) drawDigit(next[0], this.decoder.decode(next[1]));
    return this.#due.length > 0;
  };

  /**
   * @param {HTMLElement} root
   * @param {[Decodes]} needed
   * @param {Say} say
   */
  constructor(root, [decoder], say) {
    this.decoder = decoder;
    this.say = say;
    this.sheet = element("div", { className: "sheet", role: "group" });
    this.sheet.addEventListener("keydown", (event) => this.#key(event));
    root.append(this.sheet);
  }

  /**
   * Show other latents.
   *
   * @param {object} data
   * @param {number[][]} data.latents
   * @param {string[]} data.captions may be empty
   * @param {string[]} data.doubts what is wrong with each, where something is; may be empty
   * @param {string} data.name a word that says what each digit is
   * @param {number[]} data.likeliest the class that each is most like
   */
  update(data) {
    const { latents, captions, doubts, name, likeliest } = data;
    if (JSON.stringify(data) === this.#shown) return;
    this.#shown = JSON.stringify(data);
    this.#latents = latents;
    this.sheet.classList.toggle("captioned", captions.length > 0);
    this.#fit(latents.length);
    this.sheet.setAttribute(
      "aria-label",
      `${latents.length} digits: arrow keys go from one to another`,
    );
    /** @type {HTMLElement[]} */ ([...this.sheet.children]).forEach((button, i) => {
      const caption = button.children[1];
      const words = captions[i] ?? `${i + 1}, most like a ${likeliest[i]}`;
      const doubt = doubts[i] ?? "";
      button.setAttribute("aria-label", [`${name} ${words}`, doubt].filter(Boolean).join(": "));
      button.title = doubt;
      button.classList.toggle("doubtful", doubt !== "");
      caption.textContent = captions[i] ?? "";
    });
    this.refresh();
  }

  /** Decode all of them, as there is time. */
  refresh() {
    this.#due = this.#latents.map((latent, i) => {
      const canvas = /** @type {HTMLCanvasElement} */ (this.sheet.children[i].children[0]);
      return [canvas, latent];
    });
    inSpareTime(this.#work);
  }

  destroy() {
    forget(this.#work);
  }

  /**
   * Arrows, Home and End go from digit to digit; the sheet is one stop of the Tab key.
   *
   * @param {KeyboardEvent} event
   */
  #key(event) {
    const buttons = /** @type {HTMLElement[]} */ ([...this.sheet.children]);
    const here = buttons.indexOf(/** @type {HTMLElement} */ (event.target));
    const columns = getComputedStyle(this.sheet).gridTemplateColumns.split(" ").length;
    const down = { ArrowDown: columns, ArrowUp: -columns }[event.key];
    const to = down ? here + down : afterKey(event.key, here, 1, columns, buttons.length - 1);
    if (to === undefined || !buttons[to]) return;
    event.preventDefault();
    buttons[here].tabIndex = -1;
    buttons[to].tabIndex = 0;
    buttons[to].focus();
  }

  /**
   * As many buttons as there are digits.
   *
   * @param {number} count
   */
  #fit(count) {
    while (this.sheet.children.length > count) this.sheet.lastElementChild?.remove();
    for (let i = this.sheet.children.length; i < count; i++) {
      const onclick = () => this.say.trigger("picked", i);
      this.sheet.append(
        element(
          "button",
          { type: "button", onclick, tabIndex: i ? -1 : 0 },
          digitCanvas(""),
          element("span"),
        ),
      );
    }
  }
}
