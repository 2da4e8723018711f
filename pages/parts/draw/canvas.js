// The ready-made canvas has small buttons of its own, and waits a while before it sends a stroke.
// Hidden as they are on a phone, the buttons cover the upper right corner: a finger cannot draw
// there. So they are taken away; one of them, "Update the app", is pressed when the pen goes up.

const hidden = new CSSStyleSheet();
hidden.replaceSync(".dc-toolbar { display: none !important }");

export default function () {
  const places = document.getElementsByClassName("st-key-sketch");
  let again = 0;
  // A canvas comes when it comes, its layers after it, and another one in its place at any time:
  // looked for before each picture of the screen, its buttons are never seen.
  const attend = () => {
    const found = places[0]?.querySelectorAll("[data-testid=stBidiComponentIsolated]") ?? [];
    for (const isolated of found) {
      if (isolated.shadowRoot) hide(isolated.shadowRoot);
      const root = isolated.shadowRoot?.querySelector(".dc-root:not([data-attended])");
      if (root instanceof HTMLElement && root.querySelector("canvas.upper-canvas")) free(root);
    }
    again = requestAnimationFrame(attend);
  };
  attend();
  return () => cancelAnimationFrame(again);
}

/** @param {ShadowRoot} shadow */
function hide(shadow) {
  if (!shadow.adoptedStyleSheets.includes(hidden)) shadow.adoptedStyleSheets.push(hidden);
}

/** @param {HTMLElement} root */
function free(root) {
  root.dataset.attended = "yes";
  const layers = [...root.querySelectorAll("canvas")];
  for (const layer of layers) layer.setAttribute("aria-hidden", "true"); // the last takes the pen
  layers.at(-1)?.removeAttribute("aria-hidden");
  layers.at(-1)?.setAttribute("role", "img");
  layers.at(-1)?.setAttribute("aria-label", "Board: draw a digit here, or choose a ready one");
  const send = () => {
    const update = root.querySelector("[aria-label^='Update the app']");
    if (update instanceof HTMLElement) update.click();
  };
  const later = () => setTimeout(send); // once the stroke is on the canvas
  root.addEventListener("mouseup", later);
  root.addEventListener("touchend", later);
}
