import assert from "node:assert/strict";
import test from "node:test";
import { Field } from "../../vae/live/theory/field.js";
import { better, descend, termsOf } from "../../vae/live/theory/gaussian.js";
import { counted } from "../../vae/live/theory/histogram.js";
import { Lattice } from "../../vae/live/theory/lattice.js";
import { niceStep } from "../../vae/live/theory/layers.js";
import { below, logDensity, raster } from "../../vae/live/theory/mixture.js";
import { betterText, hillsText } from "../../vae/live/theory/words.js";
import { Theory } from "../../vae/live/theory/worker.js";

/** @typedef {{x: number, y: number, variance: [number, number], weight?: number}} Peak */

const FAINT = -40; // log sigmoid(a) is a itself, so low

/**
 * Stands in for a decoder of one pixel: how likely white is from z is a mixture of Gaussians.
 *
 * @param {...Peak} peaks
 * @returns {any}
 */
function decoder(...peaks) {
  let decoded = 0;
  return {
    outputs: [new Float64Array(1)],
    logits: (/** @type {number[]} */ [x, y]) => {
      decoded += 1;
      const all = peaks.map(({ x: px, y: py, variance: [vx, vy], weight = 1 }) => {
        return weight * Math.exp(-((x - px) ** 2) / vx / 2 - (y - py) ** 2 / vy / 2);
      });
      return [FAINT + Math.log(all.reduce((sum, value) => sum + value, 1e-300))];
    },
    get decoded() {
      return decoded;
    },
  };
}

