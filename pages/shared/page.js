// What the browser does on every page: it keeps the focus, and one entry of its history a page;
// follows links to pages; makes all type larger at a key; folds the list of pages where there is no
// room for it; tells of another theme; and forgets what it keeps (keeper.js) when it is told to.

let forgets = 0;

/** @param {Component<{forgets: number}>} component */
export default function ({ data, setTriggerValue }) {
  if (data.forgets > forgets) forgetAll();
  forgets = data.forgets;
  const end = tellOfTheme(setTriggerValue);
  if ("latentDigitsPage" in window) return end;
  Object.assign(window, { latentDigitsPage: true });
  keepFocus();
  keepHistory();
  listenForPresenter();
  followWithin();
  nameThePages();
  makeRoom();
  return end;
}

/**
 * Charts and maps that Python draws are in the colours of a theme: another one has them drawn anew.
 *
 * @param {Component["setTriggerValue"]} tell
 */
function tellOfTheme(tell) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const later = () => setTimeout(() => tell("themed", dark.matches), 300); // Streamlit's are new by then
  dark.addEventListener("change", later);
  return () => dark.removeEventListener("change", later);
}

const FOCUSABLE = "button, a[href], input, select, textarea, summary, [tabindex]";

/** @param {Element} within */
function focusables(within) {
  const all = /** @type {NodeListOf<HTMLElement>} */ (within.querySelectorAll(FOCUSABLE));
  // Streamlit has a button with a tooltip twice, for mouse and finger: one of them is not seen
  return [...all].filter(
    (one) => !one.matches(":disabled, [tabindex='-1']") && one.checkVisibility(),
  );
}

/** A button that a click takes away or disables hands the focus on to what stands there then; it
 * keeps it if it was disabled for a moment. */
function keepFocus() {
  /** @type {HTMLElement | null} what had the focus last */
  let last = null;
  let wasTaken = false;
  /** @type {{within: Element, at: number}[]} from near to far, and its place in each */
  let trail = [];
  /** @param {EventTarget | null} target */
  const follow = (target) => {
    if (!(target instanceof HTMLElement)) return;
    last = target;
    wasTaken = false;
    trail = [];
    for (let within = target.parentElement; within; within = within.parentElement)
      trail.push({ within, at: focusables(within).indexOf(target) });
  };
  follow(document.activeElement); // somebody was quicker than this script
  document.addEventListener("focusin", ({ target }) => follow(target));
  const handOn = () => {
    soon = undefined;
    if (document.activeElement && document.activeElement !== document.body) return;
    if (!last || !wasTaken) return;
    last.focus({ preventScroll: true });
    if (document.activeElement === last) return;
    for (const { within, at } of [...trail, { within: document.body, at: 0 }]) {
      const [there, place] = [within.isConnected ? focusables(within) : [], Math.max(at, 0)];
      for (const next of [...there.slice(place), ...there.slice(0, place).reverse()]) {
        next.focus({ preventScroll: true }); // of what is hidden, nothing comes
        if (document.activeElement === next) return;
      }
    }
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;
  let latest = 0;
  const changed = () => {
    if (last && (!last.isConnected || last.matches(":disabled"))) wasTaken = true;
    const now = performance.now();
    if (soon === undefined) latest = now + 1000; // a page beside a training never rests
    clearTimeout(soon);
    soon = setTimeout(handOn, Math.min(200, latest - now)); // once the page is as it will be
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

/** P makes all type larger, as for a lecture, and again as it was; not while somebody types. */
function listenForPresenter() {
  addEventListener("keydown", (event) => {
    const { key, ctrlKey, altKey, metaKey } = event;
    const at = event.composedPath()[0];
    const isTyping =
      at instanceof HTMLElement && (at.isContentEditable || at.matches("input, textarea, select"));
    if (key.toLowerCase() !== "p" || ctrlKey || altKey || metaKey || isTyping) return;
    document.documentElement.toggleAttribute("data-presenting");
  });
}

/** A page that a toast links to is shown as if it were chosen from the list: the session stays. */
function followWithin() {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("[data-testid=stToast] a");
    if (!(link instanceof HTMLAnchorElement)) return;
    const pages = [...document.querySelectorAll("a[data-testid=stSidebarNavLink]")];
    const page = pages.find((one) => named(one) === named(link));
    if (!(page instanceof HTMLElement)) return;
    event.preventDefault();
    page.click();
  });
}

/** The button to the other pages is labelled by app.css: so it is called, not "Expand sidebar". */
function nameThePages() {
  const name = () =>
    document
      .querySelector("[data-testid=stExpandSidebarButton]")
      ?.setAttribute("aria-label", "Pages");
  new MutationObserver(name).observe(document.body, { subtree: true, childList: true });
  name();
}

/** A phone on its side is too wide for Streamlit to fold the list of pages, and has no room for it. */
function makeRoom() {
  if (!matchMedia("(max-height: 480px) and (pointer: coarse)").matches) return;
  const fold = document.querySelector("[data-testid=stSidebarCollapseButton] button");
  if (fold instanceof HTMLElement) fold.click();
}

/** @param {Element} link */
function named(link) {
  return link instanceof HTMLAnchorElement ? new URL(link.href).pathname.split("/").at(-1) : "";
}

function forgetAll() {
  for (const store of [sessionStorage, localStorage])
    for (const name of Object.keys(store))
      if (name.startsWith("latent digits: ")) store.removeItem(name);
}
