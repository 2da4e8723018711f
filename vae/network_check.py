"""Networks from elsewhere, tried in a process of their own, which may crash or grow without harm.

`try_networks` starts that process, and `python -m vae.network_check FOLDER` is it. First the
structure is checked in plain Python: only operations of OPERATIONS, one after the other, on arrays
of a bounded size. So what a network does depends on the number of images only, never on what they
show: there is no loop, no branch and no index that is computed from values. Then LiteRT runs the
networks on several inputs, within limits of memory and time.
"""

import math
import os
import resource
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from vae import data, inference, runs
from vae.live import network
from vae.mnist import IMAGE

OPERATIONS = {
    "ADD",
    "CONV_2D",
    "EXP",
    "FULLY_CONNECTED",
    "LOGISTIC",
    "MUL",
    "PACK",
    "RELU",
    "RESHAPE",
    "SHAPE",
    "SOFTMAX",
    "STRIDED_SLICE",
    "SUB",
    "SUM",
    "TANH",
    "TRANSPOSE_CONV",
}
"""All that vae/training/converter.py writes, whatever the config; what the page
computes (vae/live/network.py) is shorter still."""

SECONDS = 60.0
"""That a trial may take, of the processor and of the clock."""
_MEMORY = 3_000_000_000  # bytes of address space; LiteRT and NumPy reserve much and use little
_MOST = 1000  # operations, and arrays
_LARGEST = 60_000_000  # numbers in one array; the largest layer has 26 million weights
_FARTHEST = 1e6  # from the middle of latent space; pages have no more room
_LARGEST_LOGIT = 1e9  # so that a loss, a sum of many, stays finite
_SUREST = 40.0  # log variance, either way; a training's are bounded by 10
_TYPES = (schema.TensorType.FLOAT32, schema.TensorType.INT32)
DAMAGED = (
    *(ValueError, TypeError, LookupError, AttributeError),
    *(RuntimeError, MemoryError, OverflowError, struct.error),
)
"""What a file that is no network can make of those who read it."""


