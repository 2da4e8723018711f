// Where Python's bundles and the page's views meet.
//
// A bundle is what is heavy and constant: a decoder's weights, the points of a map, the digits.
// A view is what a visitor touches. Views name the bundles that they need and wait for them.

import { receive, received } from "./bundles.js";
import { DrawingView } from "./drawing/drawing_view.js";
import { MapView } from "./map/map_view.js";
import { Morph } from "./morph/morph.js";
import { Pipeline } from "./pipeline/pipeline_view.js";
import { Projections } from "./projections/projections.js";
import { element } from "./shared/elements.js";
import { couldNotBeRead } from "./shared/failure.js";
import { styled } from "./shared/styled.js";
import { Sheet } from "./sheet/sheet.js";
import { Sliders } from "./sliders/sliders.js";
import { STYLE } from "./style.js";

/**
 * @typedef {object} Say how a view tells Python
 * @property {(name: string, value: unknown) => void} state
 * @property {(name: string, value: unknown) => void} trigger
 *
 * @typedef {object} View
 * @property {(data: any) => void} update take what Python has
 * @property {() => void} destroy
 */

/** @type {Record<string, new (root: HTMLElement, needed: any, say: Say) => View>} */
const VIEWS = {
  drawing: DrawingView,
  map: MapView,
  projections: Projections,
  sliders: Sliders,
  sheet: Sheet,
  morph: Morph,
  pipeline: Pipeline,
};

/** @type {Map<ShadowRoot, {name: string, root: HTMLElement, view: View, needs: string}>} */
const mounted = new Map();

/** @type {Map<string, HTMLElement>} what each view showed last, for while another model's comes */
const pictures = new Map();

/** @type {Map<string, HTMLElement>} where words stand instead of a view */
const notices = new Map();

/**
 * Why bundles will not come. One that cannot be read does not say which it was: it may be any that
 * was missing then. @type {{error: unknown, names: Set<string>} | null}
 */
let failure = null;

/**
 * Take a bundle in, and show what was waiting for it.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {Map<ShadowRoot, Component>} views
 * @param {string} [address] where it came from
 */
export async function take(bytes, views, address) {
  try {
    await receive(bytes, address);
  } catch (error) {
    console.error(error);
    failure = { error, names: new Set([...views.values()].flatMap(missing)) };
  }
  for (const component of views.values()) show(component);
}

/** @param {Component} component */
function missing({ data }) {
  return data.needs.filter((/** @type {string} */ name) => received(name) === undefined);
}

/**
 * Show or update the view of a component, once all that it needs is there.
 *
 * @param {Component} component
 */
export function show(component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  const needs = data.needs.join();
  const absent = missing(component);
  if (absent.length || mounted.get(parentElement)?.needs !== needs) close(parentElement);
  if (absent.length) return notice(component, absent);
  if (!mounted.has(parentElement)) {
    const root = styled(parentElement, "live", STYLE);
    const say = { state: setStateValue, trigger: setTriggerValue };
    const view = new VIEWS[data.view](root, data.needs.map(received), say);
    mounted.set(parentElement, { name: nameOf(component), root, view, needs });
  }
  mounted.get(parentElement)?.view.update(data);
}

/**
 * End the view that is mounted here, if there is one; what it showed last is kept.
 *
 * @param {ShadowRoot} parentElement
 */
export function close(parentElement) {
  const here = mounted.get(parentElement);
  if (!here) return;
  here.view.destroy();
  mounted.delete(parentElement);
  here.root.inert = true;
  here.root.classList.add("last");
  pictures.set(here.name, here.root);
  showLast(here.name);
}

/**
 * Show a view's last picture below the words that stand instead of it. Streamlit ends a view before
 * the next begins, or after.
 *
 * @param {string} name
 */
function showLast(name) {
  const [picture, root] = [pictures.get(name), notices.get(name)];
  if (picture && root?.isConnected) root.append(picture);
}

/**
 * What a view has in common with that of another model at its place.
 *
 * @param {Component} component
 */
function nameOf({ data }) {
  return `${data.view} ${data.name ?? ""}`;
}

/**
 * Words instead of a view, above the last picture of its kind; view.js adds how much has come.
 *
 * @param {Component} component
 * @param {string[]} absent
 */
function notice(component, absent) {
  const { parentElement } = component;
  if (failure && !failure.names.size) failure.names = new Set(absent); // no view had been there
  const isLost = absent.some((name) => failure?.names.has(name));
  if (!isLost && parentElement.querySelector(".coming")) return;
  const words = isLost ? couldNotBeRead("The model", failure?.error) : "Loading the model …";
  const root = styled(parentElement, "live", STYLE);
  const className = `notice faint${isLost ? "" : " coming"}`;
  root.append(element("p", { className, role: "status", textContent: words }));
  if (isLost) return;
  notices.set(nameOf(component), root);
  showLast(nameOf(component));
}
