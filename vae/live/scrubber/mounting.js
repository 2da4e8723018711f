// How Streamlit's calls become one slider that lives on from call to call.

import { unpacked } from "../bundle.js";
import { couldNotBeRead } from "../shared/failure.js";
import { LastCall } from "../shared/last_call.js";
import { styled } from "../shared/styled.js";

/**
 * @import { Bundle } from "../bundle.js"
 * @import { Stages } from "./history.js"
 * @import { Scrubber } from "./scrubber.js"
 */

/**
 * What Streamlit calls for a slider; its data is a bundle.
 *
 * @template {Stages} Kind
 * @param {new (bundle: Bundle) => Kind} Read
 * @param {new (parentElement: ShadowRoot, stages: Kind) => Scrubber<Kind>} Slider
 */
export function mounting(Read, Slider) {
  /** @type {Map<ShadowRoot, Scrubber<Kind>>} */
  const mounted = new Map();
  const calls = new LastCall();

  /**
   * @param {ShadowRoot} parentElement
   * @param {Kind} stages
   */
  function show(parentElement, stages) {
    parentElement.querySelector(".failure")?.remove();
    const known = mounted.get(parentElement);
    const slider = known ?? new Slider(parentElement, stages);
    mounted.set(parentElement, slider);
    slider.receive(stages);
    if (!known && stages.runsOnce) slider.runOnce();
  }

  /** @param {Component<Uint8Array<ArrayBuffer>>} component */
  return ({ data, parentElement }) => {
    const isLast = calls.of(parentElement);
    unpacked(data).then(
      (bundle) => isLast() && show(parentElement, new Read(bundle)),
      (error) => isLast() && tell(parentElement, error),
    );
    return () => {
      if (!isLast()) return;
      calls.end(parentElement);
      mounted.get(parentElement)?.close();
      mounted.delete(parentElement);
    };
  };
}

/**
 * Say what has failed, above what is shown so far.
 *
 * @param {ShadowRoot} parentElement
 * @param {unknown} error
 */
function tell(parentElement, error) {
  console.error(error);
  const style = ".failure { color: var(--st-text-color); font-family: var(--st-font); }";
  styled(parentElement, "failure", style).append(couldNotBeRead("What it drew", error));
}
