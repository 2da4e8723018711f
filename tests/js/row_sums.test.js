import assert from "node:assert/strict";
import test from "node:test";
import { Decoder } from "../../vae/live/network.js";
import { Memory } from "../../vae/live/row_sums.js";

const LENGTH = 40; // of a row of weights
const RUNS = [0, 1, 3, 4, 5, 15, 16, 17, 19, 20, 39]; // none, rests, and whole steps of 4 and 16
const random = () => Math.random() * 2 - 1;

/**
 * What a memory adds up, beside the same sums in double precision.
 *
 * @param {Memory} memory
 * @param {number} run
 * @param {number} count
 */
function sums(memory, run, count) {
  const to = memory.floats(LENGTH).map(random);
  const outputs = memory.floats(LENGTH);
  outputs.set(to);
  const weights = memory.floats(LENGTH * (count + 1));
  weights.set(weights.map(random));
  const factors = memory.floats(count);
  factors.set(factors.map(random));
  const starts = memory.integers(count);
  starts.set(starts.map((_, i) => (count - i) * LENGTH)); // not in order, and not the first
  const at = [weights, factors, starts].map(({ byteOffset }) => byteOffset);
  memory.addRows(outputs.byteOffset, run, at[0], at[1], at[2], count);
  const expected = Array.from(to, (first, m) => {
    const terms = Array.from(factors, (factor, i) => factor * weights[starts[i] + m]);
    return m < run ? terms.reduce((sum, term) => sum + term, first) : first;
  });
  return { outputs, expected };
}

for (const isPlain of [false, true]) {
  test(`rows of any length are added up, ${isPlain ? "one number" : "four"} at a time`, () => {
    for (const run of RUNS) {
      for (const count of [0, 1, 7, 32]) {
        const { outputs, expected } = sums(new Memory(10_000, isPlain), run, count);
        const apart = expected.map((sum, m) => Math.abs(sum - outputs[m]));
        assert.ok(Math.max(...apart) < 1e-5, `run ${run}, count ${count}: ${Math.max(...apart)}`);
        assert.deepEqual([...outputs.slice(run)], expected.slice(run));
      }
    }
  });
}

test("it is WebAssembly that adds up, where there is any", () => {
  assert.match(String(new Memory(1).addRows), /native code/);
});

test("a network is computed where WebAssembly is not to be had, too", (context) => {
  const refuse = () => {
    throw new RangeError("could not allocate memory");
  };
  const layer = { kind: "dense", inputs: [0, 10], output: 1, shape: [2], activation: null };
  const arrays = { 10: { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] } };
  const values = { input: 0, shape: [2], outputs: [1], layers: [layer] };
  context.mock.method(WebAssembly, "Memory", refuse);
  assert.deepEqual([...new Decoder({ values, arrays }).logits([1, 10])], [21, 43]);
});
