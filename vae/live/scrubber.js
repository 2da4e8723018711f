// What a model drew after each epoch: a slider through its snapshots. See training.py for the data.

const PLAY_MS = 450; // from one snapshot to the next
const POINT = 2.2; // radius, in CSS pixels
const NARROW = 700; // CSS pixels; below, what is side by side stands one under the other
const SETTLED_MS = 250; // until a screen reader is told where the slider stands

export default function ({ data, parentElement }) {
  read(data).then((history) => {
    parentElement.scrubber ??= new Scrubber(parentElement);
    parentElement.scrubber.receive(history);
  });
  return () => {
    parentElement.scrubber?.close();
    delete parentElement.scrubber;
  };
}

async function read(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return unpack(new Uint8Array(await new Response(stream).arrayBuffer()));
}

class Scrubber {
  constructor(root) {
    this.at = 0; // place among the snapshots; between two whole numbers it is between both
    this.frame = 0;
    this.play = element("button", { className: "play", onclick: () => this.#toggle() });
    this.slider = element("input", { type: "range", min: 0, step: "any", "aria-label": "Epoch" });
    this.title = element("b");
    this.losses = element("span");
    this.map = element("canvas", { className: "map", role: "img" });
    this.dimensions = element("div", { className: "bars", role: "img" });
    this.dead = element("p", { className: "faint" });
    this.kl = element("section", {},
      element("h3", { textContent: "KL divergence by dimension" }), this.dimensions, this.dead);
    this.sheets = element("div", { className: "sheets" });
    this.rings = element("p", { className: "faint" });
    this.own = element("div"); // for the visitor's drawing, where there is one
    this.legend = element("div", { className: "legend", "aria-hidden": "true" });
    root.querySelector(".scrubber")?.remove();
    this.element = element(
      "div",
      { className: "scrubber" },
      element("div", { className: "head" },
        this.play,
        element("div", { className: "track" }, this.slider,
          element("p", { className: "where" }, this.title, this.losses)),
      ),
      element("div", { className: "panels" },
        element("div", { className: "where-digits-lie" },
          element("section", {}, element("h3", { textContent: "Latent map" }), this.map, this.legend, this.rings),
          this.own),
        this.sheets,
      ),
    );
    root.append(this.element);
    this.slider.addEventListener("input", () => this.#drag());
    this.slider.addEventListener("change", () => this.#go(Math.round(this.at)));
    this.slider.addEventListener("keydown", (event) => this.#key(event));
    this.resized = new ResizeObserver(() => this.#draw());
    this.resized.observe(this.element);
    this.#say(false);
  }

  /** Take a history in; who watches the latest epoch goes on to the new one. */
  receive({ values, arrays }) {
    const last = this.values ? this.values.epochs.length - 1 : -1;
    const follows = this.at === last || last < 0;
    Object.assign(this, { values, arrays });
    this.slider.max = values.epochs.length - 1;
    this.extent = reach(arrays.points);
    this.rank = ranked(arrays.kl);
    this.#build();
    if (follows && last >= 0 && values.growing) this.#glide(values.epochs.length - 1);
    else this.#show(follows ? values.epochs.length - 1 : this.at);
  }

  close() {
    cancelAnimationFrame(this.frame);
    this.resized.disconnect();
  }

  #build() {
    const { values, arrays } = this;
    const panel = (name, title, caption) => {
      const canvas = element("canvas", { className: `sheet ${name}`, role: "img" });
      const section = element("section", { className: name },
        element("h3", { textContent: title }), canvas,
        element("p", { className: "faint", textContent: caption }));
      return { canvas, section };
    };
    this.rebuilt = panel("rebuilt", "Reconstructions", "Digits, and under each what is rebuilt.");
    this.samples = panel("samples", "Samples", "From the same 25 latents of the prior.");
    this.drawing = arrays.drawing && panel("drawing", "Your drawing", "As the models see it, and rebuilt.");
    this.own.replaceChildren(...(this.drawing ? [this.drawing.section] : []));
    this.sheets.replaceChildren(
      this.rebuilt.section, element("div", {}, this.samples.section, this.kl));
    const view = this.rank.length > 2 ? "The plane of the two strongest components. " : "";
    this.rings.textContent = `${view}Rings: 1, 2 and 3 standard deviations of the prior.`;
    this.dimensions.replaceChildren(
      ...this.rank.map((i) => element("i", { title: `z${i + 1}` })));
    this.dimensions.classList.toggle("many", this.rank.length > 40);
    this.legend.replaceChildren(
      ...values.colours.map((colour, label) => {
        const dot = element("i");
        dot.style.background = colour;
        return element("span", {}, dot, `${label}`);
      }));
  }

  #drag() {
    this.#pause();
    this.#show(Number(this.slider.value));
  }

  #key(event) {
    const last = this.values.epochs.length - 1;
    const here = Math.round(this.at);
    const to = {
      ArrowRight: here + 1, ArrowUp: here + 1, ArrowLeft: here - 1, ArrowDown: here - 1,
      PageUp: here + 5, PageDown: here - 5, Home: 0, End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#pause();
    this.#go(Math.max(0, Math.min(last, to)));
  }

  #go(place) {
    this.#show(place);
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.slider.setAttribute("aria-valuetext", this.#words()), SETTLED_MS);
  }

  #toggle() {
    if (this.playing) return this.#pause();
    const last = this.values.epochs.length - 1;
    if (this.at >= last) this.at = 0;
    this.#glide(last);
  }

  #pause() {
    cancelAnimationFrame(this.frame);
    this.#say(false);
  }

  /** Move to a later snapshot, through all that lie between. */
  #glide(target) {
    cancelAnimationFrame(this.frame);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const begin = { at: this.at, time: performance.now() };
    this.#say(true);
    const step = (now) => {
      const at = Math.min(target, begin.at + Math.max(0, now - begin.time) / PLAY_MS);
      this.#show(still ? Math.floor(at) : at);
      if (at < target) this.frame = requestAnimationFrame(step);
      else {
        this.#say(false);
        this.#go(target);
      }
    };
    this.frame = requestAnimationFrame(step);
  }

  #say(playing) {
    this.playing = playing;
    this.play.textContent = playing ? "❚❚" : "▶";
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play through the epochs");
  }

