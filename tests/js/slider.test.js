import assert from "node:assert/strict";
import test from "node:test";
import { light } from "../../vae/live/shared/palette.js";
import { afterKey } from "../../vae/live/shared/strip_slider.js";
import { zAt } from "../../vae/live/sliders/sliders.js";

test("keys move a slider by a step, a page or to its ends; others are left to the page", () => {
  const to = (/** @type {string} */ key) => afterKey(key, 4, 1, 5, 10);
  assert.deepEqual(["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"].map(to), [5, 5, 3, 3]);
  assert.deepEqual(["PageUp", "PageDown", "Home", "End"].map(to), [9, -1, 0, 10]);
  assert.deepEqual(["Enter", "a", "Tab"].map(to), [undefined, undefined, undefined]);
});

test("the ends of a track are a thousandth of the prior", () => {
  assert.deepEqual([zAt(-1), zAt(0), zAt(0.5), zAt(1)], [-3.0902, -3.0902, 0, 3.0902]);
});

test("a colour is light", () => {
  assert.deepEqual(light("#ff8000"), [1, 128 / 255, 0]);
});
