/**
 * Computes a run's decoder (network.py) in the page.
 *
 * Dense layers and transposed convolutions are one thing: the inputs that are not zero (after a
 * ReLU about half) multiply runs of weights, which lie one after the other in memory, and the sum
 * is added to a run of outputs.
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

/** output = bias + kernel x, with the kernel (out, in): like a convolution of a single pixel. */
function dense([x, kernel, bias], output) {
  const [width, depth] = kernel.shape;
  return transposedConvolution(
    [{ data: x.data, shape: [1, 1, depth] }, { data: kernel.data, shape: [width, 1, 1, depth] }, bias],
    { data: output.data, shape: [1, 1, width] },
    { stride: [1, 1] },
  );
}

/**
 * Each input pixel adds its multiples of the kernel (out, height, width, in) around its place.
 * With the kernel as (height, in, width, out), a row of it goes to one run of the output.
 */
function transposedConvolution([x, kernel, bias], output, { stride: [down, across] }) {
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
 * output[to + m] += sum over i of factors[i] * weights[from + starts[i] + m], for all m < run and
 * i < count. Four i at a time, since it is the outputs' coming and going that takes the time.
 */
function addRows(output, to, run, weights, from, factors, starts, count) {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const a = factors[i], b = factors[i + 1], c = factors[i + 2], d = factors[i + 3];
    const p = from + starts[i], q = from + starts[i + 1];
    const r = from + starts[i + 2], s = from + starts[i + 3];
    for (let m = 0; m < run; m++) {
      output[to + m] +=
        a * weights[p + m] + b * weights[q + m] + c * weights[r + m] + d * weights[s + m];
    }
  }
  for (; i < count; i++) {
    const a = factors[i], p = from + starts[i];
    for (let m = 0; m < run; m++) output[to + m] += a * weights[p + m];
  }
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

/** A kernel (out, height, width, in) as (height, in, width, out). */
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
