// What the map tells of one latent: the decoded digit, what lies nearest, what lies around.

import { rounded } from "../latents/link_decimals.js";
import { reconstructionLoss } from "../latents/losses.js";
import { element } from "../shared/elements.js";
import { captioned, digitCanvas, drawDifference, drawDigit } from "../shared/pictures.js";
import {
  directionText,
  distanceText,
  latentText,
  NO_POSTERIOR,
  NO_PRIOR,
  priorText,
} from "./words.js";

/**
 * @import { Decodes } from "../network.js"
 * @import { Digits, LatentMap } from "../latents/latent_map.js"
 * @import { Palette } from "../shared/palette.js"
 * @import { Image } from "../shared/pictures.js"
 */

const NEAREST = 5;
const AROUND = 5; // decoded points along each side of the neighbourhood
const AROUND_STEP = 1 / 8; // of half the map's width

/** The big picture, the words and the nearest digits: follows the finger. */
export class Reading {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #speaking;

  /**
   * @param {LatentMap} latentMap
   * @param {Decodes} decoder
   * @param {Digits} digits
   */
  constructor(latentMap, decoder, digits) {
    this.latentMap = latentMap;
    this.decoder = decoder;
    this.digits = digits;
    this.picture = digitCanvas("Decoded digit", "big");
    this.words = element("div", { className: "words" });
    this.title = element("b");
    this.latent = element("code");
    this.prior = element("p", { className: "faint" });
    this.distance = element("p", { className: "faint" });
    this.words.append(this.title, this.latent, this.prior, this.distance);
    this.nearest = Array.from({ length: NEAREST }, () =>
      captioned(digitCanvas("Nearest", "small"), ""),
    );
    this.spoken = element("p", { className: "spoken", role: "status" });
    this.element = element(
      "div",
      { className: "reading" },
      this.picture,
      this.words,
      element("p", { className: "near faint", textContent: "Nearest real digits" }),
      element("div", { className: "row nearest" }, ...this.nearest),
      this.spoken,
    );
  }

  /**
   * Decode a latent and say what it is.
   *
   * @param {ArrayLike<number>} latent
   * @param {string} title
   * @param {number} index of the digit whose latent it is, or -1
   */
  show(latent, title, index = -1) {
    drawDigit(this.picture, this.decoder.decode(latent));
    const near = this.latentMap.nearest(latent, NEAREST, index);
    this.nearest.forEach((figure, i) => {
      this.#showNear(figure, near[i].index);
    });
    this.title.textContent = title;
    this.latent.textContent = latentText(latent);
    this.prior.textContent = this.latentMap.isAutoencoder ? NO_PRIOR : priorText(latent);
    this.distance.textContent = distanceText(this.latentMap, near[0]);
    clearTimeout(this.#speaking);
    const label = this.digits.labels[index < 0 ? near[0].index : index];
    const kind = index < 0 ? `The nearest digit is a ${label}.` : `It is the digit ${label}.`;
    this.#speaking = setTimeout(() => {
      this.spoken.textContent = `${title}. ${latentText(latent)}. ${kind}`;
    }, 400);
  }

  /**
   * @param {HTMLElement} figure
   * @param {number} index
   */
  #showNear(figure, index) {
    if (figure.dataset.index === String(index)) return;
    figure.dataset.index = String(index);
    const label = String(this.digits.labels[index]);
    const canvas = /** @type {HTMLCanvasElement} */ (figure.children[0]);
    const caption = figure.children[1];
    canvas.setAttribute("aria-label", `Nearest: ${label}`);
    drawDigit(canvas, this.digits.image(index));
    caption.textContent = label;
  }
}

/**
 * A digit that was clicked: what it is, what the model makes of it, and how far that is off.
 *
 * @param {Decodes} decoder
 * @param {Palette} palette
 * @param {Image} image
 * @param {ArrayLike<number>} latent
 * @param {{kl: number | null, shape: string} | null} posterior its KL divergence in nats, null as
 *   long as that is not known, and what the map shows of it; null: a plain autoencoder gives none
 * @param {string} name
 */
export function digitDetails(decoder, palette, image, latent, posterior, name) {
  const reconstruction = decoder.decode(latent);
  const names = ["Original", "Reconstruction", "Difference"];
  const pictures = names.map((what) => digitCanvas(what));
  drawDigit(pictures[0], image);
  drawDigit(pictures[1], reconstruction);
  drawDifference(pictures[2], image, reconstruction, palette);
  const loss = decoder.knows(latent) ? reconstructionLoss(image, reconstruction) : null;
  return element(
    "section",
    { className: "details-digit" },
    element("h2", { textContent: name }),
    element(
      "div",
      { className: "row" },
      ...pictures.map((canvas, i) => captioned(canvas, names[i].toLowerCase())),
    ),
    element("p", { textContent: lossText(loss, posterior) }),
    element("p", {
      className: "faint",
      textContent:
        `${posterior?.shape ?? NO_POSTERIOR} ` +
        "In the difference, orange is too much ink and blue too little.",
    }),
  );
}

/**
 * @param {number | null} loss of the reconstruction, in nats; null as long as it is not known
 * @param {{kl: number | null} | null} posterior
 */
export function lossText(loss, posterior) {
  const inNats = (/** @type {number | null} */ nats) => nats?.toFixed(1) ?? "…";
  if (!posterior) return `Reconstruction loss ${inNats(loss)} nats.`;
  const { kl } = posterior;
  const sum = inNats(loss === null || kl === null ? null : loss + kl);
  return `Reconstruction loss ${inNats(loss)} + KL divergence ${inNats(kl)} = loss ${sum} nats.`;
}

/**
 * What the decoder draws around a latent; a click on one of the pictures goes there.
 *
 * @param {LatentMap} latentMap
 * @param {Decodes} decoder
 * @param {ArrayLike<number>} latent
 * @param {number} half the map's width
 * @param {(to: ArrayLike<number>) => void} go
 */
export function aroundDetails(latentMap, decoder, latent, half, go) {
  const step = half * AROUND_STEP;
  const middle = (AROUND - 1) / 2;
  const buttons = Array.from({ length: AROUND ** 2 }, (_, cell) => {
    const [right, up] = [(cell % AROUND) - middle, middle - Math.floor(cell / AROUND)];
    const there = rounded(latentMap.moved(latent, right * step, up * step));
    const canvas = digitCanvas("");
    drawDigit(canvas, decoder.decode(there));
    const label = right || up ? `Go ${directionText(right, up)}` : "Here";
    return element("button", { "aria-label": label, onclick: () => go(there) }, canvas);
  });
  return element(
    "section",
    {},
    element("h2", { textContent: "Around it" }),
    element("div", { className: "around" }, ...buttons),
    element("p", {
      className: "faint",
      textContent: `Steps of ${step.toPrecision(2)}. Choose one to go there.`,
    }),
  );
}
