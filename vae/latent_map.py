"""A run's latent space laid out flat: where the embedded digits land, and what lies between."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import uniform_filter

from vae.classes import Classes, fit
from vae.data import Digits
from vae.evaluation import nearest_neighbours
from vae.inference import Model, Posterior
from vae.latents import Plane, even_grid, sample_prior
from vae.losses import kl_per_dimension
from vae.mnist import CLASSES, IMAGE
from vae.prior import STANDARD

_CELLS = 40  # of the map along a side, for the classes' names
_APART = 2  # so many cells from one name to the next: 16 pixels of a map of 320


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
        farthest = np.quantile(np.abs(self.points).max(axis=1), 0.999)
        return max(0.5, float(np.ceil(farthest * 2) / 2))

    @cached_property
    def variance_shown(self) -> float:
        """The share of the variance of the digits' latents that the plane shows, in [0, 1]."""
        return float(self.points.var(axis=0).sum() / (self.latents.var(axis=0).sum() or 1))

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

        None where the prior is a flow: there the KL divergence has no parts by dimension; and of a
        plain autoencoder, which has none.
        """
        if self.model.prior is not STANDARD or self._is_autoencoder:
            return None
        return kl_per_dimension(self.posterior.mean, self.posterior.log_variance).mean(axis=0)

    @cached_property
    def ink_per_dimension(self) -> np.ndarray:
        """The share of ink that moves as a dimension goes from -1 to 1: (latent_dim,).

        Half the absolute difference of the two pictures (what comes and what goes) by the ink of a
        picture, both means over 16 samples of the prior. A plain autoencoder has none: there it is
        over 16 digits, from one standard deviation of their latents below the mean to one above.
        """
        latent_dim = self.model.latent_dim
        if self._is_autoencoder:
            samples = self.latents[:: -(-len(self.latents) // 16)]
            middle, reach = self.latents.mean(axis=0), self.latents.std(axis=0)
        else:
            samples = sample_prior(16, latent_dim, seed=0)
            middle, reach = np.zeros(latent_dim), np.ones(latent_dim)
        moved = np.repeat(samples[None], 2 * latent_dim, axis=0)
        for i in range(latent_dim):
            moved[2 * i, :, i], moved[2 * i + 1, :, i] = middle[i] - reach[i], middle[i] + reach[i]
        images = self.model.decode(moved.reshape(-1, latent_dim))
        low, high = np.moveaxis(images.reshape(-1, 2, len(samples), *IMAGE), 1, 0)
        return 0.5 * np.abs(high - low).mean(axis=(1, 2, 3)) / images.mean()

    @property
    def _is_autoencoder(self) -> bool:
        return self.model.run.manifest.training.is_autoencoder

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

    @cached_property
    def name_places(self) -> np.ndarray:
        """Where on the plane to write each class's name: (10, 2).

        Among the digits of the class, where others are few, and apart from the other names.
        """
        return places_for_names(self.points, self.digits.labels, self.extent)

    def nearest(self, latent: np.ndarray, n: int) -> np.ndarray:
        """Indices of the n digits whose latents lie nearest to (latent_dim,): (n,)."""
        return nearest_neighbours(latent[None], self.latents, n)[0]

    def manifold(self, n: int, extent: float | None = None) -> np.ndarray:
        """What is decoded from an even n x n grid over the plane, row by row: (n * n, 28, 28).

        The grid reaches as far as the map, or to `extent`.
        """
        grid = even_grid(n, extent or self.extent).reshape(-1, 2)
        return self.model.decode(self.plane.lift(grid))


def places_for_names(points: np.ndarray, labels: np.ndarray, extent: float) -> np.ndarray:
    """Places (10, 2) for the classes' names among points (n, 2) of a square map.

    Of the cells of a grid, each class gets the one with the most of its own points and the fewest
    of others, smoothed over the cells around; the class with the poorest choice chooses first.
    """
    edges = np.linspace(-extent, extent, _CELLS + 1)
    counts = np.array(
        [uniform_filter(np.histogram2d(*points[labels == c].T, bins=edges)[0], 3) for c in CLASSES]
    )
    fit = counts**2 / np.maximum(counts.sum(axis=0), 1e-6)
    cells = np.arange(_CELLS)
    places = np.zeros((len(CLASSES), 2))
    for label in np.argsort(fit.max(axis=(1, 2))):
        column, row = np.unravel_index(fit[label].argmax(), (_CELLS, _CELLS))
        places[label] = (edges[[column, row]] + edges[[column + 1, row + 1]]) / 2
        across, along = abs(cells - column) < _APART, abs(cells - row) < _APART
        fit[:, across[:, None] & along] = -1
    return places


def lay_out(model: Model, digits: Digits) -> LatentMap:
    """The latent map of a model over these digits."""
    posterior = model.encode(digits.pixels)
    return LatentMap(model, digits, posterior, Plane.through(posterior.latents))
