// What Streamlit calls for a run's loss curves; its data is `curves_data` of training_views.py.

import { LastCall } from "../shared/last_call.js";
import { Curves } from "./curves.js";

/** @import { Data } from "./curves.js" */

/** @type {Map<ShadowRoot, Curves>} */
const mounted = new Map();
const calls = new LastCall();

/** @param {Component<Data>} component */
export default function ({ data, parentElement }) {
  const isLast = calls.of(parentElement);
  const curves = mounted.get(parentElement) ?? new Curves(parentElement, data);
  mounted.set(parentElement, curves);
  curves.receive(data);
  return () => {
    if (!isLast()) return;
    curves.close();
    mounted.delete(parentElement);
  };
}
