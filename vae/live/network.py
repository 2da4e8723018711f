"""What a network computes, layer by layer, in a form that the page can carry out (network.js).

It is read from the served `.tflite` file itself, so the page computes with what the server
computes with, whatever shape the run has.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from vae import runs
from vae.inference import Model
from vae.mnist import IMAGE
from vae.prior import STANDARD

KINDS = {
    "FULLY_CONNECTED": "dense",
    "CONV_2D": "convolution",
    "TRANSPOSE_CONV": "transposed_convolution",
    "RESHAPE": "reshape",
    "ADD": "add",
    "SUB": "subtract",
    "MUL": "multiply",
    "EXP": "exp",
    "RELU": "relu",
    "LOGISTIC": "sigmoid",
    "TANH": "tanh",
    "SUM": "sum",
    "SOFTMAX": "softmax",
}
"""The operations of LiteRT that the page knows, and what they are called here."""

_ACTIVATIONS = {"NONE": None, "RELU": "relu", "TANH": "tanh"}


class NetworkError(ValueError):
    """A network has something that the page cannot compute; the text names it."""


@dataclass(frozen=True)
class Network:
    """A network from one array of numbers to one or more.

    Each layer is a dict that JSON can hold:

        kind        one of the values of KINDS
        inputs      the numbers of what it reads: earlier results, and weights as named there
        output      the number of its result
        shape       its result's shape, without the batch
        activation  None, "relu" or "tanh": what follows at once
        stride      convolutions only: vertical, horizontal

    A dense layer reads x, a kernel (out, in) and maybe a bias (out,); a convolution, transposed or
    not, x, a kernel (out, height, width, in) and maybe a bias (out,); a sum or a
    softmax is that of all numbers. The number of what the network is given is `input`, its shape
    `shape`, and those of its results are `outputs`.
    """

    input: int
    shape: tuple[int, ...]
    outputs: list[int]
    layers: list[dict[str, Any]]
    weights: dict[str, np.ndarray]

    @property
    def values(self) -> dict[str, Any]:
        """All but the weights, as JSON can hold it."""
        names = ("input", "shape", "outputs", "layers")
        return {name: getattr(self, name) for name in names}


def encoder(model: Model) -> Network:
    """The encoder of a served model: an image (28, 28) -> posterior mean, log variance.

    Raises:
        vae.runs.RunError: its file has changed.
        NetworkError: the page cannot compute it.
    """
    content = runs.model_files(model.run)["encoder.tflite"].read_bytes()
    return read(content, [(model.latent_dim,)] * 2)


def decoder(model: Model) -> Network:
    """The decoder of a served model: a latent (latent_dim,) -> logits (28, 28).

    Raises:
        vae.runs.RunError: its file has changed.
        NetworkError: the page cannot compute it.
    """
    return read(runs.model_files(model.run)["decoder.tflite"].read_bytes(), [IMAGE])


def to_base(model: Model) -> Network | None:
    """From z to latents in a served model: z (latent_dim,) -> latent, log |det du/dz|.

    None with a standard prior, where z are the latents.

    Raises:
        vae.runs.RunError: a file has changed.
        NetworkError: the page cannot compute it.
    """
    if model.prior is STANDARD:
        return None
    content = runs.model_files(model.run)["to_base.tflite"].read_bytes()
    return read(content, [(model.latent_dim,), ()])


def read(content: bytes, ends: list[tuple[int, ...]]) -> Network:
    """The network in the content of a .tflite file, which is to end in these shapes.

    Raises:
        NetworkError: it ends in others, or the page cannot compute it.
    """
    model: Any = schema.ModelT.InitFromPackedBuf(content, 0)  # its types say less than it gives
    (graph,) = model.subgraphs
    (given,) = graph.inputs
    tensors = [_tensor(tensor, model.buffers) for tensor in graph.tensors]
    outputs = _outputs(model)
    found = [tensors[number].shape[1:] for number in outputs]
    if found != ends:
        raise NetworkError(f"the network ends in the shapes {found}, not in {ends}")
    layers = [
        _layer(_name(operator, model), operator, tensors)
        for operator in graph.operators
        # Whole numbers are shapes, computed for the sake of the batch; here the batch is one.
        if tensors[operator.outputs[0]].floating
    ]
    weights = {
        str(number): _compact(values)
        for number in sorted({number for layer in layers for number in layer["inputs"]})
        if (values := tensors[number].values) is not None
    }
    return Network(int(given), tensors[given].shape[1:], outputs, layers, weights)


def _outputs(model: Any) -> list[int]:
    """The numbers of a network's results, in the order in which it was built."""
    (signature,) = model.signatureDefs
    named = sorted((output.name, int(output.tensorIndex)) for output in signature.outputs)
    return [number for _, number in named]


