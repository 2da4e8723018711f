import assert from "node:assert/strict";
import test from "node:test";
import intoSight from "../../pages/parts/train/into_sight.js";

class Place {
  style = {};
  /** @type {unknown} */
  asked = null;
  /** @param {unknown} how */
  scrollIntoView(how) {
    this.asked = how;
  }
}

test("a run comes into sight without a ride for who asks for less motion", () => {
  const here = new Place();
  Object.assign(globalThis, { HTMLElement: Place, ShadowRoot: class {} });
  for (const matches of [true, false]) {
    Object.assign(globalThis, { matchMedia: () => ({ matches }) });
    intoSight({ parentElement: /** @type {any} */ (here) });
    assert.deepEqual(here.asked, { block: "start", behavior: matches ? "instant" : "smooth" });
  }
});
