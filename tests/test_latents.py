"""Points of latent space: samples, grids, paths and planes."""

from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest

from vae.latents import (
    PATH_KINDS,
    PathKind,
    Plane,
    even_grid,
    interpolate,
    interpolate_spherically,
    path,
    prior_grid,
    quantiles,
    sample_prior,
)


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


def test_a_straight_path_has_its_ends_and_even_steps() -> None:
    start, end = np.array([0, 1, -2], np.float32), np.array([4, -1, 3], np.float32)
    line = interpolate(start, end, 9)
    assert line.shape == (9, 3)
    np.testing.assert_array_equal(line[[0, -1]], [start, end])
    np.testing.assert_allclose(np.diff(line, axis=0), np.tile((end - start) / 8, (8, 1)), atol=1e-6)


def test_a_spherical_path_between_ends_of_one_length_is_shoemakes() -> None:
    generator = np.random.default_rng(0)
    for dimensions in (2, 3, 32):
        start, end = generator.standard_normal((2, dimensions))
        end *= np.linalg.norm(start) / np.linalg.norm(end)
        angle = np.arccos(start @ end / (start @ start))
        expected = [
            (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
            for t in np.linspace(0, 1, 7)
        ]
        np.testing.assert_allclose(interpolate_spherically(start, end, 7), expected, atol=1e-5)


def test_a_spherical_path_turns_and_grows_evenly() -> None:
    start, end = np.array([3.0, 0, 0.5, 1]), np.array([-0.2, 1, 0, -0.3])
    arc = interpolate_spherically(start, end, 11).astype(np.float64)
    lengths = np.linalg.norm(arc, axis=1)
    np.testing.assert_allclose(
        lengths, np.linspace(np.linalg.norm(start), np.linalg.norm(end), 11), atol=1e-5
    )
    cosines = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairwise(arc)]
    np.testing.assert_allclose(np.arccos(cosines), np.arccos(cosines).mean(), atol=1e-4)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([1, 2, 3], [2, 4, 6]),
        ([0, 0, 0], [1, 2, 3]),
        ([1, 2, 3], [0, 0, 0]),
        ([0, 0, 0], [0, 0, 0]),
        ([1.5], [-2]),
    ],
    ids=["equal", "parallel", "from zero", "to zero", "both zero", "one dimension"],
)
def test_where_there_is_no_turn_a_spherical_path_is_straight(start: list, end: list) -> None:
    ends = np.array(start, np.float32), np.array(end, np.float32)
    np.testing.assert_allclose(interpolate_spherically(*ends, 6), interpolate(*ends, 6), atol=1e-6)


@pytest.mark.parametrize("start", [[2, 0], [1, -3, 2, 0.5]])
def test_between_opposite_ends_a_spherical_path_goes_half_around(start: list) -> None:
    first = np.array(start, np.float32)
    arc = interpolate_spherically(first, -2 * first, 5)
    length = np.linalg.norm(first)
    np.testing.assert_allclose(
        np.linalg.norm(arc, axis=1), length * np.linspace(1, 2, 5), rtol=1e-5
    )
    assert abs(arc[2] @ first) < 1e-4  # half way, at right angles
    np.testing.assert_array_equal(arc, interpolate_spherically(first, -2 * first, 5))


@pytest.mark.parametrize("kind", PATH_KINDS)
def test_a_path_passes_each_end_once(kind: PathKind) -> None:
    ends = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    through = path(ends, 5, kind)
    assert (through.shape, through.dtype) == ((13, 6), np.float32)
    np.testing.assert_array_equal(through[::4], ends)
    assert len(np.unique(through, axis=0)) == 13


def test_a_path_that_cannot_be_is_refused() -> None:
    two = np.eye(2)
    with pytest.raises(ValueError, match="steps is 1; a path needs at least 2"):
        path(two, 1)
    with pytest.raises(ValueError, match="a path needs at least 2 ends, not 1"):
        path(two[:1], 5)
    with pytest.raises(ValueError, match="kind is 'winding'; it can be straight or spherical"):
        path(two, 5, "winding")  # pyright: ignore[reportArgumentType]


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