class _Tensor(NamedTuple):
    """A tensor with a batch of one where there is a batch; its values where it is constant."""

    shape: tuple[int, ...]
    floating: bool
    values: np.ndarray | None


def _tensor(tensor: Any, buffers: Any) -> _Tensor:
    shape = tuple(int(size) for size in tensor.shape)
    floating = tensor.type == schema.TensorType.FLOAT32
    data = buffers[tensor.buffer].data
    if data is None or not floating:
        return _Tensor(shape, floating, None)
    return _Tensor(shape, floating, np.frombuffer(bytes(data), "<f4").reshape(shape))


def _layer(operation: str, operator: Any, tensors: list[_Tensor]) -> dict[str, Any]:
    if operation not in KINDS:
        raise NetworkError(
            f"the network uses {operation}, which the page cannot compute; "
            f"it knows {', '.join(KINDS)}"
        )
    kind, output = KINDS[operation], int(operator.outputs[0])
    options: Any = operator.builtinOptions
    inputs = [int(number) for number in operator.inputs if number >= 0]
    if kind in ("reshape", "sum"):
        inputs = inputs[:1]  # the new shape comes second, or the axis
    elif kind == "transposed_convolution":
        inputs = [inputs[2], inputs[1], *inputs[3:]]  # from shape, kernel, x, bias
    layer = {
        "kind": kind,
        "inputs": inputs,
        "output": output,
        "shape": list(tensors[output].shape[1:]),
        "activation": _activation(operation, options),
    }
    if kind in ("convolution", "transposed_convolution"):
        layer["stride"] = [options.strideH, options.strideW]
    _check(operation, layer, tensors, options)
    return layer


def _name(operator: Any, model: Any) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return _constant(schema.BuiltinOperator, number)


def _activation(operation: str, options: Any) -> str | None:
    name = _constant(schema.ActivationFunctionType, getattr(options, "fusedActivationFunction", 0))
    if name not in _ACTIVATIONS:
        raise NetworkError(f"{operation} is followed by {name}, which the page cannot compute")
    return _ACTIVATIONS[name]


def _constant(names: type, number: int) -> str:
    return next(name for name, value in vars(names).items() if value == number)


def _check(operation: str, layer: dict[str, Any], tensors: list[_Tensor], options: Any) -> None:
    """Refuse what network.js would compute wrongly."""
    if not all(tensors[number].floating for number in layer["inputs"]):
        raise NetworkError(f"{operation} reads numbers that are not float32, as if quantised")
    shapes = [tensors[number].shape for number in layer["inputs"]]
    output = (1, *layer["shape"])
    match layer["kind"]:
        case "dense":
            fits = len(output) == 2 and shapes[0] == (1, shapes[1][1])
        case "convolution":
            dilation = (options.dilationHFactor, options.dilationWFactor)
            fits = len(output) == len(shapes[0]) == 4 and dilation == (1, 1)
            fits = fits and shapes[0][3] == shapes[1][3]  # no groups of channels
        case "sum":  # over all but the batch
            fits = len(shapes[0]) == 2 and output == (1,)
        case "softmax":  # over all but the batch
            fits = len(output) == 2 and options.beta == 1
        case "transposed_convolution":
            fits = len(output) == len(shapes[0]) == 4
        case "add" | "subtract" | "multiply":  # the smaller one is repeated along the first axes
            fits = all(output[len(output) - len(shape) :] == shape for shape in shapes)
        case _:
            fits = True
    if not fits:
        raise NetworkError(f"{operation} from {shapes} to {output} is not what the page expects")


def _compact(weights: np.ndarray) -> np.ndarray:
    """As float16 where nothing is lost by it, as with all that training exports."""
    with np.errstate(over="ignore"):
        halves = weights.astype(np.float16)
    return halves if np.array_equal(halves.astype(np.float32), weights) else weights
