"""Missions: small tasks whose end can be seen in what a model makes of a place or a drawing."""

import numpy as np

from vae.latent_map import LatentMap
from vae.loss_percentiles import LossPercentiles
from vae.mnist import CLASSES
from vae.runs import Manifest

COLLAPSED = 0.1
"""Nats. A posterior that tells less of a digit, in all dimensions together, is the prior."""

_NEIGHBOURS = 20
_NEARLY_HALF, _QUARTER, _NEARLY_ALL = 8, 5, 18  # of them


def lies_between(latent_map: LatentMap, latent: np.ndarray, first: int, second: int) -> bool:
    """Whether a latent (latent_dim,) lies where two classes meet.

    Of the twenty nearest digits 18 belong to them, and at least eight to each.
    """
    both = _classes_near(latent_map, latent)[[first, second]]
    return bool(both.min() >= _NEARLY_HALF and both.sum() >= _NEARLY_ALL)


def lies_among(latent_map: LatentMap, latent: np.ndarray, classes: int = 3) -> bool:
    """Whether so many classes have five or more of the twenty digits nearest to (latent_dim,).

    Of real digits 3 in 1,000 lie so on the map of `map`.
    """
    return int((_classes_near(latent_map, latent) >= _QUARTER).sum()) >= classes


def lies_outside(latent_map: LatentMap, latent: np.ndarray) -> bool:
    """Whether (latent_dim,) is farther from all digits than any digit from its nearest."""
    distance = np.linalg.norm(latent - latent_map.latents[latent_map.nearest(latent, 1)[0]])
    return bool(distance > latent_map.neighbour_distances[-1])


def is_hard(usual: LossPercentiles, reconstruction_loss: float) -> bool:
    """Whether a drawing is harder to rebuild than 99 % of real digits."""
    return usual.harder_than(reconstruction_loss) >= 0.99


def has_collapsed(manifest: Manifest) -> bool:
    """Whether a run's posteriors tell nothing of the digits: they are the prior."""
    return manifest.metrics.get("validation_kl_divergence", np.inf) < COLLAPSED


def _classes_near(latent_map: LatentMap, latent: np.ndarray) -> np.ndarray:
    """How many of the twenty nearest digits belong to each class: (10,)."""
    labels = latent_map.digits.labels[latent_map.nearest(latent, _NEIGHBOURS)]
    return np.bincount(labels, minlength=len(CLASSES))
