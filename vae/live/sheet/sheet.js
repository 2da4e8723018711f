// Latents as a sheet of digits; each is a button.

import { element } from "../shared/elements.js";
import { digitCanvas, drawDigit } from "../shared/pictures.js";

/**
 * @import { Decoder } from "../network.js"
 * @import { Say } from "../stage.js"
 */

/** The view "sheet". The trigger `picked` tells which digit was pressed, counted from 0. */
export class Sheet {
  #shown = "";

  /**
   * @param {HTMLElement} root
   * @param {[Decoder]} needed
   * @param {Say} say
   */
  constructor(root, [decoder], say) {
    this.decoder = decoder;
    this.say = say;
    this.sheet = element("div", { className: "sheet" });
    root.append(this.sheet);
  }

  /**
   * Show other latents.
   *
   * @param {{latents: number[][], captions: string[], name: string}} data captions may be empty;
   *   the name, a word, says what each digit is
   */
  update(data) {
    const { latents, captions, name } = data;
    if (JSON.stringify(data) === this.#shown) return;
    this.#shown = JSON.stringify(data);
    this.sheet.classList.toggle("captioned", captions.length > 0);
    this.#fit(latents.length);
    [...this.sheet.children].forEach((button, i) => {
      const canvas = /** @type {HTMLCanvasElement} */ (button.children[0]);
      const caption = button.children[1];
      drawDigit(canvas, this.decoder.decode(latents[i]));
      canvas.setAttribute("aria-label", `${name} ${captions[i] ?? i + 1}`);
      caption.textContent = captions[i] ?? "";
    });
  }

  destroy() {}

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
        element("button", { type: "button", onclick }, digitCanvas(""), element("span")),
      );
    }
  }
}
