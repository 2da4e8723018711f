// Listens to the pen on the canvas of streamlit-drawable-canvas, which draws what it draws itself:
// here its way is only followed.

/** @import { Point } from "../preprocess/strokes.js" */

/**
 * @typedef {object} Follower
 * @property {() => void} near a mouse or a pen is over the canvas, or a finger on it
 * @property {() => void} start the pen went down
 * @property {(points: Point[]) => void} move all points of the stroke so far
 * @property {(points: Point[]) => void} end the pen went up
 */

/** The canvas that is drawn on, in the shadow of its own component. */
export function board() {
  const roots = document.querySelectorAll("[data-testid=stBidiComponentIsolated]");
  for (const { shadowRoot } of roots) {
    const found = shadowRoot?.querySelector(".dc-root .canvas-container");
    if (found instanceof HTMLElement) return found;
  }
  return null;
}

/**
 * Follow the pen until the function that is returned is called.
 *
 * @param {number} size of the canvas in its own pixels
 * @param {Follower} follower
 */
export function followPen(size, { near, start, move, end }) {
  /** @type {{id: number, box: DOMRect, points: Point[]} | null} */
  let stroke = null;
  const point = (/** @type {PointerEvent} */ { clientX, clientY }, /** @type {DOMRect} */ box) =>
    /** @type {Point} */ ([
      ((clientX - box.left) * size) / box.width,
      ((clientY - box.top) * size) / box.height,
    ]);

  const press = (/** @type {PointerEvent} */ event) => {
    const on = board();
    if (stroke || event.button > 0 || !on || !event.composedPath().includes(on)) return;
    const box = on.getBoundingClientRect();
    stroke = { id: event.pointerId, box, points: [point(event, box)] };
    start();
    move(stroke.points);
  };
  const drag = (/** @type {PointerEvent} */ event) => {
    if (stroke?.id !== event.pointerId) return;
    stroke.points.push(point(event, stroke.box));
    move(stroke.points);
  };
  const lift = (/** @type {PointerEvent} */ event) => {
    if (stroke?.id !== event.pointerId) return;
    const { points } = stroke;
    stroke = null;
    end(points);
  };
  const enter = (/** @type {PointerEvent} */ event) => {
    const on = board();
    if (on && event.composedPath().includes(on)) near();
  };
  const ended = new AbortController();
  const options = { capture: true, passive: true, signal: ended.signal };
  addEventListener("pointerover", enter, options);
  addEventListener("pointerdown", press, options);
  addEventListener("pointermove", drag, options);
  addEventListener("pointerup", lift, options);
  addEventListener("pointercancel", lift, options);
  return () => ended.abort();
}
