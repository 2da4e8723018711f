// What Streamlit calls where scripts and data come as files, over HTTP: fetches both and hands the
// data to the script, as Streamlit would have. Both stay in the browser's cache. On a slow line what
// Streamlit itself fetches comes first, so that the page can be used: its type is the last of that.
// Networks wait until something needs them, and come one after the other then, in the order of the
// page: the first is of use before the last has come. Where the script will show something, words say so until it does.

/**
 * @typedef {object} Order
 * @property {string} script its address, seen from the app's first page
 * @property {string[]} files those of its data, each JSON or bytes
 * @property {Record<string, string>} late the addresses of bundles that may not be needed, by name
 */

/** @type {WeakMap<ShadowRoot, object>} */
const last = new WeakMap();
const shown = document.fonts.ready;
/** @type {Promise<unknown>} */
let before = shown;

/** @param {Component<Order>} component */
export default function (component) {
  const { data: order, parentElement, setTriggerValue } = component;
  const call = {};
  const isLast = () => last.get(parentElement) === call;
  /** @type {((() => void) | undefined)[]} */
  const ends = [];
  last.set(parentElement, call);
  announce(parentElement);
  const script = shown.then(() => import(new URL(order.script, document.baseURI).href));
  const give = async (/** @type {string} */ address, /** @type {string?} */ name = null) => {
    if (globalThis.latentDigits?.isKept?.(address)) return;
    if (name) await wanted(name, isLast);
    if (!isLast()) return;
    const [{ default: run }, data] = await Promise.all([script, fetched(address, isLast)]);
    if (isLast()) ends.push(run({ ...component, data, address }));
  };
  const given = order.files.map((address) => give(address));
  for (const [name, address] of Object.entries(order.late)) given.push(give(address, name));
  Promise.all([script, ...given]).catch((error) => {
    console.error(error);
    setTriggerValue("unserved", String(error)); // Python then sends it another way
  });
  return () => {
    if (!isLast()) return; // a later call has taken over
    last.delete(parentElement);
    for (const end of ends) end?.();
  };
}

/**
 * Words at once, unless something is shown here, or nothing will be: of bundles their views say so.
 *
 * @param {ShadowRoot} root
 */
function announce(root) {
  if (root.querySelector(".coming, .curves, .scrubber")) return;
  if (root.host.closest("[class*='st-key-bundles-']")) return;
  const words = document.createElement("p");
  Object.assign(words, { className: "coming", role: "status", textContent: "Loading …" });
  words.style.cssText = "font: 0.875rem var(--st-font); color: var(--st-text-color)";
  root.append(words);
}

/**
 * Wait until a bundle is sent for, by `want` of bundles.js, or nobody waits any more.
 *
 * @param {string} name
 * @param {() => boolean} isWaiting
 * @returns {Promise<void>}
 */
function wanted(name, isWaiting) {
  return new Promise((resolve) => {
    const look = () => {
      if (isWaiting() && !globalThis.latentDigits?.wanted?.has(name)) return;
      removeEventListener("latent-digits-wanted", look);
      resolve();
    };
    addEventListener("latent-digits-wanted", look);
    look();
  });
}

/**
 * What is at an address: a bundle in its turn, unless nobody waits for it any more by then.
 *
 * @param {string} address
 * @param {() => boolean} isWaiting
 */
function fetched(address, isWaiting) {
  if (!address.endsWith(".bin")) return answered(address);
  const here = before.then(() => isWaiting() && answered(address));
  before = here.catch(() => {});
  return here;
}

/** @param {string} address */
async function answered(address) {
  const answer = await fetch(new URL(address, document.baseURI));
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  if (address.endsWith(".json")) return answer.json();
  return whole(address, answer);
}

/**
 * All bytes of an answer; meanwhile the views that wait for it are told how many have come.
 *
 * @param {string} address
 * @param {Response} answer
 */
async function whole(address, answer) {
  globalThis.latentDigits ??= { views: new Map() };
  const live = globalThis.latentDigits;
  live.coming ??= new Map();
  const { coming } = live;
  const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (answer.body).getReader();
  const parts = [];
  const size = Number(answer.headers.get("Content-Length")); // 0: it is not said
  if ([...coming.values()].every((one) => one.isWhole)) coming.clear(); // they are no news
  const progress = { got: 0, size, isWhole: false };
  coming.set(address, progress);
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    progress.got += part.value.length;
    dispatchEvent(new Event("latent-digits-coming"));
  }
  Object.assign(progress, { size: progress.got, isWhole: true });
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
