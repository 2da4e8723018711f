"""The benchmark of training speed: all sides train the same networks, and each is measured."""

import importlib.util
import math
from dataclasses import replace

import numpy as np
import pytest
from long import first

from benchmarks.training_speed import keras_fit, ours, profile, quality
from vae.data import Splits
from vae.presets import PRESETS, Preset

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed"
)


def small(preset: Preset) -> Preset:
    return replace(preset, training=replace(preset.training, batch_size=16, epochs=1))


@pytest.mark.parametrize("side", [ours, keras_fit], ids=["ours", "Keras fit"])
def test_each_side_tells_how_many_images_it_sees_in_a_second(side, few: Splits) -> None:
    speed = side.images_per_second(small(PRESETS["tiny"]), few.train.images, 0.2)
    assert 10 < speed < 1e6


@pytest.mark.parametrize("plain", first(1, [False, True]))
def test_a_profile_names_the_operations_of_a_step_and_what_they_take(
    few: Splits, plain: bool
) -> None:
    told = profile.of_step(small(PRESETS["tiny"]), few.train.images, plain)
    step, products, large = (
        told.pop(name) for name in (profile.STEP, profile.PRODUCTS, profile.LARGE)
    )
    kinds = {"MatMul", "Conv2D", "Conv2DBackpropFilter", "Conv2DBackpropInput"}
    assert kinds | {"BiasAddGrad"} <= told.keys()
    assert ("ResourceApplyAdam" in told) != plain  # Keras spells it out
    assert products == pytest.approx(sum(told[kind] for kind in kinds))
    assert 0 < products < sum(told.values()) < 20 * step
    assert large > 0


@pytest.mark.long
def test_keras_fit_learns_by_the_same_loss(few: Splits) -> None:
    plain = keras_fit.compiled(PRESETS["tiny"])
    pixels = few.train.pixels
    history = plain.fit(pixels, batch_size=20, epochs=3, verbose=keras_fit.QUIET).history
    assert history["loss"][-1] < history["loss"][0]
    added = np.add(history["reconstruction_loss"], history["kl_divergence"])
    np.testing.assert_allclose(history["loss"], added, rtol=1e-4)


def test_a_training_that_never_is_good_enough_takes_for_ever(few: Splits) -> None:
    assert quality.ours(small(PRESETS["tiny"]), few) == math.inf


def test_the_example_tells_its_loss_after_each_epoch(few: Splits) -> None:
    splits = Splits(few.train, few.train[:10], few.train[:10], "few")
    seconds, losses = quality.example(splits, seconds=60, epochs=1)
    assert seconds > 0
    assert 300 < losses[0] < 800  # a black-and-white guess has 543 nats


@needs_torch
@pytest.mark.parametrize("name", ["baseline", "best"])
def test_pytorch_has_the_same_networks(name: str) -> None:
    from benchmarks.training_speed import pytorch  # PyTorch
    from vae import training_cost

    assert pytorch.parameters(PRESETS[name].model) == training_cost.parameters(PRESETS[name].model)
