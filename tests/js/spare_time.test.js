import assert from "node:assert/strict";
import test from "node:test";
import { forget, inSpareTime } from "../../vae/live/shared/spare_time.js";

/** @type {((start: number) => void)[]} */
let asked = [];
globalThis.requestAnimationFrame = (callback) => asked.push(callback);

/**
 * The next frame of the screen, of which so many milliseconds are gone.
 *
 * @param {number} gone
 */
async function frame(gone) {
  const callbacks = asked;
  asked = [];
  for (const callback of callbacks) callback(performance.now() - gone);
  await new Promise((done) => setTimeout(done, 5));
}

const busy = (/** @type {number} */ milliseconds) => {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
};

test("work waits for time, takes turns, and a frame is not overrun by more than one piece", async () => {
  /** @type {string[]} */
  const done = [];
  const work = (/** @type {string} */ name) => () => {
    busy(4);
    done.push(name);
    return done.filter((one) => one === name).length < 3;
  };
  inSpareTime(work("a"));
  inSpareTime(work("b"));
  await frame(20); // no time is left
  assert.deepEqual(done, []);
  await frame(0);
  assert.ok(done.length >= 1 && done.length <= 3, `${done}`);
  for (let i = 0; i < 6; i++) await frame(0);
  assert.deepEqual(done, ["a", "b", "a", "b", "a", "b"]);
  assert.equal(asked.length, 0); // and then nothing runs any more
});

test("where frames leave no time at all, work goes on all the same", async () => {
  let pieces = 0;
  inSpareTime(() => ++pieces < 2);
  for (let i = 0; i < 12; i++) await frame(50);
  assert.equal(pieces, 2);
});

test("what is forgotten is not done", async () => {
  const work = () => assert.fail();
  inSpareTime(work);
  forget(work);
  await frame(0);
});
