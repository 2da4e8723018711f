import assert from "node:assert/strict";
import test from "node:test";
import { directionText, distanceText, latentText, priorText } from "../../vae/live/map/words.js";

test("words on the prior name a share, also of latents that it never draws", () => {
  assert.match(priorText([0.5, -0.5]), /^Usual .* 22\u00a0% /);
  for (const middle of [[0.05, 0.05], new Float32Array(16)]) // in many dimensions it is empty
    assert.match(priorText(middle), /^In the middle of the prior: not 1\u00a0% /);
  assert.match(priorText([0.15, 0]), /^Usual .* 1\u00a0% /);
  assert.match(priorText([3, 1]), /^Rare .* 99\.3\u00a0% /);
  for (const far of [37, 38, 41.5, 1e4]) {
    assert.match(priorText([far, 3.9]), /^Hardly ever drawn .*: 100\u00a0% of its samples/);
    assert.match(priorText(new Float32Array(16).fill(far)), /^Hardly ever drawn .*: 100\u00a0% of/);
  }
});

test("a latent of few dimensions is told by its numbers, one of many by its length", () => {
  assert.equal(latentText(Float32Array.of(1, -0.25)), "z = (1.00, -0.25)");
  assert.equal(latentText([3, 4, 0, 0, 0]), "|z| = 5.00 in 5 dimensions");
});

test("a latent is among the digits, at their edge, or far from them", () => {
  const told = (/** @type {number} */ share) =>
    distanceText({ shareNearer: () => share }, { distance: 0.25 });
  assert.equal(told(0.5), "Among the digits: the nearest is 0.25 away.");
  assert.match(told(0.95), /^At the edge .*farther than for 95\u00a0% of digits\.$/);
  assert.equal(told(1), "Far from all the digits: the nearest is 0.25 away.");
});

test("directions are those of the map", () => {
  assert.equal(directionText(1, 0), "1 right");
  assert.equal(directionText(-1, 2), "2 up and 1 left");
});
