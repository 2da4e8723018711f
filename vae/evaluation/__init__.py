"""How good a run is, in figures that can be compared with published ones.

Protocols: *dynamic* draws each pixel anew from Bernoulli(grey value), which makes the ELBO a
bound on a true likelihood. *grey* takes the grey values themselves as targets, as the examples
of Keras and PyTorch do. Everything is in nats per image, computed through the served model.
"""

from collections.abc import Callable

import numpy as np

from vae import losses
from vae.data import Digits
from vae.evaluation.classifier import Classifier
from vae.evaluation.diversity import nearest_distances, precision_and_recall
from vae.evaluation.likelihood import (
    Terms,
    binarised,
    elbo,
    elbo_terms,
    estimate,
    nll_by_importance,
    nll_by_prior_samples,
    nll_on_grid,
)
from vae.evaluation.neighbours import knn_accuracy, nearest_neighbours
from vae.inference import Model
from vae.latents import sample_prior
from vae.mnist import CLASSES
from vae.prior import STANDARD
from vae.results import Estimate, Figures, Hard

__all__ = [
    "active_units",
    "binarised",
    "elbo",
    "elbo_terms",
    "estimate",
    "evaluate",
    "knn_accuracy",
    "nearest_neighbours",
    "nll_by_importance",
    "nll_by_prior_samples",
    "nll_on_grid",
]

ACTIVE_VARIANCE = 0.01
LABELLED = (100, 600, 1000)
CONFIDENCE = 0.9
CHECKED = 1000  # images on which a second method checks the NLL, and whose nearest are sought
HARDEST = 10

Progress = Callable[[str, float], None]
"""Told what is being computed, and the share of that which is done."""


def evaluate(
    model: Model,
    test: Digits,
    labelled: Digits,
    classifier: Classifier,
    digits: str = "test digits",
    seed: int = 0,
    draws: int = 5,
    importance_samples: int = 100,
    grid: int = 512,
    prior_samples: int = 10_000,
    progress: Progress = lambda what, share: None,
) -> Figures:
    """All figures of a model. Each draws from a random generator of its own.

    Args:
        model: the run to judge.
        test: the digits to judge it on.
        labelled: digits with labels for the k-NN classifier; so many are drawn from them.
        classifier: judges what the model draws from the prior.
        digits: what `test` is, in words.
        seed: of every random draw here.
        draws: posterior samples for each image behind an ELBO.
        importance_samples: for the NLL with more than two latent dimensions, and to check it.
        grid: points along each side for the NLL with two latent dimensions.
        prior_samples: pictures for the classifier.
        progress: told what is being computed.
    """
    for_dynamic, for_grey, for_knn, for_nll, for_prior = np.random.default_rng(seed).spawn(5)
    images = test.pixels

    def terms(name: str, generator: np.random.Generator, binarise: bool) -> Terms:
        share = _share(progress, f"ELBO, {name}")
        return elbo_terms(model, images, generator, draws, binarise, share)

    dynamic = terms("dynamic", for_dynamic, binarise=True)
    grey = terms("grey", for_grey, binarise=False)
    progress("k-NN", 0)
    posterior = model.encode(images)
    accuracies = knn_accuracy(model, labelled, test, LABELLED, for_knn)
    method, nll, checks = _nll(
        model, binarised(images, for_nll), for_nll, grid, importance_samples, progress
    )
    progress("samples of the prior", 0)
    seed_of_samples = int(for_prior.integers(2**31))
    drawn = model.decode(sample_prior(prior_samples, model.latent_dim, seed_of_samples))
    judged = classifier.probabilities(drawn)
    accepted = judged.max(axis=1) >= CONFIDENCE
    by_class = np.bincount(judged[accepted].argmax(axis=1), minlength=len(CLASSES))
    at_mean = losses.reconstruction_loss(images, model.decode_logits(posterior.latents))
    kl = losses.kl_per_dimension(posterior.mean, posterior.log_variance).mean(axis=0)
    is_standard = posterior.prior is STANDARD
    progress("variety of the samples", 0)
    precision, recall = precision_and_recall(
        classifier.features(images), classifier.features(drawn)
    )
    return Figures(
        run=model.name,
        files={n: s for n, s in model.run.manifest.files.items() if n.endswith(".tflite")},
        digits=digits,
        images=len(test),
        seed=seed,
        draws=draws,
        elbo_dynamic=estimate(dynamic.elbo),
        reconstruction_loss_dynamic=estimate(dynamic.reconstruction_loss),
        kl_divergence_dynamic=estimate(dynamic.kl_divergence),
        elbo_grey=estimate(grey.elbo),
        reconstruction_loss_grey=estimate(grey.reconstruction_loss),
        kl_divergence_grey=estimate(grey.kl_divergence),
        reconstruction_loss_at_mean=estimate(at_mean),
        nll_dynamic=estimate(nll),
        nll_method=method,
        nll_checks=checks,
        kl_per_dimension=tuple(kl.tolist()) if is_standard else (),
        active_units=active_units(posterior.latents),
        knn_accuracy={str(n): accuracy for n, accuracy in accuracies.items()},
        classifier_accuracy=classifier.accuracy(test),
        confidence=CONFIDENCE,
        accepted_digits=float((classifier.probabilities(images).max(axis=1) >= CONFIDENCE).mean()),
        accepted_samples=estimate(accepted.astype(np.float64)),
        samples_by_class=tuple(by_class.tolist()),
        loss_by_class=tuple(estimate(-dynamic.elbo[test.labels == c]) for c in CLASSES),
        hardest=_hardest(-dynamic.elbo, test.labels),
        kl_method="closed form" if is_standard else "mean over the draws",
        precision=precision,
        recall=recall,
        nearest_to_samples=estimate(nearest_distances(drawn[:CHECKED], labelled.pixels)),
        nearest_to_digits=estimate(nearest_distances(images[:CHECKED], labelled.pixels)),
    )


