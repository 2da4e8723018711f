// The board. It keeps the strokes and sends all of them to Python whenever the pen is lifted, so
// that no answer from the server can undo what was drawn meanwhile.

const SIDE = 280; // a stroke's own pixels, however large the board is shown
const boards = new WeakMap();

class Board {
  strokes = [];
  picture = ""; // what lies on the paper instead of a drawing
  version = null; // of what Python put there last
  pointer = null; // the mouse or finger that draws

  constructor(root) {
    [this.canvas, this.hint, this.undo, this.clear] = ["canvas", ".hint", ".undo", ".clear"].map(
      (name) => root.querySelector(name),
    );
    this.canvas.onpointerdown = (event) => this.begin(event);
    this.canvas.onpointermove = (event) => this.go(event);
    this.canvas.onpointerup = this.canvas.onpointercancel = (event) => this.lift(event);
    this.undo.onclick = () => this.change(this.strokes.slice(0, -1), this.picture);
    this.clear.onclick = () => this.change([], "");
    this.sized = new ResizeObserver(() => this.paint());
    this.sized.observe(this.canvas);
  }

  // What Python knows of the same version is older than what is drawn here.
  take({ version, strokes, picture, width }, send) {
    this.width = width;
    this.send = send;
    if (version === this.version) return;
    Object.assign(this, { version, strokes, picture, pointer: null });
    this.paint();
  }

  begin(event) {
    if (this.pointer !== null || event.button !== 0) return;
    event.preventDefault();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes = [...this.strokes, { width: this.width, points: [this.place(event)] }];
    this.paint();
  }

  go(event) {
    if (event.pointerId !== this.pointer) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    const points = (steps.length ? steps : [event]).map((step) => this.place(step));
    this.strokes.at(-1).points.push(...points);
    this.paint();
  }

  lift(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.change(this.strokes, this.picture);
  }

  change(strokes, picture) {
    Object.assign(this, { strokes, picture, pointer: null });
    this.paint();
    this.send("drawing", { version: this.version, strokes, picture: picture !== "" });
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const along = (value) => Math.round((value / box.width) * SIDE * 10) / 10;
    return [along(event.clientX - box.left), along(event.clientY - box.top)];
  }

  paint() {
    const side = Math.round(this.canvas.clientWidth * devicePixelRatio);
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(side / SIDE, 0, 0, side / SIDE, 0, 0);
    pen.clearRect(0, 0, SIDE, SIDE);
    Object.assign(pen, { strokeStyle: "#fff", lineCap: "round", lineJoin: "round" });
    for (const stroke of this.strokes) trace(pen, stroke);
    const drawn = this.strokes.length > 0;
    this.canvas.style.backgroundImage = this.picture && !drawn ? `url(${this.picture})` : "none";
    this.hint.hidden = drawn || this.picture !== "";
    this.undo.disabled = !drawn;
    this.clear.disabled = this.hint.hidden === false;
  }
}

// As `vae.preprocess.strokes.smooth` does: corners become curves from middle to middle.
function trace(pen, { width, points }) {
  pen.lineWidth = width;
  pen.beginPath();
  pen.moveTo(...points[0]);
  for (let i = 1; i < points.length - 1; i++) {
    const [x, y] = points[i], [nextX, nextY] = points[i + 1];
    pen.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  const [x, y] = points.at(-1);
  pen.lineTo(x + 0.01, y); // a line of no length would not be drawn
  pen.stroke();
}

export default function ({ data, parentElement, setStateValue }) {
  if (!boards.has(parentElement)) boards.set(parentElement, new Board(parentElement));
  boards.get(parentElement).take(data, setStateValue);
  return () => {
    boards.get(parentElement)?.sized.disconnect();
    boards.delete(parentElement);
  };
}
