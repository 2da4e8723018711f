"""A posterior as a cloud: its rings hold what those of a Gaussian would, whatever its shape."""

import numpy as np
import pytest
from matplotlib.path import Path

from vae import posterior_cloud
from vae.inference import Posterior
from vae.latents import Plane
from vae.prior import Prior

GENERATOR = np.random.default_rng(0)


def share_within(rings: list[np.ndarray], points: np.ndarray) -> float:
    inside = sum(Path(ring).contains_points(points).astype(int) for ring in rings)
    return float((np.asarray(inside) % 2).mean())


def bent(n: int) -> np.ndarray:
    """Points along an arc, which no ellipse describes."""
    x = GENERATOR.normal(0, 1, n)
    return np.stack([x, 0.7 * x**2 + 0.2 * GENERATOR.normal(0, 1, n)], axis=1)


def two_hills(n: int) -> np.ndarray:
    return GENERATOR.normal(0, 0.3, (n, 2)) + np.where(GENERATOR.random((n, 1)) < 0.5, -2, 2)


@pytest.mark.parametrize("drawn", [bent, two_hills], ids=["bent", "two hills"])
def test_rings_hold_the_shares_of_one_and_two_standard_deviations_of_fresh_draws(drawn) -> None:
    rings = posterior_cloud.around(drawn(600)).rings
    fresh = drawn(5000)
    assert share_within(rings[0], fresh) == pytest.approx(0.393, abs=0.08)
    assert share_within(rings[1], fresh) == pytest.approx(0.865, abs=0.05)


def test_a_cloud_of_two_hills_has_two_inner_rings() -> None:
    assert len(posterior_cloud.around(two_hills(600)).rings[0]) == 2


def test_the_rings_of_a_gaussian_are_near_its_ellipses() -> None:
    covariance = np.array([[0.04, 0.03], [0.03, 0.09]])
    points = GENERATOR.multivariate_normal([3, -1], covariance, 4000)
    found = posterior_cloud.around(points)
    for deviations, rings in zip((1, 2), found.rings, strict=True):
        apart = np.concatenate(rings) - [3, -1]
        distance = np.sqrt(np.einsum("ni,ij,nj->n", apart, np.linalg.inv(covariance), apart))
        assert distance.mean() == pytest.approx(deviations, rel=0.1)
    np.testing.assert_allclose(found.spread, covariance, atol=0.01)


def test_a_posterior_is_drawn_where_its_prior_bends_it() -> None:
    doubled = Prior(lambda z: (2 * z, np.zeros(len(z))), lambda latents: latents / 2)
    mean, log_variance = np.ones((1, 2), np.float32), np.full((1, 2), -2, np.float32)
    found = posterior_cloud.draw(
        Posterior(mean, log_variance, doubled), Plane.through(np.zeros((3, 2)))
    )
    np.testing.assert_allclose(found.points.mean(axis=0), 2, atol=0.1)
    np.testing.assert_allclose(found.spread, 4 * np.exp(-2) * np.eye(2), atol=0.08)
    again = posterior_cloud.draw(
        Posterior(mean, log_variance, doubled), Plane.through(np.zeros((3, 2)))
    )
    np.testing.assert_array_equal(again.points, found.points)