  #show(at) {
    this.at = at;
    this.slider.value = at;
    this.slider.style.setProperty("--share", at / Math.max(1, this.values.epochs.length - 1));
    this.#draw();
  }

  #words() {
    const { epochs, losses } = this.values;
    const epoch = epochs[Math.round(this.at)];
    const found = losses[epoch];
    if (!epoch) return "Before training";
    return `After epoch ${epoch}` + (found ? `, validation loss ${found[0].toFixed(1)} nats` : "");
  }

  #draw() {
    if (!this.values) return;
    const { values, arrays, at } = this;
    const near = Math.round(at);
    const epoch = values.epochs[near];
    const found = values.losses[epoch];
    this.title.textContent = epoch ? `After epoch ${epoch}` : "Before training";
    this.losses.textContent = found
      ? ` of ${values.planned} · validation loss ${found[0].toFixed(1)} = ` +
        `${found[1].toFixed(1)} reconstruction + ${weighted(values.kl_weight)}${found[2].toFixed(1)} KL`
      : ` · of ${values.planned} epochs`;
    this.slider.setAttribute("aria-valuetext", this.#words());
    this.#drawMap();
    this.#drawSheets();
    this.#drawBars();
  }

  #drawMap() {
    const { values, arrays, at, map, extent } = this;
    const side = map.clientWidth;
    if (!side) return;
    const scale = devicePixelRatio || 1;
    map.width = map.height = Math.round(side * scale);
    const context = map.getContext("2d");
    context.scale(scale, scale);
    const ink = getComputedStyle(map).color;
    const unit = side / (2 * extent);
    context.strokeStyle = ink;
    context.fillStyle = ink;
    for (let deviations = 1; deviations <= 3; deviations++) {
      context.globalAlpha = 0.22;
      context.beginPath();
      context.arc(side / 2, side / 2, deviations * unit, 0, 2 * Math.PI);
      context.stroke();
    }
    context.globalAlpha = 0.85;
    const points = between(arrays.points, at);
    const perClass = points.length / 2 / 10;
    values.colours.forEach((colour, label) => {
      context.fillStyle = colour;
      context.beginPath();
      for (let i = label * perClass; i < (label + 1) * perClass; i++) {
        const x = side / 2 + points[2 * i] * unit;
        const y = side / 2 - points[2 * i + 1] * unit;
        context.moveTo(x + POINT, y);
        context.arc(x, y, POINT, 0, 2 * Math.PI);
      }
      context.fill();
    });
    map.setAttribute("aria-label", `1,000 digits on the latent map. ${this.#words()}`);
  }

  #drawSheets() {
    const { arrays, at } = this;
    const rebuilt = between(arrays.rebuilt, at);
    const columns = this.element.clientWidth < NARROW ? 8 : 4;
    const pairs = [];
    for (let start = 0; start < 16; start += columns) {
      for (let i = start; i < start + columns; i++) pairs.push(digit(arrays.originals.data, i));
      for (let i = start; i < start + columns; i++) pairs.push(digit(rebuilt, i));
    }
    drawSheet(this.rebuilt.canvas, pairs, columns, 2);
    const samples = between(arrays.samples, at);
    drawSheet(this.samples.canvas, Array.from({ length: 25 }, (_, i) => digit(samples, i)), 5);
    if (this.drawing) {
      drawSheet(this.drawing.canvas, [arrays.drawing.data, between(arrays.drawings, at)], 2);
    }
    const words = this.#words().toLowerCase();
    this.rebuilt.canvas.setAttribute("aria-label", `16 digits and their reconstructions ${words}`);
    this.samples.canvas.setAttribute("aria-label", `25 samples ${words}`);
    this.drawing?.canvas.setAttribute("aria-label", `Your drawing, and rebuilt ${words}`);
  }

  #drawBars() {
    const { arrays, at, rank, values } = this;
    const kl = between(arrays.kl, at);
    const highest = Math.max(0.5, ...arrays.kl.data.slice(-rank.length));
    const isDead = (i) => values.epochs[Math.round(at)] > 0 && kl[i] < values.dead_below;
    [...this.dimensions.children].forEach((bar, place) => {
      const value = kl[rank[place]];
      bar.style.setProperty("--share", Math.min(1, value / highest));
      bar.classList.toggle("dead", isDead(rank[place]));
      bar.title = `z${rank[place] + 1}: ${value.toFixed(2)} nats`;
    });
    const dead = rank.filter(isDead).sort((a, b) => a - b);
    const total = kl.reduce((sum, value) => sum + value, 0);
    const used = `${rank.length - dead.length} of ${rank.length} in use, ${total.toFixed(1)} nats together.`;
    this.dead.textContent = dead.length
      ? `${used} These tell nothing: ${dead.map((i) => `z${i + 1}`).join(", ")}.`
      : used;
    this.dimensions.setAttribute("aria-label", `KL divergence of each latent dimension. ${this.dead.textContent}`);
  }
}

