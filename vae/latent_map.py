"""A run's latent space laid out flat: where the embedded digits land, and what lies between."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vae.classes import Classes, fit
from vae.data import Digits
from vae.evaluation import nearest_neighbours
from vae.inference import Model, Posterior
from vae.latents import Plane, even_grid
from vae.losses import kl_per_dimension


@dataclass(frozen=True)
class LatentMap:
    """Digits, their posteriors under one model, and the plane on which they are shown."""

    model: Model
    digits: Digits
    posterior: Posterior
    plane: Plane

    @cached_property
    def points(self) -> np.ndarray:
        """The digits' posterior means on the plane: (n, 2)."""
        return self.plane.project(self.posterior.mean)

    @cached_property
    def extent(self) -> float:
        """Half the width of a square that holds all but the outermost thousandth of the digits."""
        return float(np.ceil(np.quantile(np.abs(self.points).max(axis=1), 0.999) * 2) / 2)

    @property
    def reach(self) -> float:
        """How far from 0 a coordinate of a latent may be that somebody names.

        Every digit is nearer, every place of the map when it shows four times its width, and ten
        standard deviations of the prior.
        """
        return max(10.0, 6 * self.extent)

    @cached_property
    def kl_per_dimension(self) -> np.ndarray:
        """What each latent dimension tells of a digit, on average: (latent_dim,) nats."""
        return kl_per_dimension(self.posterior.mean, self.posterior.log_variance).mean(axis=0)

    @cached_property
    def most_informative(self) -> np.ndarray:
        """The latent dimensions, those with the most KL divergence first: (latent_dim,)."""
        return np.argsort(-self.kl_per_dimension, kind="stable")

    @cached_property
    def classes(self) -> Classes:
        """Where each class lies in latent space."""
        return fit(self.posterior.mean, self.digits.labels)

    @cached_property
    def neighbour_distances(self) -> np.ndarray:
        """How far digits are from their nearest neighbour: 200 quantiles, ascending float32."""
        means = self.posterior.mean
        nearest = [nearest_neighbours(part, means, 2)[:, 1] for part in np.array_split(means, 10)]
        distances = np.linalg.norm(means - means[np.concatenate(nearest)], axis=1)
        return np.quantile(distances, np.linspace(0, 1, 200)).astype(np.float32)

    def nearest(self, latent: np.ndarray, n: int) -> np.ndarray:
        """Indices of the n digits whose posterior means lie nearest to (latent_dim,): (n,)."""
        return nearest_neighbours(latent[None], self.posterior.mean, n)[0]

    def manifold(self, n: int) -> np.ndarray:
        """What is decoded from an even n x n grid over the plane, row by row: (n * n, 28, 28)."""
        grid = even_grid(n, self.extent).reshape(-1, 2)
        return self.model.decode(self.plane.lift(grid))


def lay_out(model: Model, digits: Digits) -> LatentMap:
    """The latent map of a model over these digits."""
    posterior = model.encode(digits.pixels)
    return LatentMap(model, digits, posterior, Plane.through(posterior.mean))
