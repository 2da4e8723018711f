// Mouse, finger and keyboard on the map of a morph.

import { rounded } from "../latents/link_decimals.js";
import { MOVES } from "../shared/arrow_keys.js";

/**
 * @import { Spot } from "../map/canvas.js"
 * @import { Morph } from "./morph.js"
 */

export const MORPH_LABEL =
  "The path on the map. Arrow keys move a cross, with Shift ten times as far, and Enter adds an " +
  "end there. The letter of an end takes it: then the arrows move it, and Enter puts it down.";

const REACH = 14; // CSS pixels from an end within which it is taken; of a finger more
const REACH_TOUCH = 24;
const STILL = 4; // CSS pixels that a click may move
const ARROW = 1 / 200; // of the map's width: one step of an arrow key

/**
 * A press on an end that is dragged moves it; a click elsewhere adds one.
 *
 * @param {Morph} view
 */
export function listenToPointers(view) {
  const { map, latentMap } = view;
  const { canvas } = map;
  /** What is pressed: where, on which end, its latent then. */
  /** @type {{spot: Spot, end: number, latent: number[]} | null} */
  let press = null;
  /** @returns {Spot} */
  const at = (/** @type {MouseEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    const spot = at(event);
    const end = nearestEnd(view, spot, event.pointerType === "mouse" ? REACH : REACH_TOUCH);
    press = { spot, end, latent: view.ends[end] };
    if (end >= 0) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const spot = at(event);
    canvas.style.cursor = nearestEnd(view, spot, REACH) < 0 ? "" : "grab";
    if (!press || press.end < 0) return;
    if (view.held === null && !isFar(spot, press.spot)) return;
    const right = (spot[0] - press.spot[0]) / map.scale;
    const up = (press.spot[1] - spot[1]) / map.scale;
    view.move(press.end, rounded(latentMap.moved(press.latent, right, up)));
  });
  canvas.addEventListener("pointerup", (event) => {
    const spot = at(event);
    if (view.held !== null) view.drop();
    else if (press && press.end < 0 && !isFar(spot, press.spot))
      view.add(rounded(latentMap.lift(map.toPlane(spot))));
    press = null;
  });
  canvas.addEventListener("pointercancel", () => {
    view.drop();
    press = null;
  });
  // a finger that has taken an end does not scroll the page
  const keep = (/** @type {TouchEvent} */ event) => {
    if (press && press.end >= 0 && event.cancelable) event.preventDefault();
  };
  canvas.addEventListener("touchmove", keep, { passive: false });
}

/**
 * The end nearest to a spot, within reach; else -1.
 *
 * @param {Morph} view
 * @param {Spot} spot
 * @param {number} reach CSS pixels
 */
function nearestEnd({ ends, map, latentMap }, spot, reach) {
  const away = ends.map((end) => {
    const [left, top] = map.toScreen(latentMap.project(end));
    return Math.hypot(left - spot[0], top - spot[1]);
  });
  const nearest = Math.min(...away);
  return nearest <= reach ? away.indexOf(nearest) : -1;
}

/**
 * @param {Spot} spot
 * @param {Spot} start
 */
function isFar(spot, start) {
  return Math.hypot(spot[0] - start[0], spot[1] - start[1]) > STILL;
}

/**
 * What `MORPH_LABEL` says.
 *
 * @param {Morph} view
 */
export function listenToKeys(view) {
  const { map, latentMap } = view;
  map.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const named = view.ends.findIndex((_, i) => endLetter(i) === event.key.toUpperCase());
    if (event.key in MOVES) {
      const step = 2 * map.frame.half * ARROW * (event.shiftKey ? 10 : 1);
      const [right, up] = MOVES[event.key].map((direction) => direction * step);
      if (view.held !== null)
        view.move(view.held, rounded(latentMap.moved(view.ends[view.held], right, up)));
      else {
        const [x, y] = view.cursor ?? [0, 0];
        view.cursor = [x + right, y + up];
      }
    } else if (named >= 0) {
      view.drop();
      view.held = named;
      view.spoken.textContent = `End ${endLetter(named)} is taken.`;
    } else if (event.key === "Enter" && view.held !== null) view.drop();
    else if (event.key === "Enter" && view.cursor) view.add(rounded(latentMap.lift(view.cursor)));
    else return;
    event.preventDefault();
    view.draw();
  });
  map.canvas.addEventListener("blur", () => {
    view.drop();
    view.cursor = null;
    view.draw();
  });
}

/**
 * A, B, C ...
 *
 * @param {number} i
 */
export function endLetter(i) {
  return String.fromCharCode(65 + i);
}
