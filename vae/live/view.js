// What Streamlit calls for a view. Small, because it is sent with every message; the rest of the
// script comes with the bundles, before or after.

export default function (component) {
  const live = (globalThis.latentDigits ??= { waiting: new Map() });
  const root = component.parentElement;
  live.waiting.set(root, () => live.show?.(component));
  live.show?.(component);
  return () => {
    live.waiting.delete(root);
    live.close?.(root);
  };
}
