// Mouse, finger and keyboard on the map.

import { rounded } from "../latents/link_decimals.js";
import { MOVES } from "../shared/arrow_keys.js";
import { Finger } from "../shared/finger.js";

/**
 * @import { MapCanvas, Spot } from "./canvas.js"
 * @import { MapView } from "./map_view.js"
 */

const SNAP = 5; // CSS pixels within which a click means a dot
const SNAP_TOUCH = 10;
const STILL = 4; // CSS pixels that a click may move
const ARROW = 1 / 200; // of the map's width: one step of an arrow key

/**
 * One pointer moves z, or the map where that is chosen; two zoom; a click pins.
 *
 * @param {MapView} view
 */
export function listenToPointers(view) {
  const { map } = view;
  const { canvas } = map;
  /** @type {Map<number, Spot>} by the pointer's id, where it was last */
  const down = new Map();
  /** @type {Spot | null} where a press began; null once it cannot be a click or a drag of z */
  let start = null;
  const finger = new Finger(canvas);
  /** @returns {Spot} */
  const at = (/** @type {MouseEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const latentAt = (/** @type {Spot} */ spot) => rounded(view.latentMap.lift(map.toPlane(spot)));

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
    start = down.size === 1 ? at(event) : null;
    const place = latentAt(at(event));
    if (down.size > 1 || map.isMoved) finger.hold();
    else finger.press(event, () => view.hoverAt(place));
  });

  canvas.addEventListener("pointermove", (event) => {
    const [spot, before] = [at(event), down.get(event.pointerId)];
    if (!finger.isMoving(event)) return;
    if (before) down.set(event.pointerId, spot);
    if (before && down.size === 2) {
      const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, last]) => last);
      pinch(map, other, before, spot);
      view.hover = null;
      view.redraw();
    } else if (before && (map.isMoved || event.shiftKey)) {
      if (start && isFar(spot, start)) start = null;
      map.pan(spot[0] - before[0], spot[1] - before[1]);
      view.redraw();
    } else view.hoverAt(latentAt(spot));
  });

  const release = (/** @type {PointerEvent} */ event) => {
    const spot = at(event);
    down.delete(event.pointerId);
    if (event.type === "pointerup" && start && !finger.scrolls) {
      const reach = event.pointerType === "mouse" ? SNAP : SNAP_TOUCH;
      const dot = isFar(spot, start) ? -1 : map.dotAt(spot, reach);
      if (dot >= 0) view.pin(view.latentMap.latent(dot), dot);
      else view.pin(latentAt(spot));
    } else {
      if (event.type === "pointercancel") view.hoverAt(null);
      view.tell(300);
    }
    start = null;
    finger.hold();
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);

  canvas.addEventListener("pointerleave", () => {
    if (down.size) return;
    view.hoverAt(null);
  });

  canvas.addEventListener(
    "wheel",
    (event) => {
      const isPinch = event.ctrlKey || event.metaKey; // of two fingers on a trackpad, too
      const root = /** @type {ShadowRoot} */ (canvas.getRootNode());
      if (!isPinch && root.activeElement !== canvas) return view.hintAtWheel(); // the page scrolls
      event.preventDefault();
      map.zoom(Math.exp(event.deltaY * (isPinch ? 0.01 : 0.0015)), at(event));
      view.redraw();
      view.tell(300);
    },
    { passive: false },
  );
}

/**
 * Whether a press that began at one spot and is at another is more than a click.
 *
 * @param {Spot} spot
 * @param {Spot} start
 */
function isFar(spot, start) {
  return Math.hypot(spot[0] - start[0], spot[1] - start[1]) > STILL;
}

/**
 * Two fingers: zoom by how far they are apart, move by how their middle moves.
 *
 * @param {MapCanvas} map
 * @param {Spot} other where the one is that does not move
 * @param {Spot} before where the moving one was
 * @param {Spot} after and is
 */
function pinch(map, other, before, after) {
  const apart = (/** @type {Spot} */ spot) =>
    Math.max(20, Math.hypot(spot[0] - other[0], spot[1] - other[1]));
  map.pan((after[0] - before[0]) / 2, (after[1] - before[1]) / 2);
  map.zoom(apart(before) / apart(after), [(after[0] + other[0]) / 2, (after[1] + other[1]) / 2]);
}

/**
 * Arrows move z (Shift: ten times as far) or the map where that is chosen, Enter pins, with Shift
 * the nearest digit; plus, minus and 0 zoom.
 *
 * @param {MapView} view
 */
export function listenToKeys(view) {
  const { map, latentMap } = view;
  map.canvas.addEventListener("keydown", (event) => {
    const from = view.current;
    if (event.key in MOVES) {
      const share = ARROW * (event.shiftKey ? 10 : 1);
      const [right, up] = MOVES[event.key];
      const step = 2 * map.frame.half * share;
      if (map.isMoved) map.pan(-right * share * map.side, up * share * map.side);
      else view.hoverAt(rounded(latentMap.moved(from, right * step, up * step)));
    } else if (event.key === "Enter" && event.shiftKey) {
      const [{ index }] = latentMap.nearest(from, 1);
      view.pin(latentMap.latent(index), index);
    } else if (event.key === "Enter") view.pin(rounded(from));
    else if (event.key === "+" || event.key === "=") map.zoom(1 / 1.5);
    else if (event.key === "-") map.zoom(1.5);
    else if (event.key === "0") map.goHome();
    else return;
    event.preventDefault();
    view.redraw();
    if ("+=-0".includes(event.key) || map.isMoved) view.tell(300);
  });
}
