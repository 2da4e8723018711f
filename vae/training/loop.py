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
from dataclasses import asdict, astuple, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from vae import atomic, failures, runs, snapshots, zip_files
from vae.config import ModelConfig, TrainingConfig
from vae.data import Digits, Splits
from vae.training import converter
from vae.training.model import VAE
from vae.training.tensorboard import Scalars
from vae.training.trainer import Losses, Trainer
from vae.training_cost import EXPORT_EVERY_SECONDS, EXPORT_GROWTH

_OF_KERAS = (RuntimeError, TypeError, ValueError)  # what it makes of errors within its layers
EVENT_EVERY_SECONDS = 0.5
PAUSE_SECONDS = 0.1  # how often a paused training looks whether it may go on
MAX_CHECKPOINT = 4_000_000_000  # bytes; that of the largest model takes 1.2 GB
RESERVE_BYTES = 65536  # kept on the disk, so that when it is full there is room for the last words

Event = dict[str, Any]


class TrainingError(Exception):
    """Training cannot go on; the text says why and what to change."""


class _DivergedError(TrainingError):
    """The loss is no longer finite: from the same checkpoint it would come to that again."""


@dataclass
class _Best:
    """The epoch with the lowest validation loss so far."""

    epoch: int
    validation: Losses
    weights: list[np.ndarray]


class _History:
    """What is committed to the run directory: the best epoch's model, and where to resume."""

    def __init__(self, trainer: Trainer, path: Path, manifest: runs.Manifest) -> None:
        self.trainer = trainer
        self.path = path
        self.manifest = manifest
        infinite = Losses(*[float("inf")] * 3)
        self.best = _Best(0, infinite, trainer.averaged.get_weights())
        self._exported = -EXPORT_EVERY_SECONDS  # after so many seconds of training
        self._stale = False
        self._snapshot: snapshots.Snapshot | None = None
        self._drawing = snapshots.read_drawing(path)

    def commit_epoch(self, epoch: int, validation: Losses, seconds: float) -> None:
        """Checkpoint the epoch, keep it if it is the best, and commit."""
        if validation.loss < self.best.validation.loss:
            self.best = _Best(epoch, validation, self.trainer.averaged.get_weights())
            self._stale = True
        seconds += self.manifest.seconds
        self.manifest = replace(self.manifest, epochs_done=epoch, seconds=seconds, state="training")
        self.save_checkpoint()
        since = self.manifest.seconds - self._exported
        if self._stale and since > max(EXPORT_EVERY_SECONDS, EXPORT_GROWTH * self._exported):
            self._export()
        runs.write_manifest(self.path, self.manifest)

    def take_snapshot(self, epoch: int) -> snapshots.Snapshot:
        """Keep what the averaged model draws after this epoch."""
        self._snapshot = snapshots.take(
            epoch, self.trainer.encode, self.trainer.decode, self._snapshot, self._drawing
        )
        snapshots.write(self.path, self._snapshot)
        return self._snapshot

    def say(self, state: runs.State) -> None:
        """Commit another state."""
        self.manifest = replace(self.manifest, state=state)
        runs.write_manifest(self.path, self.manifest)

    def finish(self, test: Digits) -> None:
        """Export what is not yet exported, measure the model on test images, and commit the end."""
        if self._stale:
            self._export()
        if not self.trainer.config.is_autoencoder:  # which has no ELBO
            self.trainer.averaged.set_weights(self.best.weights)  # nothing is trained any more
            losses = self.trainer.validate(test, pixels="binarised")
            elbo = -losses.reconstruction_loss - losses.kl_divergence
            if np.isfinite(elbo):
                metrics = {**self.manifest.metrics, "test_elbo": elbo}
                self.manifest = replace(self.manifest, metrics=metrics)
        self.say("finished")

    def break_off(self, state: runs.State, error: str = "", diverged: bool = False) -> None:
        """Export what is not yet exported, and commit why it ended before its time.

        A run that was stopped in its first epoch keeps the weights as they are.
        """
        if not self.manifest.epochs_done and state == "stopped":
            self.best.weights = self.trainer.averaged.get_weights()
            self._stale = True
        if self._stale:
            self._export()
        self.manifest = replace(self.manifest, state=state, error=error, diverged=diverged)
        runs.write_manifest(self.path, self.manifest)

    def _export(self) -> None:
        """Commit the best epoch's model files, with what the manifest says of that epoch."""
        best = VAE(self.trainer.vae.config)
        # Half precision costs less than 0.001 nats, and halves what is stored and sent.
        best.set_weights([w.astype(np.float16).astype(np.float32) for w in self.best.weights])
        runs.settle_files(self.path)
        new = self.path / "new"
        new.mkdir(exist_ok=True)
        best.save(new / "model.keras")
        for name, network in best.served().items():
            (new / f"{name}.tflite").write_bytes(converter.convert(network))
        if self.best.epoch:
            metrics = _prefixed("validation", self.best.validation)
            self.manifest = replace(self.manifest, best_epoch=self.best.epoch, metrics=metrics)
        self.manifest = runs.commit_files(self.path, self.manifest)
        self._exported = self.manifest.seconds
        self._stale = False

    def save_checkpoint(self) -> None:
        """Write all that `restore` needs, replacing the last checkpoint atomically."""
        best = {f"best/{i}": weights for i, weights in enumerate(self.best.weights)}
        with atomic.replaced(self.path / "checkpoint.npz", durable=True) as file:
            np.savez(
                file,
                allow_pickle=False,
                epoch=np.array(self.manifest.epochs_done),
                best_epoch=np.array(self.best.epoch),
                best_validation=np.array(astuple(self.best.validation)),
                **self.trainer.state(),
                **best,
            )

    def restore(self) -> None:
        """Go back to the last checkpoint.

        Raises:
            TrainingError: there is none, or it does not fit.
        """
        try:
            state = zip_files.arrays(self.path / "checkpoint.npz", MAX_CHECKPOINT)
            self.trainer.restore(state)
            self.best = _Best(
                int(state["best_epoch"]),
                Losses(*state["best_validation"].tolist()),
                [state[f"best/{i}"] for i in range(len(self.best.weights))],
            )
            self.manifest = replace(self.manifest, epochs_done=int(state["epoch"]))
            self._stale = True
            taken = [s for s in snapshots.read_all(self.path) if s.epoch <= state["epoch"]]
            self._snapshot = taken[-1] if taken else None
        except FileNotFoundError:
            raise TrainingError(
                f"nothing to resume in {self.path}: checkpoint.npz is missing; train from the start"
            ) from None
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise TrainingError(
                f"the checkpoint in {self.path} does not fit: {error}; what is trained stays "
                "usable, but to train it further, train from the start"
            ) from error


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
        should_stop: asked before each step; True ends training and keeps the best epoch.
        should_pause: asked before each step; training rests while it says True.

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


