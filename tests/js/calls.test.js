import assert from "node:assert/strict";
import test from "node:test";
import { LastCall } from "../../vae/live/shared/last_call.js";
import view from "../../vae/live/view.js";

globalThis.addEventListener ??= () => {}; // what a browser has
globalThis.removeEventListener ??= () => {};

test("only the last call of a component counts, and none after its end", () => {
  const calls = new LastCall();
  const [here, there] = [{}, {}];
  const first = calls.of(here);
  const other = calls.of(there);
  assert.ok(first());
  const second = calls.of(here);
  assert.deepEqual([first(), second(), other()], [false, true, true]);
  calls.end(here);
  assert.deepEqual([first(), second(), other()], [false, false, true]);
});

test("the clean-up of a call that was overtaken leaves the view alone", () => {
  /** @type {unknown[]} */
  const closed = [];
  /** @type {unknown[]} */
  const shown = [];
  globalThis.latentDigits = {
    views: new Map(),
    show: ({ data }) => shown.push(data),
    close: (root) => closed.push(root),
  };
  const root = /** @type {any} */ ({});
  const component = { parentElement: root, setStateValue() {}, setTriggerValue() {} };
  const early = view({ ...component, data: 1 });
  const late = view({ ...component, data: 2 });
  early();
  assert.deepEqual([shown, closed], [[1, 2], []]);
  assert.equal(globalThis.latentDigits.views.get(root)?.data, 2);
  late();
  assert.deepEqual(closed, [root]);
  assert.equal(globalThis.latentDigits.views.size, 0);
});

test("a view that comes before the stage waits for it", () => {
  globalThis.latentDigits = undefined;
  const root = /** @type {any} */ ({ querySelector: () => ({}) });
  view({ data: {}, parentElement: root, setStateValue() {}, setTriggerValue() {} });
  assert.ok(/** @type {any} */ (globalThis.latentDigits).views.has(root));
});
