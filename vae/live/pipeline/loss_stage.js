// The last stage: two bars, and their sum.

import { button, element } from "../shared/elements.js";
import { DRAWS } from "./passage.js";
import { Stage } from "./stage.js";
import { natsText, sumText } from "./words.js";

/**
 * @import { Noise } from "../latents/posterior.js"
 * @import { Bench } from "./stage.js"
 * @import { Words } from "./words.js"
 */

const LONGEST = 200; // nats that fill a bar, unless there are more

/** Both terms of the loss as one bar, and their figures under it. */
export class LossBar {
  lost = element("i", { className: "lost" });
  told = element("i", { className: "told" });
  bar = element("div", { className: "loss-bar", role: "img" }, this.lost, this.told);
  figures = element("p", { className: "figures" });
  element = element("div", { className: "loss-of" }, this.bar, this.figures);

  /** @param {Bench["passage"]} passage */
  draw(passage) {
    const { lost, isAutoencoder } = passage;
    const told = isAutoencoder ? 0 : passage.told;
    const words = isAutoencoder ? `${lost.toFixed(1)} nats lost` : sumText(lost, told);
    const shares = sharesOf(lost, told);
    this.lost.style.width = `${100 * shares.lost}%`;
    this.told.style.width = `${100 * shares.told}%`;
    this.figures.textContent = words;
    this.bar.setAttribute("aria-label", `Loss: ${words}`);
  }
}

/**
 * How much of a bar both terms take.
 *
 * @param {number} lost
 * @param {number} told in nats, maybe infinite
 */
export function sharesOf(lost, told) {
  if (told === Infinity) return { lost: lost / LONGEST, told: 1 };
  const whole = Math.max(LONGEST, lost + told);
  return { lost: lost / whole, told: told / whole };
}

/** One term of the loss beside others: its name, a bar of its own, its figure. */
class Term {
  #bar;
  #nats = element("p", { className: "nats" });

  /**
   * @param {string} name
   * @param {string} words
   * @param {("lost" | "told")[]} parts
   * @param {number} turn in which it appears
   */
  constructor(name, words, parts, turn) {
    const small = element("small", { textContent: words });
    this.name = element("p", {}, element("b", { textContent: name }), small);
    this.parts = parts.map((className, i) => {
      const part = element("i", { className });
      part.style.setProperty("--turn", String(turn + i));
      return part;
    });
    this.#bar = element("div", { className: "loss-bar", role: "img" }, ...this.parts);
    this.elements = [this.name, this.#nats, this.#bar];
  }

  /**
   * @param {number[]} shares of the bar, one for each part
   * @param {number} nats
   */
  draw(shares, nats) {
    this.parts.forEach((part, i) => {
      part.style.width = `${100 * shares[i]}%`;
    });
    this.#nats.textContent = natsText(nats);
    this.#bar.setAttribute("aria-label", `${this.name.firstChild?.textContent}: ${natsText(nats)}`);
  }
}

export class LossStage extends Stage {
  /**
   * @param {Bench} bench
   * @param {Words} words
   */
  constructor(bench, words) {
    super(bench, "loss", words);
    this.lost = new Term("lost", "−log p(x | z), the reconstruction loss", ["lost"], 0);
    this.told = new Term("+ told", "the KL divergence", ["told"], 1);
    this.whole = new Term("= loss", "−ELBO", ["lost", "told"], 2);
    this.note = element("p", { className: "note faint" });
    const { isAutoencoder } = bench.passage;
    const shown = isAutoencoder ? [this.lost] : [this.lost, this.told, this.whole];
    const terms = shown.flatMap((term) => term.elements);
    this.body.append(element("div", { className: "terms-of" }, ...terms), this.note);
    if (isAutoencoder) return;
    const take = (/** @type {() => Noise} */ noise) => () => {
      bench.passage.take(noise());
      bench.changed();
    };
    const another = take(() => bench.passage.aDraw());
    const mean = take(() => bench.passage.nothing);
    this.body.append(
      element(
        "div",
        { className: "row" },
        button("Another ε", "Draw another latent", another),
        button("ε = 0", "Decode the posterior's mean", mean),
      ),
    );
  }

  draw() {
    const { passage, klWeight } = this.bench;
    const { lost, spread, encoder, isAutoencoder } = passage;
    const told = isAutoencoder ? 0 : passage.told;
    const shares = sharesOf(lost, told);
    this.lost.draw([shares.lost], lost);
    this.told.draw([shares.told], told);
    this.whole.draw([shares.lost, shares.told], lost + told);
    if (isAutoencoder) return;
    const isMean = passage.noise.every((value) => value === 0);
    const parts = [
      isMean ? "For the mean, ε = 0." : "For this ε; training takes another one each time.",
      encoder.hasStandardPrior
        ? ""
        : `The prior is learned: what is told is a mean over ${DRAWS} draws.`,
      spread === 1 ? "" : `With σ × ${spread.toFixed(2)}, which is not what the encoder said.`,
      klWeight === 1
        ? ""
        : `It was trained with a KL weight (beta) of ${klWeight}: its loss was ` +
          `${lost.toFixed(1)} + ${klWeight} × ${told.toFixed(1)} = ` +
          `${(lost + klWeight * told).toFixed(1)}.`,
    ];
    this.note.textContent = parts.filter(Boolean).join(" ");
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} side
   */
  drawThumb(context, side) {
    const { passage, whole } = this;
    const shares = sharesOf(passage.lost, passage.isAutoencoder ? 0 : passage.told);
    let left = 0;
    [shares.lost, shares.told].forEach((share, i) => {
      context.fillStyle = getComputedStyle(whole.parts[i]).backgroundColor;
      context.fillRect(left, side / 3, share * side, side / 3);
      left += share * side;
    });
  }
}
