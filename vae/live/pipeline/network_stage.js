// What a network's layers make: of the encoder, or of the decoder.

import { element } from "../shared/elements.js";
import { digitCanvas, drawDigit } from "../shared/pictures.js";
import { drawFeatures, ofDecoder, shapeText } from "./features.js";
import { unitFor } from "./rows.js";
import { filled, over, Stage } from "./stage.js";
import { vectorText } from "./words.js";

/**
 * @import { Tensor } from "../layer_kinds.js"
 * @import { Bench } from "./stage.js"
 * @import { Name, Words } from "./words.js"
 */

/** How large pictures are among each other: maps, the digit, and numbers without a place. */
const SCALES = { maps: 2, digit: 1.5, layer: 1 };

/** A row of pictures, one for each layer, between what the network is given and what it gives. */
class NetworkStage extends Stage {
  #room = 0;

  /**
   * @param {Bench} bench
   * @param {Name} name
   * @param {Words} words
   * @param {Tensor[]} layers
   */
  constructor(bench, name, words, layers) {
    super(bench, name, words);
    this.layers = layers.map((tensor, i) => {
      const text = shapeText(tensor.shape);
      const label = { role: "img", "aria-label": `Layer ${i + 1}: ${text}` };
      const canvas = element("canvas", { className: "features", ...label });
      const figure = over(canvas, text);
      figure.className = tensor.shape.length === 3 ? "layer maps" : "layer";
      return { tensor, canvas, figure };
    });
    this.figures = this.layers.map(({ figure }) => figure);
  }

  /** Lay the figures out, and let them appear in turn. */
  lay(/** @type {HTMLElement[]} */ ...figures) {
    figures.forEach((figure, i) => {
      figure.style.setProperty("--turn", String(i));
      figure.style.setProperty("--scale", String(scaleOf(figure)));
    });
    this.body.append(...figures);
  }

  /** @param {number} height in CSS pixels */
  fit(height) {
    this.#room = height;
    this.#enlarge();
  }

  /** All pictures as large as there is room for all of them. */
  #enlarge() {
    const { body } = this;
    const style = getComputedStyle(body);
    const [columnGap, rowGap] = [style.columnGap, style.rowGap].map(parseFloat);
    const room = { width: body.clientWidth - 1, height: this.#room, columnGap, rowGap };
    const figures = /** @type {HTMLElement[]} */ ([...body.children]);
    const unit = unitFor(figures.map(thingOf), room);
    body.style.setProperty("--unit", `${unit}px`);
  }

  draw() {
    for (const { tensor, canvas, figure } of this.layers) {
      drawFeatures(canvas, tensor, this.bench.palette);
      const shape = canvas.width / canvas.height;
      figure.style.setProperty("--shape", shape.toFixed(3));
    }
    this.#enlarge();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} side
   */
  drawThumb(context, side) {
    const maps = this.layers.filter(({ tensor }) => tensor.shape.length === 3);
    const { tensor } = (maps.length ? maps : this.layers)[0];
    const canvas = element("canvas");
    drawFeatures(canvas, tensor, this.bench.palette);
    filled(context, canvas, side);
  }
}

/** @param {HTMLElement} figure */
function scaleOf(figure) {
  if (figure.classList.contains("maps")) return SCALES.maps;
  return figure.querySelector(".digit") ? SCALES.digit : SCALES.layer;
}

/** How much room a figure takes. @param {HTMLElement} figure */
function thingOf(figure) {
  const words = figure.querySelector("figcaption");
  const high = 3 * parseFloat(getComputedStyle(words ?? figure).fontSize); // two lines of words
  if (figure.querySelector(".answer"))
    return { width: 0, height: 0, wide: figure.offsetWidth, high: figure.offsetHeight };
  const [scale, shape] = [scaleOf(figure), figure.style.getPropertyValue("--shape") || 1];
  return { width: scale * Number(shape), height: scale, high };
}

export class EncoderStage extends NetworkStage {
  /**
   * @param {Bench} bench
   * @param {Words} words
   */
  constructor(bench, words) {
    super(bench, "encoder", words, bench.passage.encoder.features);
    this.picture = digitCanvas("What the encoder is given");
    this.answer = element("code", { className: "answer" });
    this.lay(over(this.picture, "x"), ...this.figures, over(this.answer, "out"));
  }

  draw() {
    const { image, posterior, isAutoencoder } = this.passage;
    drawDigit(this.picture, image);
    const mean = vectorText(posterior.mean);
    this.answer.textContent = isAutoencoder
      ? `z = ${mean}`
      : `μ = ${mean}\nσ = ${vectorText(this.passage.deviation)}`;
    super.draw();
  }
}

export class DecoderStage extends NetworkStage {
  /**
   * @param {Bench} bench
   * @param {Words} words
   */
  constructor(bench, words) {
    const { encoder, decoder } = bench.passage;
    const layers = ofDecoder(decoder.features, decoder.latentDim, encoder.hasStandardPrior);
    super(bench, "decoder", words, layers);
    this.picture = digitCanvas("What the decoder draws");
    this.given = element("code", { className: "answer" });
    this.lay(over(this.given, "in"), ...this.figures, over(this.picture, "p"));
  }

  draw() {
    this.given.textContent = `z = ${vectorText(this.passage.z)}`;
    drawDigit(this.picture, this.passage.expected);
    super.draw();
  }
}
