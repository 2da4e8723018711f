// Reads the bundles of bundle.py.

/**
 * @typedef {object} Array an array of a bundle
 * @property {Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>} data
 *   its own memory; that of a float16 array is a Float32Array
 * @property {number[]} shape
 *
 * @typedef {object} Bundle
 * @property {Record<string, any>} values
 * @property {Record<string, Array>} arrays
 */

const ARRAY_TYPES = {
  uint8: Uint8Array,
  int32: Int32Array,
  float16: Uint16Array,
  float32: Float32Array,
};

/**
 * What is in a bundle, or in a compressed one.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
export async function unpacked(bytes) {
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return unpack(isCompressed ? await unzipped(bytes) : bytes);
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function unzipped(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * What is in a bundle.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Bundle}
 */
export function unpack(bytes) {
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const begin = 4 + headerLength;
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, begin)));
  /** @type {Record<string, Array>} */
  const arrays = {};
  for (const [name, { type, shape, start }] of Object.entries(header.arrays)) {
    const size = product(shape);
    const ArrayType = ARRAY_TYPES[/** @type {keyof typeof ARRAY_TYPES} */ (type)];
    const at = begin + start;
    // A copy, because a typed array must begin at a multiple of its element's size.
    const { buffer } = bytes.slice(at, at + size * ArrayType.BYTES_PER_ELEMENT);
    const data = new ArrayType(buffer);
    arrays[name] = { data: data instanceof Uint16Array ? widened(data) : data, shape };
  }
  return { values: header.values, arrays };
}

/**
 * How many numbers an array of this shape has.
 *
 * @param {number[]} shape
 */
export function product(shape) {
  return shape.reduce((size, length) => size * length, 1);
}

/**
 * Half precision numbers, given by their bits, exactly.
 *
 * @param {Uint16Array} halves
 */
function widened(halves) {
  const numbers = new Float32Array(halves.length);
  const bits = new Uint32Array(numbers.buffer);
  for (let i = 0; i < halves.length; i++) {
    const sign = halves[i] & 0x8000;
    const exponent = (halves[i] >> 10) & 0x1f;
    const fraction = halves[i] & 0x3ff;
    if (exponent === 0) {
      numbers[i] = (sign ? -1 : 1) * fraction * 2 ** -24; // zero and subnormal numbers
    } else {
      const wide = exponent === 0x1f ? 0xff : exponent + 112; // infinity and nan; all others
      bits[i] = (sign << 16) | (wide << 23) | (fraction << 13);
    }
  }
  return numbers;
}
