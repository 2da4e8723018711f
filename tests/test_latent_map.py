"""A run's latent space laid out flat."""

from dataclasses import replace

import numpy as np
import pytest

from vae import data, embedding, inference, live, runs
from vae.inference import Posterior
from vae.latent_map import LatentMap, lay_out
from vae.latents import Plane, sample_prior


def test_two_dimensions_are_shown_as_they_are(flat: LatentMap) -> None:
    assert flat.posterior.mean.shape == (5000, 2)
    np.testing.assert_array_equal(flat.points, flat.posterior.mean)


def test_more_dimensions_are_shown_on_a_plane(deep: LatentMap) -> None:
    assert deep.points.shape == (5000, 2)
    offset = deep.posterior.mean - deep.posterior.mean.mean(axis=0)
    spread = np.linalg.eigvalsh(np.cov(offset.T.astype(np.float64)))[::-1]
    np.testing.assert_allclose(deep.points.var(axis=0, ddof=1), spread[:2], rtol=1e-3)


def test_the_nearest_digits_equal_brute_force(deep: LatentMap) -> None:
    for latent in (np.zeros(5, np.float32), deep.posterior.mean[1234], np.full(5, 1.5)):
        distances = np.linalg.norm(deep.posterior.mean.astype(np.float64) - latent, axis=1)
        nearest = deep.nearest(latent, 6)
        # by distance: digits that lie equally far may come in any order
        np.testing.assert_allclose(distances[nearest], np.sort(distances)[:6], atol=1e-4)
        assert len(set(nearest.tolist())) == 6


def test_a_digit_is_nearest_to_itself(flat: LatentMap) -> None:
    assert flat.nearest(flat.posterior.mean[321], 1).tolist() == [321]


def test_the_kl_divergence_is_shared_among_dimensions(deep: LatentMap) -> None:
    mean, variance = deep.posterior.mean.astype(float), np.exp(deep.posterior.log_variance)
    expected = [
        np.mean(
            [
                0.5 * (m * m + v - 1 - np.log(v))
                for m, v in zip(mean[:, i], variance[:, i], strict=True)
            ]
        )
        for i in range(5)
    ]
    assert deep.kl_per_dimension is not None
    np.testing.assert_allclose(deep.kl_per_dimension, expected, rtol=1e-4)


