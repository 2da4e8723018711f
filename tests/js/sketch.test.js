import assert from "node:assert/strict";
import test from "node:test";
import { Passage } from "../../vae/live/pipeline/passage.js";
import { onlyRecorded, Recording } from "../../vae/live/recording.js";
import { Sketch, SketchedDecoder } from "../../vae/live/sketch.js";

const array = (/** @type {any} */ data, /** @type {number[]} */ ...shape) => ({ data, shape });
const numbers = (/** @type {number[]} */ ...values) => Float32Array.from(values);

/** Two latents; the picture of the second is white. */
function sketch() {
  const arrays = {
    latents: array(numbers(0, 0, 1, 1), 2, 2),
    pictures: array(Uint8Array.from([0, 51, 255, 255]), 2, 2),
    images: array(numbers(0, 0, 0, 0.5, 0.5, 0.5), 2, 3),
    mean: array(numbers(3, 4, 5, 6), 2, 2),
    log_variance: array(numbers(-1, -2, -3, -4), 2, 2),
  };
  return new Sketch({ values: {}, arrays });
}

test("a sketch shows what it knows, and else what it has next to it", () => {
  const one = sketch();
  const shown = (/** @type {number[]} */ latent) => Array.from(one.decode(latent));
  assert.deepEqual(shown([1, 1]), [1, 1]);
  assert.deepEqual(shown([0.4, 0.2]), [0, Math.fround(0.2)]);
  assert.deepEqual([one.knows([1, 1.0001]), one.knows([0.9, 1])], [true, false]);
  assert.equal(one.latentDim, 2);
});

test("a sketch knows the posteriors of its images", () => {
  const { mean, logVariance } = sketch().encode([0.5, 0.49, 0.5]);
  assert.deepEqual(
    [Array.from(mean), Array.from(logVariance)],
    [
      [5, 6],
      [-3, -4],
    ],
  );
});

test("pictures in full precision are shown as they are", () => {
  const { latents } = { latents: array(numbers(0), 1, 1) };
  const one = new Sketch({
    values: {},
    arrays: { latents, pictures: array(numbers(0.123456), 1, 1) },
  });
  assert.deepEqual(one.decode([0]), numbers(0.123456));
});

test("a decoder is sent for once, when a sketch lacks what is asked, and takes over", () => {
  let sent = 0;
  const decoder = new SketchedDecoder(sketch(), () => sent++);
  decoder.decode([0, 0]);
  decoder.decode([1, 1]);
  assert.equal(sent, 0);
  assert.deepEqual(Array.from(decoder.decode([0.8, 0.8])), [1, 1]);
  decoder.decode([0.7, 0.8]);
  assert.equal(sent, 1);
  const real = /** @type {any} */ ({ decode: () => numbers(7) });
  decoder.become(real);
  assert.deepEqual(decoder.decode([0, 0]), numbers(7));
  assert.equal(sent, 1);
});

/** What both networks made of the image "3": one number each, through one layer of two. */
function recording() {
  const layer = { kind: "dense", inputs: [0, 1], output: 2, shape: [8] };
  const end = { kind: "reshape", inputs: [2], output: 3, shape: [1] };
  const other = { ...end, output: 4 };
  const values = {
    source: "3",
    latent_dim: 1,
    encoder: { layers: [layer, end, other], outputs: [3, 4] },
    decoder: { layers: [layer, end], outputs: [3] },
  };
  const inner = array(numbers(1, 2, 3, 4, 5, 6, 7, 8), 8);
  const arrays = {
    "encoder 2": inner,
    "encoder 3": array(numbers(0.5), 1),
    "encoder 4": array(numbers(0), 1),
    "decoder 2": inner,
    "decoder 3": array(numbers(2), 1),
  };
  return new Recording({ values, arrays });
}

test("a passage that is recorded is followed without networks, and no farther", () => {
  let sent = 0;
  const made = recording();
  const [encoder, decoder] = ["encoder/a", "decoder/a"].map((name) =>
    made.standIn(name, () => sent++),
  );
  const passage = new Passage(/** @type {any} */ (encoder), /** @type {any} */ (decoder), false);
  assert.equal(passage.sendsFor("3"), false);
  passage.follow(numbers(1));
  assert.equal(sent, 0);
  assert.deepEqual([passage.z, passage.latent], [numbers(0.5), numbers(0.5)]);
  assert.ok(Math.abs(passage.lost - Math.log1p(Math.exp(-2))) < 1e-6);

  passage.take(numbers(1)); // another noise
  passage.widen(2);
  assert.ok(sent >= 2);
  assert.deepEqual([passage.z, passage.spread], [numbers(0.5), 1]);
  assert.equal(passage.sendsFor("7"), true); // another image
});

test("of recorded networks those are lacking that have not come", () => {
  const one = recording().standIn("encoder/a", () => {});
  const network = /** @type {any} */ ({});
  assert.deepEqual(onlyRecorded([one, network]), [one]);
  one.become(network);
  assert.deepEqual(onlyRecorded([one, network]), []);
});