def try_networks(folder: Path) -> str:
    """What is wrong with the networks of the run in this folder; empty if nothing is."""
    kept = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    try:
        ended = subprocess.run(
            [sys.executable, "-X", "utf8", "-m", "vae.network_check", str(folder.resolve())],
            cwd=Path(__file__).parents[1],
            env={**environment, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"they took more than {SECONDS:.0f} s to try"
    if ended.returncode:
        return ended.stdout[:500].strip() or f"trying them ended with status {ended.returncode}"
    return ""


def _limit() -> None:
    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, int(SECONDS)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # where the system has no such limit
            resource.setrlimit(kind, (most, most))


def _wrong(folder: Path) -> str:
    try:
        run = runs.read(folder)
        for name in runs.served_files(run.manifest.model):
            check_structure(runs.model_content(run, name), name)
        model = inference.Model(run, lean=True)  # as it will be served
        network.encoder(model)
        network.decoder(model)
        network.to_base(model)
        return _wrong_answers(model)
    except (runs.RunError, *DAMAGED) as error:
        return f"{type(error).__name__}: {error}"


def check_structure(content: bytes, name: str = "a network") -> None:
    """Raises: One of `DAMAGED`: a .tflite file is not as this project's are."""
    model: Any = schema.ModelT.InitFromPackedBuf(content, 0)  # its types say less than it gives
    if len(model.subgraphs) != 1 or [s.signatureKey for s in model.signatureDefs] != [
        b"serving_default"
    ]:
        raise ValueError(f"{name} has more than one way to be called")
    (graph,) = model.subgraphs
    if max(len(graph.operators), len(graph.tensors), len(model.buffers)) > _MOST:
        raise ValueError(f"{name} has more than {_MOST} parts")
    for tensor in graph.tensors:
        _check_tensor(tensor, model.buffers[tensor.buffer], name)
    constant = [bool(_length(model.buffers[tensor.buffer].data)) for tensor in graph.tensors]
    known = {number for number, is_constant in enumerate(constant) if is_constant}
    known |= {int(number) for number in graph.inputs}
    for operator in graph.operators:
        _check_operator(operator, model, known, name)
    if not {int(number) for number in graph.outputs} <= known:
        raise ValueError(f"{name} does not compute what it gives")


def _check_tensor(tensor: Any, buffer: Any, name: str) -> None:
    shape = [] if tensor.shape is None else tensor.shape.tolist()
    size = math.prod(shape)
    if tensor.type not in _TYPES or tensor.isVariable or tensor.sparsity is not None:
        raise ValueError(f"{name} has numbers of another kind")
    if len(shape) > 5 or not all(length > 0 for length in shape) or size > _LARGEST:
        raise ValueError(f"{name} has an array of the shape {shape}")
    if buffer.offset or buffer.size or _length(buffer.data) not in (0, 4 * size):
        raise ValueError(f"{name} has an array whose numbers are not all there")
    if tensor.type == schema.TensorType.FLOAT32 and _length(buffer.data):
        numbers = np.frombuffer(bytes(buffer.data), "<f4")
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name} has weights that are not finite")


def _check_operator(operator: Any, model: Any, known: set[int], name: str) -> None:
    code = model.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    operation = next((k for k, v in vars(schema.BuiltinOperator).items() if v == number), number)
    if operation not in OPERATIONS or code.customCode:
        raise ValueError(f"{name} uses {operation}, which no network of this program does")
    taken = {int(number) for number in operator.inputs if number != -1}
    given = {int(number) for number in operator.outputs}
    if not taken <= known or given & known or not given <= set(range(_MOST)):
        raise ValueError(f"{name} does not compute one thing after the other")
    known |= given


def _length(data: Any) -> int:
    return 0 if data is None else len(data)


def _wrong_answers(model: inference.Model) -> str:
    """What is wrong with what the networks give for several inputs; empty if nothing is.

    What they do depends on the number of images: so each number is tried that they are given at
    once.
    """
    noise = np.random.default_rng(0).random((inference.BATCH, *IMAGE))
    parts = [noise[:number] for number in range(inference.BATCH, 0, -1)]
    several = [*parts, np.zeros((1, *IMAGE)), np.ones((1, *IMAGE)), data.embedded().pixels]
    return next(filter(None, (_wrong_images(model, images) for images in several)), "")


def _wrong_images(model: inference.Model, images: np.ndarray) -> str:
    posterior = model.encode(images)
    sizes = {values.shape for values in (posterior.mean, posterior.log_variance)}
    if sizes != {(len(images), model.latent_dim)}:
        return f"of {len(images)} images the encoder makes {sizes}"
    if not np.isfinite([posterior.mean, posterior.log_variance]).all():
        return "the encoder gives numbers that are not finite"
    latents, log_volume = model.prior.to_base(posterior.mean)
    if not np.isfinite([*latents.T, log_volume]).all():
        return "the prior gives numbers that are not finite"
    if np.abs(latents).max() > _FARTHEST or np.abs(posterior.log_variance).max() > _SUREST:
        return "its posteriors are farther out, or wider or narrower, than any of a training"
    return _wrong_latents(model, latents) or _wrong_latents(model, _far_from(latents))


def _far_from(latents: np.ndarray) -> np.ndarray:
    """As far from the middle as anybody may name a latent, see `vae.latent_map`."""
    reach = max(10.0, 6 * float(np.abs(latents).max()))
    signs = np.random.default_rng(0).choice([-1, 1], latents[: inference.BATCH].shape)
    return (reach * signs).astype(np.float32)


def _wrong_latents(model: inference.Model, latents: np.ndarray) -> str:
    z = model.prior.from_base(latents)
    if z.shape != latents.shape or not np.isfinite(z).all():
        return "the prior gives numbers that are not finite, or too few"
    logits = model.decode_logits(latents)
    if logits.shape != (len(latents), *IMAGE):
        return f"of {len(latents)} latents the decoder makes {logits.shape}"
    if not (np.abs(logits) <= _LARGEST_LOGIT).all():  # also where they are nan
        return "the decoder gives numbers that are not finite, or far too large"
    return ""


if __name__ == "__main__":
    _limit()
    found = _wrong(Path(sys.argv[1]))
    print(found.encode("ascii", "backslashreplace").decode("ascii"))
    sys.exit(bool(found))
