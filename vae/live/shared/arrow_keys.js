// Which way the arrow keys go, wherever they move something on a plane.

/** @type {Record<string, [right: number, up: number]>} by the key's name */
export const MOVES = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};
