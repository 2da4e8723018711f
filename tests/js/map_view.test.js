import assert from "node:assert/strict";
import test from "node:test";
import { isolated, placeOf } from "../../vae/live/map/map_view.js";

const home = { x: 0, y: 0, half: 5 };
const whole = { frame: { ...home }, home, hidden: new Set(), hasManifold: false };
const zoomed = { ...whole, frame: { x: 1, y: -1, half: 0.5 } };

test("what is pinned is told as what it is: a drawing, a digit or a bare latent", () => {
  const latent = Float64Array.of(1.5, -2);
  const told = (/** @type {any} */ pinned) => {
    const { z, digit, drawing } = placeOf(pinned, zoomed);
    return { z, digit, drawing };
  };
  assert.deepEqual(told(null), { z: null, digit: null, drawing: false });
  assert.deepEqual(told({ latent, digit: null, isDrawing: true }), {
    z: null,
    digit: null,
    drawing: true,
  });
  assert.deepEqual(told({ latent, digit: 7, isDrawing: false }), {
    z: null,
    digit: 7,
    drawing: false,
  });
  assert.deepEqual(told({ latent, digit: null, isDrawing: false }), {
    z: [1.5, -2],
    digit: null,
    drawing: false,
  });
});

test("the whole map needs no frame, and layers are told in order", () => {
  assert.equal(placeOf(null, whole).frame, null);
  const place = placeOf(null, { ...zoomed, hidden: new Set([7, 1]), hasManifold: true });
  assert.deepEqual(place.frame, { x: 1, y: -1, half: 0.5 });
  assert.deepEqual(place.hidden, [1, 7]);
  assert.equal(place.manifold, true);
});

test("a class is shown alone, and once more all are", () => {
  const alone = isolated(3, new Set([3, 4]));
  assert.deepEqual([...alone], [0, 1, 2, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual([...isolated(3, alone)], []);
  assert.equal(isolated(4, alone).has(4), false);
});
