"""A run's latent space laid out flat: where the embedded digits land, and what lies between."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vae.classes import Classes, fit
from vae.data import Digits
from vae.evaluation import nearest_neighbours
from vae.inference import Model, Posterior
from vae.latents import Plane, even_grid, sample_prior
from vae.losses import kl_per_dimension
from vae.mnist import IMAGE
from vae.prior import STANDARD


@dataclass(frozen=True)
class LatentMap:
    """Digits, their posteriors under one model, and the plane on which their latents are shown."""

    model: Model
    digits: Digits
    posterior: Posterior
    plane: Plane

    @property
    def latents(self) -> np.ndarray:
        """Where the digits lie, the latents of their posterior means: (n, latent_dim)."""
        return self.posterior.latents

    @cached_property
    def points(self) -> np.ndarray:
        """The digits' latents on the plane: (n, 2)."""
        return self.plane.project(self.latents)

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
    def kl_per_dimension(self) -> np.ndarray | None:
        """What each latent dimension tells of a digit, on average: (latent_dim,) nats.

        None where the prior is a flow: there the KL divergence has no parts by dimension.
        """
        if self.model.prior is not STANDARD:
            return None
        return kl_per_dimension(self.posterior.mean, self.posterior.log_variance).mean(axis=0)

    @cached_property
    def ink_per_dimension(self) -> np.ndarray:
        """The share of ink that moves as a dimension goes from -1 to 1: (latent_dim,).

        Half the absolute difference of the two pictures (what comes and what goes) by the ink of a
        picture, both means over 16 samples of the prior.
        """
        samples = sample_prior(16, self.model.latent_dim, seed=0)
        moved = np.repeat(samples[None], 2 * self.model.latent_dim, axis=0)
        for dimension in range(self.model.latent_dim):
            moved[2 * dimension, :, dimension], moved[2 * dimension + 1, :, dimension] = -1, 1
        images = self.model.decode(moved.reshape(-1, self.model.latent_dim))
        low, high = np.moveaxis(images.reshape(-1, 2, 16, *IMAGE), 1, 0)
        return 0.5 * np.abs(high - low).mean(axis=(1, 2, 3)) / images.mean()

    @cached_property
    def most_informative(self) -> np.ndarray:
        """The latent dimensions, those that tell most of a digit first: (latent_dim,).

        By their KL divergence; where that has no parts, by the ink that they move.
        """
        kl = self.kl_per_dimension
        return np.argsort(-(self.ink_per_dimension if kl is None else kl), kind="stable")

    @cached_property
    def classes(self) -> Classes:
        """Where each class lies in latent space."""
        return fit(self.latents, self.digits.labels)

    @cached_property
    def neighbour_distances(self) -> np.ndarray:
        """How far digits are from their nearest neighbour: 200 quantiles, ascending float32."""
        latents = self.latents
        nearest = [
            nearest_neighbours(part, latents, 2)[:, 1] for part in np.array_split(latents, 10)
        ]
        distances = np.linalg.norm(latents - latents[np.concatenate(nearest)], axis=1)
        return np.quantile(distances, np.linspace(0, 1, 200)).astype(np.float32)

    def nearest(self, latent: np.ndarray, n: int) -> np.ndarray:
        """Indices of the n digits whose latents lie nearest to (latent_dim,): (n,)."""
        return nearest_neighbours(latent[None], self.latents, n)[0]

    def manifold(self, n: int) -> np.ndarray:
        """What is decoded from an even n x n grid over the plane, row by row: (n * n, 28, 28)."""
        grid = even_grid(n, self.extent).reshape(-1, 2)
        return self.model.decode(self.plane.lift(grid))


def lay_out(model: Model, digits: Digits) -> LatentMap:
    """The latent map of a model over these digits."""
    posterior = model.encode(digits.pixels)
    return LatentMap(model, digits, posterior, Plane.through(posterior.latents))
