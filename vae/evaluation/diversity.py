"""Whether a model draws all that there is to draw, and not only what it has seen: NumPy only."""

import numpy as np

from vae.evaluation.likelihood import estimate
from vae.results import Estimate

NEIGHBOURS = 3
CHUNK = 500


def precision_and_recall(real: np.ndarray, drawn: np.ndarray) -> tuple[Estimate, Estimate]:
    """The share of drawn pictures that look real, and of real ones that could be drawn.

    A picture counts as one of a set if it is nearer to a member than that member's third nearest
    neighbour in the set. Source: Kynkaanniemi et al. 2019, "Improved Precision and Recall Metric
    for Assessing Generative Models", section 2.

    Args:
        real: features of real pictures (n, d).
        drawn: features of drawn pictures (m, d).
    """
    return estimate(_within(drawn, real)), estimate(_within(real, drawn))


def nearest_distances(images: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """How far each of images (n, 28, 28) is from the nearest of reference (m, 28, 28): (n,).

    The Euclidean distance of their pixels.
    """
    flat, others = (a.reshape(len(a), -1) for a in (images, reference))
    squared = [_squared(flat[i : i + CHUNK], others).min(axis=1) for i in _starts(flat)]
    return np.sqrt(np.concatenate(squared))


def _within(query: np.ndarray, members: np.ndarray) -> np.ndarray:
    """1.0 for each of query (q, d) that counts as one of members (m, d), else 0.0: (q,)."""
    radius = np.concatenate(
        [  # the nearest is the member itself
            np.partition(_squared(members[i : i + CHUNK], members), NEIGHBOURS)[:, NEIGHBOURS]
            for i in _starts(members)
        ]
    )
    found = [
        (_squared(query[i : i + CHUNK], members) <= radius).any(axis=1) for i in _starts(query)
    ]
    return np.concatenate(found).astype(np.float64)


def _starts(rows: np.ndarray) -> range:
    return range(0, len(rows), CHUNK)


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances between a (n, d) and b (m, d), never negative: (n, m)."""
    return np.maximum((a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1), 0)
