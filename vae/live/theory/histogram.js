// How many of the digits have a gap of so many nats: from hundredths to hundreds.

import { element } from "../shared/elements.js";

/**
 * @import { Gaps } from "../latents/gaps.js"
 */

const [LEAST, MOST] = [0.01, 100]; // nats
const BINS = 32;

/**
 * Both gaps as histograms over the same axis.
 *
 * @param {Gaps} gaps
 */
export function gapsHistogram({ amortisation, approximation }) {
  const marks = ["0.01", "0.1", "1", "10", "100 nats"];
  return element(
    "div",
    { className: "gaps" },
    bars("Amortisation gap", amortisation, "amortised"),
    bars("Approximation gap", approximation, "approximated"),
    element(
      "div",
      { className: "scale faint", "aria-hidden": true },
      ...marks.map((textContent) => element("span", { textContent })),
    ),
  );
}

/**
 * @param {string} name
 * @param {Float32Array} values in nats
 * @param {string} className
 */
function bars(name, values, className) {
  const counts = counted(values);
  const highest = Math.max(...counts);
  const ordered = values.toSorted();
  const [half, most] = [0.5, 0.95].map((share) => ordered[Math.floor(share * values.length)]);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const words =
    `${name}: ${mean.toFixed(2)} nats on average, below ${half.toFixed(2)} for half of the digits, ` +
    `above ${most.toFixed(1)} for one in twenty`;
  const columns = counts.map((count) => {
    const column = element("i");
    column.style.height = `${(100 * count) / highest}%`;
    return column;
  });
  return element(
    "figure",
    {},
    element(
      "div",
      { className: `bars ${className}`, role: "img", "aria-label": words },
      ...columns,
    ),
    element("figcaption", { textContent: `${words}.` }),
  );
}

/**
 * How many values are in each bin, all as wide on a logarithmic axis; the outermost take what is
 * beyond them.
 *
 * @param {ArrayLike<number>} values
 */
export function counted(values) {
  const counts = new Array(BINS).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = Math.min(Math.max(values[i], LEAST), MOST);
    const bin = Math.floor((BINS * Math.log(value / LEAST)) / Math.log(MOST / LEAST));
    counts[Math.min(bin, BINS - 1)] += 1;
  }
  return counts;
}
