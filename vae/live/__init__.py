"""What runs in the page: a model's networks under the finger, without a rerun.

Python sends *bundles*, heavy and constant (a network's weights, the digits, where they lie), and
*views*, light and changing. The README beside this file says what the scripts are, and `stage.js`
how bundles and views meet.
"""

import gzip

import numpy as np

from vae.data import Digits
from vae.inference import Model
from vae.latent_map import LatentMap
from vae.live import network
from vae.live.bundle import pack


def name_of(model: Model) -> str:
    """What tells a model from all others, also from an earlier state of its run."""
    return model.run.manifest.files["decoder.tflite"][:16]


def encoder_bundle(model: Model) -> bytes:
    """A model's encoder: bundle "encoder/NAME"."""
    encoder = network.encoder(model)
    return pack({"kind": "encoder", "id": name_of(model), **encoder.values}, encoder.weights)


def decoder_bundle(model: Model) -> bytes:
    """A model's decoder: bundle "decoder/NAME"."""
    decoder = network.decoder(model)
    return pack({"kind": "decoder", "id": name_of(model), **decoder.values}, decoder.weights)


def digits_bundle(digits: Digits) -> bytes:
    """The images of these digits and their labels: bundle "digits/all"."""
    arrays = {"images": digits.images, "labels": digits.labels}
    return gzip.compress(pack({"kind": "digits", "id": "all"}, arrays), mtime=0)


def map_bundle(latent_map: LatentMap) -> bytes:
    """Where the digits lie in a model's latent space: bundle "map/NAME"."""
    header = {
        "kind": "map",
        "id": name_of(latent_map.model),
        "latent_dim": latent_map.model.latent_dim,
        "extent": latent_map.extent,
        "is_autoencoder": latent_map.model.run.manifest.training.is_autoencoder,
        "prior": latent_map.model.run.manifest.model.prior,
    }
    arrays = {
        "mean": latent_map.latents,
        "log_variance": latent_map.posterior.log_variance,
        "points": latent_map.points.astype(np.float32),
        "labels": latent_map.digits.labels,
        "origin": latent_map.plane.origin,
        "axes": latent_map.plane.axes,
        "neighbour_distances": latent_map.neighbour_distances,
    }
    return pack(header, arrays)
