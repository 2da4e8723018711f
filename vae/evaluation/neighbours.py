"""What the posterior means tell of a digit's class: k nearest neighbours."""

import numpy as np

from vae.data import Digits
from vae.evaluation.likelihood import estimate
from vae.inference import Model
from vae.mnist import CLASSES
from vae.results import Estimate

NEIGHBOURS, REPEATS = 5, 10


def knn_accuracy(
    model: Model,
    labelled: Digits,
    test: Digits,
    sizes: tuple[int, ...],
    generator: np.random.Generator,
) -> dict[int, Estimate]:
    """Share of test digits whose class the 5 nearest of n labelled posterior means tell, by n.

    The n labelled digits are drawn anew ten times; the standard error is over these draws.
    """
    reference = model.encode(labelled.pixels).latents
    query = model.encode(test.pixels).latents

    def accuracy(n: int) -> float:
        chosen = generator.choice(len(labelled), min(n, len(labelled)), replace=False)
        nearest = nearest_neighbours(query, reference[chosen], NEIGHBOURS)
        return float((_voted(labelled.labels[chosen][nearest]) == test.labels).mean())

    return {n: estimate(np.array([accuracy(n) for _ in range(REPEATS)])) for n in sizes}


def _voted(votes: np.ndarray) -> np.ndarray:
    """The class with the most of the votes (m, k), nearest first: (m,).

    Where classes draw, the one of the nearest digit among them wins.
    """
    counts = (votes[..., None] == np.array(CLASSES)).sum(axis=1)
    rows = np.arange(len(votes))
    leading = counts[rows[:, None], votes] == counts.max(axis=1)[:, None]
    return votes[rows, leading.argmax(axis=1)]


def nearest_neighbours(query: np.ndarray, reference: np.ndarray, n: int) -> np.ndarray:
    """For each of query (q, d) the indices of the n nearest of reference (r, d), nearest first."""
    squared = (query**2).sum(1)[:, None] - 2 * query @ reference.T + (reference**2).sum(1)
    candidates = np.argpartition(squared, n - 1, axis=1)[:, :n]
    order = np.argsort(np.take_along_axis(squared, candidates, 1), axis=1, kind="stable")
    return np.take_along_axis(candidates, order, 1)


def neighbours_kept(
    latents: np.ndarray, points: np.ndarray, n: int = 10, asked: int = 500
) -> float:
    """How much of a neighbourhood a picture keeps: of the n nearest in latent space, the share that
    is among the n nearest in the picture. The mean over so many of the digits, evenly chosen.

    Args:
        latents: of all the digits, (m, latent_dim).
        points: where they lie in the picture, (m, 2) or (m, 3).
        n: neighbours of each.
        asked: digits whose neighbours are looked at.
    """
    chosen = np.linspace(0, len(latents) - 1, asked).astype(int)
    near, shown = (nearest_neighbours(at[chosen], at, n + 1) for at in (latents, points))
    both = (near[:, :, None] == shown[:, None]).any(axis=2) & (near != chosen[:, None])
    return float(both.sum() / (n * asked))
