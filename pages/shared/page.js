// What the browser does on every page: it keeps the focus, and one entry of its history a page.

export default function () {
  if ("latentDigitsPage" in window) return;
  Object.assign(window, { latentDigitsPage: true });
  keepFocus();
  keepHistory();
}

const FOCUSABLE = "button, a[href], input, select, textarea, summary, [tabindex]";

/** @param {Element} within */
function focusables(within) {
  return [...within.querySelectorAll(FOCUSABLE)].filter(
    (one) =>
      one instanceof HTMLElement &&
      !one.matches(":disabled, [tabindex='-1']") &&
      one.checkVisibility(), // Streamlit has a button with a tooltip twice, for mouse and finger
  );
}

/** A button that a click takes away or disables hands the focus on to what stands there then. */
function keepFocus() {
  /** @type {HTMLElement | null} what had the focus last */
  let last = null;
  /** @type {{within: Element, at: number}[]} from near to far, and its place in each */
  let trail = [];
  document.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    last = target;
    trail = [];
    for (let within = target.parentElement; within; within = within.parentElement)
      trail.push({ within, at: focusables(within).indexOf(target) });
  });
  const handOn = () => {
    if (document.activeElement && document.activeElement !== document.body) return;
    if (!last || (last.isConnected && !last.matches(":disabled"))) return;
    const { within, at } = trail.find(
      (one) => one.within.isConnected && focusables(one.within).length,
    ) ?? { within: document.body, at: 0 };
    const found = focusables(within);
    const next = found[Math.min(Math.max(at, 0), found.length - 1)];
    if (next instanceof HTMLElement) next.focus({ preventScroll: true });
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;
  const changed = () => {
    clearTimeout(soon);
    soon = setTimeout(handOn, 200); // once the page is as it will be
  };
  const what = { subtree: true, childList: true, attributeFilter: ["disabled"] };
  new MutationObserver(changed).observe(document.body, what);
}

/** What changes within a page replaces its entry, so that Back leaves the page. */
function keepHistory() {
  const push = history.pushState.bind(history);
  history.pushState = (state, unused, url) => {
    const to = new URL(url ?? location.href, location.href);
    if (to.pathname === location.pathname) history.replaceState(state, unused, url);
    else push(state, unused, url);
  };
}
