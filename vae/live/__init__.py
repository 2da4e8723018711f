"""What runs in the page: a model's networks under the finger, without a rerun.

Python sends *bundles*, heavy and constant (a network's weights, the digits, where they lie), and
*views*, light and changing. The README beside this file says what the scripts are, and `stage.js`
how bundles and views meet.
"""

import gzip

import numpy as np

from vae import embedding, pictures, runs
from vae.data import Digits
from vae.evaluation.neighbours import neighbours_kept
from vae.gaps import Gaps
from vae.inference import Model
from vae.latent_map import LatentMap
from vae.latents import principal_components
from vae.live import network
from vae.live.bundle import pack


def name_of(run: runs.Run) -> str:
    """What tells a run's model from all others, also from an earlier state of the run."""
    return run.manifest.files["decoder.tflite"][:16]


def encoder_bundle(model: Model) -> bytes:
    """A model's encoder, and with a learned prior the way from z to latents: "encoder/NAME"."""
    encoder, to_base = network.encoder(model), network.to_base(model)
    values = {"kind": "encoder", "id": name_of(model.run), **encoder.values}
    weights = dict(encoder.weights)
    if to_base is not None:
        values["to_base"] = to_base.values
        weights |= {f"to_base {number}": array for number, array in to_base.weights.items()}
    return pack(values, weights)


def decoder_bundle(model: Model) -> bytes:
    """A model's decoder: bundle "decoder/NAME"."""
    decoder = network.decoder(model)
    return pack({"kind": "decoder", "id": name_of(model.run), **decoder.values}, decoder.weights)


def sketch_bundle(name: str, model: Model, latents: np.ndarray) -> bytes:
    """What a model decodes at these latents (n, latent_dim), as the bundle of this name."""
    shown = pictures.to_bytes(model.decode(latents)).reshape(len(latents), -1)
    return _sketch(name, {"latents": latents.astype(np.float32), "pictures": shown})


def examples_bundle(name: str, model: Model, images: np.ndarray) -> bytes:
    """What a model with a standard prior makes of these images (n, 28, 28), as the bundle of this
    name: in full precision, since losses are computed of it.
    """
    posterior = model.encode(images)
    arrays = {
        "images": images,
        "mean": posterior.mean,
        "log_variance": posterior.log_variance,
        "latents": posterior.latents,
        "pictures": model.decode(posterior.latents),
    }
    return _sketch(name, {k: v.reshape(len(images), -1) for k, v in arrays.items()})


def _sketch(name: str, arrays: dict[str, np.ndarray]) -> bytes:
    kind, _, own = name.partition("/")
    return pack({"kind": kind, "id": own}, arrays)


def digits_bundle(digits: Digits) -> bytes:
    """The images of these digits and their labels: bundle "digits/all"."""
    arrays = {"images": digits.images, "labels": digits.labels}
    return gzip.compress(pack({"kind": "digits", "id": "all"}, arrays), mtime=0)


def map_bundle(latent_map: LatentMap) -> bytes:
    """Where the digits lie in a model's latent space: bundle "map/NAME"."""
    header = {
        "kind": "map",
        "id": name_of(latent_map.model.run),
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
        "names": latent_map.name_places.astype(np.float32),
        "origin": latent_map.plane.origin,
        "axes": latent_map.plane.axes,
        "neighbour_distances": latent_map.neighbour_distances,
    }
    return pack(header, arrays)


def projections_name(run: runs.Run) -> str:
    """What tells a model's projections from all others: an embedding may come later."""
    has_embedding = embedding.read(run) is not None
    return name_of(run) + "-embedded" * has_embedding


def projections_bundle(latent_map: LatentMap) -> bytes:
    """More than two latent dimensions in pictures: bundle "projections/NAME".

    `places` are the digits' coordinates (5000, 3) in each picture, `shares` the part of their
    variance that each shows (None where that means nothing), `kept` the part of a digit's ten
    nearest neighbours that are still among its ten nearest there.
    """
    latents = latent_map.latents
    axes, shares = principal_components(latents)
    components = (latents - latents.mean(axis=0)) @ axes[:3].T
    embedded = embedding.read(latent_map.model.run)
    pictures = {"plane": components[:, :2], "space": components}
    if embedded is not None:
        pictures["neighbours"] = embedded
    header = {
        "kind": "projections",
        "id": projections_name(latent_map.model.run),
        "shares": {"plane": float(shares[:2].sum()), "space": float(shares[:3].sum())},
        "kept": {name: neighbours_kept(latents, at) for name, at in pictures.items()},
    }
    arrays = {name: _placed(at) for name, at in pictures.items()}
    return pack(header, arrays)


def _placed(points: np.ndarray) -> np.ndarray:
    """Points (n, 2 or 3) in a ball of radius 1 around 0, all but the outermost thousandth."""
    centred = points - points.mean(axis=0)
    reach = np.quantile(np.linalg.norm(centred, axis=1), 0.999) or 1
    flat = np.pad(centred / reach, ((0, 0), (0, 3 - points.shape[1])))
    return flat.astype(np.float16)


def gaps_bundle(model: Model, gaps: Gaps) -> bytes:
    """What the ELBO of each digit lacks: bundle "gaps/NAME"."""
    arrays = {name: getattr(gaps, name) for name in ("gap", "approximation", "hills")}
    return pack({"kind": "gaps", "id": name_of(model.run)}, arrays)
