import assert from "node:assert/strict";
import test from "node:test";
import { edge, mixed, Series } from "../../vae/live/dial/series.js";
import { between, turned, withNames } from "../../vae/live/projections/pictures.js";
import { writeNames } from "../../vae/live/shared/class_names.js";

const floats = (/** @type {number[]} */ ...values) => Float32Array.from(values);

const series = new Series({
  values: {
    name: "β",
    labels: ["0", "1", "20"],
    runs: ["a", "b", "c"],
    start: 1,
    lost: [140, 150, 200],
    told: [9, 6.26, null],
    source: "test digits",
    extents: [20, 4, 3.2],
    dead_below: 0.01,
  },
  arrays: {
    points: { data: floats(9, 9, 1, 1, 0, 0), shape: [3, 1, 2] },
    kl: { data: floats(5, 4, 3, 3, 0.001, 0), shape: [3, 2] },
    manifold: { data: floats(0, 10, 100), shape: [3, 1] },
  },
});

test("a place on the dial is named by the nearest run and what that pays", () => {
  assert.equal(series.last, 2);
  assert.equal(series.start, 1);
  assert.equal(series.title(0.4), "β = 0");
  assert.equal(series.spoken(1.4), "β = 1, reconstruction loss 150.0, KL divergence 6.3 nats");
  assert.equal(series.lossText(2), " · reconstruction loss 200.0, no KL divergence");
});

test("between two runs the map's width and its pictures are mixed", () => {
  assert.equal(series.extent(0.5), 12);
  assert.equal(series.extent(2), 3.2);
  assert.deepEqual([...series.decoded(1.5)], [55]);
  assert.equal(mixed([1, 3], 0.25), 1.5);
});

test("a dimension is dead wherever it tells nothing, and bars are as high as the highest of all", () => {
  assert.deepEqual(series.dimensions(2).dead, [0, 1]);
  assert.deepEqual(series.dimensions(0).dead, []);
  assert.equal(series.highestKl, 5);
});

test("a cloud turns without changing its shape, and a quarter turn shows its side", () => {
  const places = floats(1, 0, 0, 0, 1, 0, 0.2, -0.3, 0.5);
  const quarter = [...turned(places, [Math.PI / 2, 0])];
  const expected = [0, 0, -1, 0, 1, 0, 0.5, -0.3, -0.2];
  expected.forEach((value, i) => {
    assert.ok(Math.abs(quarter[i] - value) < 1e-6);
  });
  const seen = turned(places, [0.7, -0.4]);
  for (let at = 0; at < 9; at += 3)
    assert.ok(
      Math.abs(
        Math.hypot(...seen.subarray(at, at + 3)) - Math.hypot(...places.subarray(at, at + 3)),
      ) < 1e-6,
    );
  assert.deepEqual([...turned(places, [0, 0])], [...places]);
});

test("between two pictures each digit is on its way", () => {
  assert.deepEqual([...between(floats(0, 2), floats(1, 0), 0.25)], [0.25, 1.5]);
});

test("a run that tells far more than all others does not press them together", () => {
  assert.equal(edge([80, 10, 7, 0]), 12);
  assert.equal(edge([9, 8, 7]), 9);
});

test("a class's name stands on one of its digits, the nearest to their median", () => {
  const places = [0, 0, 0, 1, 1, 1, 9, 1, 0, 5, 5, 5];
  const found = [...withNames(places, [3, 3, 3, 7])];
  assert.deepEqual(found.slice(0, 12), places);
  const of = (/** @type {number} */ label) => found.slice(12 + 3 * label, 15 + 3 * label);
  assert.deepEqual(
    [of(3), of(7), of(0)],
    [
      [1, 1, 1],
      [5, 5, 5],
      [0, 0, 0],
    ],
  );
  assert.equal(found.length, 12 + 30);
});

test("a name that would cover another is left out, and so is one without a place", () => {
  /** @type {string[]} */
  const written = [];
  const context = { strokeText() {}, fillText: (/** @type {string} */ name) => written.push(name) };
  const canvas = /** @type {any} */ ({ getContext: () => context });
  globalThis.getComputedStyle = /** @type {any} */ (
    () => ({ color: "#000", backgroundColor: "#fff" })
  );
  writeNames(canvas, [[0, 0], [5, 5], null, [20, 0]], 15);
  assert.deepEqual(written, ["0", "3"]);
});
