"""The ELBO's terms, against Keras' own loss, closed forms, quadrature and Monte Carlo."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from vae import losses


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(11)


def log_normal(x: np.ndarray, mean: np.ndarray, log_variance: np.ndarray) -> np.ndarray:
    """Log density of independent Gaussians at x, summed over the last axis."""
    squared = (x - mean) ** 2 / np.exp(log_variance)
    return -0.5 * (np.log(2 * np.pi) + log_variance + squared).sum(axis=-1)


def test_the_reconstruction_loss_is_keras_binary_cross_entropy_times_784(
    generator: np.random.Generator,
) -> None:
    images = generator.random((20, 28, 28), dtype=np.float32)
    logits = generator.normal(0, 4, (20, 28, 28)).astype(np.float32)
    loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction="none")
    expected = 784 * np.asarray(loss(images.reshape(20, -1), logits.reshape(20, -1)))
    np.testing.assert_allclose(losses.reconstruction_loss(images, logits), expected, rtol=1e-5)


def test_each_pixel_pays_its_own_cross_entropy() -> None:
    images = np.array([[[1.0, 0.0], [0.5, 0.25]]])
    probability = np.array([[[0.9, 0.2], [0.5, 0.75]]])
    logits = np.log(probability / (1 - probability))
    expected = [[[-np.log(0.9), -np.log(0.8)], [np.log(2), 0]]]
    expected[0][1][1] = -(0.25 * np.log(0.75) + 0.75 * np.log(0.25))
    np.testing.assert_allclose(losses.reconstruction_per_pixel(images, logits), expected)


def test_the_reconstruction_loss_is_the_negative_log_likelihood_of_the_pixels(
    generator: np.random.Generator,
) -> None:
    images = generator.random((20, 28, 28))
    logits = generator.normal(0, 4, (20, 28, 28))
    p = 1 / (1 + np.exp(-logits))
    expected = -(images * np.log(p) + (1 - images) * np.log(1 - p)).sum(axis=(1, 2))
    np.testing.assert_allclose(losses.reconstruction_loss(images, logits), expected, rtol=1e-10)


def test_an_undecided_reconstruction_costs_log_2_for_each_pixel() -> None:
    images = np.random.default_rng(0).random((3, 28, 28))
    undecided = np.zeros((3, 28, 28))
    np.testing.assert_allclose(
        losses.reconstruction_loss(images, undecided), np.full(3, 784 * np.log(2))
    )


@pytest.mark.parametrize("logit", [-1000.0, 1000.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_cost_nothing_where_right_and_their_size_where_wrong(
    logit: float, dtype: type
) -> None:
    logits = np.full((2, 28, 28), logit, dtype)
    right = float(logit > 0)
    images = np.stack([np.full((28, 28), right, dtype), np.full((28, 28), 1 - right, dtype)])
    np.testing.assert_array_equal(losses.reconstruction_loss(images, logits), [0, 784 * 1000])


def test_the_kl_divergence_agrees_with_monte_carlo(generator: np.random.Generator) -> None:
    mean = generator.normal(0, 1.5, (6, 5))
    log_variance = generator.normal(-1, 1, (6, 5))
    n = 100_000
    z = mean + np.exp(0.5 * log_variance) * generator.standard_normal((n, 6, 5))
    log_ratio = log_normal(z, mean, log_variance) - log_normal(z, np.zeros(5), np.zeros(5))
    standard_error = log_ratio.std(axis=0) / np.sqrt(n)
    error = np.abs(losses.kl_divergence(mean, log_variance) - log_ratio.mean(axis=0))
    assert (error < 5 * standard_error).all()
    assert (standard_error < 0.02).all()  # else the line above would prove little


def test_the_kl_divergence_is_zero_at_the_prior_and_only_there(
    generator: np.random.Generator,
) -> None:
    assert losses.kl_divergence(np.zeros((4, 3)), np.zeros((4, 3))).tolist() == [0.0] * 4
    elsewhere = generator.normal(0, 1, (2, 1000, 3))
    assert (losses.kl_divergence(elsewhere[0], elsewhere[1]) > 0).all()


def test_moving_a_unit_posterior_by_one_costs_half_a_nat() -> None:
    assert losses.kl_divergence(np.ones((1, 1)), np.zeros((1, 1))).tolist() == [0.5]


def test_the_kl_divergence_is_the_sum_over_dimensions(generator: np.random.Generator) -> None:
    mean, log_variance = generator.normal(0, 1, (2, 7, 4))
    alone = [losses.kl_divergence(mean[:, [i]], log_variance[:, [i]]) for i in range(4)]
    np.testing.assert_allclose(
        losses.kl_per_dimension(mean, log_variance), np.stack(alone, axis=1), rtol=1e-12
    )
    np.testing.assert_allclose(losses.kl_divergence(mean, log_variance), sum(alone), rtol=1e-12)


def test_numpy_and_keras_compute_the_same(generator: np.random.Generator) -> None:
    images = generator.random((9, 28, 28), dtype=np.float32)
    logits = generator.normal(0, 30, (9, 28, 28)).astype(np.float32)
    mean, log_variance = generator.normal(0, 2, (2, 9, 4)).astype(np.float32)
    pairs: list[tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = [
        (losses.reconstruction_loss, (images, logits)),
        (losses.kl_per_dimension, (mean, log_variance)),
        (losses.kl_divergence, (mean, log_variance)),
        (losses.elbo, (images, logits, mean, log_variance)),
    ]
    for function, arguments in pairs:
        trained = np.asarray(function(*map(keras.ops.convert_to_tensor, arguments), keras.ops))
        np.testing.assert_allclose(function(*arguments), trained, rtol=1e-5, atol=1e-6)


def test_every_loss_gives_one_value_for_each_image_whatever_the_batch_looks_like() -> None:
    images, latents = np.full((2, 3, 28, 28), 0.5), np.ones((2, 3, 4))
    assert losses.reconstruction_loss(images, images).shape == (2, 3)
    assert losses.kl_divergence(latents, latents).shape == (2, 3)
    assert losses.elbo(images, images, latents, latents).shape == (2, 3)


def test_the_elbo_falls_short_of_the_likelihood_by_the_posteriors_own_divergence(
    generator: np.random.Generator,
) -> None:
    """One latent dimension, so that every integral can be done on a line."""
    image = (generator.random((28, 28)) < 0.3).astype(float)
    slope, offset = generator.normal(0, 0.1, (2, 28, 28))
    mean, log_variance = np.array([0.4]), np.array([-0.5])

    line = np.linspace(-9, 9, 4001)[:, None]
    step = line[1, 0] - line[0, 0]
    p = 1 / (1 + np.exp(-(slope * line[:, :, None] + offset)))
    log_likelihood = np.log(np.where(image == 1, p, 1 - p)).sum(axis=(1, 2))
    log_joint = log_likelihood + log_normal(line, np.zeros(1), np.zeros(1))
    log_evidence = np.logaddexp.reduce(log_joint) + np.log(step)
    log_q = log_normal(line, mean, log_variance)
    gap = (np.exp(log_q) * (log_q - (log_joint - log_evidence))).sum() * step

    z = mean + np.exp(0.5 * log_variance) * generator.standard_normal((4000, 1))
    logits = slope * z[:, :, None] + offset
    samples = losses.elbo(image, logits, mean, log_variance)
    assert gap > 0.1
    assert abs(samples.mean() - (log_evidence - gap)) < 5 * samples.std() / np.sqrt(len(samples))
