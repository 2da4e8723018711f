import assert from "node:assert/strict";
import test from "node:test";
import { between, History, reach } from "../../vae/live/scrubber/history.js";

const floats = (/** @type {number[]} */ ...values) => Float32Array.from(values);

const bundle = {
  values: {
    epochs: [0, 1, 5],
    planned: 5,
    growing: false,
    losses: { 1: [151.26, 141, 10.26], 5: [140, 130, 10] },
    kl_weight: 0.5,
    dead_below: 0.01,
  },
  arrays: {
    points: { data: floats(0, 0, 1, 1, 0, 0, 2, 2, 0, 0, 3, 3), shape: [3, 2, 2] },
    kl: { data: floats(0, 0, 0, 1, 2, 0.5, 2, 0.001, 3), shape: [3, 3] },
  },
};
const history = new History(bundle);

test("a place among snapshots is named by the nearest epoch and its losses", () => {
  assert.equal(history.title(0), "Before training");
  assert.equal(history.title(1.6), "After epoch 5");
  assert.equal(history.lossText(0), " · of 5 epochs");
  assert.equal(
    history.lossText(1.2),
    " of 5 · validation loss 151.3 = 141.0 reconstruction + 0.5 × 10.3 KL",
  );
  assert.equal(history.spoken(2), "After epoch 5, validation loss 140.0 nats");
  assert.equal(history.spoken(0), "Before training");
});

test("of a plain autoencoder only what is lost is told", () => {
  const { arrays, values } = bundle;
  const plain = new History({ values: { ...values, is_autoencoder: true, kl_weight: 0 }, arrays });
  assert.equal(plain.lossText(1), " of 5 · validation reconstruction loss 141.0");
});

test("between two snapshots the numbers are mixed, and beyond the last there is none", () => {
  const stack = { data: Uint8Array.of(0, 10, 100, 20), shape: [2, 2] };
  assert.deepEqual([...between(stack, 0)], [0, 10]);
  assert.deepEqual([...between(stack, 0.25)], [25, 12.5]);
  assert.deepEqual([...between(stack, 1)], [100, 20]);
});

test("dimensions are ranked by the last snapshot, and those that tell nothing are named", () => {
  assert.deepEqual(history.rank, [2, 0, 1]);
  assert.deepEqual(history.dimensions(2).dead, [1]);
  assert.deepEqual(history.dimensions(0).dead, []); // an untrained model uses none yet
  const mixed = history.dimensions(1.5).kl.map((nats) => nats.toFixed(2));
  assert.deepEqual(mixed, ["1.50", "1.00", "1.75"]);
});

test("the map holds nearly all points of nearly all snapshots, not one that ran away", () => {
  const close = reach({ data: floats(0.1, 0.2, -0.3, 0), shape: [1, 2, 2] });
  assert.equal(close, 1.06);
  const astray = reach({ data: floats(0, 0, 900, 0, 0, 0, 4, 0), shape: [2, 2, 2] });
  assert.ok(Math.abs(astray - 1.5 * 4 * 1.06) < 1e-6);
});
