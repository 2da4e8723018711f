"""How good a run is, in figures that can be compared with published ones.

Protocols: *dynamic* draws each pixel anew from Bernoulli(grey value), which makes the ELBO a
bound on a true likelihood. *grey* takes the grey values themselves as targets, as the examples
of Keras and PyTorch do. Everything is in nats per image, computed through the served model.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vae import latents, losses
from vae.data import Digits
from vae.inference import Model

CHUNK = 500  # images at a time, so that memory stays bounded
ACTIVE_VARIANCE = 0.01

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Estimate:
    """A mean over images, and the standard error of that mean."""

    mean: float
    standard_error: float


def evaluate(
    model: Model,
    test: Digits,
    labelled: Digits,
    seed: int = 0,
    draws: int = 5,
    importance_samples: int = 100,
    progress: Progress = lambda what: None,
) -> dict[str, float]:
    """All figures of a model.

    Args:
        model: the run to judge.
        test: the digits to judge it on.
        labelled: digits with labels for the k-NN classifier; 1,000 of them are drawn.
        seed: of every random draw here.
        draws: posterior samples for each image behind an ELBO.
        importance_samples: for the NLL with more than two latent dimensions.
        progress: told what is being computed.
    """
    generator = np.random.default_rng(seed)
    progress("ELBO, dynamic")
    dynamic = elbo(model, test.pixels, generator, draws, binarise=True)["elbo"]
    progress("ELBO, grey")
    grey = elbo(model, test.pixels, generator, draws, binarise=False)
    figures = {
        "elbo_dynamic": dynamic.mean,
        "elbo_dynamic_standard_error": dynamic.standard_error,
        "elbo_grey": grey["elbo"].mean,
        "reconstruction_loss_grey": grey["reconstruction_loss"].mean,
        "kl_divergence": grey["kl_divergence"].mean,
    }
    mean = model.encode(test.pixels).mean
    figures["active_units"] = active_units(mean)
    progress("k-NN")
    figures["knn_accuracy_1000"] = knn_accuracy(model, labelled, test, 1000, generator)
    progress("NLL, dynamic")
    binary = binarised(test.pixels, generator)
    if model.latent_dim == 2:
        nll = nll_on_grid(model, binary)
    else:
        nll = nll_by_importance(model, binary, generator, importance_samples)
    figures["nll_dynamic"] = nll.mean
    figures["nll_dynamic_standard_error"] = nll.standard_error
    return figures


def elbo(
    model: Model, images: np.ndarray, generator: np.random.Generator, draws: int, binarise: bool
) -> dict[str, Estimate]:
    """ELBO, reconstruction loss and KL divergence of images (n, 28, 28), over posterior samples."""
    names = ("elbo", "reconstruction_loss", "kl_divergence")
    values = np.zeros((3, len(images)))
    for _ in range(draws):
        for start in range(0, len(images), CHUNK):
            chunk = images[start : start + CHUNK]
            chunk = binarised(chunk, generator) if binarise else chunk
            posterior = model.encode(chunk)
            logits = model.decode_logits(posterior.sample(generator))
            reconstruction = losses.reconstruction_loss(chunk, logits)
            kl = losses.kl_divergence(posterior.mean, posterior.log_variance)
            values[:, start : start + CHUNK] += [-reconstruction - kl, reconstruction, kl]
    return {name: estimate(row) for name, row in zip(names, values / draws, strict=True)}


def binarised(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Each pixel 1 with the probability of its grey value, else 0: float32, the same shape.

    Source: Salakhutdinov and Murray 2008, "On the Quantitative Analysis of Deep Belief Networks".
    """
    return (generator.random(images.shape, dtype=np.float32) < images).astype(np.float32)


def active_units(mean: np.ndarray) -> int:
    """Latent dimensions whose posterior mean (n, latent_dim) varies over images by more than 0.01.

    Source: Burda, Grosse and Salakhutdinov 2015, "Importance Weighted Autoencoders", section 5.
    """
    return int((mean.var(axis=0) > ACTIVE_VARIANCE).sum())


