"""What a model makes of one image, every layer's result: for a page that explains them.

It stands for the networks as long as nobody asks for another image; `recording.js` reads it.
"""

from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from vae import runs
from vae.inference import Model
from vae.live import network
from vae.live.bundle import pack
from vae.live.network import Network


def recording_bundle(name: str, model: Model, image: np.ndarray, source: str) -> bytes:
    """What a model with a standard prior makes of an image (28, 28), as the bundle of this name.

    Args:
        name: of the bundle.
        model: whose networks they are.
        image: in [0, 1].
        source: what the page calls the image.

    Raises:
        vae.runs.RunError: a file of the run has changed.
        vae.live.network.NetworkError: the page cannot show a network.
    """
    latent = model.encode(image[None]).latents[0]
    kind, _, own = name.partition("/")
    values: dict[str, Any] = {"kind": kind, "id": own}
    values |= {"source": source, "latent_dim": model.latent_dim}
    arrays = {}
    given = {
        "encoder": (network.encoder(model), image),
        "decoder": (network.decoder(model), latent),
    }
    for part, (one, input) in given.items():
        values[part] = {"layers": one.layers, "outputs": one.outputs}
        content = runs.model_files(model.run)[f"{part}.tflite"].read_bytes()
        for number, result in _results(content, one, input).items():
            kept = result if number in one.outputs else result.astype(np.float16)
            arrays[f"{part} {number}"] = kept
    return pack(values, arrays)


def _results(content: bytes, network: Network, given: np.ndarray) -> dict[int, np.ndarray]:
    """The results of all layers of a network, by their numbers."""
    interpreter = Interpreter(
        model_content=content,
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.resize_tensor_input(network.input, [1, *network.shape])
    interpreter.allocate_tensors()
    interpreter.set_tensor(network.input, given[None].astype(np.float32))
    interpreter.invoke()
    numbers = [layer["output"] for layer in network.layers]
    return {number: interpreter.get_tensor(number)[0] for number in numbers}
