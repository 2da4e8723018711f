"""What a training commits to its run directory: the best epoch's model, and where to resume."""

from contextlib import suppress
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path

import numpy as np

from vae import atomic, embedding, runs, snapshots, zip_files
from vae.data import Digits
from vae.training import converter
from vae.training.model import VAE
from vae.training.trainer import Losses, Trainer
from vae.training_cost import EXPORT_EVERY_SECONDS, EXPORT_GROWTH

MAX_CHECKPOINT = 4_000_000_000  # bytes; that of the largest model takes 1.2 GB


class TrainingError(Exception):
    """Training cannot go on; the text says why and what to change."""


@dataclass
class _Best:
    """The epoch with the lowest validation loss so far."""

    epoch: int
    validation: Losses
    weights: list[np.ndarray]


class Commits:
    """Keeps the best epoch, and commits it with all that goes on from it."""

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
        """Export what is not yet exported, lay out its latents, measure it on test images, and
        commit the end."""
        if self._stale:
            self._export()
        run = runs.Run(self.path, self.manifest)
        if embedding.needed(run):
            with suppress(ImportError, MemoryError):  # a run does without
                embedding.make(run)
        if not self.trainer.config.is_autoencoder:  # which has no ELBO
            self.trainer.averaged.set_weights(self.best.weights)  # nothing is trained any more
            losses = self.trainer.validate(test, pixels="binarised")
            elbo = -losses.reconstruction_loss - losses.kl_divergence
            if np.isfinite(elbo):
                measured = {
                    "test_elbo": elbo,
                    "test_reconstruction_loss": losses.reconstruction_loss,
                    "test_kl_divergence": losses.kl_divergence,
                }
                metrics = {**self.manifest.metrics, **measured}
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


def _prefixed(prefix: str, losses: Losses) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in asdict(losses).items()}
