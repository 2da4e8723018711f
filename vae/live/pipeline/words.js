// What each stage of the pipeline says.

/**
 * @typedef {"image" | "encoder" | "posterior" | "noise" | "decoder" | "expected" | "lost" | "loss"} Name
 *
 * @typedef {object} Words
 * @property {string} short as the rail has it
 * @property {string} title
 * @property {string} text
 */

/** @type {Record<Name, Words>} */
export const WORDS = {
  image: {
    short: "x",
    title: "A digit is 784 pixels",
    text:
      "Each is a number from 0, black, to 1, white: that is all that the model is given. Choose " +
      "a digit above, or press the map: a dot is a real digit, and anywhere else the decoder " +
      "draws one for you.",
  },
  encoder: {
    short: "encoder",
    title: "The encoder looks for strokes, then for shapes",
    text:
      "Every square is what a layer of the network makes of the digit, computed now: bright " +
      "where a number is large, blue where it is below 0. From picture to picture less is left " +
      "of where the ink was, and more of what it means.",
  },
  posterior: {
    short: "μ, σ",
    title: "It answers with a cloud, not with a point",
    text:
      "Many latents could have drawn this digit. So for each latent dimension the encoder gives " +
      "a bell curve, with a mean μ and a standard deviation σ: together they are the posterior. " +
      "Grey is the prior, what z may be before a digit is seen; both are drawn equally high. " +
      "The KL divergence is what the posterior tells beyond it.",
  },
  noise: {
    short: "z = μ + σ ε",
    title: "One latent is drawn, by chance",
    text:
      "A drop of noise ε falls from the standard bell curve. Stretched by σ and moved by μ, it " +
      "is a latent z. All chance is in ε, so the loss can be followed back to μ and σ, and the " +
      "encoder can learn. Drag ε; take σ to 0.",
  },
  decoder: {
    short: "decoder",
    title: "The decoder draws from z alone",
    text:
      "It has never seen the digit: from these few numbers it makes more and more of them, and " +
      "in the end a picture.",
  },
  expected: {
    short: "p",
    title: "It says how likely ink is in each pixel",
    text:
      "Not a picture but 784 probabilities: p is 1 where the decoder is sure of ink, 0 where it " +
      "is sure of none, and in between where it does not know. Point at a pixel.",
  },
  lost: {
    short: "lost",
    title: "What was lost is counted pixel by pixel",
    text:
      "In nats (1.44 bits). Where the decoder is sure and wrong it pays most; a grey pixel costs " +
      "something even where p = x. Point at a pixel: the curve is what it would cost for each p.",
  },
  loss: {
    short: "loss",
    title: "The loss is the sum of two bars",
    text:
      "Lose as little as possible of the digit, and say as little as possible about it: training " +
      "makes the sum small, over all digits. Less σ loses less and tells more.",
  },
};

const PLAIN = {
  posterior: {
    short: "z",
    title: "It answers with a point",
    text:
      "A plain autoencoder gives one latent and does not say how sure it is. Nothing made it " +
      "learn that places beside this one should give a digit, too.",
  },
  loss: {
    short: "loss",
    title: "What was lost is the loss",
    text:
      "Nothing is paid for what the latent tells, so the digits may lie anywhere, with holes " +
      "between them: this loss is no bound on how likely the digit is.",
  },
};

const LEARNED_PRIOR = {
  posterior: {
    ...WORDS.posterior,
    text:
      "Many latents could have drawn this digit. So for each dimension of z the encoder gives a " +
      "bell curve, with a mean μ and a standard deviation σ: together they are the posterior. " +
      "This model has learned its prior, so what the posterior tells beyond it has no formula " +
      "and no parts: the KL divergence is a mean over draws.",
  },
  noise: {
    ...WORDS.noise,
    text:
      "A drop of noise ε falls from the standard bell curve. Stretched by σ and moved by μ, it " +
      "is z. Where that lies on the map, whose prior is a bell curve, the flow's inverse tells. " +
      "Drag ε; take σ to 0.",
  },
};

/**
 * The stages of a model, in order.
 *
 * @param {boolean} isAutoencoder
 * @param {boolean} hasStandardPrior whether the prior is the standard one
 * @returns {Map<Name, Words>}
 */
export function stagesOf(isAutoencoder, hasStandardPrior) {
  const own = { ...WORDS, ...(isAutoencoder && PLAIN), ...(!hasStandardPrior && LEARNED_PRIOR) };
  const names = /** @type {Name[]} */ (Object.keys(WORDS));
  const shown = names.filter((name) => !isAutoencoder || name !== "noise");
  return new Map(shown.map((name) => [name, own[name]]));
}

/**
 * Numbers of a vector, the first of them.
 *
 * @param {ArrayLike<number>} values
 */
export function vectorText(values) {
  const shown = Array.from(values).slice(0, 4);
  const text = shown.map((value) => value.toFixed(2)).join(", ");
  return values.length > shown.length ? `(${text}, …)` : `(${text})`;
}

/** @param {number} nats maybe infinite */
export function natsText(nats) {
  return nats === Infinity ? "∞ nats" : `${nats.toFixed(1)} nats`;
}

/**
 * The loss and its parts.
 *
 * @param {number} lost
 * @param {number} told in nats, maybe infinite
 */
export function sumText(lost, told) {
  if (told === Infinity) return `${lost.toFixed(1)} lost + ∞ told = ∞ nats`;
  return `${lost.toFixed(1)} lost + ${told.toFixed(1)} told = ${(lost + told).toFixed(1)} nats`;
}
