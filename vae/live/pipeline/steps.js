// Which keys mean a step, for whoever stands at a lectern.

const OWN =
  "input, textarea, select, [contenteditable], [role=slider], [role=application], [role=radio], [role=tab], [role=combobox]";

/**
 * How many steps on a key means: 1, -1, or 0 for all others, and where the key means something to
 * what has the focus.
 *
 * @param {KeyboardEvent} event
 */
export function stepsOf(event) {
  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  const step = steps[/** @type {keyof typeof steps} */ (event.key)];
  if (!step || event.defaultPrevented) return 0;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return 0;
  const isOwn = event.composedPath().some((one) => one instanceof Element && one.matches(OWN));
  return isOwn ? 0 : step;
}
