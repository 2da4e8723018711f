// The map's picture: digits as dots, the decoded manifold behind them, marks on top.

const DOT = 3.2; // radius in CSS pixels
const DOT_ON_MANIFOLD = 2.2; // smaller, so that digits show between
const MANIFOLD_CELLS = 24; // decoded places along each side
const MANIFOLD_BUDGET = 7; // milliseconds of decoding a frame, so that fingers come first

/** A square canvas over a square piece of the plane: `frame` is its centre and half its width. */
class MapCanvas {
  constructor(atlas, decoder) {
    this.atlas = atlas;
    this.decoder = decoder;
    this.home = { x: 0, y: 0, half: atlas.extent };
    this.frame = { ...this.home };
    this.hidden = new Set(); // labels
    this.hasManifold = false;
    this.marks = { cursor: null, pin: null, ellipse: null, drawing: null };
    this.canvas = element("canvas", { className: "map", tabIndex: 0, role: "application" });
    this.canvas.setAttribute("aria-label", MAP_LABEL);
    this.dots = document.createElement("canvas");
    this.cell = digitCanvas("");
    this.dotsDrawnFor = "";
    this.manifold = null;
  }

  /** CSS pixels along a side. */
  get side() {
    return this.canvas.clientWidth;
  }

  /** CSS pixels for one unit of the plane. */
  get scale() {
    return this.side / (2 * this.frame.half);
  }

  /** A point of the plane -> CSS pixels from the canvas' corner. */
  toScreen([x, y]) {
    const { frame, scale, side } = this;
    return [side / 2 + (x - frame.x) * scale, side / 2 - (y - frame.y) * scale];
  }

  /** CSS pixels from the canvas' corner -> a point of the plane. */
  toPlane([left, top]) {
    const { frame, scale, side } = this;
    return [frame.x + (left - side / 2) / scale, frame.y - (top - side / 2) / scale];
  }

  /** The visible dot nearest to a place on the screen, within `reach` CSS pixels; else -1. */
  dotAt(place, reach) {
    const [x, y] = this.toPlane(place);
    const { points, labels, size } = this.atlas;
    let best = -1;
    let limit = (reach / this.scale) ** 2;
    for (let i = 0; i < size; i++) {
      const squared = (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2;
      if (squared < limit && !this.hidden.has(labels[i])) [best, limit] = [i, squared];
    }
    return best;
  }

  /** Zoom by a factor about a place on the screen that stays where it is. */
  zoom(factor, place = [this.side / 2, this.side / 2]) {
    const [x, y] = this.toPlane(place);
    const half = Math.min(Math.max(this.frame.half * factor, this.home.half / 200), this.home.half * 4);
    const ratio = half / this.frame.half;
    const { frame } = this;
    this.frame = asInLinks({ x: x + (frame.x - x) * ratio, y: y + (frame.y - y) * ratio, half });
  }

  /** Move the plane by so many CSS pixels. */
  pan(right, down) {
    this.frame = asInLinks({
      x: this.frame.x - right / this.scale,
      y: this.frame.y + down / this.scale,
      half: this.frame.half,
    });
  }

  /** Draw everything; true if there is more to come (the manifold is decoded bit by bit). */
  draw() {
    const ratio = window.devicePixelRatio || 1;
    const pixels = Math.round(this.side * ratio);
    if (!pixels) return false;
    if (this.canvas.width !== pixels) this.canvas.width = this.canvas.height = pixels;
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, pixels, pixels);
    const more = this.hasManifold && this.#drawManifold(context, pixels);
    this.#drawDots(context, pixels, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#drawMarks(context);
    return more;
  }

