// The ready-made canvas has small buttons of its own, and waits a while before it sends a stroke.
// Hidden as they are on a phone, the buttons cover the upper right corner: a finger cannot draw
// there. So they are taken away; one of them, "Update the app", is pressed when the pen goes up.

export default function () {
  const attend = () => {
    const found = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
      .map((isolated) => isolated.shadowRoot?.querySelector(".dc-root"))
      .filter((root) => root instanceof HTMLElement)
      .filter((root) => !root.dataset.attended && root.querySelector("canvas.upper-canvas"));
    found.forEach(free);
  };
  attend();
  // on a slow line or machine the canvas comes much later, and its layers after it
  const again = setInterval(attend, 100);
  return () => clearInterval(again);
}

/** @param {HTMLElement} root */
function free(root) {
  root.dataset.attended = "yes";
  const style = document.createElement("style");
  style.textContent = ".dc-toolbar { display: none !important }";
  root.append(style);
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