def test_an_encoder_that_puts_every_digit_at_one_place_has_a_map_and_projections(
    digits: data.Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does whose units have died in a training."""
    monkeypatch.setattr(embedding, "read", lambda run: None)  # it has no place for so few digits
    nowhere = np.zeros((100, 16), np.float32)
    dead = LatentMap(
        inference.load(runs.SHIPPED / "best"),
        digits[np.arange(0, 5000, 50)],
        Posterior(nowhere, nowhere),
        Plane.through(nowhere),
    )
    assert (dead.extent, dead.variance_shown) == (0.5, 0.0)
    assert np.isfinite(dead.name_places).all()
    assert live.map_bundle(dead)
    assert live.projections_bundle(dead)


def test_a_plain_autoencoders_dimensions_are_ordered_by_ink_about_its_own_digits() -> None:
    model = inference.load(runs.SHIPPED / "autoencoder")
    plain = lay_out(model, data.embedded()[np.arange(0, 5000, 100)])
    assert plain.kl_per_dimension is None
    few, ends = plain.latents[::4], {}
    middle, spread = plain.latents.mean(axis=0), plain.latents.std(axis=0)
    for dimension in range(2):
        for sign in (-1, 1):
            moved = few.copy()
            moved[:, dimension] = middle[dimension] + sign * spread[dimension]
            ends[dimension, sign] = model.decode(moved)
    ink = np.mean(list(ends.values()))
    for dimension, share in enumerate(plain.ink_per_dimension):
        apart = np.abs(ends[dimension, 1] - ends[dimension, -1]).mean()
        assert share == pytest.approx(0.5 * apart / ink, rel=1e-4)
        assert 0.05 < share < 1


def test_the_most_informative_dimension_comes_first(deep: LatentMap) -> None:
    assert sorted(deep.most_informative.tolist()) == list(range(5))
    assert deep.kl_per_dimension is not None
    assert (np.diff(deep.kl_per_dimension[deep.most_informative]) <= 0).all()


def test_with_a_flow_dimensions_are_ordered_by_the_ink_that_they_move(bent: LatentMap) -> None:
    assert bent.kl_per_dimension is None
    ink = bent.ink_per_dimension
    assert ink.shape == (5,)
    assert (np.diff(ink[bent.most_informative]) <= 0).all()
    samples = sample_prior(16, 5, seed=0)
    low, high = samples.copy(), samples.copy()
    low[:, 3], high[:, 3] = -1, 1
    moved = np.abs(bent.model.decode(high) - bent.model.decode(low)).mean()
    usual = bent.model.decode(samples).mean()
    assert ink[3] == pytest.approx(moved / usual / 2, rel=0.1)


def test_with_a_flow_digits_lie_where_their_means_lie_in_the_base_space(bent: LatentMap) -> None:
    latents, _ = bent.model.prior.to_base(bent.posterior.mean)
    np.testing.assert_allclose(bent.latents, latents, atol=1e-6)
    np.testing.assert_allclose(bent.points, bent.plane.project(latents), atol=1e-5)
    assert bent.nearest(latents[7], 1)[0] == 7


def test_the_extent_holds_all_but_the_outermost_thousandth_of_the_digits(
    flat: LatentMap, deep: LatentMap
) -> None:
    for latent_map in (flat, deep):
        outside = (np.abs(latent_map.points) > latent_map.extent).any(axis=1)
        assert outside.mean() <= 0.001
        assert latent_map.extent * 2 == int(latent_map.extent * 2)  # a round number for the axes
        assert (
            np.abs(latent_map.points) > latent_map.extent - 0.5
        ).any()  # and no wider than it must be


def test_the_extent_counts_digits_and_not_coordinates(flat: LatentMap) -> None:
    mean = np.full((5000, 2), 0.25, np.float32)
    mean[:8, 0] = 3  # 8 digits of 5,000 are more than a thousandth, 8 coordinates of 10,000 less
    latent_map = replace(flat, posterior=Posterior(mean, np.zeros_like(mean)))
    assert (np.abs(latent_map.points) > latent_map.extent).any(axis=1).mean() <= 0.001


def test_the_manifold_begins_at_the_top_left(flat: LatentMap) -> None:
    images = flat.manifold(8)
    edge = flat.extent * 7 / 8  # the middle of the outermost cell
    corners = np.array([[-edge, edge], [edge, edge], [-edge, -edge], [edge, -edge]], np.float32)
    assert images.shape == (64, 28, 28)
    np.testing.assert_allclose(images[[0, 7, 56, 63]], flat.model.decode(corners), atol=1e-5)


def test_the_manifold_of_more_dimensions_lies_on_the_plane(deep: LatentMap) -> None:
    images = deep.manifold(3)
    middle = deep.posterior.mean.mean(axis=0)
    np.testing.assert_allclose(images[4], deep.model.decode(middle[None])[0], atol=1e-4)


def test_a_latent_map_of_one_dimension_can_be_laid_out(flat: LatentMap) -> None:
    mean = flat.posterior.mean[:, :1]
    latent_map = replace(
        flat, posterior=Posterior(mean, np.zeros_like(mean)), plane=Plane.through(mean)
    )
    np.testing.assert_array_equal(latent_map.points[:, 0], mean[:, 0])
    assert not latent_map.points[:, 1].any()
    assert latent_map.extent > 0


def test_the_classes_are_fitted_to_the_digits_posterior_means(deep: LatentMap) -> None:
    classes = deep.classes
    assert classes.covariances.shape == (len(classes.labels), 5, 5)
    assert set(classes.labels) == set(range(10))
    for label in range(10):
        members = deep.posterior.mean[deep.digits.labels == label]
        mine = classes.labels == label
        assert classes.weights[mine].sum() == pytest.approx(1)
        middle = classes.weights[mine] @ classes.means[mine]
        np.testing.assert_allclose(middle, members.mean(axis=0), atol=1e-4)


def test_the_share_of_the_variance_on_the_plane_is_that_of_the_largest_eigenvalues(
    flat: LatentMap, deep: LatentMap
) -> None:
    assert flat.variance_shown == pytest.approx(1)
    values = np.linalg.eigvalsh(np.cov(deep.latents.astype(np.float64).T))
    assert deep.variance_shown == pytest.approx(values[-2:].sum() / values.sum(), rel=1e-4)


def test_neighbour_distances_are_the_quantiles_of_brute_force(deep: LatentMap) -> None:
    means = deep.posterior.mean.astype(np.float64)
    chosen = np.arange(0, 5000, 50)
    distances = np.linalg.norm(means[chosen, None] - means, axis=2)
    distances[np.arange(len(chosen)), chosen] = np.inf
    ordered = deep.neighbour_distances
    assert (np.diff(ordered) >= 0).all()
    nearest = distances.min(axis=1)
    assert ordered[0] <= nearest.min() + 1e-3
    assert nearest.max() <= ordered[-1] + 1e-3
    assert abs(np.median(nearest) - ordered[100]) < 0.2 * ordered[100]


def test_each_name_lies_among_its_own_digits_and_apart_from_the_others(
    flat: LatentMap, deep: LatentMap
) -> None:
    known = [inference.load(runs.SHIPPED / name) for name in ("map", "best")]
    shipped = [lay_out(model, flat.digits) for model in known]
    for latent_map in (flat, deep, *shipped):
        places = latent_map.name_places
        apart = np.abs(places[:, None] - places).max(axis=2) + 9 * np.eye(len(places))
        assert apart.min() >= 0.09 * latent_map.extent
    for latent_map, share in zip(shipped, (0.7, 0.2), strict=True):  # one is flat, and one a shadow
        for label, place in enumerate(latent_map.name_places):
            near = np.linalg.norm(latent_map.points - place, axis=1).argsort()[:20]
            assert (latent_map.digits.labels[near] == label).mean() >= share, label
