"""Latents of a wanted class, each read by the small classifier: what is shown as a 7 is one.

Where a model draws nothing that is read as the class, that is said, and not another digit shown
under its name.
"""

from dataclasses import dataclass

import numpy as np

from vae.classes import KEPT, Classes
from vae.evaluation import CONFIDENCE
from vae.evaluation.classifier import Classifier
from vae.inference import Model

REDRAWN = 8
"""Samples of a class that are drawn, at most, until one surely is of it."""


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
        """The first of candidates (tries, n, latent_dim) that surely is what is wanted (n,).

        Where none is, the likeliest of those that are read as it. Of a thousand answers of `map`
        another classifier reads none differently; 36 where any that is read as it will do.
        """
        latents, tries = candidates[0].copy(), np.zeros(len(wanted), int)
        read, likely = self._read(latents, wanted)
        for number, tried in enumerate(candidates[1:], start=1):
            left = np.flatnonzero(likely < CONFIDENCE)
            if not len(left):
                break
            read_now, likely_now = self._read(tried[left], wanted[left])
            better = likely_now > likely[left]
            at = left[better]
            latents[at], tries[at] = tried[at], number
            read[at], likely[at] = read_now[better], likely_now[better]
        return Found(latents, wanted, read, tries)

    def _read(self, latents: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is decoded from latents (n, latent_dim) is read as, (n,), and how likely it is what
        is wanted (n,): 0 where it is read as another class."""
        found = self._classifier.probabilities(self._model.decode(latents))
        read = found.argmax(axis=1)
        return read, np.where(read == wanted, found.max(axis=1), 0)


def kept(tries: int) -> float:
    """The share of what sets a digit apart that it has kept after so many tries in vain."""
    return KEPT[tries % len(KEPT)]
