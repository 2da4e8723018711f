// What Streamlit calls for each bundle. Takes in what arrives; shows the views that wait for it.

import { isKept } from "./bundles.js";
import { close, show, take } from "./stage.js";

globalThis.latentDigits ??= { views: new Map() };
const { views } = Object.assign(globalThis.latentDigits, { show, close, isKept });

/** @param {Component<Uint8Array<ArrayBuffer>> & {address?: string}} component */
export default function ({ data, address }) {
  take(data, views, address);
}
