"""Latents of a wanted class, each read by the small classifier: what is shown as a 7 is one.

Where a model draws nothing that is read as the class, that is said, and not another digit shown
under its name.
"""

from dataclasses import dataclass

import numpy as np

from vae.classes import KEPT, Classes
from vae.evaluation.classifier import Classifier
from vae.inference import Model

REDRAWN = 8
"""Samples of a class that are drawn, at most, until one is read as it."""


@dataclass(frozen=True)
class Found:
    """For each wanted class a latent (n, latent_dim) float32, and what its picture is read as.

    `tries` (n,) counts the candidates before it. Where no candidate was read as what was `wanted`
    (n,), the first stands for them, with what that is `read` as (n,).
    """

    latents: np.ndarray
    wanted: np.ndarray
    read: np.ndarray
    tries: np.ndarray

    @property
    def failed(self) -> np.ndarray:
        """Where the model draws nothing of the wanted class: (n,) bool."""
        return self.read != self.wanted


class ClassSearch:
    """A model's classes, and who reads what it draws of them."""

    def __init__(self, model: Model, classes: Classes, classifier: Classifier) -> None:
        self._model = model
        self._classes = classes
        self._classifier = classifier

    def moved(self, latent: np.ndarray, source: int) -> Found:
        """A latent (latent_dim,) of the class `source` as each class, see `Classes.moved`."""
        candidates = self._classes.moved(latent, source)
        return self._first(candidates, np.arange(candidates.shape[1]))

    def sample(self, label: int, n: int, seed: int, temperature: float = 1.0) -> Found:
        """n samples of one class, the same for the same seed, see `Classes.sample`."""
        drawn = self._classes.sample(label, REDRAWN * n, seed, temperature)
        return self._first(drawn.reshape(REDRAWN, n, -1), np.full(n, label))

    def _first(self, candidates: np.ndarray, wanted: np.ndarray) -> Found:
        """The first of candidates (tries, n, latent_dim) that is read as what is wanted (n,)."""
        latents, tries = candidates[0].copy(), np.zeros(len(wanted), int)
        read = self._read(latents)
        for number, tried in enumerate(candidates[1:], start=1):
            left = np.flatnonzero(read != wanted)
            if not len(left):
                break
            fits = left[self._read(tried[left]) == wanted[left]]
            latents[fits], read[fits], tries[fits] = tried[fits], wanted[fits], number
        return Found(latents, wanted, read, tries)

    def _read(self, latents: np.ndarray) -> np.ndarray:
        """What is decoded from latents (n, latent_dim), as a class: (n,)."""
        return self._classifier.probabilities(self._model.decode(latents)).argmax(axis=1)


def kept(tries: int) -> float:
    """The share of what sets a digit apart that it has kept after so many tries in vain."""
    return KEPT[tries % len(KEPT)]
