// What Streamlit calls for a view. Small, because it is sent with every message; the rest of the
// scripts come with the bundles, before or after. Until then it says what one waits for.

/** @param {Component} component */
export default function (component) {
  globalThis.latentDigits ??= { views: new Map() };
  const live = globalThis.latentDigits;
  const root = component.parentElement;
  live.views.set(root, component);
  if (live.show) live.show(component);
  else if (!root.querySelector(".live")) announce(root);
  const count = () => countBytes(root);
  addEventListener("latent-digits-coming", count);
  return () => {
    removeEventListener("latent-digits-coming", count);
    if (live.views.get(root) !== component) return; // a later call has taken over
    live.views.delete(root);
    live.close?.(root);
  };
}

/**
 * Words at once, where a line is slow: the stage, whose script is on its way, takes their place.
 *
 * @param {ShadowRoot} root
 */
function announce(root) {
  const words = document.createElement("p");
  words.className = "live coming";
  words.setAttribute("role", "status");
  words.style.font = "0.875rem var(--st-font)";
  words.style.color = "var(--st-text-color)";
  words.textContent = "Loading the model …";
  root.append(words);
}

/**
 * How much has come of what is on its way.
 *
 * @param {ShadowRoot} root
 */
function countBytes(root) {
  const words = root.querySelector(".coming");
  const all = [...(globalThis.latentDigits?.coming?.values() ?? [])];
  const [got, size] = [sum(all.map((one) => one.got)), sum(all.map((one) => one.size))];
  const of = all.every((one) => one.size >= one.got) ? ` of ${megabytes(size)}` : "";
  if (words) words.textContent = `Loading the model … ${megabytes(got)}${of} MB`;
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}
