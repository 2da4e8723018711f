"""Trainings that compute in bfloat16: they lead where those in float32 do, and are served alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import EVERYTHING, SMALL_MODEL, SMALL_TRAINING, validation_losses
from keras import layers
from test_resuming import stop_before_step

from vae import data
from vae.training import loop
from vae.training.loop import train
from vae.training.model import VAE
from vae.training.trainer import Trainer

SHORT = replace(SMALL_TRAINING, precision="bfloat16")
SILU = replace(SMALL_MODEL, activation="silu", refinements=1, encoder_channels=(4, 4))


@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_weights_are_float32_and_what_is_served_computes_in_it(
    splits: data.Splits, ema_decay: float
) -> None:
    trainer = Trainer(SILU, replace(SHORT, ema_decay=ema_decay), splits.train.images)
    assert {v.dtype for v in trainer.vae.variables} == {"float32"}
    trained, served = (
        {one.compute_dtype for one in vae.decoder.layers if isinstance(one, layers.Conv2DTranspose)}
        for vae in _both(trainer)
    )
    assert (trained, served) == ({"bfloat16"}, {"float32"})
    for part in (trainer.vae.encoder, trainer.vae.decoder):  # what losses are computed of
        assert {output.dtype for output in part.outputs} == {"float32"}


def test_without_an_average_what_is_served_has_the_weights_that_are_trained(
    few: data.Splits,
) -> None:
    trainer = Trainer(SILU, replace(SHORT, ema_decay=0.0), few.train.images)
    trainer.steps(trainer.order(1), 0)
    trained, served = (one.get_weights() for one in _both(trainer))
    for here, there in zip(trained, served, strict=True):
        np.testing.assert_allclose(here, there, atol=1e-6)


@pytest.mark.usefixtures("without_export")
def test_after_some_epochs_the_loss_is_that_of_float32_but_for_a_hundredth(
    splits: data.Splits, tmp_path: Path
) -> None:
    losses = []
    for precision in ("float32", "bfloat16"):
        config = replace(SHORT, epochs=4, precision=precision)
        run = train(SILU, config, splits, tmp_path / precision)
        assert run.manifest.training.precision == precision
        losses.append(validation_losses(run.path)[-1])
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.01)


@pytest.mark.usefixtures("without_export")
def test_a_run_that_goes_on_has_the_history_of_one_never_stopped(
    few: data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SECONDS_AT_ONCE", 0.0)  # one step at a time
    config = replace(EVERYTHING, precision="bfloat16", epochs=2)
    train(SMALL_MODEL, config, few, tmp_path / "whole")
    train(SMALL_MODEL, config, few, tmp_path / "cut", should_stop=stop_before_step(4 + 3))
    train(SMALL_MODEL, config, few, tmp_path / "cut", resume=True)
    whole, cut = (validation_losses(tmp_path / name) for name in ("whole", "cut"))
    np.testing.assert_allclose(cut, whole, rtol=1e-3)


def _both(trainer: Trainer) -> tuple[VAE, VAE]:
    """The model that is trained, and the one that is served."""
    return trainer.vae, trainer.averaged
