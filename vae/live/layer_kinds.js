// The kinds of layers that networks are made of, and what computes each.
//
// Dense layers and convolutions are one thing: the inputs that are not zero (after a ReLU about
// half, and most of an image) multiply runs of weights, which lie one after the other in memory,
// and the sum is added to a run of outputs (row_sums.js).

import { product } from "./bundle.js";

/** @import { Memory } from "./row_sums.js" */

/**
 * @typedef {Float32Array<ArrayBuffer>} Floats
 * @typedef {{data: Floats, shape: number[]}} Tensor without the batch
 * @typedef {() => void} Step computes one layer from what the earlier ones left
 *
 * @typedef {object} Layer see `Network` in network.py
 * @property {keyof typeof LAYERS | "reshape"} kind
 * @property {number[]} inputs
 * @property {number} output
 * @property {number[]} shape
 * @property {keyof typeof ACTIVATIONS | null} activation
 * @property {[down: number, across: number]} [stride]
 */

/**
 * What computes one layer. Its result is entered into `results`, from where later layers read.
 *
 * @param {Layer} layer
 * @param {Record<string, Tensor>} results
 * @param {Memory} memory with as much room as `room` says
 * @returns {Step}
 */
export function prepared(layer, results, memory) {
  const inputs = layer.inputs.map((number) => results[number]);
  if (layer.kind === "reshape") {
    results[layer.output] = { data: inputs[0].data, shape: layer.shape };
    return () => {};
  }
  const output = { data: memory.floats(product(layer.shape)), shape: layer.shape };
  results[layer.output] = output;
  const compute = LAYERS[layer.kind](inputs, output, layer, memory);
  if (layer.activation === null) return compute;
  const activate = ACTIVATIONS[layer.activation](output.data, output.data);
  return () => {
    compute();
    activate();
  };
}

/**
 * How much of a memory `prepared` takes for a layer, in numbers: its result, its kernel, and what is
 * not zero of the inputs that the kernel lies over.
 *
 * @param {Layer} layer
 * @param {Record<string, Tensor>} weights
 */
export function room({ kind, inputs, shape }, weights) {
  if (kind === "reshape") return 0;
  const kernel = WEIGHTED.includes(kind) ? weights[inputs[1]] : null;
  const size = kernel ? kernel.data.length * (1 + 2 / kernel.shape[0]) : 0;
  return product(shape) + size;
}

export const WEIGHTED = ["dense", "convolution", "transposed_convolution"];

export const sigmoid = (/** @type {number} */ x) => 1 / (1 + Math.exp(-x));

// Each has a loop of its own: a function called for each number would take most of the time (of a
// sigmoid half, of a product three quarters).

