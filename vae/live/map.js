// The live map: a finger on it decodes at once, a click pins, Python is told on release.

/** The view "map". `update` takes {revision, place, drawing}; the state `place` tells of changes:
 * {z, digit, frame, hidden, manifold}. */
function mountMap(root, [decoder, atlas, digits], say) {
  return new MapView(root, decoder, atlas, digits, say);
}

class MapView {
  constructor(root, decoder, atlas, digits, say) {
    Object.assign(this, { root, decoder, atlas, digits, say });
    this.pinned = null; // {latent, digit}: what was chosen last
    this.hover = null; // the latent under the finger
    this.map = new MapCanvas(atlas, decoder);
    this.reading = new Reading(atlas, decoder, digits);
    this.details = element("div", { className: "details" });
    this.tools = mapTools(this);
    this.legend = mapLegend(this);
    root.classList.add("map-view");
    root.append(
      element("div", { className: "map-side" }, this.reading.element),
      element("div", { className: "map-main" }, this.legend, this.map.canvas, this.tools),
      this.details,
    );
    listenToPointers(this);
    listenToKeys(this);
    this.resized = new ResizeObserver(() => this.redraw());
    this.resized.observe(this.map.canvas);
  }

  /** Take over what Python says, unless it only repeats what it was told. */
  update({ revision, place, drawing }) {
    this.drawing = drawing;
    this.map.marks.drawing = drawing ? this.atlas.project(drawing.mean) : null;
    if (revision !== this.revision) {
      this.revision = revision;
      this.#restore(place);
    }
    this.redraw();
  }

  destroy() {
    this.resized.disconnect();
    cancelAnimationFrame(this.waiting);
    clearTimeout(this.telling);
  }

  #restore(place) {
    this.map.hidden = new Set(place.hidden);
    this.map.hasManifold = place.manifold;
    this.map.frame = place.frame ? { ...place.frame } : { ...this.map.home };
    if (place.digit !== null) this.#choose(this.atlas.latent(place.digit), place.digit);
    else if (place.drawing && this.drawing) this.#choose(this.drawing.mean, null, true);
    else if (place.z) this.#choose(rounded(place.z), null);
    this.refreshTools();
  }

  /** What a link needs to show the same again. */
  place() {
    const { frame, home, hidden, hasManifold } = this.map;
    const isHome = frame.x === home.x && frame.y === home.y && frame.half === home.half;
    return {
      z: this.pinned && this.pinned.digit === null ? [...this.pinned.latent] : null,
      digit: this.pinned?.digit ?? null,
      frame: isHome ? null : frame,
      hidden: [...hidden].sort(),
      manifold: hasManifold,
    };
  }

  /** Tell Python soon; only the last of quick changes. */
  tell(delay = 0) {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.say.state("place", this.place()), delay);
  }

  /** Pin a latent or a digit, show all about it, and tell Python. */
  pin(latent, digit = null) {
    this.#choose(latent, digit);
    this.redraw();
    this.tell();
  }

  #choose(latent, digit, isDrawing = false) {
    this.pinned = { latent, digit };
    this.hover = null;
    const { atlas, map } = this;
    map.marks.pin = atlas.project(latent);
    map.marks.ellipse = null;
    const parts = [];
    if (digit !== null) parts.push(this.#digitDetails(digit));
    if (isDrawing) parts.push(this.#drawingDetails());
    parts.push(aroundDetails(atlas, this.decoder, latent, map.frame.half, (to) => this.pin(to)));
    this.details.replaceChildren(...parts);
  }

  #digitDetails(digit) {
    const { atlas, digits } = this;
    const [mean, logVariance] = [atlas.latent(digit), atlas.logVariance(digit)];
    this.#showEllipse(mean, logVariance);
    const name = `A digit: ${digits.labels[digit]}`;
    return digitDetails(this.decoder, digits.image(digit), mean, logVariance, name);
  }

  #drawingDetails() {
    const { image, mean, log_variance: logVariance } = this.drawing;
    this.#showEllipse(mean, logVariance);
    return digitDetails(this.decoder, image, mean, logVariance, "Your drawing");
  }

  #showEllipse(mean, logVariance) {
    const ellipse = this.atlas.ellipse(logVariance);
    this.map.marks.ellipse = { centre: this.atlas.project(mean), ...ellipse };
  }

  /** Decode what is under the finger, at the next frame. */
  hoverAt(latent) {
    this.hover = latent;
    this.redraw();
  }

  /** Draw at the next frame, once however often it is asked for. */
  redraw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      const latent = this.hover ?? this.pinned?.latent ?? new Float64Array(this.atlas.latent_dim);
      const title = this.hover || !this.pinned ? "Under the pointer" : "Pinned";
      const start = !this.hover && !this.pinned;
      const index = this.hover ? -1 : (this.pinned?.digit ?? -1);
      this.reading.show(latent, start ? "The middle of the map" : title, index);
      this.map.marks.cursor = this.hover ? this.atlas.project(this.hover) : null;
      if (this.map.draw()) this.redraw();
    });
  }

  refreshTools() {
    this.tools.refresh();
    this.legend.refresh();
  }
}

/** Zoom, the manifold, and what a drag means. */
function mapTools(view) {
  const { map } = view;
  const button = (label, name, act) => {
    const made = element("button", { textContent: label, title: name, "aria-label": name });
    made.onclick = () => {
      act();
      view.refreshTools();
      view.redraw();
      view.tell(300);
    };
    return made;
  };
  const manifold = button("Manifold", "Show what is decoded all over the map", () => {
    map.hasManifold = !map.hasManifold;
  });
  const move = button("Move map", "Drag moves the map instead of z", () => {
    map.isMoved = !map.isMoved;
  });
  const tools = element(
    "div",
    { className: "row tools" },
    manifold,
    move,
    button("−", "Zoom out", () => map.zoom(1.5)),
    button("+", "Zoom in", () => map.zoom(1 / 1.5)),
    button("Whole map", "Show the whole map", () => {
      map.frame = { ...map.home };
    }),
  );
  tools.refresh = () => {
    manifold.setAttribute("aria-pressed", map.hasManifold);
    move.setAttribute("aria-pressed", Boolean(map.isMoved));
  };
  tools.refresh();
  return tools;
}

/** One chip a class; a click hides or shows it. */
function mapLegend(view) {
  const { map, atlas } = view;
  const chips = atlas.colours.map((colour, label) => {
    const dot = element("i");
    dot.style.background = colour;
    const chip = element("button", { "aria-label": `Digits ${label}` }, dot, String(label));
    chip.onclick = () => {
      if (!map.hidden.delete(label)) map.hidden.add(label);
      legend.refresh();
      view.redraw();
      view.tell(300);
    };
    return chip;
  });
  const legend = element("div", { className: "row legend" }, ...chips);
  legend.refresh = () =>
    chips.forEach((chip, label) => chip.setAttribute("aria-pressed", !map.hidden.has(label)));
  legend.refresh();
  return legend;
}
