"""Precision and recall of samples, and how near they are to training digits."""

import numpy as np
import pytest

from vae.evaluation import diversity

GENERATOR = np.random.default_rng(0)


def cloud(n: int, middle: float = 0.0) -> np.ndarray:
    return GENERATOR.normal(middle, 1, (n, 5)).astype(np.float32)


def test_draws_of_the_same_kind_are_precise_and_recalled() -> None:
    precision, recall = diversity.precision_and_recall(cloud(600), cloud(600))
    assert precision.mean == pytest.approx(recall.mean, abs=0.06)
    assert precision.mean > 0.75


def test_draws_of_half_of_it_are_precise_but_recall_half() -> None:
    real = np.concatenate([cloud(400, -9), cloud(400, 9)])
    precision, recall = diversity.precision_and_recall(real, cloud(800, 9))
    assert precision.mean > 0.7
    assert recall.mean == pytest.approx(0.45, abs=0.06)


def test_draws_of_which_half_are_wrong_recall_all_but_are_half_precise() -> None:
    drawn = np.concatenate([cloud(400), cloud(400, 30)])
    precision, recall = diversity.precision_and_recall(cloud(800), drawn)
    assert precision.mean < 0.5
    assert recall.mean > 0.7


def test_precision_is_what_its_definition_says() -> None:
    real, drawn = cloud(70), cloud(50, 0.8)
    apart = np.linalg.norm(real[:, None] - real, axis=2)
    radius = np.sort(apart, axis=1)[:, 3]  # the nearest is the member itself
    inside = (np.linalg.norm(drawn[:, None] - real, axis=2) <= radius).any(axis=1)
    precision, _ = diversity.precision_and_recall(real, drawn)
    assert precision.mean == pytest.approx(inside.mean())
    assert 0.2 < inside.mean() < 1


def test_the_nearest_distances_are_those_of_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diversity, "CHUNK", 7)
    images, others = GENERATOR.random((20, 28, 28)), GENERATOR.random((30, 28, 28))
    apart = np.sqrt(((images[:, None] - others) ** 2).sum(axis=(2, 3)))
    np.testing.assert_allclose(diversity.nearest_distances(images, others), apart.min(axis=1))
    assert diversity.nearest_distances(images, images).max() < 1e-6
