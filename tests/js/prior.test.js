import assert from "node:assert/strict";
import test from "node:test";
import {
  drawFromPrior,
  quantile,
  shareBelow,
  shareOfPriorWithin,
} from "../../vae/live/latents/prior.js";

/**
 * The share in an even number of dimensions, in closed form: the chance that a Poisson variable is
 * at least half of them.
 *
 * @param {number} radius
 * @param {number} dimensions
 */
function expected(radius, dimensions) {
  const x = radius ** 2 / 2;
  let share = 1;
  let term = Math.exp(-x);
  for (let k = 0; k < dimensions / 2; k++) {
    share -= term;
    term *= x / (k + 1);
  }
  return share;
}

for (const dimensions of [2, 4, 16, 64, 128]) {
  test(`the share of the prior within a radius is a share, near and far, in ${dimensions}`, () => {
    for (const radius of [0, 0.01, 1, 3, 8, 12, 20, 36, 37.5, 38, 50, 1000, 1e6]) {
      const latent = new Float64Array(dimensions);
      latent[dimensions - 1] = radius;
      const share = shareOfPriorWithin(latent);
      assert.ok(share >= 0 && share <= 1, `${share} at ${radius}`);
      assert.ok(Math.abs(share - expected(radius, dimensions)) < 1e-9, `${share} at ${radius}`);
    }
  });
}

test("in one dimension it is what lies between -z and z", () => {
  for (const z of [0.3, 1, 1.96, 5, 40]) {
    const between = 2 * shareBelow(z) - 1;
    assert.ok(Math.abs(shareOfPriorWithin([z]) - between) < 1e-9);
  }
});

test("quantiles are those of a table, and shares their inverse", () => {
  for (const [share, z] of [
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
    [1e-9, -5.997807015007687],
  ]) {
    assert.ok(Math.abs(quantile(share) - z) < 1e-12);
    assert.ok(Math.abs(shareBelow(z) - share) < 1e-9);
  }
});

test("a draw from the prior is a number, whatever chance gives", (t) => {
  for (const chance of [0, 2 ** -53, 0.5, 1 - 2 ** -53]) {
    t.mock.method(Math, "random", () => chance);
    assert.ok(Number.isFinite(drawFromPrior()), `with ${chance}`);
  }
});
