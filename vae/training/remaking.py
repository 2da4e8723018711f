"""A finished run, given an encoder of places without being trained again."""

from dataclasses import replace

import keras
import numpy as np

from vae import inference, runs
from vae.live import network
from vae.training import converter
from vae.training.model import VAE, load_weights

_AXES = {"dense": (1, 0), "convolution": (1, 2, 3, 0), "transposed_convolution": (1, 2, 0, 3)}
"""Where the axes of LiteRT's kernels go in Keras."""


def with_places(run: runs.Run, n: int) -> runs.Run:
    """Replace a run's encoder by one that weighs n places (vae/training/places.py).

    Raises:
        vae.runs.RunError: its files have changed, or its training goes on.
        ValueError: it cannot have such an encoder, or has one.
    """
    before = run.manifest.model
    if runs.state(run) in runs.ALIVE:
        raise runs.RunError(f"{run.name} is {runs.state(run)}; wait until it has ended")
    if before.encoder_places:
        raise ValueError(f"{run.name} has {before.encoder_places} places already")
    model = replace(before, encoder_places=n)
    if not model.has_places:
        raise ValueError(
            f"{run.name} has {model.latent_dim} latent dimensions and the prior {model.prior}; "
            "places are weighed for 2 and a standard prior only"
        )
    run.manifest.training.check(model)
    trained, vae = _trained(run), VAE(model)
    vae.set_weights(trained.get_weights())
    new = run.path / "new"
    new.mkdir(exist_ok=True)
    names = {"encoder.tflite"}
    (new / "encoder.tflite").write_bytes(converter.convert(vae.served()["encoder"]))
    if "model.keras" in run.manifest.files:
        vae.save(new / "model.keras")
        names.add("model.keras")
    files = run.manifest.files | {name: runs.sha256(new / name) for name in names}
    runs.write_manifest(run.path, replace(run.manifest, model=model, files=files))
    runs.settle_files(run.path)
    return runs.read(run.path)


def _trained(run: runs.Run) -> VAE:
    """The networks of a run: of `model.keras`, or else of the files that serve."""
    config, files = run.manifest.model, runs.model_files(run)
    if "model.keras" in files:
        return load_weights(config, files["model.keras"])
    vae, model = VAE(config), inference.Model(run)
    _fill(vae.encoder, network.encoder(model))
    _fill(vae.decoder, network.decoder(model))
    return vae


def _fill(built: keras.Model, read: network.Network) -> None:
    """Give a network the weights that were read of its file, layer by layer."""
    weighted = [layer for layer in built.layers if layer.weights]
    weighted.sort(key=lambda layer: layer.name == "raw_log_variance")  # it comes last when served
    arrays = [
        array.transpose(_AXES.get(layer["kind"], range(array.ndim)) if array.ndim > 1 else (0,))
        for layer in read.layers
        for number in map(str, layer["inputs"])
        if number in read.weights and (array := read.weights[number]).ndim
    ]
    for layer in weighted:
        layer.set_weights([arrays.pop(0).astype(np.float32) for _ in layer.weights])
