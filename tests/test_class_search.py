"""Digits of a class: what is shown as one is read as one, and where none is, that is said."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from vae import inference, runs
from vae.class_search import REDRAWN, ClassSearch, kept
from vae.classes import KEPT, Classes
from vae.evaluation import classifier
from vae.latent_map import lay_out

CLASSES = Classes(
    np.array([0, 1, 1]),
    np.array([1.0, 0.5, 0.5]),
    np.array([[-3.0, 0.0], [3.0, 0.0], [3.0, 9.0]]),
    np.stack([np.eye(2)] * 3),
)


@dataclass
class Reader:
    """Stands for a decoder, whose pictures are the latents, and for a classifier of these."""

    is_one: Any

    def decode(self, latents: np.ndarray) -> np.ndarray:
        return latents

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        ones = np.array([self.is_one(*image) for image in images], float)
        return np.stack([1 - ones, ones], axis=1)


def search(is_one: Any) -> ClassSearch:
    reader: Any = Reader(is_one)
    return ClassSearch(reader, CLASSES, reader)


def test_an_answer_that_is_read_as_its_class_stays_as_it_is() -> None:
    found = search(lambda x, y: x > 0).moved(np.array([-2.0, 1.0]), 0)
    np.testing.assert_allclose(found.latents, [[-2, 1], [4, 1]])
    assert (found.failed.tolist(), found.tries.tolist()) == ([False, False], [0, 0])


def test_an_answer_keeps_as_much_as_it_can_and_still_be_read_as_its_class() -> None:
    found = search(lambda x, y: x > 0 and y < 0.6).moved(np.array([-2.0, 1.0]), 0)
    np.testing.assert_allclose(found.latents, [[-2, 1], [3.5, 0.5]])  # half of (1, 1)
    assert kept(found.tries[1]) == 0.5
    assert not found.failed.any()


def test_what_is_surely_of_the_class_comes_before_what_is_only_read_as_it() -> None:
    unsure, sure = 0.6, 0.95
    found = search(lambda x, y: sure if x > 0 and y < 0.6 else unsure * (x > 0))
    assert found.moved(np.array([-2.0, 1.0]), 0).tries.tolist() == [0, 2]
    found = search(lambda x, y: unsure * (x > 0) + 0.1 * (x > 0 and y < 0.6))
    moved = found.moved(np.array([-2.0, 1.0]), 0)
    assert (moved.tries.tolist(), moved.failed.tolist()) == ([0, 2], [False, False])


def test_a_farther_cluster_is_asked_where_the_nearest_is_not_read_as_the_class() -> None:
    found = search(lambda x, y: y > 5).moved(np.array([-2.0, 1.0]), 0)
    np.testing.assert_allclose(found.latents[1], [4, 10])
    assert found.tries[1] == len(KEPT)
    assert kept(found.tries[1]) == 1


def test_where_nothing_is_read_as_the_class_it_is_said_and_the_plain_answer_stands() -> None:
    found = search(lambda x, y: False).moved(np.array([-2.0, 1.0]), 0)
    np.testing.assert_allclose(found.latents, [[-2, 1], [4, 1]])
    assert found.failed.tolist() == [False, True]
    assert found.read.tolist() == [0, 0]


def test_samples_of_a_class_are_drawn_again_until_one_is_read_as_it() -> None:
    found = search(lambda x, y: x > 3).sample(1, 50, seed=4)
    assert (found.latents[~found.failed, 0] > 3).all()
    assert 15 < (found.tries == 0).sum() < 35  # half of a Gaussian around 3
    assert found.tries.max() < REDRAWN
    again = search(lambda x, y: x > 3).sample(1, 50, seed=4)
    np.testing.assert_array_equal(again.latents, found.latents)
    assert search(lambda x, y: False).sample(1, 5, seed=4).failed.all()


@pytest.mark.parametrize("name", ["map", "best"])
def test_at_the_first_visit_each_class_is_one_or_struck_out(name: str, digits: Any) -> None:
    model = inference.load(runs.SHIPPED / name)
    classes = lay_out(model, digits).classes
    middle = np.zeros(model.latent_dim, np.float32)
    judge = classifier.read()
    found = ClassSearch(model, classes, judge).moved(middle, classes.likeliest(middle))
    read = judge.probabilities(model.decode(found.latents)).argmax(axis=1)
    assert (read[~found.failed] == found.wanted[~found.failed]).all()
    assert found.failed.sum() <= 1
