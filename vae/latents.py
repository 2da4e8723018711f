"""Points of latent space: prior samples, grids and paths. NumPy only."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

PRIOR = NormalDist()
"""The prior of every latent dimension: N(0, 1)."""


def sample_prior(n: int, latent_dim: int, seed: int, temperature: float = 1.0) -> np.ndarray:
    """n latents from N(0, temperature^2 I): (n, latent_dim) float32, the same for the same seed."""
    noise = np.random.default_rng(seed).standard_normal((n, latent_dim))
    return (temperature * noise).astype(np.float32)


def quantiles(n: int) -> np.ndarray:
    """n points that cut the prior into equal shares, ascending: (n,) float32.

    Point i is the quantile (i + 1/2) / n, the middle of its share.
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


def interpolate(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """The straight path between two latents (latent_dim,), ends included: (steps, latent_dim).

    Raises:
        ValueError: fewer than two steps.
    """
    if steps < 2:
        raise ValueError(f"steps is {steps}; a path needs at least 2")
    share = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    return (1 - share) * start + share * end


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
        origin = means.mean(axis=0)
        _, _, directions = np.linalg.svd(means - origin, full_matrices=False)
        return cls(origin.astype(np.float32), directions[:2].astype(np.float32))

    def project(self, latents: np.ndarray) -> np.ndarray:
        """Latents (..., latent_dim) -> their points on the plane (..., 2)."""
        return (latents - self.origin) @ self.axes.T

    def lift(self, points: np.ndarray) -> np.ndarray:
        """Points on the plane (..., 2) -> latents (..., latent_dim) float32."""
        return (self.origin + points @ self.axes).astype(np.float32)

    def spread(self, standard_deviation: np.ndarray) -> np.ndarray:
        """The covariance (2, 2) on the plane of a diagonal Gaussian (latent_dim,)."""
        scaled = self.axes * standard_deviation
        return scaled @ scaled.T
