// A morph: a path through latent space, played, and shown on the map.

const FILM_CELLS = 16; // digits along the film, fewer for shorter paths and on phones
const SPEEDS = [5, 10, 20]; // frames a second

/** The view "morph". `update` takes {ends, steps, kind}: latents, and the path through them. A click
 * on the map triggers `added` with the latent of that place. */
class Morph {
  constructor(root, [decoder, atlas], say) {
    Object.assign(this, { decoder, atlas, say, frame: 0, speed: 10, shown: "" });
    this.digit = digitCanvas("Frame", "big");
    this.words = element("p", { className: "faint" });
    this.film = element("div", { className: "film" });
    this.play = element("button", { type: "button", onclick: () => this.#toggle() });
    this.map = new MapCanvas(atlas, decoder);
    this.map.canvas.tabIndex = -1;
    this.map.canvas.setAttribute("role", "img");
    this.map.canvas.setAttribute("aria-label", "The path on the map. Click it to add an end there.");
    this.map.canvas.onclick = (event) => this.#add(event);
    const screen = element("div", { className: "screen" }, this.digit);
    screen.append(element("div", { className: "row" }, this.play, ...this.#speeds()), this.words);
    const map = captioned(this.map.canvas, "Click the map to add an end there.");
    root.append(element("div", { className: "morph-view" }, screen, this.film, map));
    this.resized = new ResizeObserver(() => this.#draw());
    this.resized.observe(this.map.canvas);
  }

  /** Take another path; it starts at its beginning. */
  update({ ends, steps, kind }) {
    const shown = JSON.stringify([ends, steps, kind]);
    if (shown !== this.shown) {
      this.shown = shown;
      this.latents = latentPath(ends, steps, kind);
      this.ends = ends.map((_, i) => i * (steps - 1));
      this.#pause();
      this.#lay();
      this.#go(0);
    }
    this.#draw(); // the theme may have changed
  }

  destroy() {
    this.#pause();
    cancelAnimationFrame(this.filling);
    this.resized.disconnect();
  }

  get last() {
    return this.latents.length - 1;
  }

  #speeds() {
    this.speedButtons = SPEEDS.map((speed) =>
      element("button", {
        type: "button",
        textContent: speed,
        title: `${speed} frames a second`,
        "aria-label": `${speed} frames a second`,
        "aria-pressed": speed === this.speed,
        onclick: () => this.#setSpeed(speed),
      }),
    );
    return [...this.speedButtons, element("span", { className: "faint", textContent: "a second" })];
  }

  #setSpeed(speed) {
    this.speed = speed;
    SPEEDS.forEach((one, i) => this.speedButtons[i].setAttribute("aria-pressed", one === speed));
    if (this.playing) this.#start();
  }

  /** The film: a strip of frames that is also the scrubber, and the ends' letters under it. */
  #lay() {
    const most = this.film.clientWidth < 500 ? FILM_CELLS / 2 : FILM_CELLS;
    const cells = Math.min(most, this.latents.length);
    this.scrubber = new StripSlider({
      label: "Frame",
      cells,
      step: 1 / this.last,
      onMove: (share) => {
        this.#pause();
        this.#go(Math.round(share * this.last));
      },
      onRelease: () => {},
    });
    const letters = this.ends.map((frame, i) => {
      const letter = element("b", { textContent: endLetter(i) });
      letter.style.left = `${(100 * frame) / this.last}%`;
      return letter;
    });
    this.film.replaceChildren(
      this.scrubber.track,
      element("div", { className: "letters" }, ...letters),
    );
    cancelAnimationFrame(this.filling);
    this.#fill(0);
  }

  /** Draw the film, one digit a frame of the screen. */
  #fill(cell) {
    if (cell === this.scrubber.cells) return;
    const frame = Math.round((cell * this.last) / (this.scrubber.cells - 1));
    this.scrubber.drawCell(cell, this.decoder.decode(this.latents[frame]));
    this.filling = requestAnimationFrame(() => this.#fill(cell + 1));
  }

  #go(frame) {
    this.frame = frame;
    drawDigit(this.digit, this.decoder.decode(this.latents[frame]));
    const words = `Frame ${frame + 1} of ${this.last + 1}`;
    this.scrubber.place(frame / this.last, words);
    this.words.textContent = words;
    this.#draw();
  }

  #toggle() {
    if (this.playing) this.#pause();
    else this.#start();
  }

  #start() {
    clearInterval(this.playing);
    this.playing = setInterval(() => this.#go((this.frame + 1) % (this.last + 1)), 1000 / this.speed);
    this.play.textContent = "Pause";
  }

  #pause() {
    clearInterval(this.playing);
    this.playing = undefined;
    this.play.textContent = "Play";
  }

  #add({ offsetX, offsetY }) {
    this.say.trigger("added", [...rounded(this.atlas.lift(this.map.toPlane([offsetX, offsetY])))]);
  }

  #draw() {
    if (!this.latents || !this.map.side) return;
    this.map.draw();
    const context = this.map.canvas.getContext("2d");
    const { color: ink, backgroundColor: paper } = getComputedStyle(this.map.canvas);
    const places = this.latents.map((latent) => this.map.toScreen(this.atlas.project(latent)));
    outlined(context, ink, paper, 2, () => places.forEach((place) => context.lineTo(...place)));
    outlined(context, ink, paper, 3, () =>
      context.arc(...places[this.frame], 8, 0, 2 * Math.PI),
    );
    this.ends.forEach((frame, i) => drawLetter(context, ink, paper, endLetter(i), places[frame]));
  }
}

/** A, B, C ... */
function endLetter(i) {
  return String.fromCharCode(65 + i);
}

/** A letter on a disc. */
function drawLetter(context, ink, paper, letter, [left, top]) {
  context.beginPath();
  context.arc(left, top, 9, 0, 2 * Math.PI);
  context.fillStyle = ink;
  context.fill();
  context.fillStyle = paper;
  context.font = "600 12px sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(letter, left, top + 0.5);
}

function mountMorph(root, needed, say) {
  return new Morph(root, needed, say);
}
