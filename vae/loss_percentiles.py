"""What is usual: a model's loss terms on real digits, to measure a drawing's by."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vae import losses
from vae.latent_map import LatentMap
from vae.prior import STANDARD

_DIGITS = 500


@dataclass(frozen=True)
class LossPercentiles:
    """Reconstruction losses and KL divergences of real digits, each (n,) in nats, ascending."""

    reconstruction_loss: np.ndarray
    kl_divergence: np.ndarray

    @cached_property
    def percentiles(self) -> dict[str, list[float]]:
        """The 101 percentiles of each term, for the page, which calls them *lost* and *told*."""
        terms = {"lost": self.reconstruction_loss, "told": self.kl_divergence}
        shares = np.linspace(0, 1, 101)
        return {
            name: np.round(np.quantile(nats, shares), 2).tolist() for name, nats in terms.items()
        }

    def harder_than(self, reconstruction_loss: float) -> float:
        """The share of real digits with a smaller reconstruction loss, in [0, 1]."""
        return _share_below(self.reconstruction_loss, reconstruction_loss)

    def farther_than(self, kl_divergence: float) -> float:
        """The share of real digits with a smaller KL divergence, in [0, 1]."""
        return _share_below(self.kl_divergence, kl_divergence)


def measure(latent_map: LatentMap) -> LossPercentiles:
    """The loss percentiles of a latent map's model, over 500 of its digits, evenly taken."""
    chosen = np.linspace(
        0, len(latent_map.digits) - 1, min(_DIGITS, len(latent_map.digits))
    ).astype(int)
    posterior, images = latent_map.posterior, latent_map.digits[chosen].pixels
    logits = latent_map.model.decode_logits(posterior.latents[chosen])
    if latent_map.model.prior is not STANDARD:
        posterior = posterior[chosen]  # draws of all of them would take half a minute
    kl = posterior.kl_divergence(draws=20)
    return LossPercentiles(np.sort(losses.reconstruction_loss(images, logits)), np.sort(kl))


def _share_below(ascending: np.ndarray, value: float) -> float:
    return float(np.searchsorted(ascending, value) / len(ascending))
