"""An encoder that first says where, and then looks: it weighs fixed places of the plane.

With two latent dimensions, log p(image | z) at fixed places z is linear in the image: the weights
are the decoder's logits there. With what the trained encoder says of where, a wide bell around its
mean, the softmax of it is nearly the true posterior on these places; its mean is the posterior's.
How narrow a Gaussian at a place has to be, the decoder's slopes there say. So nothing is trained
for it: what the encoder lacks, because one pass through few layers has to find the place of any
digit, is made of the decoder.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from vae.mnist import PIXELS

WIDTH = 0.15  # of the bell around the trained encoder's mean, in which its word counts
RANK = 64  # of the weights, in two factors: fewer numbers, and less rough between the places
POWER = 2.0  # of the posterior: of two hills the higher one is meant, not what lies between
STEP = 0.02  # of the plane, for slopes: about a posterior's standard deviation
FARTHEST = -6e4  # below the most likely place; half precision holds no more
CHUNK = 512  # places that are decoded at once


def spread(n: int) -> np.ndarray:
    """Places on the plane, each of which stands for 1/n of the prior N(0, I): (n, 2) float32.

    A spiral that turns by the golden angle fills a disc evenly; its radii are moved to the
    quantiles of the prior's. Source: Vogel 1979, "A better way to construct the sunflower head".
    """
    turns = np.arange(n) + 0.5
    radius, angle = np.sqrt(-2 * np.log1p(-turns / n)), np.pi * (3 - np.sqrt(5)) * turns
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)


def build_encoder(
    trained: keras.Model, decode: Callable[[np.ndarray], np.ndarray], n: int
) -> keras.Model:
    """The encoder of n places: images (m, 28, 28) in [0, 1] -> posterior mean, log variance (m, 2).

    Args:
        trained: an encoder, whose mean says about where.
        decode: latents (m, 2) -> logits (m, 28, 28), the decoder.
        n: how many places.
    """
    places = spread(n)
    logits = _decoded(decode, places)
    # What all places share says nothing of where: the factors need not hold it.
    apart = logits - logits.mean(axis=0)
    _, vectors = np.linalg.eigh(apart.T @ apart)  # ascending
    seen = vectors[:, -RANK:]
    offset = -np.logaddexp(0, logits).sum(axis=1) - (places**2).sum(axis=1) / (2 * WIDTH**2)
    weights = {
        "seen": [seen],
        "drawn": [POWER * (apart @ seen).T, np.maximum(POWER * (offset - offset.max()), FARTHEST)],
        "near": [POWER / WIDTH**2 * places.T],
        "middle": [places],
        "narrow": [_log_variances(decode, places, logits)],
    }
    add = {
        name: layers.Dense(kernel.shape[1], use_bias=bool(bias), name=name)
        for name, (kernel, *bias) in weights.items()
    }
    images = trained.input
    x = add["drawn"](add["seen"](layers.Flatten()(images)))
    where = layers.Softmax()(layers.add([add["near"](trained.output[0]), x]))
    encoder = keras.Model(images, [add["middle"](where), add["narrow"](where)], name="encoder")
    for name, arrays in weights.items():  # in half precision, as all that is exported
        add[name].set_weights([array.astype(np.float16) for array in arrays])
    return encoder


def _log_variances(
    decode: Callable[[np.ndarray], np.ndarray], places: np.ndarray, logits: np.ndarray
) -> np.ndarray:
    """Of the best Gaussian where a posterior has its peak at a place: (n, 2).

    Its precision is that of the prior and the Fisher information of the pixels. Source: MacKay
    2003, "Information Theory, Inference, and Learning Algorithms", chapter 27.
    """
    pixels = 1 / (1 + np.exp(-logits))
    information = [
        (pixels * (1 - pixels) * slopes**2).sum(axis=1)
        for step in STEP * np.eye(2, dtype=np.float32)
        for slopes in [_decoded(decode, places + step) - _decoded(decode, places - step)]
    ]
    return -np.log1p(np.stack(information, axis=1) / (2 * STEP) ** 2)


def _decoded(decode: Callable[[np.ndarray], np.ndarray], places: np.ndarray) -> np.ndarray:
    """The logits at places (n, 2): (n, 784)."""
    parts = [places[i : i + CHUNK] for i in range(0, len(places), CHUNK)]
    return np.concatenate([np.asarray(decode(part)) for part in parts]).reshape(-1, PIXELS)
