// What the map tells of one latent: the decoded digit, what lies nearest, what lies around.

const NEAREST = 5;
const AROUND = 5; // decoded places along each side of the neighbourhood
const AROUND_STEP = 1 / 8; // of half the map's width

/** The big picture, the words and the nearest digits: follows the finger. */
class Reading {
  constructor(atlas, decoder, digits) {
    Object.assign(this, { atlas, decoder, digits });
    this.picture = digitCanvas("Decoded digit", "big");
    this.words = element("div", { className: "words" });
    this.title = element("b");
    this.latent = element("code");
    this.prior = element("p", { className: "faint" });
    this.distance = element("p", { className: "faint" });
    this.words.append(this.title, this.latent, this.prior, this.distance);
    this.nearest = Array.from({ length: NEAREST }, () => captioned(digitCanvas("", "small"), ""));
    this.spoken = element("p", { className: "spoken", role: "status" });
    this.element = element(
      "div",
      { className: "reading" },
      this.picture,
      this.words,
      element("div", { className: "row nearest" }, ...this.nearest),
      this.spoken,
    );
  }

  /** Decode a latent and say what it is. */
  show(latent, title, index = -1) {
    drawDigit(this.picture, this.decoder.decode(latent));
    const near = this.atlas.nearest(latent, NEAREST, index);
    near.forEach((found, i) => this.#showNear(this.nearest[i], found.index));
    this.title.textContent = title;
    this.latent.textContent = latentText(latent);
    this.prior.textContent = priorText(latent);
    this.distance.textContent = distanceText(this.atlas, near[0]);
    clearTimeout(this.speaking);
    const label = this.digits.labels[near[0].index];
    this.speaking = setTimeout(() => {
      this.spoken.textContent = `${title}. ${latentText(latent)}. The nearest digit is a ${label}.`;
    }, 400);
  }

  #showNear(figure, index) {
    if (figure.dataset.index === String(index)) return;
    figure.dataset.index = index;
    const label = this.digits.labels[index];
    const [canvas, caption] = figure.children;
    canvas.setAttribute("aria-label", `Nearest: ${label}`);
    drawDigit(canvas, this.digits.image(index));
    caption.textContent = label;
  }
}

/** A digit that was clicked: what it is, what the model makes of it, and how far that is off. */
function digitDetails(decoder, image, mean, logVariance, name) {
  const reconstruction = Float32Array.from(decoder.decode(mean));
  const pictures = ["Original", "Reconstruction", "Difference"].map((what) => digitCanvas(what));
  drawDigit(pictures[0], image);
  drawDigit(pictures[1], reconstruction);
  drawDifference(pictures[2], image, reconstruction);
  const terms = lossTerms(image, reconstruction, mean, logVariance);
  const [loss, kl] = [terms.reconstructionLoss, terms.klDivergence].map((v) => v.toFixed(1));
  const sum = (terms.reconstructionLoss + terms.klDivergence).toFixed(1);
  return element(
    "section",
    { className: "details-digit" },
    element("h3", { textContent: name }),
    element(
      "div",
      { className: "row" },
      ...pictures.map((canvas) => captioned(canvas, canvas.getAttribute("aria-label").toLowerCase())),
    ),
    element("p", {
      textContent: `Reconstruction loss ${loss} + KL divergence ${kl} = loss ${sum} nats.`,
    }),
    element("p", {
      className: "faint",
      textContent:
        "The ellipses on the map are its posterior to true scale: one (line) and two (dashes) " +
        "standard deviations. In the difference, orange is too much ink and blue too little.",
    }),
  );
}

/** What the decoder draws around a latent; a click on one of the pictures goes there. */
function aroundDetails(atlas, decoder, latent, half, go) {
  const step = half * AROUND_STEP;
  const places = [];
  for (let row = 0; row < AROUND; row++)
    for (let column = 0; column < AROUND; column++)
      places.push([(column - 2) * step, (2 - row) * step]);
  const buttons = places.map(([right, up]) => {
    const there = moved(atlas, latent, right, up);
    const canvas = digitCanvas("");
    drawDigit(canvas, decoder.decode(there));
    const label = right || up ? `Go ${describe(right, up)}` : "Here";
    const button = element("button", { "aria-label": label }, canvas);
    button.onclick = () => go(there);
    return button;
  });
  return element(
    "section",
    {},
    element("h3", { textContent: "Around it" }),
    element("div", { className: "around" }, ...buttons),
    element("p", {
      className: "faint",
      textContent: `Steps of ${step.toPrecision(2)}. Choose one to go there.`,
    }),
  );
}

/** A latent moved along the plane. */
function moved(atlas, latent, right, up) {
  return rounded(
    Float64Array.from(
      latent,
      (value, i) => value + right * atlas.axes[i] + up * atlas.axes[atlas.latent_dim + i],
    ),
  );
}

function describe(right, up) {
  const across = right > 0 ? "right" : right < 0 ? "left" : "";
  const along = up > 0 ? "up" : up < 0 ? "down" : "";
  return [along, across].filter(Boolean).join(" and ");
}

/** A latent with four decimals, as it stands in links: what is seen is what a link shows. */
function rounded(latent) {
  return Float64Array.from(latent, (value) => Math.round(value * 1e4) / 1e4);
}
