// The bundles that have come: what is heavy and constant, kept for all views of the page.

import { unpacked } from "./bundle.js";
import { Gaps } from "./latents/gaps.js";
import { Digits, LatentMap } from "./latents/latent_map.js";
import { Decoder, Encoder } from "./network.js";
import { Pictures } from "./projections/pictures.js";
import { Recording } from "./recording.js";
import { Sketch } from "./sketch.js";

/** @import { Bundle } from "./bundle.js" */

const KEPT = 32; // the page Draw needs up to 25

/** @type {Record<string, (bundle: Bundle) => unknown>} what becomes of each kind */
const READERS = {
  encoder: (bundle) => new Encoder(bundle),
  decoder: (bundle) => new Decoder(bundle),
  map: (bundle) => new LatentMap(bundle),
  digits: (bundle) => new Digits(bundle),
  projections: (bundle) => new Pictures(bundle),
  gaps: (bundle) => new Gaps(bundle),
  sketch: (bundle) => new Sketch(bundle),
  recording: (bundle) => new Recording(bundle),
};

/** @type {Map<string, unknown>} "decoder/1a2b3c" -> what its reader made of it; what was wanted
 * last stands last */
const bundles = new Map();

/** @type {Map<string, string>} where those came from that were fetched, by name */
const addresses = new Map();

/** @type {WeakMap<object, Blob>} what came of decoders of a plane: for workers that decode, too */
const sources = new WeakMap();

/**
 * Take a bundle in; one that is known already is not read again.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} [address] where it came from
 */
export async function receive(bytes, address) {
  const bundle = await unpacked(bytes);
  const { kind, id } = bundle.values;
  const name = `${kind}/${id}`;
  const known = bundles.get(name) ?? READERS[kind](bundle);
  if (known instanceof Decoder && known.latentDim === 2 && !sources.has(known))
    sources.set(known, new Blob([bytes])); // which need not be kept in the page's memory
  bundles.delete(name);
  bundles.set(name, known);
  if (address) addresses.set(name, address);
  for (const oldest of bundles.keys()) {
    if (bundles.size <= KEPT) break;
    bundles.delete(oldest);
  }
}

/**
 * Whether the bundle that an address gives is here.
 *
 * @param {string} address
 */
export function isKept(address) {
  return [...bundles.keys()].some((name) => addresses.get(name) === address);
}

/**
 * What was made of a bundle, if it is there.
 *
 * @param {string} name
 */
export function received(name) {
  const known = bundles.get(name);
  if (known !== undefined && bundles.delete(name)) bundles.set(name, known);
  return known;
}

/**
 * Send for bundles that wait until somebody needs them; load.js fetches them.
 *
 * @param {string[]} names
 */
export function want(names) {
  globalThis.latentDigits ??= { views: new Map() };
  const live = globalThis.latentDigits;
  live.wanted ??= new Set();
  const { wanted } = live;
  const more = names.filter((name) => !wanted.has(name));
  for (const name of more) wanted.add(name);
  if (more.length) dispatchEvent(new Event("latent-digits-wanted"));
}

/**
 * The bytes that a decoder of two latent dimensions came as.
 *
 * @param {Decoder} decoder
 */
export function sourceOf(decoder) {
  return /** @type {Blob} */ (sources.get(decoder));
}
