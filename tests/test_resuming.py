"""That a training can be had again: repeated, paused, stopped, resumed and made longer."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import EVERYTHING, SMALL_MODEL, SMALL_TRAINING, skip_export, validation_losses

from vae import data, runs
from vae.training import loop
from vae.training.loop import TrainingError, train
from vae.training.trainer import Trainer

DROPOUT = replace(SMALL_MODEL, dropout=0.3)


def stop_before_step(n: int) -> Callable[[], bool]:
    """Ends a training before its n-th step (from 1), counted from where it started or went on."""
    asked = iter(range(1, n + 1))
    return lambda: next(asked) == n


@pytest.fixture(autouse=True, scope="module")
def one_by_one() -> Iterator[None]:
    """Trainings take one step at a time, so that a test can say before which one they end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "SECONDS_AT_ONCE", 0.0)
        yield


@pytest.fixture(scope="module")
def whole(few: data.Splits, tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    """A training of three epochs that nothing interrupted."""
    with pytest.MonkeyPatch.context() as patch:
        skip_export(patch)
        path = tmp_path_factory.mktemp("whole") / "run"
        return train(DROPOUT, EVERYTHING, few, path, preset="map")


@pytest.mark.long
@pytest.mark.usefixtures("without_export")
def test_the_same_seed_gives_the_same_history_and_another_seed_another(
    whole: runs.Run, few: data.Splits, tmp_path: Path
) -> None:
    train(DROPOUT, EVERYTHING, few, tmp_path / "again")
    first = validation_losses(whole.path)
    assert validation_losses(tmp_path / "again") == first
    train(DROPOUT, replace(EVERYTHING, seed=8), few, tmp_path / "other")
    other = validation_losses(tmp_path / "other")
    assert all(a != b for a, b in zip(first, other, strict=True))


@pytest.mark.usefixtures("without_export")
def test_a_pause_within_an_epoch_changes_nothing_but_the_state_while_it_lasts(
    whole: runs.Run, few: data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "PAUSE_SECONDS", 0.0)
    path, asked, states = tmp_path / "paused", iter(range(1000)), []

    def should_pause() -> bool:
        states.append(runs.read(path).manifest.state)
        return 6 <= next(asked) < 9

    run = train(DROPOUT, EVERYTHING, few, path, should_pause=should_pause)
    assert states == 7 * ["training"] + 3 * ["paused"] + 5 * ["training"]
    assert run.manifest.state == "finished"
    assert validation_losses(path) == validation_losses(whole.path)


@pytest.fixture(scope="module")
def resumed(few: data.Splits, tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    """The run `whole`, but stopped within its second epoch, and resumed."""
    path = tmp_path_factory.mktemp("resumed") / "run"
    with pytest.MonkeyPatch.context() as patch:
        skip_export(patch)
        stop = stop_before_step(4 + 3)
        stopped = train(DROPOUT, EVERYTHING, few, path, preset="map", should_stop=stop)
        assert (stopped.manifest.state, stopped.manifest.epochs_done) == ("stopped", 1)
        return train(DROPOUT, EVERYTHING, few, path, resume=True)


def test_a_run_stopped_within_an_epoch_and_resumed_has_the_history_of_one_never_stopped(
    whole: runs.Run, resumed: runs.Run
) -> None:
    # On one machine this is exact; the tolerance is for sums in another order.
    np.testing.assert_allclose(
        validation_losses(resumed.path), validation_losses(whole.path), rtol=1e-6
    )
    assert resumed.manifest.preset == "map"
    assert resumed.manifest.best_epoch == whole.manifest.best_epoch
    assert resumed.manifest.metrics == pytest.approx(whole.manifest.metrics)


def test_the_weights_of_a_resumed_run_are_those_of_one_never_stopped(
    whole: runs.Run, resumed: runs.Run
) -> None:
    with (
        np.load(whole.path / "checkpoint.npz") as expected,
        np.load(resumed.path / "checkpoint.npz") as found,
    ):
        assert set(found) == set(expected)
        for name in expected:
            np.testing.assert_allclose(
                found[name], expected[name], rtol=1e-5, atol=1e-6, err_msg=name
            )


@pytest.mark.usefixtures("without_export")
def test_steps_that_are_taken_together_lead_where_they_lead_one_by_one(
    whole: runs.Run, few: data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, steps = [], Trainer.steps

    def counted(self: Trainer, indices: np.ndarray, first: int) -> np.ndarray:
        calls.append(len(indices))
        return steps(self, indices, first)

    monkeypatch.setattr(Trainer, "steps", counted)
    monkeypatch.setattr(loop, "SECONDS_AT_ONCE", 1e9)
    train(DROPOUT, EVERYTHING, few, tmp_path)
    assert calls == [1, 2, 1] * 3  # of each epoch's four steps, at most twice as many as before
    np.testing.assert_allclose(
        validation_losses(tmp_path), validation_losses(whole.path), rtol=1e-6
    )


@pytest.mark.usefixtures("without_export")
@pytest.mark.long
def test_a_learned_prior_is_resumed_to_the_last_bit(few: data.Splits, tmp_path: Path) -> None:
    model = replace(SMALL_MODEL, prior="flow", couplings=3, coupling_units=16)
    train(model, EVERYTHING, few, tmp_path / "whole")
    train(model, EVERYTHING, few, tmp_path / "parts", should_stop=stop_before_step(4 + 3))
    train(model, EVERYTHING, few, tmp_path / "parts", resume=True)
    whole, parts = (validation_losses(tmp_path / name) for name in ("whole", "parts"))
    np.testing.assert_allclose(parts, whole, rtol=1e-6)


@pytest.mark.usefixtures("without_export")
def test_an_extended_run_goes_on_with_the_schedule_of_its_new_length(
    few: data.Splits, tmp_path: Path
) -> None:
    config = replace(EVERYTHING, epochs=2)
    train(SMALL_MODEL, config, few, tmp_path)
    run = train(SMALL_MODEL, replace(config, epochs=4), few, tmp_path, resume=True)
    assert (run.manifest.training.epochs, run.manifest.epochs_done) == (4, 4)
    assert len(validation_losses(tmp_path)) == 4
    fresh = Trainer(SMALL_MODEL, replace(config, epochs=4), few.train.images)
    at_the_old_end = float(fresh.optimizer._learning_rate(2 * fresh.steps_per_epoch))
    assert at_the_old_end == pytest.approx(config.learning_rate / 2)  # it had fallen to zero


@pytest.mark.long
def test_a_run_stopped_in_its_first_epoch_can_be_used_and_resumed(
    few: data.Splits, tmp_path: Path
) -> None:
    stopped = train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path, should_stop=stop_before_step(3))
    assert (stopped.manifest.state, stopped.manifest.epochs_done) == ("stopped", 0)
    assert runs.model_files(stopped)
    assert runs.read_events(tmp_path)[0][-1] == {"event": "end", "state": "stopped"}
    resumed = train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path, resume=True)
    assert (resumed.manifest.state, resumed.manifest.epochs_done) == ("finished", 2)
    assert runs.model_files(resumed)


def test_what_was_never_trained_cannot_be_resumed(few: data.Splits, tmp_path: Path) -> None:
    with pytest.raises(runs.RunError, match=f"no run in {tmp_path}: manifest.json is missing"):
        train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path, resume=True)


