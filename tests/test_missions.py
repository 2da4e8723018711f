"""Missions: done when they are, and not before."""

from dataclasses import replace

import numpy as np
import pytest

from vae import losses, missions, runs
from vae.data import Digits
from vae.inference import Posterior
from vae.latent_map import LatentMap
from vae.latents import Plane
from vae.loss_percentiles import LossPercentiles


def atlas_of(points: list[tuple[float, float, int]], model: LatentMap) -> LatentMap:
    """A latent map whose digits have these posterior means and labels."""
    means = np.array([point[:2] for point in points], np.float32)
    labels = np.array([point[2] for point in points])
    digits = Digits(np.zeros((len(points), 28, 28), np.uint8), labels)
    return LatentMap(model.model, digits, Posterior(means, means * 0), Plane.through(means))


def line(*classes: int) -> list[tuple[float, float, int]]:
    """Ten digits of each class, one class after the other on a line, a tenth apart."""
    labels = [label for label in classes for _ in range(10)]
    return [(0.1 * i, 0.0, label) for i, label in enumerate(labels)]


HERE = np.array([0.95, 0.0], np.float32)  # half-way between the tenth and the eleventh digit


def test_the_spot_between_two_classes_has_both_of_them_near_and_no_third(flat: LatentMap) -> None:
    two = atlas_of(line(4, 9), flat)
    assert missions.lies_between(two, HERE, 4, 9)
    assert missions.lies_between(two, HERE, 9, 4)
    assert not missions.lies_between(two, HERE, 4, 7)
    assert not missions.lies_between(two, np.array([0.1, 0], np.float32), 4, 9)  # among fours
    third = line(4, 9)
    third[8] = third[11] = (0.95, 0.0, 1)
    assert not missions.lies_between(atlas_of(third, flat), HERE, 4, 9)


def test_a_riddle_lies_among_three_classes(flat: LatentMap) -> None:
    three = line(4, 9)
    three[8] = three[11] = (0.95, 0.0, 1)
    assert missions.lies_among(atlas_of(three, flat), HERE)
    assert not missions.lies_among(atlas_of(line(4, 9), flat), HERE)


def test_a_place_is_outside_if_it_is_farther_from_digits_than_they_are_from_each_other(
    flat: LatentMap,
) -> None:
    one_lonely = [*line(4, 9), (5.0, 0.0, 1)]  # 3.1 from its nearest, the others 0.1
    latent_map = atlas_of(one_lonely, flat)
    assert not missions.lies_outside(latent_map, np.array([5.0, 3.0], np.float32))
    assert missions.lies_outside(latent_map, np.array([5.0, 3.2], np.float32))
    assert not missions.lies_outside(latent_map, np.array([1.0, 3.0], np.float32))
    assert missions.lies_outside(latent_map, np.array([1.0, 3.2], np.float32))


def test_what_is_harder_than_99_of_100_digits_is_hard() -> None:
    usual = LossPercentiles(np.arange(100.0), np.arange(100.0))
    assert missions.is_hard(usual, 98.5)
    assert not missions.is_hard(usual, 97.5)


@pytest.mark.parametrize(("kl", "collapsed"), [(0.02, True), (0.5, False), (None, False)])
def test_a_run_has_collapsed_if_its_latents_tell_next_to_nothing(
    small_run: runs.Run, kl: float | None, collapsed: bool
) -> None:
    metrics = {} if kl is None else {"validation_kl_divergence": kl}
    assert missions.has_collapsed(replace(small_run.manifest, metrics=metrics)) is collapsed


def test_a_posterior_that_is_the_prior_tells_less_than_a_collapsed_one() -> None:
    mean = np.zeros((1, 4))
    assert losses.kl_divergence(mean, mean)[0] < missions.COLLAPSED
