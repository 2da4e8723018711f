"""Missions: done when they are, and not before."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vae import inference, losses, missions, runs
from vae.data import Digits, embedded
from vae.inference import Posterior
from vae.latent_map import LatentMap, lay_out
from vae.latents import Plane
from vae.loss_percentiles import LossPercentiles
from vae.preprocess import Blank, drawing_to_image

READY = json.loads((Path(__file__).parents[1] / "assets" / "drawings.json").read_text())


def atlas_of(points: list[tuple[float, float, int]], model: LatentMap) -> LatentMap:
    """A latent map whose digits have these posterior means and labels."""
    means = np.array([point[:2] for point in points], np.float32)
    labels = np.array([point[2] for point in points])
    digits = Digits(np.zeros((len(points), 28, 28), np.uint8), labels)
    return LatentMap(model.model, digits, Posterior(means, means * 0), Plane.through(means))


def line(*classes: int) -> list[tuple[float, float, int]]:
    """Twenty digits of each class, one class after the other on a line, a tenth apart."""
    labels = [label for label in classes for _ in range(20)]
    return [(0.1 * i, 0.0, label) for i, label in enumerate(labels)]


HERE = np.array([1.95, 0.0], np.float32)  # half-way between the twentieth digit and the next


def test_the_spot_between_two_classes_has_both_of_them_near_and_no_third(flat: LatentMap) -> None:
    two = atlas_of(line(4, 9), flat)
    assert missions.lies_between(two, HERE, 4, 9)
    assert missions.lies_between(two, HERE, 9, 4)
    assert not missions.lies_between(two, HERE, 4, 7)
    assert not missions.lies_between(two, np.array([0.1, 0], np.float32), 4, 9)  # among fours
    assert not missions.lies_between(two, np.array([1.45, 0], np.float32), 4, 9)  # 15 and 5
    third = line(4, 9)
    third[17:20] = [(1.95, 0.0, 1)] * 3
    assert not missions.lies_between(atlas_of(third, flat), HERE, 4, 9)


def test_a_riddle_lies_among_three_classes(flat: LatentMap) -> None:
    three = line(4, 9)
    three[15:20] = [(1.95, 0.0, 1)] * 5
    assert missions.lies_among(atlas_of(three, flat), HERE)
    three[15] = (0.0, 0.0, 4)
    assert not missions.lies_among(atlas_of(three, flat), HERE)
    assert not missions.lies_among(atlas_of(line(4, 9), flat), HERE)


def test_ordinary_digits_are_no_riddles() -> None:
    model = inference.load(runs.SHIPPED / "map")
    latent_map = lay_out(model, embedded())
    fives = latent_map.latents[latent_map.digits.labels == 5]
    riddles = sum(missions.lies_among(latent_map, latent) for latent in fives[::5])
    assert riddles <= 1  # of a hundred
    for name, lines in READY.items():
        drawn = [
            {"type": "path", "strokeWidth": 20, "path": [["M", *start], *(["L", *p] for p in rest)]}
            for start, *rest in lines
        ]
        image = drawing_to_image(None, drawn)
        assert not isinstance(image, Blank)
        latent = model.encode(image[None]).latents[0]
        assert not missions.lies_among(latent_map, latent), name


def test_a_place_is_outside_if_it_is_farther_from_digits_than_they_are_from_each_other(
    flat: LatentMap,
) -> None:
    one_lonely = [*line(4, 9), (7.0, 0.0, 1)]  # 3.1 from its nearest, the others 0.1
    latent_map = atlas_of(one_lonely, flat)
    assert not missions.lies_outside(latent_map, np.array([7.0, 3.0], np.float32))
    assert missions.lies_outside(latent_map, np.array([7.0, 3.2], np.float32))
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
