"""Points of latent space: prior samples, grids and paths. NumPy only."""

from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Literal, get_args

import numpy as np

PRIOR = NormalDist()
"""The prior of every latent dimension: N(0, 1)."""


def sample_prior(n: int, latent_dim: int, seed: int, temperature: float = 1.0) -> np.ndarray:
    """n latents from N(0, temperature^2 I): (n, latent_dim) float32, the same for the same seed."""
    noise = np.random.default_rng(seed).standard_normal((n, latent_dim))
    return (temperature * noise).astype(np.float32)


def quantiles(n: int) -> np.ndarray:
    """n points that cut the prior into equal shares, ascending: (n,) float32.

    Point i is the quantile (i + 1/2) / n, the middle of its share. `quantile` in
    `live/latents/prior.js` is the same function in the page.
    """
    return np.array([PRIOR.inv_cdf((i + 0.5) / n) for i in range(n)], np.float32)


def prior_grid(n: int) -> np.ndarray:
    """An n x n grid over the 2-D prior, every cell equally likely: (n, n, 2) float32.

    Row 0 is the top (largest second coordinate), column 0 the left.
    """
    axis = quantiles(n)
    return np.stack(np.meshgrid(axis, axis[::-1]), axis=-1)


def even_grid(n: int, extent: float) -> np.ndarray:
    """An n x n grid with even steps over [-extent, extent]^2: (n, n, 2) float32, as `prior_grid`.

    Each point is the middle of its cell.
    """
    axis = ((np.arange(n) + 0.5) / n * 2 - 1).astype(np.float32) * np.float32(extent)
    return np.stack(np.meshgrid(axis, axis[::-1]), axis=-1)


def traversal(latent: np.ndarray, n: int) -> np.ndarray:
    """A latent (latent_dim,) along each dimension: (latent_dim, n, latent_dim) float32.

    In row i dimension i goes through the n `quantiles` of the prior, and the others stay.
    """
    rows = np.tile(latent.astype(np.float32), (len(latent), n, 1))
    each = np.arange(len(latent))
    rows[each, :, each] = quantiles(n)
    return rows


PathKind = Literal["straight", "spherical"]
PATH_KINDS: tuple[PathKind, ...] = get_args(PathKind)


def path(ends: np.ndarray, steps: int, kind: PathKind = "straight") -> np.ndarray:
    """The path through two or more ends, each passed once: (n, latent_dim) float32.

    Args:
        ends: (ends, latent_dim), in order.
        steps: latents from one end to the next, both included; n is (ends - 1)(steps - 1) + 1.
        kind: "straight" through space, or "spherical", around the origin.

    Raises:
        ValueError: fewer than two ends or steps, or another kind.
    """
    if len(ends) < 2:
        raise ValueError(f"a path needs at least 2 ends, not {len(ends)}")
    if kind not in PATH_KINDS:
        raise ValueError(f"kind is {kind!r}; it can be {' or '.join(PATH_KINDS)}")
    between = interpolate if kind == "straight" else interpolate_spherically
    legs = [between(start, end, steps) for start, end in pairwise(ends)]
    return np.concatenate([legs[0], *(leg[1:] for leg in legs[1:])])


def interpolate(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """The straight path between two latents (latent_dim,), ends included: (steps, latent_dim).

    Raises:
        ValueError: fewer than two steps.
    """
    share = _shares(steps)
    return ((1 - share) * start + share * end).astype(np.float32)


def interpolate_spherically(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """The path that turns evenly from one latent (latent_dim,) to the other: (steps, latent_dim).

    The direction from the origin goes along the great circle, at an even pace; the length changes
    evenly, too. So the path stays where the prior's samples are, in a shell around the origin, and
    does not cut through the middle. Where no great circle is given, one is chosen: between opposite
    latents the one through the axis that is most nearly at right angles to them. An end at the
    origin has no direction, and one dimension no circle: there the path is straight.

    Source: Shoemake 1985, "Animating Rotation with Quaternion Curves", for the directions; White
    2016, "Sampling Generative Networks", for the use in latent space.

    Raises:
        ValueError: fewer than two steps.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    if min(lengths) == 0 or len(start) == 1:
        return interpolate(start, end, steps)
    first, last = start / lengths[0], end / lengths[1]
    across = last - (first @ last) * first
    angle = np.arctan2(np.linalg.norm(across), first @ last)
    if np.linalg.norm(across) < 1e-6:  # parallel or opposite
        axis = np.eye(len(first))[np.argmin(np.abs(first))]
        across = axis - (first @ axis) * first
    across /= np.linalg.norm(across)
    share = _shares(steps)
    directions = np.cos(share * angle) * first + np.sin(share * angle) * across
    latents = directions * ((1 - share) * lengths[0] + share * lengths[1])
    latents[[0, -1]] = start, end  # to the last bit
    return latents.astype(np.float32)


def _shares(steps: int) -> np.ndarray:
    """From 0 to 1 in so many steps: (steps, 1)."""
    if steps < 2:
        raise ValueError(f"steps is {steps}; a path needs at least 2")
    return np.linspace(0, 1, steps)[:, None]


def principal_components(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The directions in which points (n, d) spread, the strongest first: (min(n, d), d) float32.

    And the share of the variance along each: (min(n, d),); 0 where all points are one.
    """
    _, spread, directions = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    return directions.astype(np.float32), spread**2 / (np.sum(spread**2) or 1)


def turn(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation or reflection (2, 2) that brings points (n, 2) as near as it can to a target.

    Source: Schoenemann 1966, "A generalized solution of the orthogonal Procrustes problem".
    """
    left, _, right = np.linalg.svd(points.T @ target)
    return left @ right


@dataclass(frozen=True)
class Plane:
    """A flat view of latent space: a point of it is `origin + point @ axes`.

    For two latent dimensions it is the latent space itself; for more, the plane of the two
    strongest principal components of the posterior means.
    """

    origin: np.ndarray
    axes: np.ndarray

    @classmethod
    def through(cls, means: np.ndarray) -> "Plane":
        """The plane that shows posterior means (n, latent_dim) best."""
        latent_dim = means.shape[1]
        if latent_dim == 1:
            return cls(np.zeros(1, np.float32), np.array([[1], [0]], np.float32))
        if latent_dim == 2:
            return cls(np.zeros(2, np.float32), np.eye(2, dtype=np.float32))
        return cls(means.mean(axis=0).astype(np.float32), principal_components(means)[0][:2])

    def project(self, latents: np.ndarray) -> np.ndarray:
        """Latents (..., latent_dim) -> their points on the plane (..., 2)."""
        return (latents - self.origin) @ self.axes.T

    def lift(self, points: np.ndarray) -> np.ndarray:
        """Points on the plane (..., 2) -> latents (..., latent_dim) float32."""
        return (self.origin + points @ self.axes).astype(np.float32)

    def turned(self, turn: np.ndarray) -> "Plane":
        """The same plane, whose points (n, 2) are now what `points @ turn` was."""
        return Plane(self.origin, (turn.T @ self.axes).astype(np.float32))

    def spread(self, standard_deviation: np.ndarray) -> np.ndarray:
        """The covariance (2, 2) on the plane of a diagonal Gaussian (latent_dim,)."""
        scaled = self.axes * standard_deviation
        return scaled @ scaled.T
