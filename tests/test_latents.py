"""Points of latent space: samples, grids, paths and planes."""

from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest

from vae.latents import Plane, even_grid, interpolate, prior_grid, quantiles, sample_prior


@pytest.fixture
def means() -> np.ndarray:
    """400 latents of six dimensions, spread unevenly and not around the origin."""
    generator = np.random.default_rng(0)
    mixed = generator.standard_normal((6, 6)) * [3, 2, 1, 0.5, 0.2, 0.1]
    return (generator.standard_normal((400, 6)) @ mixed.T + 5).astype(np.float32)


def test_the_same_seed_gives_the_same_samples() -> None:
    np.testing.assert_array_equal(sample_prior(9, 4, seed=7), sample_prior(9, 4, seed=7))
    assert not np.array_equal(sample_prior(9, 4, seed=7), sample_prior(9, 4, seed=8))


def test_samples_follow_the_prior() -> None:
    samples = sample_prior(20000, 3, seed=0)
    assert (samples.shape, samples.dtype) == ((20000, 3), np.float32)
    # four standard errors of a mean, of a standard deviation and of a correlation
    np.testing.assert_allclose(samples.mean(axis=0), 0, atol=4 / 20000**0.5)
    np.testing.assert_allclose(samples.std(axis=0), 1, atol=4 / 40000**0.5)
    np.testing.assert_allclose(np.corrcoef(samples.T), np.eye(3), atol=4 / 20000**0.5)


def test_temperature_scales_the_samples() -> None:
    warm, half = (sample_prior(50, 3, 0, temperature) for temperature in (1.0, 0.5))
    np.testing.assert_allclose(half, warm / 2, rtol=1e-6)
    assert not sample_prior(50, 3, 0, temperature=0.0).any()


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_quantiles_lie_in_the_middle_of_equal_shares(n: int) -> None:
    points = quantiles(n)
    expected = [NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)]
    np.testing.assert_allclose(points, expected, rtol=1e-6)
    assert all(low < high for low, high in pairwise(points))
    np.testing.assert_allclose(
        [NormalDist().cdf(float(p)) for p in points], np.arange(n) / n + 0.5 / n, atol=1e-6
    )


def test_the_prior_grid_begins_at_the_top_left() -> None:
    grid = prior_grid(5)
    assert grid.shape == (5, 5, 2)
    low, high = quantiles(5)[[0, -1]]
    np.testing.assert_array_equal(grid[0, 0], [low, high])
    np.testing.assert_array_equal(grid[0, -1], [high, high])
    np.testing.assert_array_equal(grid[-1, 0], [low, low])
    np.testing.assert_array_equal(grid[2, 2], [0, 0])


def test_every_cell_of_the_prior_grid_is_equally_likely() -> None:
    samples = sample_prior(50000, 2, seed=1)
    grid = prior_grid(4)
    # the cells' borders are the prior's quartiles
    borders = [NormalDist().inv_cdf(share) for share in (0.25, 0.5, 0.75)]
    column, row = (
        np.searchsorted(borders, samples[:, 0]),
        3 - np.searchsorted(borders, samples[:, 1]),
    )
    counts = np.bincount(row * 4 + column, minlength=16)
    np.testing.assert_allclose(counts, 50000 / 16, atol=4 * (50000 / 16) ** 0.5)
    # and each point of the grid lies in its own cell
    np.testing.assert_array_equal(np.searchsorted(borders, grid[0, :, 0]), range(4))
    np.testing.assert_array_equal(np.searchsorted(borders, grid[:, 0, 1]), [3, 2, 1, 0])


def test_an_even_grid_lies_in_the_middle_of_its_cells() -> None:
    grid = even_grid(4, extent=2.0)
    np.testing.assert_array_equal(grid[0, :, 0], [-1.5, -0.5, 0.5, 1.5])
    np.testing.assert_array_equal(grid[:, 0, 1], [1.5, 0.5, -0.5, -1.5])
    np.testing.assert_array_equal(grid[0, 0], [-1.5, 1.5])
    assert grid.dtype == np.float32


def test_a_path_has_its_ends_and_even_steps() -> None:
    start, end = np.array([0, 1, -2], np.float32), np.array([4, -1, 3], np.float32)
    path = interpolate(start, end, 9)
    assert path.shape == (9, 3)
    np.testing.assert_array_equal(path[[0, -1]], [start, end])
    np.testing.assert_allclose(np.diff(path, axis=0), np.tile((end - start) / 8, (8, 1)), atol=1e-6)


def test_a_path_of_one_step_is_refused() -> None:
    with pytest.raises(ValueError, match="steps is 1; a path needs at least 2"):
        interpolate(np.zeros(2), np.ones(2), 1)


def test_two_dimensions_are_their_own_plane(means: np.ndarray) -> None:
    plane = Plane.through(means[:, :2])
    np.testing.assert_array_equal(plane.project(means[:, :2]), means[:, :2])
    np.testing.assert_array_equal(plane.lift(means[:, :2]), means[:, :2])


def test_one_dimension_lies_along_the_first_axis() -> None:
    line = np.array([[-1.5], [0.25], [2]], np.float32)
    plane = Plane.through(line)
    np.testing.assert_array_equal(plane.project(line), [[-1.5, 0], [0.25, 0], [2, 0]])
    np.testing.assert_array_equal(plane.lift(np.array([[-1.5, 0], [0.25, 9]])), [[-1.5], [0.25]])


def test_a_point_of_the_plane_stays_where_it_is(means: np.ndarray) -> None:
    plane = Plane.through(means)
    points = np.random.default_rng(1).uniform(-4, 4, (20, 2))
    np.testing.assert_allclose(plane.project(plane.lift(points)), points, atol=1e-5)
    assert plane.lift(points[0]).shape == (6,)
    assert plane.lift(points).dtype == np.float32


def test_the_plane_goes_through_the_two_strongest_components(means: np.ndarray) -> None:
    _, eigenvectors = np.linalg.eigh(np.cov(means.T.astype(np.float64)))
    strongest = eigenvectors[:, [-1, -2]].T  # eigh sorts upwards
    plane = Plane.through(means)
    np.testing.assert_allclose(np.abs((plane.axes * strongest).sum(axis=1)), 1, atol=1e-5)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-5)
    np.testing.assert_allclose(plane.project(means).mean(axis=0), 0, atol=1e-4)


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_the_spread_on_the_plane_is_that_of_many_samples(latent_dim: int) -> None:
    generator = np.random.default_rng(0)
    plane = Plane.through(generator.normal(size=(100, latent_dim)))
    deviation = generator.uniform(0.1, 1, latent_dim)
    samples = generator.normal(size=(200_000, latent_dim)) * deviation
    np.testing.assert_allclose(plane.spread(deviation), np.cov(plane.project(samples).T), atol=0.01)
