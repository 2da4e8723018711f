// What a model made of one image, every layer's result (recording.py): a page that explains them
// shows it as long as nobody asks for another image, which needs the networks.

import { sigmoid } from "./layer_kinds.js";
import { features } from "./network.js";

/**
 * @import { Bundle } from "./bundle.js"
 * @import { Floats, Tensor } from "./layer_kinds.js"
 * @import { Decoder, Encoder, Posterior } from "./network.js"
 */

export class Recording {
  #bundle;

  /** @param {Bundle} bundle what `recording_bundle` packed */
  constructor(bundle) {
    this.#bundle = bundle;
  }

  /**
   * What stands for one of its networks.
   *
   * @param {string} name of the network's bundle
   * @param {() => void} send for the network
   */
  standIn(name, send) {
    const Part = name.startsWith("encoder/") ? RecordedEncoder : RecordedDecoder;
    return new Part(this.#bundle, send);
  }
}

/** What a network has made; the network itself once it has come. @template Real */
export class Recorded {
  /** @type {Real | null} */
  network = null;

  /**
   * @param {Bundle} bundle
   * @param {() => void} send for the network
   * @param {"encoder" | "decoder"} part
   */
  constructor({ values, arrays }, send, part) {
    this.send = send;
    /** What was recorded, as links name it. @type {string} */
    this.source = values.source;
    this.latentDim = values.latent_dim;
    const { layers, outputs } = values[part];
    /** @type {Record<string, Tensor>} */
    const results = {};
    for (const { output, shape } of layers) {
      const data = /** @type {Floats} */ (arrays[`${part} ${output}`].data);
      results[output] = { data, shape };
    }
    this.features = features(layers, results, outputs);
    /** @type {Floats[]} */
    this.outputs = outputs.map((/** @type {number} */ number) => results[number].data);
  }

  /** @param {Real} network */
  become(network) {
    this.network = network;
  }
}

/**
 * Those of some networks that are only recorded.
 *
 * @param {unknown[]} networks
 * @returns {Recorded<unknown>[]}
 */
export function onlyRecorded(networks) {
  return networks.filter((one) => one instanceof Recorded).filter(({ network }) => !network);
}

/** @extends {Recorded<Encoder>} */
export class RecordedEncoder extends Recorded {
  hasStandardPrior = true;

  /**
   * @param {Bundle} bundle
   * @param {() => void} send
   */
  constructor(bundle, send) {
    super(bundle, send, "encoder");
  }

  /** @returns {Posterior} */
  encode() {
    const [mean, logVariance] = this.outputs;
    return { mean, logVariance };
  }

  /** @param {Floats} z which is the latent */
  toBase(z) {
    return { latent: z, logVolume: 0 };
  }
}

/** @extends {Recorded<Decoder>} */
export class RecordedDecoder extends Recorded {
  /**
   * @param {Bundle} bundle
   * @param {() => void} send
   */
  constructor(bundle, send) {
    super(bundle, send, "decoder");
  }

  logits() {
    return this.outputs[0];
  }

  decode() {
    return this.logits().map(sigmoid);
  }
}
