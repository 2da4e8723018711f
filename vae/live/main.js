// What Streamlit calls for each bundle. Takes in what arrives; shows the views that wait for it.

import { close, show, take } from "./stage.js";

globalThis.latentDigits ??= { views: new Map() };
const { views } = Object.assign(globalThis.latentDigits, { show, close });

/** @param {Component<Uint8Array<ArrayBuffer>>} component */
export default function ({ data }) {
  take(data, views);
}