const exp = elementwise((x, y) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.exp(x[i]);
});
const relu = elementwise((x, y) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.max(x[i], 0);
});
const tanh = elementwise((x, y) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.tanh(x[i]);
});
const sigmoids = elementwise((x, y) => {
  for (let i = 0; i < y.length; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
});

const ACTIVATIONS = { relu, tanh };

/** @satisfies {Record<string, (inputs: Tensor[], output: Tensor, layer: Layer, memory: Memory) => Step>} */
const LAYERS = {
  dense,
  convolution,
  transposed_convolution: transposedConvolution,
  add: ([a, b], output) => pairwise("add", a.data, b.data, output.data),
  subtract: ([a, b], output) => pairwise("subtract", a.data, b.data, output.data),
  multiply: ([a, b], output) => pairwise("multiply", a.data, b.data, output.data),
  exp: ([x], output) => exp(x.data, output.data),
  relu: ([x], output) => relu(x.data, output.data),
  sigmoid: ([x], output) => sigmoids(x.data, output.data),
  tanh: ([x], output) => tanh(x.data, output.data),
  sum:
    ([x], output) =>
    () => {
      output.data[0] = x.data.reduce((sum, value) => sum + value);
    },
  softmax: ([x], output) => softmax(x.data, output.data),
};

/**
 * @param {(x: Floats, y: Floats) => void} fill
 * @returns {(x: Floats, y: Floats) => Step}
 */
function elementwise(fill) {
  return (x, y) => () => fill(x, y);
}

/**
 * The smaller one is repeated, as when a bias is added.
 *
 * @param {"add" | "subtract" | "multiply"} kind
 * @param {Floats} a
 * @param {Floats} b
 * @param {Floats} output
 * @returns {Step}
 */
function pairwise(kind, a, b, output) {
  return () => {
    for (let i = 0, j = 0, k = 0; i < output.length; i++) {
      const x = a[j];
      const y = b[k];
      output[i] = kind === "add" ? x + y : kind === "subtract" ? x - y : x * y;
      if (++j === a.length) j = 0;
      if (++k === b.length) k = 0;
    }
  };
}

/**
 * @param {Floats} x
 * @param {Floats} output
 * @returns {Step}
 */
function softmax(x, output) {
  return () => {
    const top = x.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += output[i] = Math.exp(x[i] - top);
    for (let i = 0; i < x.length; i++) output[i] /= sum;
  };
}

/**
 * output = bias + kernel x, with the kernel (out, in): like a transposed convolution of a single pixel.
 *
 * @param {Tensor[]} inputs
 * @param {Tensor} output
 * @param {Layer} _
 * @param {Memory} memory
 * @returns {Step}
 */
function dense([x, kernel, bias], output, _, memory) {
  const [width, depth] = kernel.shape;
  const pixel = { data: x.data, shape: [1, 1, depth] };
  const kernels = { data: kernel.data, shape: [width, 1, 1, depth] };
  const outputs = { data: output.data, shape: [1, 1, width] };
  return scattered(pixel, kernels, bias, outputs, [1, 1], memory);
}

/**
 * @param {Tensor[]} inputs
 * @param {Tensor} output
 * @param {Layer} layer
 * @param {Memory} memory
 * @returns {Step}
 */
function transposedConvolution([x, kernel, bias], output, { stride }, memory) {
  if (!stride) throw new TypeError("a transposed convolution without its stride");
  return scattered(x, kernel, bias, output, stride, memory);
}

/**
 * A transposed convolution: each input pixel adds its multiples of the kernel
 * (out, height, width, in) around it. With the kernel as (height, in, width, out), a row of it goes
 * to one run of the output.
 *
 * @param {Tensor} x
 * @param {Tensor} kernel
 * @param {Tensor | undefined} bias
 * @param {Tensor} output
 * @param {[down: number, across: number]} stride
 * @param {Memory} memory
 * @returns {Step}
 */
function scattered(x, kernel, bias, output, [down, across], memory) {
  const [rows, columns, depth] = x.shape;
  const [outRows, outColumns, channels] = output.shape;
  const [, height, width] = kernel.shape;
  const weights = rowsByInput(kernel, memory);
  const pitch = width * channels;
  const top = padding(rows, height, outRows, down);
  const left = padding(columns, width, outColumns, across);
  const factors = memory.floats(depth); // a pixel's inputs that are not zero
  const starts = memory.integers(depth); // and where their weights begin
  const add = added(output.data, weights, factors, starts, memory);
  return () => {
    start(output.data, bias);
    for (let row = 0, at = 0; row < rows; row++) {
      const y = row * down - top;
      for (let column = 0; column < columns; column++, at += depth) {
        const x0 = column * across - left;
        const first = Math.max(0, -x0);
        const run = (Math.min(width, outColumns - x0) - first) * channels;
        let count = 0;
        for (let i = 0; i < depth; i++) {
          if (x.data[at + i] === 0) continue;
          factors[count] = x.data[at + i];
          starts[count++] = i * pitch + first * channels;
        }
        for (let k = Math.max(0, -y); k < height && y + k < outRows; k++) {
          const to = ((y + k) * outColumns + x0 + first) * channels;
          add(to, run, k * depth * pitch, count);
        }
      }
    }
  };
}

/**
 * A convolution: each output pixel takes its multiples of the kernel (out, height, width, in) from
 * the inputs around it. With the kernel as (height, in, width, out), each input has a run of it.
 *
 * @param {Tensor[]} inputs
 * @param {Tensor} output
 * @param {Layer} layer
 * @param {Memory} memory
 * @returns {Step}
 */
function convolution([x, kernel, bias], output, { stride }, memory) {
  if (!stride) throw new TypeError("a convolution without its stride");
  const [down, across] = stride;
  const [rows, columns, depth] = x.shape;
  const [outRows, outColumns, channels] = output.shape;
  const [, height, width] = kernel.shape;
  const weights = rowsByInput(kernel, memory);
  const top = padding(outRows, height, rows, down);
  const left = padding(outColumns, width, columns, across);
  const factors = memory.floats(height * width * depth); // a window's inputs that are not zero
  const starts = memory.integers(factors.length); // and where their weights begin
  const add = added(output.data, weights, factors, starts, memory);
  const window = (/** @type {number} */ y, /** @type {number} */ x0) => {
    let count = 0;
    for (let k = Math.max(0, -y); k < height && y + k < rows; k++) {
      for (let l = Math.max(0, -x0); l < width && x0 + l < columns; l++) {
        const at = ((y + k) * columns + x0 + l) * depth;
        for (let i = 0; i < depth; i++) {
          if (x.data[at + i] === 0) continue;
          factors[count] = x.data[at + i];
          starts[count++] = ((k * depth + i) * width + l) * channels;
        }
      }
    }
    return count;
  };
  return () => {
    start(output.data, bias);
    for (let row = 0, to = 0; row < outRows; row++) {
      for (let column = 0; column < outColumns; column++, to += channels) {
        const count = window(row * down - top, column * across - left);
        add(to, channels, 0, count);
      }
    }
  };
}

/**
 * What adds to a run of outputs, from `to`, multiples of the weights from `from`.
 *
 * @param {Floats} output
 * @param {Floats} weights
 * @param {Floats} factors
 * @param {Int32Array} starts
 * @param {Memory} memory in which they all lie
 */
function added(output, weights, factors, starts, { addRows }) {
  const at = [output, weights, factors, starts].map(({ byteOffset }) => byteOffset);
  const [outputs, rows, first, firstStart] = at;
  return (
    /** @type {number} */ to,
    /** @type {number} */ run,
    /** @type {number} */ from,
    /** @type {number} */ count,
  ) => addRows(outputs + 4 * to, run, rows + 4 * from, first, firstStart, count);
}

/**
 * Every output begins as its bias, which is repeated.
 *
 * @param {Floats} output
 * @param {Tensor | undefined} bias
 */
function start(output, bias) {
  if (!bias) output.fill(0);
  else for (let at = 0; at < output.length; at += bias.data.length) output.set(bias.data, at);
}

/**
 * Rows (or columns) of the full result that are cut off before the first of the output.
 *
 * @param {number} size
 * @param {number} kernelSize
 * @param {number} outSize
 * @param {number} stride
 */
function padding(size, kernelSize, outSize, stride) {
  return Math.max(0, (size - 1) * stride + kernelSize - outSize) >> 1;
}

/**
 * A kernel (out, height, width, in) as (height, in, width, out).
 *
 * @param {Tensor} kernel
 * @param {Memory} memory
 */
function rowsByInput({ data, shape: [channels, height, width, depth] }, memory) {
  const weights = memory.floats(data.length);
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < depth; i++) {
      for (let column = 0; column < width; column++) {
        for (let channel = 0; channel < channels; channel++) {
          weights[to++] = data[((channel * height + row) * width + column) * depth + i];
        }
      }
    }
  }
  return weights;
}
