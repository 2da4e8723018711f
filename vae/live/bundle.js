/** Reads the bundles of bundle.py. */

const ARRAY_TYPES = { uint8: Uint8Array, int32: Int32Array, float16: Uint16Array, float32: Float32Array };

/**
 * Uint8Array -> {values, arrays}. Each array is {data, shape}: its data is a typed array of its
 * own, that of a float16 array a Float32Array.
 */
function unpack(bytes) {
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const begin = 4 + headerLength;
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, begin)));
  const arrays = {};
  for (const [name, { type, shape, start }] of Object.entries(header.arrays)) {
    const size = shape.reduce((product, length) => product * length, 1);
    const ArrayType = ARRAY_TYPES[type];
    const at = begin + start;
    // A copy, because a typed array must begin at a multiple of its element's size.
    const { buffer } = bytes.slice(at, at + size * ArrayType.BYTES_PER_ELEMENT);
    const data = new ArrayType(buffer);
    arrays[name] = { data: type === "float16" ? widened(data) : data, shape };
  }
  return { values: header.values, arrays };
}

/** Half precision numbers, given by their bits, as a Float32Array: exactly. */
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
