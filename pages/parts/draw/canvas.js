// The ready-made canvas has small buttons of its own, and waits a while before it sends a stroke.
// Hidden as they are on a phone, the buttons cover the upper right corner: a finger cannot draw
// there. So they are taken away; one of them, "Update the app", is pressed when the pen goes up.

const HIDDEN = "no-toolbar"; // the class of the style that hides them
let end = () => {}; // Streamlit begins this again with each theme, and ends the last alone

export default function () {
  end();
  const places = document.getElementsByClassName("st-key-sketch");
  let again = 0;
  const watch = new MutationObserver(attend);
  const anything = { childList: true, subtree: true };
  watch.observe(document.body, anything);
  attend();
  end = () => {
    watch.disconnect();
    cancelAnimationFrame(again);
  };
  return end;

  /** A canvas comes when it comes, its layers after it, and another one in its place at any time:
   * seen to before the next picture of the screen, its buttons are not seen. */
  function attend() {
    cancelAnimationFrame(again);
    const found = places[0]?.querySelectorAll("[data-testid=stBidiComponentIsolated]") ?? [];
    const shadows = [...found].map((isolated) => isolated.shadowRoot);
    for (const shadow of shadows) if (shadow) free(shadow);
    if (shadows.includes(null)) again = requestAnimationFrame(attend);
  }

  /** @param {ShadowRoot} shadow */
  function free(shadow) {
    watch.observe(shadow, anything);
    if (!shadow.querySelector(`.${HIDDEN}`)) {
      const style = document.createElement("style");
      style.className = HIDDEN;
      style.textContent = ".dc-toolbar { display: none !important }";
      shadow.append(style);
    }
    const root = shadow.querySelector(".dc-root:not([data-attended])");
    if (root instanceof HTMLElement && root.querySelector("canvas.upper-canvas")) prepare(root);
  }
}

/** Name the board, and send what was drawn as the pen goes up. @param {HTMLElement} root */
function prepare(root) {
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
