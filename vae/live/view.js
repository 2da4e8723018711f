// What Streamlit calls for a view. Small, because it is sent with every message; the rest of the
// scripts come with the bundles, before or after.

/** @param {Component} component */
export default function (component) {
  globalThis.latentDigits ??= { views: new Map() };
  const live = globalThis.latentDigits;
  const root = component.parentElement;
  live.views.set(root, component);
  live.show?.(component);
  return () => {
    if (live.views.get(root) !== component) return; // a later call has taken over
    live.views.delete(root);
    live.close?.(root);
  };
}
