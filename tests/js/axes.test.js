import assert from "node:assert/strict";
import test from "node:test";
import { logarithmicTicks, nearestRow, range, scale, ticks } from "../../vae/live/curves/axes.js";

/** @typedef {[number, number][]} Points */

test("ticks are round, lie inside, and are about as many as asked for", () => {
  assert.deepEqual(ticks(0, 100, 5), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(ticks(0.031, 0.072, 4), [0.04, 0.06]);
  assert.deepEqual(ticks(-3, 3, 5), [-2, 0, 2]);
  for (const [low, high] of [
    [150.1, 152.9],
    [1e-7, 3e-7],
    [0, 1],
    [-1e6, 1e6],
  ]) {
    const found = ticks(low, high, 5);
    assert.ok(found.length >= 2 && found.length <= 7, `${found}`);
    assert.ok(found.every((value) => value >= low && value <= high));
  }
});

test("a logarithmic axis has decades, or round numbers where it is short", () => {
  assert.deepEqual(logarithmicTicks(0.9, 60), [1, 2, 5, 10, 20, 50]);
  const short = logarithmicTicks(133, 151);
  assert.ok(short.length > 2 && short.every((value) => value > 133 && value < 151));
});

test("a scale goes there and back", () => {
  for (const isLogarithmic of [false, true]) {
    const { forwards, backwards } = scale(2, 200, 44, 300, isLogarithmic);
    assert.equal(forwards(2), 44);
    assert.ok(Math.abs(forwards(200) - 300) < 1e-9);
    assert.ok(Math.abs(backwards(forwards(33)) - 33) < 1e-9);
  }
  assert.ok(Number.isFinite(scale(3, 3, 0, 100, false).forwards(3)));
});

/**
 * @param {Points} batch
 * @param {Points} validation
 */
const lines = (batch, validation) => [
  { className: "batch", points: batch },
  { className: "validation", points: validation },
];

test("a panel spans its losses, but for the high ones of the beginning", () => {
  /** @type {Points} */
  const batch = [
    [0.1, 500],
    [0.9, 200],
    [1.5, 160],
    [5, 140],
  ];
  /** @type {Points} */
  const validation = [1, 2, 3, 4, 5].map((epoch) => [epoch, 150 - epoch]);
  assert.ok(range(lines(batch, []), false)[1] > 500);
  assert.ok(range(lines(batch, validation.slice(0, 2)), false)[1] < 210);
  const [low, high] = range(lines(batch, validation), false);
  assert.ok(low < 140 && high > 160 && high < 165);
});

test("a panel without usable losses is empty, not broken", () => {
  assert.deepEqual(range(lines([], []), false), [0, 1]);
  assert.deepEqual(range(lines([[1, 0]], [[1, Number.NaN]]), true), [1, 10]);
  const [low, high] = range(lines([], [[1, 5]]), false);
  assert.ok(low < 5 && high > 5);
});

test("the row of an epoch is found by the pointer", () => {
  const rows = [
    [1, 10],
    [2, 20],
    [4, 40],
  ];
  assert.deepEqual(nearestRow(rows, 2.9), [2, 20]);
  assert.deepEqual(nearestRow(rows, 99), [4, 40]);
  assert.equal(nearestRow([], 1), undefined);
});
