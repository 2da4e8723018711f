// What moves, and for whom.

/** Whether this visitor asks for less motion. */
export function isStill() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Slow at both ends.
 *
 * @param {number} t beyond [0, 1] it stays
 */
export function eased(t) {
  const within = Math.min(Math.max(t, 0), 1);
  return within * within * (3 - 2 * within);
}
