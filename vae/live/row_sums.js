// Sums of multiples of rows, in which dense layers and convolutions spend their time: four numbers at
// a time in WebAssembly (row_sums.wat), and one by one where a browser does not let us have that.

/**
 * @import { Floats } from "./layer_kinds.js"
 *
 * @callback AddRows to[m] += sum over i of factors[i] * weights[starts[i] + m], for all m < run and
 *   i < count; all in one memory, where they begin at these bytes
 * @param {number} to
 * @param {number} run
 * @param {number} weights
 * @param {number} factors
 * @param {number} starts
 * @param {number} count
 * @returns {void}
 */

/** What wat2wasm makes of row_sums.wat. */
const BYTES =
  "AGFzbQEAAAABCgFgBn9/f39/fwACEwEHbmV0d29yawZtZW1vcnkCAAEDAgEABwsBB2FkZFJvd3MAAArcAwHZAwQEfwF7" +
  "AX0EeyADIAVBAnRqIQYgBCADayEHAkADQCABQRBIDQEgAP0ABAAhDCAA/QAEECENIAD9AAQgIQ4gAP0ABDAhDyADIQgC" +
  "QANAIAggBk8NASAI/QkCACEKIAIgCCAHaigCAEECdGohCSAMIAogCf0ABAD95gH95AEhDCANIAogCf0ABBD95gH95AEh" +
  "DSAOIAogCf0ABCD95gH95AEhDiAPIAogCf0ABDD95gH95AEhDyAIQQRqIQgMAAsLIAAgDP0LBAAgACAN/QsEECAAIA79" +
  "CwQgIAAgD/0LBDAgAEHAAGohACACQcAAaiECIAFBEGshAQwACwsCQANAIAFBBEgNASAA/QAEACEMIAMhCAJAA0AgCCAG" +
  "Tw0BIAIgCCAHaigCAEECdGohCSAMIAj9CQIAIAn9AAQA/eYB/eQBIQwgCEEEaiEIDAALCyAAIAz9CwQAIABBEGohACAC" +
  "QRBqIQIgAUEEayEBDAALCwJAA0AgAUUNASAAKgIAIQsgAyEIAkADQCAIIAZPDQEgAiAIIAdqKAIAQQJ0aiEJIAsgCCoC" +
  "ACAJKgIAlJIhCyAIQQRqIQgMAAsLIAAgCzgCACAAQQRqIQAgAkEEaiECIAFBAWshAQwACwsL";

/** The numbers of a network, which WebAssembly can only reach if they lie in a memory of its kind. */
export class Memory {
  #used = 0;

  /**
   * @param {number} size in numbers of four bytes
   * @param {boolean} isPlain do without WebAssembly
   */
  constructor(size, isPlain = false) {
    const { buffer, addRows } = (isPlain ? null : reached(size)) ?? plain(size);
    this.buffer = buffer;
    /** @type {AddRows} */
    this.addRows = addRows;
  }

  /**
   * Room for numbers, all 0.
   *
   * @param {number} size
   * @returns {Floats}
   */
  floats(size) {
    return new Float32Array(this.buffer, this.#taken(size), size);
  }

  /** @param {number} size */
  integers(size) {
    return new Int32Array(this.buffer, this.#taken(size), size);
  }

  /** @param {number} size */
  #taken(size) {
    const begin = this.#used;
    this.#used += 4 * size;
    return begin;
  }
}

const PAGE = 2 ** 16; // bytes by which a WebAssembly.Memory is measured
/** @type {WebAssembly.Module | null} */
let compiled = null;

/**
 * A memory that WebAssembly reaches; null where the browser has no instructions for four numbers at
 * once (before 2021, in Safari 2023), its policy compiles nothing, or there is no room for another.
 *
 * @param {number} size
 * @returns {{buffer: ArrayBuffer, addRows: AddRows} | null}
 */
function reached(size) {
  try {
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(BYTES), (c) => c.charCodeAt(0)));
    const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * size) / PAGE) });
    const { exports } = new WebAssembly.Instance(compiled, { network: { memory } });
    return { buffer: memory.buffer, addRows: /** @type {AddRows} */ (exports.addRows) };
  } catch {
    return null;
  }
}

/** @param {number} size */
function plain(size) {
  const floats = new Float32Array(size);
  const integers = new Int32Array(floats.buffer);
  /** @type {AddRows} */
  const addRows = (toByte, run, weightsByte, factorsByte, startsByte, count) => {
    const [to, weights] = [toByte / 4, weightsByte / 4];
    for (let i = 0; i < count; i++) {
      const factor = floats[factorsByte / 4 + i];
      const row = weights + integers[startsByte / 4 + i];
      for (let m = 0; m < run; m++) floats[to + m] += factor * floats[row + m];
    }
  };
  return { buffer: floats.buffer, addRows };
}
