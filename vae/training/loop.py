"""Training: one path for the command line and the app.

`train` fills a run directory and tells what happens as events. Given the same configs, data,
seed and machine it gives the same history, resumed or not: every random number is drawn from
(seed, step), and a checkpoint after each epoch holds weights, their average and the optimizer.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from vae import failures, runs
from vae.config import ModelConfig, TrainingConfig
from vae.data import Splits
from vae.training.commits import Commits, TrainingError
from vae.training.tensorboard import Scalars
from vae.training.trainer import Losses, Trainer

_OF_KERAS = (RuntimeError, TypeError, ValueError)  # what it makes of errors within its layers
EVENT_EVERY_SECONDS = 0.5
SECONDS_AT_ONCE = 0.1  # of steps that are taken together, between two looks at what is asked
PAUSE_SECONDS = 0.1  # how often a paused training looks whether it may go on
RESERVE_BYTES = 65536  # kept on the disk, so that when it is full there is room for the last words

Event = dict[str, Any]


class _DivergedError(TrainingError):
    """The loss is no longer finite: from the same checkpoint it would come to that again."""


def train(
    model: ModelConfig,
    training: TrainingConfig,
    splits: Splits,
    path: Path,
    *,
    preset: str = "",
    resume: bool = False,
    emit: Callable[[Event], None] = lambda event: None,
    should_stop: Callable[[], bool] = lambda: False,
    should_pause: Callable[[], bool] = lambda: False,
) -> runs.Run:
    """Train a model into a run directory.

    Args:
        model: what to build.
        training: how to train it. When resuming, more epochs than the run has done.
        splits: the data.
        path: the run directory; made if it is not there.
        preset: the name of the preset that the configs began as.
        resume: go on from the last checkpoint in `path`.
        emit: told each event, in this thread, after it is in the run's history.
        should_stop: asked every `SECONDS_AT_ONCE`, or before each step where one takes longer; True
            ends training and keeps the best epoch.
        should_pause: asked as often; training rests while it says True.

    Returns:
        The run, finished or stopped.

    Raises:
        TrainingError: the loss is no longer finite, there is nothing to resume, the run
            directory cannot be written, or memory ran short. The last committed epoch stays, and
            the manifest says what went wrong.
    """
    path.mkdir(parents=True, exist_ok=True)
    try:
        runs.clear_leftovers(path)
        (path / "reserve").write_bytes(bytes(RESERVE_BYTES))
        with _temporary_files_in(path / runs.TEMPORARY):
            _train(model, training, splits, path, preset, resume, emit, should_stop, should_pause)
        return runs.read(path)
    except (OSError, MemoryError, tf.errors.OpError, *_OF_KERAS) as error:
        if isinstance(error, _OF_KERAS) and not failures.is_memory(error):
            raise
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # whole, for the log
        text = f"{_told(path, error)}; the last committed epoch is kept"
        runs.note_failure(path, text)
        raise TrainingError(text) from error
    except TrainingError as error:
        runs.note_failure(path, str(error))
        raise
    finally:
        (path / "reserve").unlink(missing_ok=True)


def _told(path: Path, error: Exception) -> str:
    """What this error is, and what to do about it."""
    words = failures.words(error)
    if isinstance(error, OSError) or failures.disk_error(error) is not None:
        return f"{path.name} cannot be written: {words}; then resume"
    return words if words.startswith("memory") else f"TensorFlow met an error: {words}"


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Keep TensorFlow's temporary files here, where whoever ends a killed training finds them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)


def _begin(trainer: Trainer, splits: Splits, path: Path, preset: str, resume: bool) -> Commits:
    """What is committed of a new run, or of one that goes on."""
    manifest = _new_manifest(trainer, splits, preset)
    commits = Commits(trainer, path, manifest)
    if not resume:
        commits.say("starting")
        commits.take_snapshot(0)
        commits.save_checkpoint()
        return commits
    earlier = runs.read(path).manifest
    if earlier.data and earlier.data["sha256"] != splits.sha256:
        raise TrainingError(
            f"{path} was trained on other data ({earlier.data['source']}, "
            f"{earlier.data['train']:,} images); resume with the same, or train from the start"
        )
    commits.manifest = replace(
        manifest,
        preset=earlier.preset,
        seconds=earlier.seconds,
        best_epoch=earlier.best_epoch,
        metrics=earlier.metrics,
        files=earlier.files,
    )
    commits.restore()
    return commits


def _train(
    model: ModelConfig,
    training: TrainingConfig,
    splits: Splits,
    path: Path,
    preset: str,
    resume: bool,
    emit: Callable[[Event], None],
    should_stop: Callable[[], bool],
    should_pause: Callable[[], bool],
) -> None:
    trainer = Trainer(model, training, splits.train.images)
    commits = _begin(trainer, splits, path, preset, resume)
    commits.say("training")
    scalars = Scalars(path)

    def tell(event: Event) -> None:
        runs.append_event(path, event)
        scalars.write(event)
        emit(event)

    def rest() -> float:
        """Rest while that is asked for; the seconds that it took."""
        if not should_pause():
            return 0.0
        began = time.monotonic()
        commits.say("paused")
        while should_pause() and not should_stop():
            time.sleep(PAUSE_SECONDS)
        commits.say("training")
        return time.monotonic() - began

    first = commits.manifest.epochs_done + 1
    tell(
        {
            "event": "start",
            "epoch": first,
            "epochs": training.epochs,
            "steps_per_epoch": trainer.steps_per_epoch,
            "batch_size": trainer.batch_size,
            "train_images": len(splits.train),
            "data": splits.source,
            "note": splits.note,
        }
    )
    try:
        for epoch in range(first, training.epochs + 1):
            if not _train_epoch(trainer, commits, splits, epoch, tell, should_stop, rest):
                commits.break_off("stopped")
                break
        else:
            commits.finish(splits.test)
    except _DivergedError as error:
        commits.break_off("failed", str(error), diverged=True)
        tell({"event": "end", "state": "failed", "error": str(error)})
        raise
    finally:
        scalars.close()
    tell({"event": "end", "state": commits.manifest.state})


def _train_epoch(
    trainer: Trainer,
    commits: Commits,
    splits: Splits,
    epoch: int,
    tell: Callable[[Event], None],
    should_stop: Callable[[], bool],
    rest: Callable[[], float],
) -> bool:
    """One epoch and its commit; False if it was stopped before its end."""
    started = told = time.monotonic()
    total, since, told_step = np.zeros(3), np.zeros(3), 0
    order, step, at_once = trainer.order(epoch), 0, 1
    before = (epoch - 1) * trainer.steps_per_epoch
    while step < trainer.steps_per_epoch:
        rested = rest()
        started, told = started + rested, told + rested
        if should_stop():
            return False
        indices, began = order[step : step + at_once], time.monotonic()
        since += trainer.steps(indices, before + step)
        now = time.monotonic()
        step += len(indices)
        at_once = steps_at_once(len(indices), now - began)
        if now - told >= EVENT_EVERY_SECONDS or step == trainer.steps_per_epoch:
            means = Losses(*(since / (step - told_step)).tolist())
            _check_finite(means, training=trainer.config, epoch=epoch)
            speed = (step - told_step) * trainer.batch_size / max(now - told, 1e-9)
            tell(
                {
                    "event": "progress",
                    "epoch": epoch,
                    "step": before + step,
                    "images_per_second": round(speed, 1),
                    **asdict(means),
                }
            )
            total += since
            since, told, told_step = np.zeros(3), now, step
    seconds = time.monotonic() - started
    validation = trainer.validate(splits.validation)
    _check_finite(validation, training=trainer.config, epoch=epoch)
    snapshot = commits.take_snapshot(epoch)
    # Told before it is committed: a crash in between leaves an epoch told twice, never one untold.
    tell(
        {
            "event": "epoch",
            "epoch": epoch,
            "step": epoch * trainer.steps_per_epoch,
            "train": asdict(Losses(*(total / trainer.steps_per_epoch).tolist())),
            "validation": asdict(validation),
            "kl_per_dimension": [round(kl, 4) for kl in snapshot.kl_per_dimension.tolist()],
            "seconds": round(seconds, 3),
            "images_per_second": round(trainer.steps_per_epoch * trainer.batch_size / seconds, 1),
        }
    )
    commits.commit_epoch(epoch, validation, time.monotonic() - started)
    return True


def steps_at_once(steps: int, seconds: float) -> int:
    """How many steps to take together, where so many took so long: each call costs some time.

    At most twice as many, since one reading may be wrong.
    """
    return min(2 * steps, max(1, int(SECONDS_AT_ONCE * steps / max(seconds, 1e-9))))


def _check_finite(losses: Losses, training: TrainingConfig, epoch: int) -> None:
    if not np.isfinite(losses.loss):
        raise _DivergedError(
            f"the loss is {losses.loss} in epoch {epoch}: the weights have run away; the last good "
            f"epoch is kept; lower the learning rate (now {training.learning_rate}) and train again"
        )


def _new_manifest(trainer: Trainer, splits: Splits, preset: str) -> runs.Manifest:
    packages = ("keras", "numpy")
    return runs.Manifest(
        preset=preset,
        model=trainer.vae.config,
        training=trainer.config,
        parameters=trainer.vae.count_params(),
        data={
            "source": splits.source,
            "sha256": splits.sha256,
            "train": len(splits.train),
            "validation": len(splits.validation),
            "test": len(splits.test),
        },
        versions={"tensorflow": tf.__version__} | {name: version(name) for name in packages},
    )
