import assert from "node:assert/strict";
import test from "node:test";
import { light } from "../../vae/live/shared/palette.js";
import { afterKey } from "../../vae/live/shared/strip_slider.js";
import { Scale } from "../../vae/live/sliders/scale.js";
import { covered } from "../../vae/live/sliders/sliders.js";

test("keys move a slider by a step, a page or to its ends; others are left to the page", () => {
  const to = (/** @type {string} */ key) => afterKey(key, 4, 1, 5, 10);
  assert.deepEqual(["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"].map(to), [5, 5, 3, 3]);
  assert.deepEqual(["PageUp", "PageDown", "Home", "End"].map(to), [9, -1, 0, 10]);
  assert.deepEqual(["Enter", "a", "Tab"].map(to), [undefined, undefined, undefined]);
});

test("the ends of a track are a thousandth of the prior", () => {
  const scale = new Scale(null);
  assert.deepEqual(
    [-1, 0, 0.5, 1].map((share) => scale.z(share)),
    [-3.0902, -3.0902, 0, 3.0902],
  );
});

test("without a prior a track runs through the digits' own latents", () => {
  const scale = new Scale([-10, 0, 2, 2, 30]);
  assert.deepEqual(
    [0.125, 0.25, 0.5, 0.875].map((share) => scale.z(share)),
    [-5, 0, 2, 16],
  );
  assert.deepEqual(
    [-50, -10, -5, 0, 16, 30, 99].map((z) => scale.share(z)),
    [0, 0, 0.125, 0.25, 0.875, 1, 1],
  );
  for (let i = 0; i < 100; i++) assert.ok(Math.abs(scale.draw() - 10) <= 20);
});

test("a colour is light", () => {
  assert.deepEqual(light("#ff8000"), [1, 128 / 255, 0]);
});

test("the first digits of a strip cover all of it, so that none is left of the digit before", () => {
  const shown = Array.from({ length: 11 }, () => -1);
  for (let turn = 0; turn < 11; turn++) {
    for (const cell of covered(turn)) shown[cell] = turn;
    assert.ok(!shown.includes(-1), `after ${turn + 1}`);
  }
  assert.equal(new Set(shown).size, 11);
});
