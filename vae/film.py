"""A short film without an end: a digit on its way round through latent space, and all ten classes.

It is what a visitor sees before the app's page is there.
"""

import numpy as np

from vae import pictures
from vae.inference import Model
from vae.mnist import SIDE

FRAMES = 64


def way(frames: int = FRAMES) -> np.ndarray:
    """Latents of a model with two dimensions, all the way round the origin: (frames, 2) float32.

    Its distance goes in and out three times, from 0.6 to 1.8: a circle would leave out the classes
    that lie farther in, or those farther out.
    """
    angle = np.linspace(0, 2 * np.pi, frames, endpoint=False)
    distance = 1.2 + 0.6 * np.cos(3 * angle)
    return (distance * np.stack([np.cos(angle), np.sin(angle)])).T.astype(np.float32)


def strip(model: Model) -> np.ndarray:
    """The frames one below the other: uint8 (28 FRAMES, 28).

    Raises:
        ValueError: the model has not two latent dimensions.
    """
    return pictures.to_bytes(model.decode(way())).reshape(-1, SIDE)
