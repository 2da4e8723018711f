"""The terms of the evidence lower bound (ELBO), in nats, one value per image.

Each function is written once and runs on both sides: pass `keras.ops` to train (the default,
NumPy, serves and evaluates). Nothing here takes a mean over images; who trains does that.

Source of all formulas: Kingma and Welling 2014, "Auto-Encoding Variational Bayes".
"""

from typing import Any

import numpy as np

TERMS = {
    "loss": "Loss",
    "reconstruction_loss": "Reconstruction loss",
    "kl_divergence": "KL divergence",
}
"""What a training's history tells of each epoch, as its events name it and as it is shown. The loss
is the reconstruction loss plus the KL divergence times its weight."""


def reconstruction_per_pixel(images: Any, logits: Any, ops: Any = np) -> Any:
    """Binary cross-entropy of each pixel: -log p(pixel | latent).

    Args:
        images: (..., 28, 28) in [0, 1].
        logits: (..., 28, 28), the decoder's output before the sigmoid.
        ops: the array module that computes.

    Returns:
        (..., 28, 28) in nats, never negative. The form in logits cannot overflow:
        max(a, 0) - a x + log(1 + exp(-|a|)).
    """
    return ops.maximum(logits, 0) - logits * images + ops.log1p(ops.exp(-ops.abs(logits)))


def reconstruction_loss(images: Any, logits: Any, ops: Any = np) -> Any:
    """Binary cross-entropy summed over the pixels, -log p(image | latent): (...,) in nats."""
    return ops.sum(reconstruction_per_pixel(images, logits, ops), axis=(-2, -1))


def kl_per_dimension(mean: Any, log_variance: Any, ops: Any = np) -> Any:
    """KL divergence of each latent dimension's posterior from the prior N(0, 1).

    Args:
        mean: (..., latent_dim), the posterior mean.
        log_variance: (..., latent_dim), the log of the posterior variance.
        ops: the array module that computes.

    Returns:
        (..., latent_dim) in nats, never negative. Source: appendix B of the paper.
    """
    return 0.5 * (mean**2 + ops.exp(log_variance) - 1.0 - log_variance)


def kl_divergence(mean: Any, log_variance: Any, ops: Any = np) -> Any:
    """KL divergence of the posterior from the prior N(0, I): (...,) in nats, never negative."""
    return ops.sum(kl_per_dimension(mean, log_variance, ops), axis=-1)


def log_normal(x: Any, mean: Any = 0.0, log_variance: Any = 0.0, ops: Any = np) -> Any:
    """Log density of a diagonal Gaussian at x (..., latent_dim), N(0, I) by default: (...,)."""
    squared = (x - mean) ** 2 * ops.exp(-log_variance)
    return -0.5 * ops.sum(squared + log_variance + np.log(2 * np.pi), axis=-1)


def elbo(images: Any, logits: Any, mean: Any, log_variance: Any, ops: Any = np) -> Any:
    """The evidence lower bound, log p(image) >= elbo: (...,) in nats.

    `logits` come from one latent drawn from the posterior: a one-sample estimate.
    """
    reconstruction = reconstruction_loss(images, logits, ops)
    return -reconstruction - kl_divergence(mean, log_variance, ops)