def _begin(trainer: Trainer, splits: Splits, path: Path, preset: str, resume: bool) -> _History:
    """The history of a new run, or of one that goes on."""
    manifest = _new_manifest(trainer, splits, preset)
    history = _History(trainer, path, manifest)
    if not resume:
        history.say("starting")
        history.take_snapshot(0)
        history.save_checkpoint()
        return history
    earlier = runs.read(path).manifest
    if earlier.data and earlier.data["sha256"] != splits.sha256:
        raise TrainingError(
            f"{path} was trained on other data ({earlier.data['source']}, "
            f"{earlier.data['train']:,} images); resume with the same, or train from the start"
        )
    history.manifest = replace(
        manifest,
        preset=earlier.preset,
        seconds=earlier.seconds,
        best_epoch=earlier.best_epoch,
        metrics=earlier.metrics,
        files=earlier.files,
    )
    history.restore()
    return history


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
    history = _begin(trainer, splits, path, preset, resume)
    history.say("training")
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
        history.say("paused")
        while should_pause() and not should_stop():
            time.sleep(PAUSE_SECONDS)
        history.say("training")
        return time.monotonic() - began

    first = history.manifest.epochs_done + 1
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
            if not _train_epoch(trainer, history, splits, epoch, tell, should_stop, rest):
                history.break_off("stopped")
                break
        else:
            history.finish(splits.test)
    except _DivergedError as error:
        history.break_off("failed", str(error), diverged=True)
        tell({"event": "end", "state": "failed", "error": str(error)})
        raise
    finally:
        scalars.close()
    tell({"event": "end", "state": history.manifest.state})


def _train_epoch(
    trainer: Trainer,
    history: _History,
    splits: Splits,
    epoch: int,
    tell: Callable[[Event], None],
    should_stop: Callable[[], bool],
    rest: Callable[[], float],
) -> bool:
    """One epoch and its commit; False if it was stopped before its end."""
    started = told = time.monotonic()
    total, since, told_step = np.zeros(3), np.zeros(3), 0
    for step, indices in enumerate(trainer.order(epoch), start=1):
        rested = rest()
        started, told = started + rested, told + rested
        if should_stop():
            return False
        number = (epoch - 1) * trainer.steps_per_epoch + step - 1
        since += trainer.step(tf.constant(indices), tf.constant(number)).numpy()
        now = time.monotonic()
        if now - told >= EVENT_EVERY_SECONDS or step == trainer.steps_per_epoch:
            means = Losses(*(since / (step - told_step)).tolist())
            _check_finite(means, training=trainer.config, epoch=epoch)
            speed = (step - told_step) * trainer.batch_size / max(now - told, 1e-9)
            tell(
                {
                    "event": "progress",
                    "epoch": epoch,
                    "step": number + 1,
                    "images_per_second": round(speed, 1),
                    **asdict(means),
                }
            )
            total += since
            since, told, told_step = np.zeros(3), now, step
    seconds = time.monotonic() - started
    validation = trainer.validate(splits.validation)
    _check_finite(validation, training=trainer.config, epoch=epoch)
    snapshot = history.take_snapshot(epoch)
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
    history.commit_epoch(epoch, validation, time.monotonic() - started)
    return True


def _check_finite(losses: Losses, training: TrainingConfig, epoch: int) -> None:
    if not np.isfinite(losses.loss):
        raise _DivergedError(
            f"the loss is {losses.loss} in epoch {epoch}: the weights have run away; the last good "
            f"epoch is kept; lower the learning rate (now {training.learning_rate}) and train again"
        )


def _prefixed(prefix: str, losses: Losses) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in asdict(losses).items()}


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
