"""What may begin, go on or come in: a folder of runs held to the limits of its server."""

from pathlib import Path

from vae import data, runs, runs_folder, training_cost
from vae.config import ModelConfig, TrainingConfig
from vae.limits import Limits


def estimate(
    root: Path, model: ModelConfig, training: TrainingConfig
) -> training_cost.TrainingCost:
    """What a training will take, judged by those that this folder holds."""
    return training_cost.estimate(model, training, data.TRAIN_IMAGES, runs.list_runs(root))


def check_new(root: Path, limits: Limits, model: ModelConfig, training: TrainingConfig) -> None:
    """Raises: vae.limits.LimitError: this may not be trained, or there is no room for it."""
    limits.check_open()
    limits.check(model, training, estimate(root, model, training).seconds)
    limits.check_kept(*runs_folder.count(root))
    _check_disk(root, limits, _whole(model, training))


def check_more(root: Path, limits: Limits, run: runs.Run, training: TrainingConfig) -> None:
    """Raises: vae.limits.LimitError: a run may not go on to this end; what is done counts."""
    limits.check_open()
    m = run.manifest
    left = training.epochs - m.epochs_done
    epoch_seconds = estimate(root, m.model, training).epoch_seconds
    limits.check(m.model, training, m.seconds + left * epoch_seconds)
    _check_disk(root, limits, _growth(run.path, m.model, training))


def check_import(root: Path, limits: Limits, size: int) -> None:
    """Raises: vae.limits.LimitError: a run in a file of so many bytes may not be added."""
    limits.check_open()
    limits.check_upload(size)
    limits.check_kept(*runs_folder.count(root))
    _check_disk(root, limits, size / 1e6)


def check_imported(root: Path, limits: Limits) -> None:
    """Raises: vae.limits.LimitError: now that it is here, there is no room for it."""
    kept, in_trash = runs_folder.count(root)
    limits.check_kept(kept - 1, in_trash)
    _check_disk(root, limits, 0.0)


def tidy(root: Path, limits: Limits) -> None:
    """Empty the trash of what was there long enough, and put there what was kept so long."""
    if limits.read_only:
        return
    runs_folder.empty_trash(root, 3600 * limits.trash_hours)
    if limits.keep_days is not None:
        runs_folder.delete_old(root, 86400 * limits.keep_days)


def _check_disk(root: Path, limits: Limits, wanted: float) -> None:
    """Raises: LimitError: so many megabytes are too many, with what trainings will yet take."""
    if limits.disk is None:
        return
    alive = [run for run in runs.list_runs(root) if runs.state(run) in runs.ALIVE]
    promised = sum(_growth(run.path, run.manifest.model, run.manifest.training) for run in alive)
    limits.check_disk(runs_folder.megabytes(root) + promised, wanted)


def _growth(path: Path, model: ModelConfig, training: TrainingConfig) -> float:
    """The megabytes that a run may still come to take."""
    return max(0.0, _whole(model, training) - runs_folder.megabytes(path))


def _whole(model: ModelConfig, training: TrainingConfig) -> float:
    return training_cost.estimate(model, training, data.TRAIN_IMAGES).disk_megabytes
