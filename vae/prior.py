"""A model's prior, as it serves: how z and the latents lie to each other. NumPy only.

Encoder and ELBO speak of z. What a person moves, samples, mixes and links are *latents* u of the
base space, where the prior is N(0, I) whatever the model. With a standard prior both are one; with
a flow, z = T(u), learned along with the networks (vae/training/prior.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vae.losses import log_normal


@dataclass(frozen=True)
class Prior:
    """T and its inverse.

    `to_base` takes z (n, latent_dim) to latents u (n, latent_dim) and log |det du/dz| (n,);
    `from_base` takes latents u (n, latent_dim) to z (n, latent_dim).
    """

    to_base: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    from_base: Callable[[np.ndarray], np.ndarray]

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """log p(z) at z (n, latent_dim), which are no latents where the prior is a flow: (n,)."""
        latents, log_volume = self.to_base(z)
        return log_normal(latents) + log_volume


def _itself(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return z, np.zeros(len(z), np.float32)


STANDARD = Prior(to_base=_itself, from_base=lambda latents: latents)
"""N(0, I): z are the latents."""