@pytest.fixture(scope="module")
def ended(few: data.Splits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that stopped at once, its model files empty; copy it before you change it."""
    path = tmp_path_factory.mktemp("ended") / "run"
    with pytest.MonkeyPatch.context() as patch:
        skip_export(patch)
        train(SMALL_MODEL, SMALL_TRAINING, few, path, should_stop=lambda: True)
    return path


def copied(run: Path, tmp_path: Path) -> Path:
    for name in ("manifest.json", "checkpoint.npz"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    return tmp_path


def test_a_missing_checkpoint_is_said_to_be_missing(
    ended: Path, few: data.Splits, tmp_path: Path
) -> None:
    (copied(ended, tmp_path) / "checkpoint.npz").unlink()
    text = f"nothing to resume in {tmp_path}: checkpoint.npz is missing; train from the start"
    with pytest.raises(TrainingError, match=text):
        train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path, resume=True)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_cut_checkpoint_is_said_not_to_fit(
    ended: Path, few: data.Splits, tmp_path: Path, share: float
) -> None:
    file = copied(ended, tmp_path) / "checkpoint.npz"
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    with pytest.raises(TrainingError, match=f"the checkpoint in {tmp_path} does not fit: "):
        train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path, resume=True)


def test_a_checkpoint_of_another_model_is_said_not_to_fit(
    ended: Path, few: data.Splits, tmp_path: Path
) -> None:
    other = replace(SMALL_MODEL, latent_dim=3)
    path = copied(ended, tmp_path)
    with pytest.raises(TrainingError, match=f"the checkpoint in {path} does not fit: "):
        train(other, SMALL_TRAINING, few, path, resume=True)


def test_a_run_is_not_resumed_on_other_data(ended: Path, few: data.Splits, tmp_path: Path) -> None:
    other = replace(few, train=few.train[::-1])
    path = copied(ended, tmp_path)
    with pytest.raises(TrainingError, match="data"):
        train(SMALL_MODEL, SMALL_TRAINING, other, path, resume=True)