  #drawDots(context, pixels, ratio) {
    const { x, y, half } = this.frame;
    const drawnFor = [x, y, half, pixels, this.hasManifold, ...this.hidden].join();
    if (drawnFor !== this.dotsDrawnFor) {
      this.dotsDrawnFor = drawnFor;
      this.dots.width = this.dots.height = pixels;
      this.#drawEachDot(this.dots.getContext("2d"), ratio);
    }
    context.drawImage(this.dots, 0, 0);
  }

  #drawEachDot(context, ratio) {
    const { atlas, side } = this;
    const radius = (this.hasManifold ? DOT_ON_MANIFOLD : DOT) * ratio;
    const stamps = atlas.colours.map((colour) => stamp(colour, radius, this.hasManifold));
    const middle = stamps[0].width / 2;
    for (let i = 0; i < atlas.size; i++) {
      // a stride through the classes, so that none covers all others
      const index = (i * 1987) % atlas.size;
      const label = atlas.labels[index];
      if (this.hidden.has(label)) continue;
      const [left, top] = this.toScreen([atlas.points[2 * index], atlas.points[2 * index + 1]]);
      if (left < -DOT || top < -DOT || left > side + DOT || top > side + DOT) continue;
      context.drawImage(stamps[label], left * ratio - middle, top * ratio - middle);
    }
  }

  /** The manifold as far as it is decoded; true while it is not complete. */
  #drawManifold(context, pixels) {
    const { x, y, half } = this.frame;
    const drawnFor = [x, y, half].join();
    if (this.manifold?.drawnFor !== drawnFor) {
      this.manifold = { drawnFor, frame: { x, y, half }, done: 0, before: this.manifold };
      this.manifold.picture = document.createElement("canvas");
      this.manifold.picture.width = this.manifold.picture.height = SIDE * MANIFOLD_CELLS;
      if (this.manifold.before) this.manifold.before.before = null;
    }
    const until = performance.now() + MANIFOLD_BUDGET;
    const cells = MANIFOLD_CELLS ** 2;
    while (this.manifold.done < cells && performance.now() < until) this.#decodeCell(this.manifold);
    if (this.manifold.done === cells) this.manifold.before = null;
    context.imageSmoothingEnabled = false;
    for (const one of [this.manifold.before, this.manifold]) {
      if (!one) continue;
      const [left, top] = this.toScreen([one.frame.x - one.frame.half, one.frame.y + one.frame.half]);
      const unit = pixels / this.side;
      const width = 2 * one.frame.half * this.scale * unit;
      context.drawImage(one.picture, left * unit, top * unit, width, width);
    }
    return this.manifold.done < cells;
  }

  #decodeCell(manifold) {
    // scattered over the map, so that it fills evenly
    const cell = (manifold.done * 211) % MANIFOLD_CELLS ** 2;
    const [row, column] = [Math.floor(cell / MANIFOLD_CELLS), cell % MANIFOLD_CELLS];
    const { x, y, half } = manifold.frame;
    const point = [
      x + half * ((2 * (column + 0.5)) / MANIFOLD_CELLS - 1),
      y - half * ((2 * (row + 0.5)) / MANIFOLD_CELLS - 1),
    ];
    const image = this.decoder.decode(this.atlas.lift(point));
    drawDigit(this.cell, image);
    manifold.picture.getContext("2d").drawImage(this.cell, column * SIDE, row * SIDE);
    manifold.done += 1;
  }

  #drawMarks(context) {
    const style = getComputedStyle(this.canvas);
    const [ink, paper] = [style.color, style.backgroundColor];
    const { cursor, pin, ellipse, drawing } = this.marks;
    if (ellipse) {
      for (const deviations of [1, 2]) {
        context.setLineDash(deviations === 2 ? [6, 4] : []);
        outlined(context, ink, paper, 1.5, () => this.#ellipsePath(context, ellipse, deviations));
      }
      context.setLineDash([]);
    }
    if (drawing) this.#drawStar(context, this.toScreen(drawing), ink, paper);
    if (pin) {
      const [left, top] = this.toScreen(pin);
      outlined(context, ink, paper, 2.5, () => context.arc(left, top, 9, 0, 2 * Math.PI));
    }
    if (cursor) {
      const [left, top] = this.toScreen(cursor);
      outlined(context, ink, paper, 1.5, () => {
        for (const [right, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
          context.moveTo(left + 4 * right, top + 4 * down);
          context.lineTo(left + 12 * right, top + 12 * down);
        }
      });
    }
  }

  #ellipsePath(context, { centre, long, short, angle }, deviations) {
    const [left, top] = this.toScreen(centre);
    const [a, b] = [long, short].map((axis) => deviations * axis * this.scale);
    context.ellipse(left, top, a, b, -angle, 0, 2 * Math.PI);
  }

  #drawStar(context, [left, top], ink, paper) {
    outlined(context, ink, paper, 2, () => {
      for (let i = 0; i <= 10; i++) {
        const [reach, turn] = [i % 2 ? 4 : 10, (i * Math.PI) / 5 - Math.PI / 2];
        context.lineTo(left + reach * Math.cos(turn), top + reach * Math.sin(turn));
      }
    });
  }
}

/** A frame with six digits, as it stands in links: what is seen is what a link shows. */
function asInLinks(frame) {
  return Object.fromEntries(
    Object.entries(frame).map(([name, value]) => [name, Number(value.toPrecision(6))]),
  );
}

/** A dot of one colour, drawn once and stamped often. */
function stamp(colour, radius, rimmed) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2 * Math.ceil(radius + 2);
  const context = canvas.getContext("2d");
  context.globalAlpha = rimmed ? 1 : 0.8;
  context.fillStyle = colour;
  context.arc(canvas.width / 2, canvas.width / 2, radius, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = "#000000";
  if (rimmed) context.stroke();
  return canvas;
}

/** A line in the colour of text on a wider one in that of paper: to be seen on anything. */
function outlined(context, ink, paper, width, path) {
  for (const [colour, wide] of [[paper, width + 3], [ink, width]]) {
    context.beginPath();
    path();
    context.strokeStyle = colour;
    context.lineWidth = wide;
    context.stroke();
  }
}
