"""How likely a model finds images: one value an image, in nats, through the served model."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vae import latents, losses
from vae.inference import Model
from vae.prior import STANDARD
from vae.results import Estimate

CHUNK = 500  # images at a time, so that memory stays bounded

Share = Callable[[float], None]
"""Told the share that is done, from 0 to 1."""


def _untold(share: float) -> None:
    pass


def estimate(values: np.ndarray) -> Estimate:
    """The mean of values (n,) and its standard error."""
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))


def binarised(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Each pixel 1 with the probability of its grey value, else 0: float32, the same shape.

    Source: Salakhutdinov and Murray 2008, "On the Quantitative Analysis of Deep Belief Networks".
    """
    return (generator.random(images.shape, dtype=np.float32) < images).astype(np.float32)


@dataclass(frozen=True)
class Terms:
    """The ELBO's terms for each image (n,), averaged over draws."""

    reconstruction_loss: np.ndarray
    kl_divergence: np.ndarray

    @property
    def elbo(self) -> np.ndarray:
        """The ELBO for each image (n,)."""
        return -self.reconstruction_loss - self.kl_divergence

    def estimates(self) -> dict[str, Estimate]:
        """Their means over the images, by name."""
        return {
            "elbo": estimate(self.elbo),
            "reconstruction_loss": estimate(self.reconstruction_loss),
            "kl_divergence": estimate(self.kl_divergence),
        }


def elbo(
    model: Model, images: np.ndarray, generator: np.random.Generator, draws: int, binarise: bool
) -> dict[str, Estimate]:
    """ELBO, reconstruction loss and KL divergence, as `elbo_terms`, over all the images."""
    return elbo_terms(model, images, generator, draws, binarise).estimates()


def elbo_terms(
    model: Model,
    images: np.ndarray,
    generator: np.random.Generator,
    draws: int,
    binarise: bool,
    progress: Share = _untold,
) -> Terms:
    """The ELBO of images (n, 28, 28) in [0, 1], image by image.

    The KL divergence has its closed form; with a flow it is the mean over the draws.

    Args:
        model: the model.
        images: the images.
        generator: of all draws.
        draws: samples of each posterior; with `binarise`, each of a new binarisation.
        binarise: the dynamic protocol, else the grey one.
        progress: told how far it is.
    """
    reconstruction, kl = np.zeros(len(images)), np.zeros(len(images))
    for draw in range(draws):
        for start in range(0, len(images), CHUNK):
            part = slice(start, start + CHUNK)
            chunk = binarised(images[part], generator) if binarise else images[part]
            posterior = model.encode(chunk)
            drawn = posterior.draw(generator)
            logits = model.decode_logits(drawn.latents)
            reconstruction[part] += losses.reconstruction_loss(chunk, logits)
            if posterior.prior is STANDARD:
                kl[part] += losses.kl_divergence(posterior.mean, posterior.log_variance)
            else:
                kl[part] += drawn.log_ratio
            progress((draw + start / len(images)) / draws)
    return Terms(reconstruction / draws, kl / draws)


def nll_on_grid(
    model: Model, images: np.ndarray, n: int = 512, progress: Share = _untold
) -> np.ndarray:
    """-log p(image) of binary images (m, 28, 28) for two latent dimensions, without sampling: (m,).

    p(image) is the integral of p(image | z) over the prior; on a grid of n x n equally likely
    cells it is the mean over the cells' middles.
    """
    return _nll_over(model, images, latents.prior_grid(n), progress)


def nll_by_prior_samples(
    model: Model,
    images: np.ndarray,
    generator: np.random.Generator,
    rows: int,
    progress: Share = _untold,
) -> np.ndarray:
    """-log p(image) of binary images (m, 28, 28) from rows x rows samples of the prior: (m,).

    It asks no encoder, so it is right even where the encoder errs; feasible in few dimensions.
    """
    drawn = generator.standard_normal((rows, rows, model.latent_dim), dtype=np.float32)
    return _nll_over(model, images, drawn, progress)


def _nll_over(model: Model, images: np.ndarray, rows: np.ndarray, progress: Share) -> np.ndarray:
    """-log of the mean likelihood over latents (r, k, latent_dim), a matrix product for a row."""
    flat = images.reshape(len(images), -1)
    best = np.full(len(images), -np.inf, np.float32)
    total = np.zeros(len(images))
    for done, row in enumerate(rows):
        progress(done / len(rows))
        logits = model.decode_logits(row).reshape(len(row), -1)
        log_normaliser = np.logaddexp(0, logits).sum(axis=1, dtype=np.float64)
        log_likelihood = flat @ logits.T  # float32: an error of 1e-4 nats, at twice the speed
        log_likelihood -= log_normaliser.astype(log_likelihood.dtype)
        best, total = _add_exponentials(best, total, log_likelihood)
    return -(best + np.log(total) - np.log(rows.shape[0] * rows.shape[1]))


def nll_by_importance(
    model: Model,
    images: np.ndarray,
    generator: np.random.Generator,
    samples: int,
    progress: Share = _untold,
) -> np.ndarray:
    """-log p(image) of binary images (m, 28, 28), from samples of the posterior: (m,).

    On average an upper bound that falls towards the truth as samples grow, slowly where the
    encoder puts a narrow posterior in a wrong place. Source: Burda, Grosse and Salakhutdinov 2015,
    "Importance Weighted Autoencoders", equation 8.
    """
    values = np.zeros(len(images))
    for start in range(0, len(images), CHUNK):
        chunk = images[start : start + CHUNK]
        posterior = model.encode(chunk)
        best, total = np.full(len(chunk), -np.inf), np.zeros(len(chunk))
        for sample in range(samples):
            progress((start + len(chunk) * sample / samples) / len(images))
            drawn = posterior.draw(generator)
            logits = model.decode_logits(drawn.latents)
            log_weight = -drawn.log_ratio - losses.reconstruction_loss(chunk, logits)
            best, total = _add_exponentials(best, total, log_weight[:, None])
        values[start : start + CHUNK] = -(best + np.log(total) - np.log(samples))
    return values


def _add_exponentials(
    best: np.ndarray, total: np.ndarray, terms: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Add the exponentials of terms (m, k) to the sums total * exp(best), all (m,), safely."""
    new = np.maximum(best, terms.max(axis=1))
    added = np.exp(terms - new[:, None]).sum(axis=1, dtype=np.float64)
    return new, total * np.exp(best - new) + added
