// What Streamlit calls where scripts and data come as files, over HTTP: fetches both and hands the
// data to the script, as Streamlit would have. Both stay in the browser's cache.

/**
 * @typedef {object} Order
 * @property {string} script its address, seen from the app's first page
 * @property {string} [file] that of its data: JSON, or bytes
 * @property {unknown} [value] or its data
 */

/** @type {WeakMap<ShadowRoot, object>} */
const last = new WeakMap();

/** @param {Component<Order>} component */
export default function (component) {
  const { data: order, parentElement, setTriggerValue } = component;
  const call = {};
  const isLast = () => last.get(parentElement) === call;
  /** @type {(() => void) | undefined} */
  let end;
  last.set(parentElement, call);
  const script = import(new URL(order.script, document.baseURI).href);
  const data = order.file ? fetched(order.file) : order.value;
  Promise.all([script, data]).then(
    ([{ default: run }, found]) => {
      if (isLast()) end = run({ ...component, data: found });
    },
    (error) => {
      console.error(error);
      setTriggerValue("unserved", String(error)); // Python then sends it another way
    },
  );
  return () => {
    if (!isLast()) return; // a later call has taken over
    last.delete(parentElement);
    end?.();
  };
}

/** @param {string} address */
async function fetched(address) {
  const answer = await fetch(new URL(address, document.baseURI));
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  if (address.endsWith(".json")) return answer.json();
  return new Uint8Array(await answer.arrayBuffer());
}
