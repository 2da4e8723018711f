// One slider for each latent dimension. A position is a share of the prior: at 30 % of the track
// lies the z below which 30 % of the prior's samples are.

const STRIP_CELLS = 11; // digits along a track
const STRIP_BUDGET = 6; // milliseconds a frame for the strips; the large digit comes first
const SHARE_STEP = 0.01; // of an arrow key; with Shift ten times
const OUTERMOST = 0.001; // share of the prior beyond either end of a track
const KEY_PAUSE = 250; // milliseconds after the last key until Python is told

/** The z at a position: four decimals, as the link has them, so that it restores the same digit. */
function zAt(share) {
  return Number(quantile(Math.min(Math.max(share, OUTERMOST), 1 - OUTERMOST)).toFixed(4));
}

/** All sliders of a latent, and the digit that it decodes to. */
class Sliders {
  constructor(root, [decoder], say) {
    Object.assign(this, { root, decoder, say, latent: null, revision: null, history: [] });
    this.rows = [];
    this.digit = digitCanvas("Generated digit", "big");
    this.words = element("p", { className: "faint", "aria-live": "polite" });
    this.buttons = {
      randomise: this.#button("Randomise", "All that is not locked, drawn from the prior", () =>
        this.#change((z, row) => (row.slider.isLocked ? z : this.#rounded(drawFromPrior()))),
      ),
      reset: this.#button("Reset", "All that is not locked, to the middle", () =>
        this.#change((z, row) => (row.slider.isLocked ? z : 0)),
      ),
      undo: this.#button("Undo", "Back to what was before", () => this.#undo()),
      save: this.#button("PNG", "Save the digit", () => savePicture(this.digit, 10, "digit.png")),
    };
    const hand = element("div", { className: "hand" }, this.digit, this.words);
    hand.append(element("div", { className: "row" }, ...Object.values(this.buttons)));
    this.list = element("div", { className: "dimensions" });
    root.append(element("div", { className: "sliders-view" }, hand, this.list));
    this.watcher = new IntersectionObserver((seen) => this.#see(seen), { rootMargin: "100px" });
  }

  /** Take what Python has: the dimensions, and where `revision` is new, the latent. */
  update({ latent, revision, order, kl, alive }) {
    if (!this.rows.length) this.#lay(order, kl, alive);
    if (revision === this.revision) return;
    if (this.latent) this.#remember();
    this.revision = revision;
    this.#set(latent);
  }

  destroy() {
    this.watcher.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.pause);
  }

  #lay(order, kl, alive) {
    const rows = order.map((dimension) => this.#row(dimension, kl[dimension]));
    this.rows = rows.toSorted((a, b) => a.dimension - b.dimension);
    this.list.append(...rows.slice(0, alive).map((row) => row.element));
    const dead = rows.slice(alive);
    if (!dead.length) return;
    const count = dead.length === 1 ? "1 dead dimension" : `${dead.length} dead dimensions`;
    const summary = element("summary", { textContent: `${count}: the decoder ignores them` });
    const folded = element("div", { className: "dimensions" }, ...dead.map((row) => row.element));
    this.list.append(element("details", {}, summary, folded));
  }

  #row(dimension, nats) {
    const name = `z${dimension + 1}`;
    const row = { dimension, isSeen: false, isStale: true, cell: 0 };
    row.slider = new StripSlider({
      label: name,
      cells: STRIP_CELLS,
      step: SHARE_STEP,
      onMove: (share) => this.#drag(row, share),
      onRelease: (byKey) => this.before && this.#commit(byKey ? KEY_PAUSE : 0),
    });
    row.reading = element("code");
    const lock = this.#button("", `Lock ${name}`, () => {
      row.slider.lock(!row.slider.isLocked);
      lock.setAttribute("aria-pressed", row.slider.isLocked);
    });
    lock.className = "lock";
    lock.setAttribute("aria-pressed", false);
    lock.setAttribute("aria-label", `Lock ${name}`);
    const words = element("span", { className: "faint", textContent: ` ${nats.toFixed(2)} nats` });
    const title = element("span", { className: "name" }, element("b", { textContent: name }), words);
    const parts = [title, row.reading, lock, row.slider.track];
    row.element = element("div", { className: "dimension" }, ...parts);
    this.watcher.observe(row.element);
    row.element.row = row;
    return row;
  }

  #button(words, title, onclick) {
    return element("button", { type: "button", textContent: words, title, onclick });
  }

  #rounded(z) {
    return Number(z.toFixed(4));
  }

  #drag(row, share) {
    if (!this.before) this.before = [...this.latent];
    this.latent[row.dimension] = zAt(share);
    this.#show(row);
    for (const other of this.rows) if (other !== row) other.isStale = true;
    this.#draw();
  }

  /** A new value for each dimension, at once. */
  #change(value) {
    this.#remember();
    this.#set(this.latent.map((z, dimension) => value(z, this.rows[dimension])));
    this.#commit();
  }

  #undo() {
    this.before = null;
    this.#set(this.history.pop());
    this.#commit();
  }

  #remember() {
    this.history.push(this.before ?? [...this.latent]);
    this.before = null;
  }

  #set(latent) {
    this.latent = [...latent];
    for (const row of this.rows) {
      row.isStale = true;
      this.#show(row);
    }
    this.buttons.undo.disabled = !this.history.length;
    this.#describe();
    this.#draw();
  }

  #show(row) {
    const z = this.latent[row.dimension];
    const share = shareBelow(z);
    row.reading.textContent = `${z.toFixed(2)} · ${(100 * share).toFixed(0)} %`;
    row.slider.place(share, `z ${z.toFixed(4)}, ${(100 * share).toFixed(1)} % of the prior below`);
  }

  #describe() {
    const length = Math.hypot(...this.latent).toFixed(2);
    this.words.textContent = `Distance from the middle: ${length}`;
  }

  /** Tell Python, once the gesture is over. */
  #commit(pause = 0) {
    if (this.before) {
      this.#remember();
      this.buttons.undo.disabled = false;
    }
    this.#describe();
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.say.state("latent", [...this.latent]), pause);
  }

  #see(changes) {
    for (const { target, isIntersecting } of changes) target.row.isSeen = isIntersecting;
    this.#draw();
  }

  #draw() {
    this.isNew = true;
    this.frame ??= requestAnimationFrame(() => this.#paint());
  }

  /** The large digit, then as much of the strips as there is time for. */
  #paint() {
    this.frame = undefined;
    if (this.isNew) drawDigit(this.digit, this.decoder.decode(Float32Array.from(this.latent)));
    this.isNew = false;
    const until = performance.now() + STRIP_BUDGET;
    let row;
    while ((row = this.#nextStale()) && performance.now() < until) this.#drawCell(row);
    if (row) this.frame = requestAnimationFrame(() => this.#paint());
  }

  /** The stale row in sight whose strip is least complete. */
  #nextStale() {
    const stale = this.rows.filter((row) => row.isSeen && (row.isStale || row.cell));
    return stale.reduce((first, row) => (first && first.cell <= row.cell ? first : row), undefined);
  }

  /** One more digit of a strip. A drag makes strips stale while they are drawn: then once more. */
  #drawCell(row) {
    if (row.cell === 0) row.isStale = false;
    const latent = Float32Array.from(this.latent);
    latent[row.dimension] = quantile((row.cell + 0.5) / STRIP_CELLS);
    row.slider.drawCell(row.cell, this.decoder.decode(latent));
    row.cell = (row.cell + 1) % STRIP_CELLS;
  }
}

function mountSliders(root, needed, say) {
  return new Sliders(root, needed, say);
}
