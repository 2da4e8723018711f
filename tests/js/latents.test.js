import assert from "node:assert/strict";
import test from "node:test";
import { Digits, LatentMap } from "../../vae/live/latents/latent_map.js";
import { rounded, sixDigits } from "../../vae/live/latents/link_decimals.js";
import { klDivergence, reconstructionLoss } from "../../vae/live/latents/losses.js";
import { latentPath } from "../../vae/live/latents/path.js";

const floats = (/** @type {number[]} */ ...values) => ({
  data: Float32Array.from(values),
  shape: [values.length],
});

const map = new LatentMap({
  values: { latent_dim: 3, extent: 4 },
  arrays: {
    points: floats(0, 0, 1, 0, 0, 2),
    labels: { data: Int32Array.of(4, 9, 4), shape: [3] },
    names: floats(0, 0),
    mean: floats(1, 1, 1, 2, 1, 1, 1, 1, 3),
    log_variance: floats(0, 0, 0, Math.log(4), 0, 0, 0, 0, Math.log(9)),
    origin: floats(1, 1, 1),
    axes: floats(1, 0, 0, 0, 0, 1),
    neighbour_distances: floats(1, 1, 2),
  },
});

test("a point of the plane is lifted into latent space and projected back", () => {
  assert.deepEqual([...map.lift([2, -1])], [3, 1, 0]);
  assert.deepEqual(map.project([3, 99, 0]), [2, -1]);
  assert.deepEqual([...map.moved([0, 5, 0], 1, 2)], [1, 5, 2]);
});

test("the nearest digits come first, and one can be left out", () => {
  assert.deepEqual(map.nearest([1.9, 1, 1], 2), [
    { index: 1, distance: Math.sqrt((1.9 - 2) ** 2) },
    { index: 0, distance: Math.sqrt((1.9 - 1) ** 2) },
  ]);
  assert.deepEqual(
    map.nearest([2, 1, 1], 2, 1).map(({ index }) => index),
    [0, 2],
  );
  assert.equal(map.nearest([0, 0, 0], 9).length, 3);
});

test("a distance is compared with those between the digits", () => {
  assert.equal(map.shareNearer(0.5), 0);
  assert.equal(map.shareNearer(1.5), 2 / 3);
  assert.equal(map.shareNearer(7), 1);
});

test("the ellipse of a posterior has its standard deviations as half axes", () => {
  const { long, short, angle } = map.ellipse(map.logVariance(2));
  assert.ok(Math.abs(long - 3) < 1e-6 && Math.abs(short - 1) < 1e-6);
  assert.ok(Math.abs(angle - Math.PI / 2) < 1e-9);
});

test("a digit's image is in [0, 1]", () => {
  const images = { data: new Uint8Array(2 * 784).fill(255, 784), shape: [2, 28, 28] };
  const digits = new Digits({
    values: {},
    arrays: { images, labels: { data: Int32Array.of(3, 1), shape: [2] } },
  });
  assert.deepEqual([digits.image(0)[783], digits.image(1)[0], digits.image(1).length], [0, 1, 784]);
});

test("latents have four decimals and frames six digits, as in links", () => {
  assert.deepEqual([...rounded([0.123456, -1e-9, 41.00005])], [0.1235, -0, 41.0001]);
  assert.deepEqual(sixDigits({ x: 1.23456789, half: 1234567 }), { x: 1.23457, half: 1234570 });
});

test("the loss of an image is cross-entropy and a closed form", () => {
  assert.ok(Math.abs(reconstructionLoss([1, 0.5], [0.5, 0.5]) - 2 * Math.log(2)) < 1e-9);
  assert.ok(Number.isFinite(reconstructionLoss([1, 0], [0, 1])));
  assert.equal(klDivergence([2, 0], [0, 0]), 2);
});

test("a path goes through its ends, evenly", () => {
  const path = latentPath([[0, 0], [2, 4], [2, 0]], 3, "straight"); // biome-ignore format: ends
  assert.deepEqual(
    path.map((latent) => [...latent]),
    [[0, 0], [1, 2], [2, 4], [2, 2], [2, 0]],
  ); // biome-ignore format: a latent each
  const turned = latentPath([[2, 0], [0, 2]], 3, "spherical")[1]; // biome-ignore format: ends
  assert.ok(Math.abs(Math.hypot(...turned) - 2) < 1e-3);
});