/** "0.5 × " before a KL divergence that is weighted. */
function weighted(weight) {
  return weight === 1 ? "" : `${weight} × `;
}

/** The numbers at a place among the snapshots; between two of them, mixed. */
function between({ data, shape }, at) {
  const size = data.length / shape[0];
  const first = Math.min(Math.floor(at), shape[0] - 1);
  const share = at - first;
  const one = data.subarray(first * size, (first + 1) * size);
  if (share <= 0 || first + 1 >= shape[0]) return one;
  const mixed = new Float32Array(size);
  for (let i = 0; i < size; i++) mixed[i] = one[i] + share * (data[(first + 1) * size + i] - one[i]);
  return mixed;
}

/** Half the width of a map that holds nearly all points of nearly all snapshots. */
function reach({ data, shape: [n, points] }) {
  const reaches = Array.from({ length: n }, (_, snapshot) => {
    const radii = Array.from({ length: points }, (_, i) => {
      const at = 2 * (snapshot * points + i);
      return Math.max(Math.abs(data[at]), Math.abs(data[at + 1]));
    });
    return radii.sort((a, b) => a - b)[Math.floor(0.995 * points)];
  });
  const last = reaches[n - 1];
  return Math.max(1, Math.min(Math.max(...reaches), 1.5 * last)) * 1.06;
}

/** The latent dimensions, the most telling of the last snapshot first. */
function ranked({ data, shape: [n, latentDim] }) {
  const last = data.subarray((n - 1) * latentDim);
  return Array.from(last.keys()).sort((a, b) => last[b] - last[a]);
}

function digit(images, i) {
  return images.subarray(784 * i, 784 * (i + 1));
}

/** Images (784) in 0..255, row by row; between `together` rows and the next the gap is wider. */
function drawSheet(canvas, images, columns, together = Infinity) {
  const [gap, wider] = [2, 8];
  const cell = 28 + gap;
  const top = (row) => row * cell + (wider - gap) * Math.floor(row / together);
  const width = columns * cell - gap;
  const height = top(images.length / columns - 1) + 28;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(28, 28);
  images.forEach((image, i) => {
    for (let pixel = 0; pixel < 784; pixel++) {
      picture.data.fill(image[pixel], 4 * pixel, 4 * pixel + 3);
      picture.data[4 * pixel + 3] = 255;
    }
    context.putImageData(picture, cell * (i % columns), top(Math.floor(i / columns)));
  });
}
