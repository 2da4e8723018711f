/**
 * Computes a run's decoder (network.py) in the page.
 *
 * Dense layers and transposed convolutions are carried out alike: each input that is not zero is
 * multiplied by a run of weights, which lie one after the other in memory, and added to a run of
 * outputs. After a ReLU about half of the inputs are zero and cost nothing.
 */

class Decoder {
  /** @param bundle what `unpack` made of Network.to_bytes(). */
  constructor({ values: { latent_dim, latent, layers }, arrays }) {
    this.latentDim = latent_dim;
    this.latent = new Float32Array(latent_dim);
    const results = { [latent]: { data: this.latent, shape: [latent_dim] }, ...arrays };
    this.steps = layers.map((layer) => prepared(layer, results));
    this.logits = results[layers.at(-1).output].data;
  }

  /**
   * The image of one latent (latentDim numbers): a new Float32Array of 28 * 28 pixels in [0, 1],
   * row by row.
   */
  decode(latent) {
    if (latent.length !== this.latentDim) {
      throw new RangeError(`a latent of ${latent.length} numbers; expected ${this.latentDim}`);
    }
    this.latent.set(latent);
    for (const step of this.steps) step();
    return this.logits.map(sigmoid);
  }
}

/**
 * A function that computes one layer. Its result, {data, shape}, is entered into `results`, from
 * where later layers read.
 */
function prepared(layer, results) {
  const inputs = layer.inputs.map((number) => results[number]);
  if (layer.kind === "reshape") {
    results[layer.output] = { data: inputs[0].data, shape: layer.shape };
    return () => {};
  }
  const size = layer.shape.reduce((product, length) => product * length, 1);
  const output = { data: new Float32Array(size), shape: layer.shape };
  results[layer.output] = output;
  const compute = LAYERS[layer.kind](inputs, output, layer);
  const activate = ACTIVATIONS[layer.activation];
  if (!activate) return compute;
  return () => {
    compute();
    for (let i = 0; i < size; i++) output.data[i] = activate(output.data[i]);
  };
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const relu = (x) => (x > 0 ? x : 0);

const ACTIVATIONS = { relu, sigmoid, tanh: Math.tanh };

const LAYERS = {
  dense,
  transposed_convolution: transposedConvolution,
  add: ([a, b], output) => pairwise((x, y) => x + y, a.data, b.data, output.data),
  multiply: ([a, b], output) => pairwise((x, y) => x * y, a.data, b.data, output.data),
  relu: ([x], output) => elementwise(relu, x.data, output.data),
  sigmoid: ([x], output) => elementwise(sigmoid, x.data, output.data),
  tanh: ([x], output) => elementwise(Math.tanh, x.data, output.data),
};

function elementwise(f, x, output) {
  return () => {
    for (let i = 0; i < output.length; i++) output[i] = f(x[i]);
  };
}

/** The smaller one is repeated, as when a bias is added. */
function pairwise(f, a, b, output) {
  return () => {
    for (let i = 0; i < output.length; i++) output[i] = f(a[i % a.length], b[i % b.length]);
  };
}

/** output = bias + kernel x, with the kernel (out, in). */
function dense([x, kernel, bias], output) {
  const [width, depth] = kernel.shape;
  const weights = reordered(kernel.data, [width, depth], [1, 0]);
  return () => {
    start(output.data, bias);
    for (let i = 0; i < depth; i++) {
      if (x.data[i] !== 0) addMultiple(output.data, 0, x.data[i], weights, i * width, width);
    }
  };
}

/**
 * Each input pixel adds its multiple of the kernel (out, height, width, in) around its place.
 * With the kernel as (in, height, width, out), one row of it goes to one run of the output.
 */
function transposedConvolution([x, kernel, bias], output, { stride: [down, across] }) {
  const [rows, columns, depth] = x.shape;
  const [outRows, outColumns, channels] = output.shape;
  const [, height, width] = kernel.shape;
  const weights = reordered(kernel.data, kernel.shape, [3, 1, 2, 0]);
  const top = padding(rows, height, outRows, down);
  const left = padding(columns, width, outColumns, across);
  return () => {
    start(output.data, bias);
    for (let row = 0, at = 0; row < rows; row++) {
      const y = row * down - top;
      for (let column = 0; column < columns; column++) {
        const x0 = column * across - left;
        const first = Math.max(0, -x0);
        const run = (Math.min(width, outColumns - x0) - first) * channels;
        for (let i = 0; i < depth; i++, at++) {
          const value = x.data[at];
          if (value === 0) continue;
          for (let k = Math.max(0, -y); k < height && y + k < outRows; k++) {
            const to = ((y + k) * outColumns + x0 + first) * channels;
            const from = ((i * height + k) * width + first) * channels;
            addMultiple(output.data, to, value, weights, from, run);
          }
        }
      }
    }
  };
}

/** output[to + i] += factor * weights[from + i] for the first `count` numbers i. */
function addMultiple(output, to, factor, weights, from, count) {
  for (let i = 0; i < count; i++) output[to + i] += factor * weights[from + i];
}

/** Every output begins as its bias, which is repeated. */
function start(output, bias) {
  if (!bias) output.fill(0);
  else for (let at = 0; at < output.length; at += bias.data.length) output.set(bias.data, at);
}

/** Rows (or columns) of the full result that are cut off before the first of the output. */
function padding(size, kernelSize, outSize, stride) {
  return Math.max(0, (size - 1) * stride + kernelSize - outSize) >> 1;
}

/** An array with its axes in another order, as numpy.transpose. */
function reordered(data, shape, order) {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const result = new Float32Array(data.length);
  let at = 0;
  const visit = (axis, from) => {
    if (axis === order.length) {
      result[at++] = data[from];
      return;
    }
    for (let i = 0; i < shape[order[axis]]; i++) visit(axis + 1, from + i * strides[order[axis]]);
  };
  visit(0, 0);
  return result;
}
