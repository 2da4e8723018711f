"""Classes in latent space: Gaussians, samples of them, and arithmetic with their means."""

import numpy as np
import pytest

from vae.classes import KEPT, Classes, fit, log_normals, shrunk_covariance


@pytest.fixture
def two() -> Classes:
    """Two classes in three dimensions, known exactly."""
    mixed = np.array([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [-1.0, 0.3, 0.2]])
    return Classes(
        np.array([0, 1]),
        np.ones(2),
        np.array([[1.0, -2.0, 0.5], [4.0, 0.0, 0.0]]),
        np.stack([mixed @ mixed.T, np.eye(3)]),
    )


@pytest.fixture
def parted() -> Classes:
    """A class in two places, 0, with another, 1, between them."""
    means = np.array([[-6.0, 0.0], [6.0, 0.0], [0.0, 1.0]])
    return Classes(
        np.array([0, 0, 1]), np.array([0.25, 0.75, 1.0]), means, np.stack([np.eye(2)] * 3)
    )


def test_samples_of_a_class_follow_its_gaussian(two: Classes) -> None:
    samples = two.sample(0, 40000, seed=1).astype(np.float64)
    deviations = np.sqrt(np.diag(two.covariances[0]))
    # five standard errors of a mean and of a covariance
    assert (np.abs(samples.mean(axis=0) - two.means[0]) < 5 * deviations / 200).all()
    error = np.abs(np.cov(samples.T) - two.covariances[0])
    assert (error < 5 * np.outer(deviations, deviations) * np.sqrt(2) / 200).all()


