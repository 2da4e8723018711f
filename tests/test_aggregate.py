"""The aggregate posterior and the share of the prior in its holes, against brute force."""

import numpy as np
import pytest

from vae.aggregate import COVERED, Aggregate
from vae.inference import Posterior
from vae.latent_map import LatentMap
from vae.latents import sample_prior


def posterior(mean: np.ndarray, variance: float) -> Posterior:
    return Posterior(mean.astype(np.float32), np.full(mean.shape, np.log(variance), np.float32))


def direct(mixed: Posterior, point: np.ndarray, own: int | None = None) -> float:
    """The mixture's density at one point, posterior by posterior."""
    densities = [
        np.prod(np.exp(-0.5 * (point - m) ** 2 / np.exp(v)) / np.sqrt(2 * np.pi * np.exp(v)))
        for i, (m, v) in enumerate(
            zip(mixed.mean.astype(float), mixed.log_variance.astype(float), strict=True)
        )
        if i != own
    ]
    return float(np.mean(densities))


def test_the_density_is_the_mean_of_all_posteriors_densities(flat: LatentMap) -> None:
    some = flat.posterior[np.arange(0, 5000, 100)]
    points = sample_prior(20, 2, seed=1)
    found = Aggregate(some).log_density(points)
    np.testing.assert_allclose(np.exp(found), [direct(some, p) for p in points], rtol=1e-6)
    own = np.arange(20)
    found = Aggregate(some).log_density(points, own)
    expected = [direct(some, p, i) for i, p in enumerate(points)]
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-6)


def test_the_level_and_the_share_are_those_of_brute_force(flat: LatentMap) -> None:
    some = flat.posterior[np.arange(0, 5000, 50)]
    aggregate = Aggregate(some)
    draws = some.sample(np.random.default_rng(0))
    densities = [direct(some, draw, i) for i, draw in enumerate(draws)]
    level = np.quantile(np.log(densities), 1 - COVERED)
    assert aggregate.level == pytest.approx(level, abs=1e-6)
    samples = sample_prior(4000, 2, seed=2)
    in_holes = np.mean(aggregate.log_density(samples) < level)
    assert aggregate.share_in_holes() == pytest.approx(in_holes, abs=4 * 0.5 / 4000**0.5)


def test_where_posteriors_fill_the_prior_one_in_twenty_samples_is_in_a_hole() -> None:
    means = np.sqrt(0.9) * sample_prior(3000, 2, seed=3)  # with the variance 0.1 they are N(0, I)
    share = Aggregate(posterior(means, 0.1)).share_in_holes()
    assert share == pytest.approx(1 - COVERED, abs=0.02)


def test_a_ring_of_posteriors_leaves_its_middle_as_a_hole() -> None:
    angles = np.linspace(0, 2 * np.pi, 2000)
    ring = 1.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    aggregate = Aggregate(posterior(ring, 0.01))
    middle, on = aggregate.log_density(np.array([[0.0, 0.0], [1.5, 0.0]]))
    assert middle < aggregate.level < on
    radii = np.linalg.norm(sample_prior(20_000, 2, seed=4), axis=1)
    outside = np.mean(np.abs(radii - 1.5) > 0.1 * 2)  # 95 % of the draws are about this near
    assert aggregate.share_in_holes() == pytest.approx(outside, abs=0.03)


def test_the_share_is_told_for_two_dimensions_only(deep: LatentMap) -> None:
    with pytest.raises(ValueError, match="the posteriors have 5 dimensions"):
        Aggregate(deep.posterior).share_in_holes()