def knn_accuracy(
    model: Model,
    labelled: Digits,
    test: Digits,
    n: int,
    generator: np.random.Generator,
    neighbours: int = 5,
    repeats: int = 10,
) -> float:
    """Share of test digits whose class the nearest of n labelled posterior means tell.

    The n labelled digits are drawn anew `repeats` times, and the accuracies averaged.
    """
    reference, query = model.encode(labelled.pixels).mean, model.encode(test.pixels).mean
    accuracies = []
    for _ in range(repeats):
        chosen = generator.choice(len(labelled), min(n, len(labelled)), replace=False)
        nearest = nearest_neighbours(query, reference[chosen], neighbours)
        votes = labelled.labels[chosen][nearest]
        counts = (votes[..., None] == np.arange(10)).sum(axis=1)
        # where classes draw, the one of the nearest digit among them wins
        first = np.argmax(
            counts[np.arange(len(votes))[:, None], votes] == counts.max(1)[:, None], 1
        )
        predicted = votes[np.arange(len(votes)), first]
        accuracies.append((predicted == test.labels).mean())
    return float(np.mean(accuracies))


def nearest_neighbours(query: np.ndarray, reference: np.ndarray, n: int) -> np.ndarray:
    """For each of query (q, d) the indices of the n nearest of reference (r, d), nearest first."""
    squared = (query**2).sum(1)[:, None] - 2 * query @ reference.T + (reference**2).sum(1)
    candidates = np.argpartition(squared, n - 1, axis=1)[:, :n]
    order = np.argsort(np.take_along_axis(squared, candidates, 1), axis=1, kind="stable")
    return np.take_along_axis(candidates, order, 1)


def nll_on_grid(model: Model, images: np.ndarray, n: int = 256) -> Estimate:
    """-log p(image) of binary images (m, 28, 28) for two latent dimensions, without sampling.

    p(image) is the integral of p(image | z) over the prior; on a grid of n x n equally likely
    cells it is the mean over the cells' middles.
    """
    flat = images.reshape(len(images), -1)
    best = np.full(len(images), -np.inf)
    total = np.zeros(len(images))
    for row in latents.prior_grid(n):
        logits = model.decode_logits(row).reshape(n, -1)
        log_normaliser = np.logaddexp(0, logits).sum(axis=1, dtype=np.float64)
        log_likelihood = flat @ logits.T - log_normaliser
        best, total = _add_exponentials(best, total, log_likelihood)
    return estimate(-(best + np.log(total) - 2 * np.log(n)))


def nll_by_importance(
    model: Model, images: np.ndarray, generator: np.random.Generator, samples: int
) -> Estimate:
    """-log p(image) of binary images (m, 28, 28), from samples of the posterior.

    An upper bound that falls towards the truth as samples grow. Source: Burda, Grosse and
    Salakhutdinov 2015, "Importance Weighted Autoencoders", equation 8.
    """
    values = np.zeros(len(images))
    for start in range(0, len(images), CHUNK):
        chunk = images[start : start + CHUNK]
        posterior = model.encode(chunk)
        best, total = np.full(len(chunk), -np.inf), np.zeros(len(chunk))
        for _ in range(samples):
            z = posterior.sample(generator)
            log_weight = _log_normal(z, 0.0, 0.0) - _log_normal(
                z, posterior.mean, posterior.log_variance
            )
            log_weight -= losses.reconstruction_loss(chunk, model.decode_logits(z))
            best, total = _add_exponentials(best, total, log_weight[:, None])
        values[start : start + CHUNK] = -(best + np.log(total) - np.log(samples))
    return estimate(values)


def _add_exponentials(
    best: np.ndarray, total: np.ndarray, terms: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Add the exponentials of terms (m, k) to the sums total * exp(best), all (m,), safely."""
    new = np.maximum(best, terms.max(axis=1))
    return new, total * np.exp(best - new) + np.exp(terms - new[:, None]).sum(axis=1)


def _log_normal(
    z: np.ndarray, mean: np.ndarray | float, log_variance: np.ndarray | float
) -> np.ndarray:
    """Log density of a diagonal Gaussian at z (n, latent_dim): (n,)."""
    squared = (z - mean) ** 2 / np.exp(log_variance)
    return -0.5 * (np.log(2 * np.pi) + log_variance + squared).sum(axis=1)


def estimate(values: np.ndarray) -> Estimate:
    """The mean of values (n,) and its standard error."""
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))
