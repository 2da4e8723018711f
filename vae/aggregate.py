"""The aggregate posterior: the posteriors of all digits, mixed. How well it fills the prior.

A decoder learns only where posteriors lie. Where the prior has samples and no posterior has any
density worth the name is a *hole*, and what is decoded there was never asked for.
Source: Makhzani et al. 2016, "Adversarial Autoencoders", for the name of the mixture; Rosca,
Lakshminarayanan and Mohamed 2018, "Distribution Matching in Variational Inference", for the holes.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vae.inference import Posterior
from vae.latents import prior_grid

COVERED = 0.95
"""Of the posteriors' own draws, the share that lies where it is no hole."""

_CHUNK = 500  # points at a time, so that memory stays bounded
_DRAWS = 5000


@dataclass(frozen=True)
class Aggregate:
    """The mixture of n posteriors, Gaussians with independent dimensions, all weighing the same."""

    posterior: Posterior

    def log_density(self, points: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
        """Of the mixture at points (m, latent_dim): (m,).

        Args:
            points: where.
            own: for each point the posterior that is left out of the mixture there (m,), or None.
        """
        mean = self.posterior.mean.astype(np.float64)
        log_variance = self.posterior.log_variance.astype(np.float64)
        precision = np.exp(-log_variance)
        # the square of z's distance from each mean, written out: one matrix product
        factors = np.concatenate([precision, -2 * mean * precision], axis=1)
        constant = (mean**2 * precision + log_variance + np.log(2 * np.pi)).sum(axis=1)
        found = []
        for start in range(0, len(points), _CHUNK):
            z = points[start : start + _CHUNK].astype(np.float64)
            exponents = -0.5 * (np.concatenate([z**2, z], axis=1) @ factors.T + constant)
            if own is not None:
                exponents[np.arange(len(z)), own[start : start + _CHUNK]] = -np.inf
            top = exponents.max(axis=1)
            below = (exponents - top[:, None]).astype(np.float32)  # exp is ten times as fast so
            found.append(top + np.log(np.exp(below).sum(axis=1, dtype=np.float64)))
        return np.concatenate(found) - np.log(len(mean) - (own is not None))

    @cached_property
    def level(self) -> float:
        """The log density below which a place is a hole: 5 % of the posteriors' draws lie lower.

        A draw is measured by all other digits' posteriors, as a sample of the prior is that comes
        from none of them. So if the posteriors filled the prior evenly, 5 % of it would be holes.
        """
        n = len(self.posterior.mean)
        own = np.arange(n) if n <= _DRAWS else np.linspace(0, n - 1, _DRAWS).astype(int)
        draws = self.posterior[own].sample(np.random.default_rng(0))
        return float(np.quantile(self.log_density(draws, own), 1 - COVERED))

    def share_in_holes(self, n: int = 100) -> float:
        """The share of the prior that lies in holes, on a grid of n x n equally likely cells.

        Raises:
            ValueError: there are not two latent dimensions.
        """
        if self.posterior.mean.shape[1] != 2:
            raise ValueError(
                f"the posteriors have {self.posterior.mean.shape[1]} dimensions; the share in the "
                "holes is computed for 2"
            )
        return float((self.log_density(prior_grid(n).reshape(-1, 2)) < self.level).mean())
