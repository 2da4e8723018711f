// Keeps a value in the browser, and hands it to a session that does not have it: after a reload,
// or when the server has started again.

/**
 * @typedef {object} Order
 * @property {string} name
 * @property {unknown} value null: nothing is kept
 * @property {string} session which one gives it
 * @property {boolean} is_told whether this session has been given what was kept
 * @property {boolean} is_lasting whether it outlives the tab
 */

/** @param {Component<Order>} component */
export default function ({ data, setTriggerValue }) {
  const { name, value, session, is_told, is_lasting } = data;
  const address = `latent digits: ${name}`;
  try {
    const store = is_lasting ? localStorage : sessionStorage;
    const kept = JSON.parse(store.getItem(address) ?? "null");
    if (kept && kept.session !== session && !is_told) setTriggerValue("recalled", kept.value);
    else if (value === null) store.removeItem(address);
    else store.setItem(address, JSON.stringify({ session, value }));
  } catch (error) {
    console.warn(`${name} is not kept:`, error); // the browser lets nobody keep anything, or is full
  }
}
