// Where Python's bundles and the page's views meet.
//
// A bundle is what is heavy and constant: a decoder's weights, the points of a map, the digits.
// A view is what a visitor touches. Views name the bundles that they need and wait for them; where a
// view has a sketch, or a recording, that stands for networks until it is asked for what it lacks.

import { receive, received, want } from "./bundles.js";
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
 * @import { Recording } from "./recording.js"
 * @import { Sketch } from "./sketch.js"
 *
 * @typedef {object} StandIn what stands for a network
 * @property {(network: any) => void} become the network has come
 *
 * @typedef {object} Say how a view tells Python
 * @property {(name: string, value: unknown) => void} state
 * @property {(name: string, value: unknown) => void} trigger
 *
 * @typedef {object} View
 * @property {(data: any) => void} update take what Python has
 * @property {() => void} [refresh] a network has come: compute once more what was shown without it
 * @property {() => void} destroy
 *
 * @typedef {object} Mounted
 * @property {string} name
 * @property {HTMLElement} root
 * @property {View} view
 * @property {string} needs
 * @property {Map<string, StandIn>} standIns for the networks that have not come, by their names
 * @property {boolean} isSketched whether there ever were any
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

/** @type {Map<ShadowRoot, Mounted>} */
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
    const waited = [...mounted.values()].flatMap(({ standIns }) => [...standIns.keys()]);
    failure = { error, names: new Set([...views.values()].flatMap(missing).concat(waited)) };
  }
  for (const one of mounted.values()) complete(one);
  for (const component of views.values()) show(component);
}

/**
 * Let the networks that have come take over.
 *
 * @param {Mounted} mounted
 */
function complete({ root, view, standIns }) {
  const come = [...standIns.keys()].filter((name) => received(name) !== undefined);
  for (const name of come) {
    standIns.get(name)?.become(received(name));
    standIns.delete(name);
  }
  const words = root.querySelector(":scope > .on-its-way");
  if (!standIns.size) words?.remove();
  else if (words && isLost([...standIns.keys()])) sayLost(words);
  if (come.length) view.refresh?.();
}

/** @param {string[]} names of bundles, one of which is needed */
function isLost(names) {
  return names.some((name) => failure?.names.has(name));
}

/** @param {Element} words instead of what is lost */
function sayLost(words) {
  words.classList.remove("coming");
  words.textContent = couldNotBeRead("The model", failure?.error);
}

/**
 * The bundles that a view needs, for which nothing has come that may stand for them.
 *
 * @param {Component} component
 */
function missing({ data, parentElement }) {
  const standIns = data.exact ? undefined : mounted.get(parentElement)?.standIns;
  return data.needs.filter(
    (/** @type {string} */ name) =>
      received(name) === undefined && !standIns?.has(name) && !sketchOf(data, name),
  );
}

/**
 * The sketch or recording that stands for a network, if there is one and it has come.
 *
 * @param {{sketch?: string}} data
 * @param {string} name
 */
function sketchOf(data, name) {
  if (!isSketched(data, name)) return undefined;
  return /** @type {Sketch | Recording | undefined} */ (received(data.sketch ?? ""));
}

/**
 * Whether a sketch stands for a decoder, or a recording for any network.
 *
 * @param {{sketch?: string}} data
 * @param {string} name
 */
function isSketched({ sketch = "" }, name) {
  if (name.startsWith("decoder/")) return sketch !== "";
  return name.startsWith("encoder/") && sketch.startsWith("recording/");
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
  const here = mounted.get(parentElement);
  const isPoor = data.exact && here?.isSketched; // a stand-in does no longer do
  if (absent.length || here?.needs !== needs || isPoor) close(parentElement);
  if (absent.length) return notice(component, absent);
  if (!mounted.has(parentElement)) {
    const root = styled(parentElement, "live", STYLE);
    const say = { state: setStateValue, trigger: setTriggerValue };
    const standIns = standInsOf(component, root);
    const needed = data.needs.map(
      (/** @type {string} */ name) => received(name) ?? standIns.get(name),
    );
    const view = new VIEWS[data.view](root, needed, say);
    const isSketched = standIns.size > 0;
    const name = nameOf(component);
    mounted.set(parentElement, { name, root, view, needs, standIns, isSketched });
  }
  mounted.get(parentElement)?.view.update(data);
}

/**
 * What stands for the networks that have not come.
 *
 * @param {Component} component
 * @param {HTMLElement} root
 */
function standInsOf({ data }, root) {
  /** @type {Map<string, StandIn>} */
  const made = new Map();
  const send = () => sendFor([...made.keys()], root);
  for (const name of data.needs) {
    const sketch = received(name) === undefined && sketchOf(data, name);
    if (sketch) made.set(name, sketch.standIn(name, send));
  }
  return made;
}

/**
 * Send for networks, and say so on the view; view.js adds how much of them has come.
 *
 * @param {string[]} names
 * @param {HTMLElement} root
 */
function sendFor(names, root) {
  want(names);
  if (!names.length || root.querySelector(":scope > .on-its-way")) return;
  const className = "coming on-its-way faint";
  const words = element("p", { className, role: "status", textContent: "Loading the model …" });
  root.append(words);
  if (isLost(names)) sayLost(words);
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
  const { parentElement, data } = component;
  want(absent.filter((name) => !isSketched(data, name)));
  if (failure && !failure.names.size) failure.names = new Set(absent); // no view had been there
  const isGone = isLost(absent);
  if (!isGone && parentElement.querySelector(".coming")) return;
  const root = styled(parentElement, "live", STYLE);
  const className = "notice faint coming";
  const words = element("p", { className, role: "status", textContent: "Loading the model …" });
  root.append(words);
  if (isGone) return sayLost(words);
  notices.set(nameOf(component), root);
  showLast(nameOf(component));
}