def _share(progress: Progress, what: str) -> Callable[[float], None]:
    return lambda share: progress(what, share)


def _nll(
    model: Model,
    binary: np.ndarray,
    generator: np.random.Generator,
    grid: int,
    samples: int,
    progress: Progress,
) -> tuple[str, np.ndarray, dict[str, Estimate]]:
    """How the NLL was computed, its value for each image, and what other methods make of it."""
    sampled = f"{samples} importance samples of the posterior, a bound"
    if model.latent_dim != 2:
        share = _share(progress, "NLL, dynamic")
        return sampled, nll_by_importance(model, binary, generator, samples, share), {}
    nll = nll_on_grid(model, binary, grid, _share(progress, "NLL, dynamic"))
    few, half = binary[:CHECKED], grid // 2
    share = _share(progress, "NLL, dynamic, checked")
    others = {
        f"grid of {half} x {half}": nll_on_grid(model, few, half, share),
        f"{half**2:,} samples of the prior": nll_by_prior_samples(
            model, few, generator, half, share
        ),
        sampled: nll_by_importance(model, few, generator, samples, share),
    }
    differences = {name: estimate(other - nll[:CHECKED]) for name, other in others.items()}
    return f"grid of {grid} x {grid}", nll, differences


def _hardest(losses: np.ndarray, labels: np.ndarray) -> tuple[Hard, ...]:
    worst = np.argsort(-losses, kind="stable")[:HARDEST]
    return tuple(Hard(int(i), int(labels[i]), float(losses[i])) for i in worst)


def active_units(mean: np.ndarray) -> int:
    """Latent dimensions whose posterior mean (n, latent_dim) varies over images by more than 0.01.

    With a flow: where the mean lies in the base space.

    Source: Burda, Grosse and Salakhutdinov 2015, "Importance Weighted Autoencoders", section 5.
    """
    return int((mean.var(axis=0) > ACTIVE_VARIANCE).sum())
