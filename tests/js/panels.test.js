import assert from "node:assert/strict";
import test from "node:test";
import { namePlaces } from "../../vae/live/scrubber/panels.js";

test("a class's name stands on one of its points, the nearest to their middle", () => {
  const points = Array.from({ length: 10 }, (_, label) => [0, label, 1, label, 5, label]).flat();
  const places = namePlaces(Float32Array.from(points));
  assert.deepEqual(
    places,
    Array.from({ length: 10 }, (_, label) => [1, label]),
  );
});
