// The classes' names over dots of their colours: a class is never told by its colour alone.

import { pen } from "./elements.js";

const APART = 13; // CSS pixels; a name that would cover another is left out

/**
 * Write names on what a canvas shows, in the colour of text on that of paper.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {([left: number, top: number] | null)[]} spots by label, where each name stands in CSS
 *   pixels, if it does
 * @param {number} size of the letters, in CSS pixels
 * @param {number} [halo] around them: more where digits lie under them
 */
export function writeNames(canvas, spots, size, halo = 2) {
  const { color: ink, backgroundColor: paper } = getComputedStyle(canvas);
  const context = pen(canvas);
  /** @type {[left: number, top: number][]} */
  const written = [];
  const font = `600 ${size}px sans-serif`;
  Object.assign(context, { font, textAlign: "center", textBaseline: "middle", globalAlpha: 1 });
  Object.assign(context, {
    strokeStyle: paper,
    fillStyle: ink,
    lineWidth: 2 * halo,
    lineJoin: "round",
  });
  spots.forEach((spot, label) => {
    if (!spot) return;
    const [left, top] = spot;
    if (written.some((w) => Math.hypot(w[0] - left, w[1] - top) < APART)) return;
    written.push(spot);
    context.strokeText(String(label), left, top);
    context.fillText(String(label), left, top);
  });
}
