// The place where it stands comes into sight: a run that was chosen elsewhere on a long page.

/** @param {{ parentElement: HTMLElement | ShadowRoot }} component */
export default function ({ parentElement }) {
  const place = parentElement instanceof ShadowRoot ? parentElement.host : parentElement;
  if (!(place instanceof HTMLElement)) return;
  place.style.scrollMarginTop = "5rem"; // the app's own bar is above
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  place.scrollIntoView({ block: "start", behavior: isStill ? "instant" : "smooth" });
}
