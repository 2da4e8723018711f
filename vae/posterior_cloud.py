"""A posterior on the plane of a latent map, by its draws: not being Gaussian it has no ellipse."""

from dataclasses import dataclass
from typing import Any

import contourpy
import numpy as np
from scipy import ndimage

from vae.inference import Posterior
from vae.latents import Plane

DRAWS = 600
SHARES = (1 - np.exp(-0.5), 1 - np.exp(-2.0))
"""Of a Gaussian on the plane, so much lies within one and within two standard deviations."""

_CELLS, _REACH = 96, 5.0  # of the grid on which the density is estimated, in standard deviations


@dataclass(frozen=True)
class Cloud:
    """Draws of one posterior on a plane, and lines around most of them.

    `points` are the draws (n, 2) float32. `rings` are closed lines, each (k, 2) float32: first
    those around 39 % of the draws, where they are densest, then those around 86 %, as one and two
    standard deviations of a Gaussian would be. A cloud of several hills has several of each.
    """

    points: np.ndarray
    rings: tuple[list[np.ndarray], list[np.ndarray]]

    @property
    def spread(self) -> np.ndarray:
        """The covariance of the draws (2, 2)."""
        return np.cov(self.points, rowvar=False)


def draw(posterior: Posterior, plane: Plane, seed: int = 0) -> Cloud:
    """The cloud of one posterior (1, latent_dim), the same for the same seed."""
    every = posterior[np.zeros(DRAWS, int)]
    return around(plane.project(every.sample(np.random.default_rng(seed))))


def around(points: np.ndarray) -> Cloud:
    """The cloud of draws (n, 2): where they are dense is estimated with a Gaussian kernel.

    Its width is Scott's rule along the axes of the cloud. Source: Scott 1992, "Multivariate Density
    Estimation", section 6.3; Hyndman 1996, "Computing and Graphing Highest Density Regions", for
    the lines.
    """
    middle = points.mean(axis=0)
    axes = np.linalg.cholesky(np.cov(points, rowvar=False) + 1e-12 * np.eye(2))
    plain = np.linalg.solve(axes, (points - middle).T).T  # a cloud of covariance I
    cells = (plain + _REACH) / (2 * _REACH) * _CELLS
    counts, _, _ = np.histogram2d(*cells.T, bins=_CELLS, range=[(0, _CELLS)] * 2)
    width = len(points) ** (-1 / 6) * _CELLS / (2 * _REACH)
    density = ndimage.gaussian_filter(counts, width, mode="constant")
    lines: Any = contourpy.contour_generator(z=density.T)  # its types allow for other formats
    at_draws = ndimage.map_coordinates(density, cells.T - 0.5, order=1)
    rings = []
    for share in SHARES:
        found = lines.lines(float(np.quantile(at_draws, 1 - share)))
        in_cells = ((line + 0.5) / _CELLS * 2 * _REACH - _REACH for line in found)
        rings.append([(ring @ axes.T + middle).astype(np.float32) for ring in in_cells])
    return Cloud(points.astype(np.float32), (rings[0], rings[1]))