/** @param {Generator<any, any, any>} work */
function finished(work) {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * The field of a white pixel, refined and covering q.
 *
 * @param {any} made a decoder
 * @param {{mean: number[], logVariance: number[]}} q
 */
function field(made, q) {
  const lattice = new Lattice(made, 4);
  finished(lattice.decodeCoarse());
  const found = new Field(lattice, [1]);
  finished(found.refine());
  finished(found.cover(q));
  return found;
}

/** What is exact where the likelihood is one Gaussian. @param {Peak} peak */
function exact({ x, y, variance }) {
  let evidence = FAINT;
  /** @type {number[]} */
  const means = [];
  /** @type {number[]} */
  const logVariances = [];
  [x, y].forEach((at, i) => {
    const spread = 1 + variance[i];
    evidence += 0.5 * Math.log(variance[i] / spread) - at ** 2 / spread / 2;
    means.push(at / spread);
    logVariances.push(Math.log(variance[i] / spread));
  });
  return { evidence, mean: means, logVariance: logVariances };
}

const near = (/** @type {number} */ found, /** @type {number} */ wanted, within = 1e-3) =>
  assert.ok(Math.abs(found - wanted) < within, `${found} is not ${wanted}`);

for (const variance of /** @type {[number, number][]} */ ([
  [0.03 ** 2, 0.03 ** 2],
  [0.012 ** 2, 0.05 ** 2],
  [0.3, 0.2],
])) {
  const deviations = variance.map((value) => Math.sqrt(value).toFixed(3)).join(" x ");
  test(`the evidence and the gap of a posterior of ${deviations} are the closed form's`, () => {
    for (const [x, y] of [
      [0.4137, -1.271],
      [-2.05, 0.02],
    ]) {
      const truth = exact({ x, y, variance });
      const q = {
        mean: truth.mean.map((value, i) => value + 0.8 * Math.exp(truth.logVariance[i] / 2)),
        logVariance: truth.logVariance.map((value) => value + 0.3),
      };
      const found = field(decoder({ x, y, variance }), q);
      near(found.logEvidence, truth.evidence);
      assert.ok(found.error < 0.1);
      const terms = termsOf(found, q);
      const gap = 0.64 + (Math.exp(0.3) - 1 - 0.3); // twice 0.5 (0.8^2 + e^0.3 - 1 - 0.3)
      near(terms.gap, gap);
      near(terms.nll + terms.gap, terms.reconstruction + terms.kl, 1e-9);
    }
  });
}

test("steps lead from a wrong Gaussian to the true one, ever lower", () => {
  const peak = { x: 0.7, y: -0.3, variance: /** @type {[number, number]} */ ([0.001, 0.004]) };
  const truth = exact(peak);
  const q = { mean: [0.78, -0.5], logVariance: [-5.5, -8] };
  const way = finished(descend(field(decoder(peak), q), q));
  const last = way[way.length - 1];
  assert.ok(way.length > 3 && way[0].gap > 3);
  for (let i = 1; i < way.length; i++) assert.ok(way[i].gap < way[i - 1].gap);
  near(last.gap, 0, 2e-3);
  last.q.mean.forEach((/** @type {number} */ value, /** @type {number} */ i) => {
    near(value, truth.mean[i], 2e-3);
    near(last.q.logVariance[i], truth.logVariance[i], 0.05);
  });
});

test("two hills are counted with their shares, and a Gaussian on one leaves log of its share", () => {
  const variance = /** @type {[number, number]} */ ([0.001, 0.001]);
  const peaks = [
    { x: 1, y: 0, variance, weight: 3 },
    { x: -1, y: 0, variance },
  ];
  const q = { mean: [-1, 0.01], logVariance: [-7, -7] };
  const found = field(decoder(...peaks), q);
  const hills = found.hills();
  assert.equal(hills.length, 2);
  near(hills[0].probability, 0.75);
  near(hills[1].probability, 0.25);
  near(hills[0].moments.mean[0], exact(peaks[0]).mean[0]);
  const alone = finished(descend(found, q));
  near(alone[alone.length - 1].gap, -Math.log(0.25), 5e-3);
  const { way, jumped } = finished(better(found, q));
  assert.equal(jumped, true);
  near(way[way.length - 1].gap, -Math.log(0.75), 5e-3);
});

test("the roughness of one hill makes no hills of it", () => {
  const variance = /** @type {[number, number]} */ ([0.01, 0.01]);
  const rough = decoder({ x: 0, y: 0, variance });
  const smooth = rough.logits;
  rough.logits = (/** @type {number[]} */ z) => [
    smooth(z)[0] + 0.2 * Math.sin(60 * z[0]) * Math.cos(70 * z[1]),
  ];
  assert.equal(field(rough, { mean: [0, 0], logVariance: [-5, -5] }).hills().length, 1);
});

test("an image beyond the grid is found where its encoder puts it", () => {
  const peak = { x: 5, y: 0.5, variance: /** @type {[number, number]} */ ([0.001, 0.001]) };
  const truth = exact(peak);
  const found = field(decoder(peak), truth);
  finished(found.refine());
  near(found.logEvidence, truth.evidence);
});

test("what was decoded for one image is not decoded again for the next", () => {
  const made = decoder({ x: 0, y: 0, variance: [0.01, 0.01] });
  const q = { mean: [0, 0], logVariance: [-5, -5] };
  const lattice = new Lattice(made, 4);
  finished(lattice.decodeCoarse());
  assert.equal(made.decoded, 96 * 96);
  for (const image of [[1], [1], [0.9]]) {
    const found = new Field(lattice, image);
    finished(found.cover(q));
  }
  const once = made.decoded;
  finished(new Field(lattice, [1]).cover(q));
  assert.equal(made.decoded, once);
});

test("the worker tells of an image at once, then exactly, and of the last one only", async () => {
  /** @type {any[]} */
  const answers = [];
  const theory = new Theory((answer) => answers.push(answer));
  const q = { mean: [0, 0], logVariance: [-5, -5] };
  await theory.take({ kind: "image", number: 1, image: [1], q });
  assert.equal(theory.work(), false); // nothing to decode with yet
  await theory.take({
    kind: "densities",
    posteriors: { means: Float32Array.of(0, 0), logVariances: Float32Array.of(0, 0) },
    points: [[0, 0]],
  });
  near(answers[0].found[0], -Math.log(2 * Math.PI));
});

test("the mixture has the density of its Gaussians, and its picture their whole mass", () => {
  const means = Float32Array.of(0, 0, 1, -1);
  const logVariances = Float32Array.of(0, Math.log(0.25), -2, -8);
  const direct = (/** @type {number} */ x, /** @type {number} */ y) => {
    let sum = 0;
    for (const i of [0, 2]) {
      const [vx, vy] = [Math.exp(logVariances[i]), Math.exp(logVariances[i + 1])];
      const squared = (x - means[i]) ** 2 / vx + (y - means[i + 1]) ** 2 / vy;
      sum += Math.exp(-squared / 2) / (2 * Math.PI * Math.sqrt(vx * vy)) / 2;
    }
    return sum;
  };
  for (const [x, y] of [
    [0.3, -0.2],
    [1.1, -1.01],
  ])
    near(logDensity({ means, logVariances }, x, y), Math.log(direct(x, y)), 1e-6);
  const density = raster({ means, logVariances }, 8, 64);
  const mass = density.reduce((sum, value) => sum + value * 0.25 ** 2, 0);
  near(mass, 1, 1e-4);
  const at = 64 * (31 - 4) + 31 + 5; // column of x = 1.25 - 1.5, the row of y = 1 - 1.25
  let mean = 0;
  for (let i = 0; i < 50; i++)
    for (let j = 0; j < 50; j++) mean += direct(1 + (i + 0.5) / 200, 1 + (j + 0.5) / 200) / 2500;
  near(density[at], mean, 1e-4);
});

test("the normal distribution is summed up to 1e-7", () => {
  near(below(0), 0.5, 2e-7);
  near(below(1.959963985), 0.975, 2e-7);
  near(below(-1), 0.158655254, 2e-7);
});

test("steps of axes are round, and bins take all", () => {
  assert.deepEqual(
    [0.013, 0.2, 3.1, 70].map(niceStep).map((v) => Number(v.toPrecision(3))),
    [0.02, 0.2, 5, 100],
  );
  const counts = counted([0, 0.011, 0.02, 99, 5000, -1, 1]);
  assert.deepEqual([counts[0], counts[2], counts[16], counts[31]], [3, 1, 1, 2]);
  assert.equal(counts.length, 32);
});

test("words count the hills and name what is saved", () => {
  const moments = { mean: [0, 0], logVariance: [0, 0] };
  assert.match(hillsText([{ probability: 1, moments, narrowest: 1 }]), /one hill/);
  const two = [0.71, 0.29].map((probability) => ({ probability, moments, narrowest: 1 }));
  assert.match(hillsText(two), /two hills, with 71 % and 29 %/);
  const way = [2.1, 0.8].map((gap) => ({ gap, q: moments }));
  assert.match(
    betterText(way, false, 2),
    /^1\.30 of 2\.10 nats saved.*0\.80 nats remain.*two hills/s,
  );
});
