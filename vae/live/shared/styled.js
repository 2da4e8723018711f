// Where a component lives in its shadow root.

import { element } from "./elements.js";

/**
 * An empty element with its style sheet; one that was there before makes room, and so do words that
 * it is on its way.
 *
 * @param {ShadowRoot} parentElement
 * @param {string} className
 * @param {string} style
 */
export function styled(parentElement, className, style) {
  for (const before of [className, "coming"]) parentElement.querySelector(`.${before}`)?.remove();
  const root = element("div", { className }, element("style", { textContent: style }));
  parentElement.append(root);
  return root;
}
