"""Encoders of places: what they say is what their decoder means, and they are made, not trained."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import SMALL_MODEL, SMALL_TRAINING

from vae import gaps, inference, network_check, runs
from vae.data import Digits, Splits
from vae.losses import log_normal

PLACES = 300


def test_each_place_stands_for_as_much_of_the_prior() -> None:
    from vae.training.places import spread

    places = spread(1000)
    radius, angle = np.hypot(*places.T), np.arctan2(places[:, 1], places[:, 0])
    for r in (0.5, 1.0, 2.0, 3.0):  # a closed form: the prior has 1 - exp(-r^2 / 2) within r
        assert (radius < r).mean() == pytest.approx(1 - np.exp(-(r**2) / 2), abs=2e-3)
    assert np.histogram(angle, 8, (-np.pi, np.pi))[0] == pytest.approx(125, abs=5)


def by_hand(latents: np.ndarray) -> np.ndarray:
    """A smooth decoder (n, 2) -> (n, 28, 28), of which all can be said by hand."""
    return (latents @ weights() - 1.0).reshape(-1, 28, 28)


def weights() -> np.ndarray:
    return np.random.default_rng(4).normal(0, 0.3, (2, 784)).astype(np.float32)


def test_far_from_the_trained_encoders_word_the_mean_is_that_of_the_true_posterior(
    monkeypatch: pytest.MonkeyPatch, digits: Digits
) -> None:
    from vae.training import places
    from vae.training.model import build_encoder

    monkeypatch.setattr(places, "WIDTH", 1e3)  # so wide that it says nothing
    monkeypatch.setattr(places, "POWER", 1.0)
    images = digits.pixels[::500].astype(np.float32)
    mean, _ = places.build_encoder(build_encoder(SMALL_MODEL), by_hand, 8000)(images)
    axis = np.arange(-4, 4, 0.04) + 0.02  # brute force
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype(np.float32)
    joint = images.reshape(-1, 784) @ by_hand(grid).reshape(-1, 784).T
    joint += log_normal(grid) - np.logaddexp(0, by_hand(grid)).sum(axis=(1, 2))
    posterior = np.exp(joint - joint.max(axis=1, keepdims=True), dtype=np.float64)
    true = posterior @ grid / posterior.sum(axis=1, keepdims=True)
    assert np.abs(np.asarray(mean) - true).max() < 0.02  # by float16, and one place to the next


def test_the_variance_is_that_of_the_decoders_slopes(digits: Digits) -> None:
    from vae.training import places
    from vae.training.model import build_encoder

    images = digits.pixels[::500].astype(np.float32)
    mean, log_variance = map(
        np.asarray, places.build_encoder(build_encoder(SMALL_MODEL), by_hand, 8000)(images)
    )
    pixels = inference.sigmoid(by_hand(mean)).reshape(-1, 784)
    precision = 1 + (pixels * (1 - pixels)) @ weights().T ** 2
    assert np.abs(log_variance + np.log(precision)).max() < 0.05


@pytest.fixture(scope="module")
def run_with_places(small_run: runs.Run, tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    """The small run, given places."""
    from vae.training import remaking

    path = tmp_path_factory.mktemp("remade") / "small"
    shutil.copytree(small_run.path, path)
    return remaking.with_places(runs.read(path), PLACES)


def test_places_given_later_are_those_that_a_training_would_have_made(
    run_with_places: runs.Run, splits: Splits, digits: Digits, tmp_path: Path
) -> None:
    from vae.training.loop import train

    model = replace(SMALL_MODEL, encoder_places=PLACES)
    trained = train(model, SMALL_TRAINING, splits, tmp_path / "trained")
    assert run_with_places.manifest.model == trained.manifest.model
    one, other = (inference.load(run.path) for run in (run_with_places, trained))
    for name in ("mean", "log_variance"):
        values = (getattr(model.encode(digits.pixels[::50]), name) for model in (one, other))
        np.testing.assert_array_equal(*values)


def test_what_a_shipped_run_serves_is_enough_to_give_it_places(
    small_run: runs.Run, run_with_places: runs.Run, digits: Digits, tmp_path: Path
) -> None:
    from vae.shipping import ship
    from vae.training import remaking

    remade = inference.Model(remaking.with_places(ship(small_run, tmp_path), PLACES))
    one, other = (
        model.encode(digits.pixels[::50]) for model in (inference.Model(run_with_places), remade)
    )
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-5)
    np.testing.assert_allclose(one.log_variance, other.log_variance, atol=1e-5)


def test_with_places_the_map_lacks_little_of_what_an_image_has_of_probability() -> None:
    found = gaps.read(runs.read(runs.SHIPPED / "map"))
    assert found.gap.mean() < 2  # nats; of the encoder as it was trained 4.7


def test_a_run_with_places_may_come_in(run_with_places: runs.Run) -> None:
    assert network_check.try_networks(run_with_places.path) == ""


def test_places_are_given_once(run_with_places: runs.Run) -> None:
    from vae.training import remaking

    with pytest.raises(ValueError, match="small has 300 places already"):
        remaking.with_places(run_with_places, 10)
