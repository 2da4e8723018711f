// The bundles that have come: what is heavy and constant, kept for all views of the page.

import { unpacked } from "./bundle.js";
import { Digits, LatentMap } from "./latents/latent_map.js";
import { Decoder, Encoder } from "./network.js";

/** @import { Bundle } from "./bundle.js" */

const KEPT = 24; // the page Draw needs up to 17

/** @type {Record<string, (bundle: Bundle) => unknown>} what becomes of each kind */
const READERS = {
  encoder: (bundle) => new Encoder(bundle),
  decoder: (bundle) => new Decoder(bundle),
  map: (bundle) => new LatentMap(bundle),
  digits: (bundle) => new Digits(bundle),
};

/** @type {Map<string, unknown>} "decoder/1a2b3c" -> what its reader made of it, the latest last */
const bundles = new Map();

/**
 * Take a bundle in; one that is known already is not read again.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
export async function receive(bytes) {
  const bundle = await unpacked(bytes);
  const { kind, id } = bundle.values;
  const name = `${kind}/${id}`;
  const known = bundles.get(name) ?? READERS[kind](bundle);
  bundles.delete(name);
  bundles.set(name, known);
  for (const oldest of bundles.keys()) {
    if (bundles.size <= KEPT) break;
    bundles.delete(oldest);
  }
}

/**
 * What was made of a bundle, if it is there.
 *
 * @param {string} name
 */
export function received(name) {
  return bundles.get(name);
}
