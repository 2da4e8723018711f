// What moves on a page before anybody has touched it: for a few seconds, only while it can be seen,
// and never for whoever asks for less motion.

import { isStill } from "./motion.js";

const LONGEST = 100; // milliseconds that a frame counts, as after the page was hidden

/**
 * Move something until the first touch of the page, or the end of its time.
 *
 * @param {HTMLElement} shown it moves while this is in sight
 * @param {number} duration in milliseconds
 * @param {(played: number) => void} frame called for each frame with the milliseconds so far
 * @param {(touch: Event | null) => void} over called once, with what ended it; null at its end
 * @returns {() => void} which ends it, and calls nothing
 */
export function unprompted(shown, duration, frame, over) {
  if (isStill()) return () => {};
  const ended = new AbortController();
  let played = 0;
  let asked = 0;
  /** @type {number | null} */
  let last = null;
  const end = () => {
    ended.abort();
    cancelAnimationFrame(asked);
    watcher.disconnect();
  };
  const finish = (/** @type {Event | null} */ touch) => {
    end();
    over(touch);
  };
  const step = (/** @type {number} */ now) => {
    played += Math.min(now - (last ?? now), LONGEST);
    last = now;
    if (played >= duration) return finish(null);
    asked = requestAnimationFrame(step);
    frame(played);
  };
  const watcher = new IntersectionObserver((seen) => {
    cancelAnimationFrame(asked);
    last = null;
    if (seen.at(-1)?.isIntersecting) asked = requestAnimationFrame(step);
  });
  watcher.observe(shown);
  for (const kind of ["pointerdown", "keydown"])
    addEventListener(kind, finish, { capture: true, signal: ended.signal });
  return end;
}
