import assert from "node:assert/strict";
import test from "node:test";
import { unpack } from "../../vae/live/bundle.js";
import { Decoder, Encoder } from "../../vae/live/network.js";

const tensor = (/** @type {number[]} */ values, /** @type {number[]} */ shape) => ({
  data: Float32Array.from(values),
  shape,
});
const sigmoid = (/** @type {number} */ x) => 1 / (1 + Math.exp(-x));

test("a dense layer and what follows it are computed as written down by hand", () => {
  const layers = [
    { kind: "dense", inputs: [0, 10, 11], output: 1, shape: [2], activation: "relu" },
    { kind: "multiply", inputs: [1, 12], output: 2, shape: [2], activation: null },
    { kind: "reshape", inputs: [2], output: 3, shape: [1, 2], activation: null },
  ];
  const arrays = {
    10: tensor([1, 2, 3, 4], [2, 2]),
    11: tensor([0.5, -20], [2]),
    12: tensor([2, 2], [2]),
  };
  const decoder = new Decoder({ values: { input: 0, shape: [2], outputs: [3], layers }, arrays });
  const image = decoder.decode([1, 2]);
  assert.deepEqual([...image], [Math.fround(sigmoid(2 * 5.5)), 0.5]); // the second is cut off
});

test("a softmax shares one among all numbers, however large they are", () => {
  const layer = { kind: "softmax", inputs: [0], output: 1, shape: [3], activation: null };
  const encoder = new Encoder({
    values: { input: 0, shape: [3], outputs: [1, 1], layers: [layer] },
    arrays: {},
  });
  const { mean } = encoder.encode([1000, 1000 + Math.log(2), -1000]);
  assert.deepEqual(
    [...mean].map((share) => share.toFixed(4)),
    ["0.3333", "0.6667", "0.0000"],
  );
});

test("a transposed convolution spreads each pixel with its kernel", () => {
  const layer = {
    kind: "transposed_convolution",
    inputs: [0, 10],
    output: 1,
    shape: [4, 4, 1],
    activation: null,
    stride: [2, 2],
  };
  const reshape = { kind: "reshape", inputs: [5], output: 0, shape: [2, 2, 1], activation: null };
  const kernel = tensor([1, 2, 3, 4], [1, 2, 2, 1]);
  const decoder = new Decoder({
    values: { input: 5, shape: [4], outputs: [1], layers: [reshape, layer] },
    arrays: { 10: kernel },
  });
  const logits = [1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  assert.deepEqual(
    [...decoder.decode([1, 0, 0, 0])],
    logits.map((logit) => Math.fround(sigmoid(logit))),
  );
});

test("a convolution weighs what lies under its kernel, and nothing beyond the edge", () => {
  const layer = {
    kind: "convolution",
    inputs: [0, 10, 11],
    output: 1,
    shape: [2, 2, 1],
    activation: null,
    stride: [2, 2],
  };
  const encoder = new Encoder({
    values: { input: 0, shape: [3, 3, 1], outputs: [1, 1], layers: [layer] },
    arrays: { 10: tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]), 11: tensor([0.5], [1]) },
  });
  const { mean } = encoder.encode([1, 0, 0, 0, 1, 0, 0, 0, 2]);
  // the corner's kernel begins one above and one to the left of the image
  assert.deepEqual([...mean], [5 + 9 + 0.5, 7 + 0.5, 3 + 0.5, 1 + 2 * 5 + 0.5]);
});

test("a latent of another size is refused with both sizes", () => {
  const layers = [{ kind: "relu", inputs: [0], output: 1, shape: [2], activation: null }];
  const decoder = new Decoder({
    values: { input: 0, shape: [2], outputs: [1], layers },
    arrays: {},
  });
  assert.throws(() => decoder.decode([1]), /a latent of 1 numbers; expected 2/);
});

test("what is no bundle is refused, not misread", () => {
  assert.throws(() => unpack(Uint8Array.of(9, 0, 0, 0, 123)));
  assert.throws(() => unpack(new Uint8Array(2)));
});
