// The kinds of layers that networks are made of, and what computes each.
//
// Dense layers and convolutions are one thing: the inputs that are not zero (after a ReLU about
// half, and most of an image) multiply runs of weights, which lie one after the other in memory,
// and the sum is added to a run of outputs.

import { product } from "./bundle.js";

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
 * @returns {Step}
 */
export function prepared(layer, results) {
  const inputs = layer.inputs.map((number) => results[number]);
  if (layer.kind === "reshape") {
    results[layer.output] = { data: inputs[0].data, shape: layer.shape };
    return () => {};
  }
  const output = { data: new Float32Array(product(layer.shape)), shape: layer.shape };
  results[layer.output] = output;
  const compute = LAYERS[layer.kind](inputs, output, layer);
  if (layer.activation === null) return compute;
  const activate = elementwise(ACTIVATIONS[layer.activation], output.data, output.data);
  return () => {
    compute();
    activate();
  };
}

export const sigmoid = (/** @type {number} */ x) => 1 / (1 + Math.exp(-x));
const relu = (/** @type {number} */ x) => Math.max(x, 0);

const ACTIVATIONS = { relu, tanh: Math.tanh };

/** @satisfies {Record<string, (inputs: Tensor[], output: Tensor, layer: Layer) => Step>} */
const LAYERS = {
  dense,
  convolution,
  transposed_convolution: transposedConvolution,
  add: ([a, b], output) => pairwise((x, y) => x + y, a.data, b.data, output.data),
  subtract: ([a, b], output) => pairwise((x, y) => x - y, a.data, b.data, output.data),
  multiply: ([a, b], output) => pairwise((x, y) => x * y, a.data, b.data, output.data),
  exp: ([x], output) => elementwise(Math.exp, x.data, output.data),
  relu: ([x], output) => elementwise(relu, x.data, output.data),
  sigmoid: ([x], output) => elementwise(sigmoid, x.data, output.data),
  tanh: ([x], output) => elementwise(Math.tanh, x.data, output.data),
  sum:
    ([x], output) =>
    () => {
      output.data[0] = x.data.reduce((sum, value) => sum + value);
    },
  softmax: ([x], output) => softmax(x.data, output.data),
};

/**
 * @param {(x: number) => number} f
 * @param {Floats} x
 * @param {Floats} output
 * @returns {Step}
 */
function elementwise(f, x, output) {
  return () => {
    for (let i = 0; i < output.length; i++) output[i] = f(x[i]);
  };
}

/**
 * The smaller one is repeated, as when a bias is added.
 *
 * @param {(x: number, y: number) => number} f
 * @param {Floats} a
 * @param {Floats} b
 * @param {Floats} output
 * @returns {Step}
 */
function pairwise(f, a, b, output) {
  return () => {
    for (let i = 0; i < output.length; i++) output[i] = f(a[i % a.length], b[i % b.length]);
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
 * @returns {Step}
 */
function dense([x, kernel, bias], output) {
  const [width, depth] = kernel.shape;
  const pixel = { data: x.data, shape: [1, 1, depth] };
  const kernels = { data: kernel.data, shape: [width, 1, 1, depth] };
  return scattered(pixel, kernels, bias, { data: output.data, shape: [1, 1, width] }, [1, 1]);
}

/**
 * @param {Tensor[]} inputs
 * @param {Tensor} output
 * @param {Layer} layer
 * @returns {Step}
 */
function transposedConvolution([x, kernel, bias], output, { stride }) {
  if (!stride) throw new TypeError("a transposed convolution without its stride");
  return scattered(x, kernel, bias, output, stride);
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
 * @returns {Step}
 */
function scattered(x, kernel, bias, output, [down, across]) {
  const [rows, columns, depth] = x.shape;
  const [outRows, outColumns, channels] = output.shape;
  const [, height, width] = kernel.shape;
  const weights = rowsByInput(kernel);
  const pitch = width * channels;
  const top = padding(rows, height, outRows, down);
  const left = padding(columns, width, outColumns, across);
  const factors = new Float32Array(depth); // a pixel's inputs that are not zero
  const starts = new Int32Array(depth); // and where their weights begin
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
          addRows(output.data, to, run, weights, k * depth * pitch, factors, starts, count);
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
 * @returns {Step}
 */
function convolution([x, kernel, bias], output, { stride }) {
  if (!stride) throw new TypeError("a convolution without its stride");
  const [down, across] = stride;
  const [rows, columns, depth] = x.shape;
  const [outRows, outColumns, channels] = output.shape;
  const [, height, width] = kernel.shape;
  const weights = rowsByInput(kernel);
  const top = padding(outRows, height, rows, down);
  const left = padding(outColumns, width, columns, across);
  const factors = new Float32Array(height * width * depth); // a window's inputs that are not zero
  const starts = new Int32Array(factors.length); // and where their weights begin
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
        addRows(output.data, to, channels, weights, 0, factors, starts, count);
      }
    }
  };
}

/**
 * output[to + m] += sum over i of factors[i] * weights[from + starts[i] + m], for all m < run and
 * i < count. Eight i at a time, since it is the outputs' coming and going that takes the time: of one
 * decode of `map` a sixth of what it takes by four.
 *
 * @param {Floats} output
 * @param {number} to
 * @param {number} run
 * @param {Floats} weights
 * @param {number} from
 * @param {Floats} factors
 * @param {Int32Array} starts
 * @param {number} count
 */
function addRows(output, to, run, weights, from, factors, starts, count) {
  const end = to + run;
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    const a = factors[i],
      b = factors[i + 1],
      c = factors[i + 2],
      d = factors[i + 3];
    const e = factors[i + 4],
      f = factors[i + 5],
      g = factors[i + 6],
      h = factors[i + 7];
    const base = from - to; // so that one index counts for outputs and weights
    const p = base + starts[i],
      q = base + starts[i + 1],
      r = base + starts[i + 2],
      s = base + starts[i + 3];
    const t = base + starts[i + 4],
      u = base + starts[i + 5],
      v = base + starts[i + 6],
      w = base + starts[i + 7];
    for (let m = to; m < end; m++) {
      output[m] +=
        a * weights[p + m] +
        b * weights[q + m] +
        (c * weights[r + m] + d * weights[s + m]) +
        (e * weights[t + m] + f * weights[u + m] + (g * weights[v + m] + h * weights[w + m]));
    }
  }
  for (; i < count; i++) {
    const a = factors[i],
      p = from + starts[i] - to;
    for (let m = to; m < end; m++) output[m] += a * weights[p + m];
  }
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
 */
function rowsByInput({ data, shape: [channels, height, width, depth] }) {
  const weights = new Float32Array(data.length);
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
