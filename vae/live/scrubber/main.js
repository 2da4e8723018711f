// What Streamlit calls for the slider through a run's snapshots; its data is `scrubber_data` of
// training.py.

import { unpacked } from "../bundle.js";
import { couldNotBeRead } from "../shared/failure.js";
import { LastCall } from "../shared/last_call.js";
import { styled } from "../shared/styled.js";
import { History } from "./history.js";
import { Scrubber } from "./scrubber.js";

/** @type {Map<ShadowRoot, Scrubber>} */
const mounted = new Map();
const calls = new LastCall();

/** @param {Component<Uint8Array<ArrayBuffer>>} component */
export default function ({ data, parentElement }) {
  const isLast = calls.of(parentElement);
  unpacked(data).then(
    (bundle) => isLast() && show(parentElement, new History(bundle)),
    (error) => isLast() && tell(parentElement, error),
  );
  return () => {
    if (!isLast()) return;
    calls.end(parentElement);
    mounted.get(parentElement)?.close();
    mounted.delete(parentElement);
  };
}

/**
 * @param {ShadowRoot} parentElement
 * @param {History} history
 */
function show(parentElement, history) {
  parentElement.querySelector(".failure")?.remove();
  const scrubber = mounted.get(parentElement) ?? new Scrubber(parentElement, history);
  mounted.set(parentElement, scrubber);
  scrubber.receive(history);
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