def test_the_same_seed_gives_the_same_samples_and_temperature_scales_them(two: Classes) -> None:
    one, again, other = (two.sample(0, 5, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    cool = two.sample(0, 5, 3, temperature=0.5)
    np.testing.assert_allclose(cool - two.means[0], (one - two.means[0]) / 2, atol=1e-6)
    np.testing.assert_allclose(two.sample(0, 5, 3, temperature=0), [two.means[0]] * 5, rtol=1e-6)


def test_the_likeliest_class_has_the_highest_density(two: Classes) -> None:
    for latent in np.random.default_rng(0).normal([2, -1, 0], 2, (50, 3)):
        densities = [
            np.exp(-0.5 * (latent - mean) @ np.linalg.inv(covariance) @ (latent - mean))
            / np.sqrt(np.linalg.det(covariance))
            for mean, covariance in zip(two.means, two.covariances, strict=True)
        ]
        assert two.likeliest(latent) == int(np.argmax(densities))


def test_moving_a_latent_exchanges_the_mean_of_its_class(two: Classes) -> None:
    latent = np.array([0.5, 0.25, -1.0], np.float32)
    moved = two.moved(latent, 0)[0]
    np.testing.assert_allclose(moved[0], latent, atol=1e-6)
    np.testing.assert_allclose(moved[1], [0.5 - 1 + 4, 0.25 + 2, -1 - 0.5], atol=1e-6)


def test_a_latent_goes_from_the_nearest_cluster_of_its_class_to_that_of_another(
    parted: Classes,
) -> None:
    moved = parted.moved(np.array([5.0, 0.5]), 0)
    np.testing.assert_allclose(moved[0], [[5, 0.5], [-1, 1.5]], atol=1e-6)  # less (6, 0)
    np.testing.assert_allclose(parted.moved(np.array([-5.0, 0.5]), 0)[0, 1], [1, 1.5], atol=1e-6)
    np.testing.assert_allclose(parted.moved(np.array([-1.0, 1.5]), 1)[0, 0], [-7, 0.5], atol=1e-6)


def test_later_tries_keep_less_and_then_go_to_farther_clusters(parted: Classes) -> None:
    moved = parted.moved(np.array([-1.0, 1.5]), 1)
    apart = np.array([-1.0, 0.5])
    expected = [mean + share * apart for mean in ([-6, 0], [6, 0]) for share in KEPT]
    np.testing.assert_allclose(moved[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(moved[: len(KEPT), 1], [[0, 1] + s * apart for s in KEPT], atol=1e-6)


def test_a_class_in_two_places_is_sampled_in_both_by_their_weights(parted: Classes) -> None:
    samples = parted.sample(0, 20000, seed=0)
    left = samples[:, 0] < 0
    assert left.mean() == pytest.approx(0.25, abs=5 * np.sqrt(0.25 * 0.75 / 20000))
    np.testing.assert_allclose(samples[left].mean(axis=0), [-6, 0], atol=0.1)
    np.testing.assert_allclose(np.cov(samples[~left].T), np.eye(2), atol=0.1)


def test_the_likeliest_class_counts_all_its_clusters(parted: Classes) -> None:
    found = [parted.likeliest(np.array([x, 0.0])) for x in (-7, -4, 0, 4, 7)]
    assert found == [0, 0, 1, 0, 0]


def test_a_fit_finds_the_places_of_a_class_and_no_more(parted: Classes) -> None:
    points = np.concatenate([parted.sample(label, 4000, seed=label) for label in (0, 1)])
    found = fit(points, np.repeat([0, 1], 4000))
    assert found.labels.tolist() == [0, 0, 1]
    order = np.argsort(found.means[:2, 0])
    np.testing.assert_allclose(found.means[:2][order], parted.means[:2], atol=0.15)
    np.testing.assert_allclose(found.weights[:2][order], [0.25, 0.75], atol=0.03)


def test_a_class_of_few_points_is_fitted_too() -> None:
    points = np.random.default_rng(0).normal(size=(6, 5))
    found = fit(points, np.array([0, 0, 0, 1, 1, 1]))
    assert set(found.labels) == {0, 1}
    assert np.isfinite(found.sample(1, 3, 0)).all()


def test_log_densities_are_those_of_the_formula(two: Classes) -> None:
    points = np.random.default_rng(1).normal(0, 3, (7, 3))
    expected = [
        [
            np.log(
                np.exp(-0.5 * (p - m) @ np.linalg.inv(c) @ (p - m))
                / np.sqrt((2 * np.pi) ** 3 * np.linalg.det(c))
            )
            for m, c in zip(two.means, two.covariances, strict=True)
        ]
        for p in points
    ]
    np.testing.assert_allclose(log_normals(points, two.means, two.covariances), expected)


def test_a_fit_finds_the_gaussians_that_the_points_came_from(two: Classes) -> None:
    points = np.concatenate([two.sample(label, 20000, seed=label) for label in (0, 1)])
    shuffled = np.random.default_rng(0).permutation(len(points))
    found = fit(points[shuffled], np.repeat([0, 1], 20000)[shuffled])
    np.testing.assert_allclose(found.means, two.means, atol=0.1)
    np.testing.assert_allclose(found.covariances, two.covariances, atol=0.15)


@pytest.mark.parametrize(("n", "d"), [(12, 10), (40, 4), (500, 2)])
def test_shrinkage_follows_the_published_formula(n: int, d: int) -> None:
    points = np.random.default_rng(n).normal(3, np.arange(1, d + 1), (n, d))
    mean = [sum(column) / n for column in points.T]
    s = np.zeros((d, d))
    for point in points:
        s += np.outer(point - mean, point - mean) / n
    trace, of_square = sum(s[i, i] for i in range(d)), sum(v * v for v in s.ravel())
    rho = ((1 - 2 / d) * of_square + trace * trace) / (
        (n + 1 - 2 / d) * (of_square - trace * trace / d)
    )
    expected = (1 - min(rho, 1)) * s
    expected[np.diag_indices(d)] += min(rho, 1) * trace / d
    np.testing.assert_allclose(shrunk_covariance(points), expected, rtol=1e-9)


def test_shrinkage_brings_the_covariance_of_few_points_nearer_to_the_truth() -> None:
    truth, generator = np.diag(np.linspace(0.5, 2, 20)), np.random.default_rng(0)
    errors = []
    for _ in range(50):
        points = generator.multivariate_normal(np.zeros(20), truth, 15)
        raw, shrunk = np.cov(points.T, bias=True), shrunk_covariance(points)
        assert np.linalg.eigvalsh(shrunk).min() > 0  # the raw one has rank 14
        errors.append([np.sum((found - truth) ** 2) for found in (raw, shrunk)])
    raw, shrunk = np.mean(errors, axis=0)
    assert shrunk < raw / 3


def test_one_dimension_has_nothing_to_shrink() -> None:
    points = np.array([[1.0], [2.0], [6.0]])
    np.testing.assert_allclose(shrunk_covariance(points), [[14 / 3]])
    assert fit(points, np.zeros(3, int)).sample(0, 4, 0).shape == (4, 1)


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_an_encoder_that_puts_every_digit_at_one_place_has_classes_all_the_same(
    latent_dim: int,
) -> None:
    """As one does whose units have died in a training with too high a learning rate."""
    found = fit(np.full((40, latent_dim), 3.0, np.float32), np.arange(40) % 2)
    assert found.likeliest(np.full(latent_dim, 3.0)) in (0, 1)
    np.testing.assert_allclose(found.sample(1, 5, seed=0), 3.0, atol=1e-4)
    assert np.isfinite(found.moved(np.zeros(latent_dim), 0)).all()
