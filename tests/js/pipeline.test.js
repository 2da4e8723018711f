import assert from "node:assert/strict";
import test from "node:test";
import { momentAt, termsAt, WHOLE } from "../../vae/live/pipeline/drop.js";
import { grid, ofDecoder, shapeText } from "../../vae/live/pipeline/features.js";
import { rowsOf, unitFor } from "../../vae/live/pipeline/rows.js";
import { digitOf, pointOf, sourceAt } from "../../vae/live/pipeline/source.js";
import { stepsOf } from "../../vae/live/pipeline/steps.js";
import { stagesOf, sumText, vectorText } from "../../vae/live/pipeline/words.js";
import { heated, light } from "../../vae/live/shared/palette.js";

const tensor = (/** @type {number} */ size) => ({ data: new Float32Array(size), shape: [size] });

test("a drop falls, flies, is stretched and moved, and is seen from near, each after the other", () => {
  const order = /** @type {const} */ (["fallen", "flown", "stretched", "moved", "neared"]);
  for (let time = 0; time <= WHOLE; time += 50) {
    const moment = momentAt(time);
    const shares = order.map((name) => moment[name]);
    assert.ok(shares.every((share) => share >= 0 && share <= 1));
    shares.slice(1).forEach((share, i) => {
      assert.ok(share === 0 || shares[i] === 1, `${order[i + 1]} began before ${order[i]} ended`);
    });
  }
  assert.deepEqual(Object.values(momentAt(0)), [0, 0, 0, 0, 0]);
  assert.deepEqual(Object.values(momentAt(WHOLE)), [1, 1, 1, 1, 1]);
});

test("the term that is lit up is the one that is there by then", () => {
  const times = Array.from({ length: 100 }, (_, i) => (i * WHOLE) / 99);
  const lit = new Set(times.map((time) => termsAt(momentAt(time))));
  assert.deepEqual([...lit], ["fallen", "stretched", "moved"]);
});

test("maps lie in a grid about as wide as high, with room for all", () => {
  for (let maps = 1; maps <= 600; maps++) {
    const { columns, rows } = grid(maps);
    assert.ok(columns * rows >= maps && columns * (rows - 1) < maps);
    assert.ok(columns >= rows && (columns <= 2 * rows || maps < 4));
  }
  assert.deepEqual(grid(16), { columns: 4, rows: 4 });
  assert.deepEqual(grid(24), { columns: 6, rows: 4 });
  assert.deepEqual(grid(256), { columns: 16, rows: 16 });
});

test("of a decoder behind a flow only what comes after z is shown", () => {
  const layers = [8, 3, 8, 3, 16, 24].map(tensor);
  assert.deepEqual(
    ofDecoder(layers, 3, false).map(({ data }) => data.length),
    [16, 24],
  );
  assert.equal(ofDecoder(layers, 3, true), layers);
});

test("the most is white, nothing is black, and between them is what lies between the colours", () => {
  const heat = ["#000000", "#a63300", "#ffa626", "#ffffff"].map(light);
  assert.deepEqual(heated(heat, 0), [0, 0, 0]);
  assert.deepEqual(heated(heat, 1), [1, 1, 1]);
  const [red, green, blue] = heated(heat, 0.5);
  assert.ok(red > green && green > blue && blue > 0);
});

test("pictures stand in the rows in which they are largest, and in the room that they have", () => {
  const things = [{ width: 0, height: 0, wide: 100, high: 40 }];
  for (let i = 0; i < 6; i++) things.push({ width: 2, height: 2, wide: 0, high: 20 });
  const gaps = { columnGap: 10, rowGap: 10 };
  for (const [width, height, rows] of [
    [1500, 400, 1],
    [1500, 700, 2],
    [700, 400, 2],
    [300, 1200, 4],
  ]) {
    const room = { width, height, ...gaps };
    const unit = unitFor(things, room);
    const high = rowsOf(things, unit, room);
    assert.equal(high.length, rows);
    assert.ok(high.reduce((so, one) => so + one + 10, -10) <= height);
    assert.ok(2 * unit <= width);
  }
  assert.equal(unitFor(things, { width: 100, height: 50, ...gaps }), 36); // where there is no room
});

test("layers are told by their shape", () => {
  assert.equal(shapeText([14, 14, 16]), "16 maps of 14 × 14");
  assert.equal(shapeText([28, 28, 1]), "1 map of 28 × 28");
  assert.equal(shapeText([256]), "256 numbers");
});

test("what is followed is told in one word, and read again as the same", () => {
  assert.deepEqual(pointOf(sourceAt([0.5, -1.25])), [0.5, -1.25]);
  assert.equal(pointOf("7"), null);
  const examples = [...Array(10).keys()].map((label) => 500 * label);
  assert.equal(digitOf("7", examples), 3500);
  assert.equal(digitOf("#123", examples), 123);
  assert.equal(digitOf("mine", examples), null);
});

test("a plain autoencoder has no stage of noise, and nobody speaks of a posterior to it", () => {
  assert.equal(stagesOf(false, true).size, 8);
  const plain = stagesOf(true, true);
  assert.equal(plain.size, 7);
  assert.ok(!plain.has("noise"));
  const said = [...plain.values()].map(({ short, title, text }) => short + title + text).join(" ");
  assert.doesNotMatch(said, /posterior|KL|σ|ε|prior/);
  const learned = stagesOf(false, false).get("posterior")?.text ?? "";
  assert.match(learned, /mean over draws/);
});

test("a point tells endlessly much", () => {
  assert.equal(sumText(100.04, Infinity), "100.0 lost + ∞ told = ∞ nats");
  assert.equal(sumText(100.04, 7.25), "100.0 lost + 7.3 told = 107.3 nats");
  assert.equal(vectorText([1, 2, 3, 4, 5]), "(1.00, 2.00, 3.00, 4.00, …)");
});

test("arrow keys are steps, but not with others and not for what uses them itself", () => {
  globalThis.Element ??= /** @type {any} */ (class {});
  const key = (/** @type {Partial<KeyboardEvent>} */ event) =>
    stepsOf(/** @type {any} */ ({ composedPath: () => [], defaultPrevented: false, ...event }));
  assert.equal(key({ key: "ArrowRight" }), 1);
  assert.equal(key({ key: "ArrowLeft" }), -1);
  assert.equal(key({ key: "ArrowUp" }), 0);
  assert.equal(key({ key: "ArrowLeft", altKey: true }), 0); // the browser's own way back
  assert.equal(key({ key: "ArrowLeft", defaultPrevented: true }), 0);
  const field = Object.assign(Object.create(Element.prototype), { matches: () => true });
  assert.equal(key({ key: "ArrowRight", composedPath: () => [field] }), 0);
});
