"""What to type to train a run, or its like."""

import shlex
from pathlib import Path

from vae import runs
from vae.config import ModelConfig, TrainingConfig
from vae.presets import PRESETS


def command(model: ModelConfig, training: TrainingConfig, preset: str, out: Path) -> list[str]:
    """The arguments after `python` that train this: the preset, and all that differs from it."""
    arguments = ["-m", "vae", "train", "--preset", preset, "--out", str(out)]
    start = PRESETS[preset]
    asked = {**model.to_json(), **training.to_json()}
    given = {**start.model.to_json(), **start.training.to_json()}
    for name, value in asked.items():
        if value != given[name]:
            values = value if isinstance(value, list | tuple) else [value]
            values = ["all" if one is None else one for one in values]
            arguments += [f"--{name.replace('_', '-')}", *map(str, values)]
    return arguments


def command_of(run: runs.Run, name: str = "") -> str:
    """What to type in a terminal to train a run's like from the start, into `runs/NAME`.

    Without a name, that is a directory beside the run's own.
    """
    m = run.manifest
    preset = m.preset if m.preset in PRESETS else next(iter(PRESETS))
    out = Path("runs") / (name or f"{run.name}-again")
    return shlex.join(["python", *command(m.model, m.training, preset, out)])


def arguments(run: runs.Run) -> list[str]:
    """The arguments after `python` that begin this run, or go on with it."""
    if (run.path / "checkpoint.npz").exists():
        return ["-m", "vae", "train", "--resume", "--out", str(run.path)]
    return command(run.manifest.model, run.manifest.training, run.manifest.preset, run.path)


def check_resumable(run: runs.Run) -> None:
    """Raises: vae.runs.RunError: this run cannot go on."""
    if run.manifest.diverged:
        raise runs.RunError(
            f"{run.name} cannot go on: {run.manifest.error}; going on would only repeat it"
        )
    if run.manifest.usable and not (run.path / "checkpoint.npz").exists():
        raise runs.RunError(
            f"{run.name} cannot go on: its checkpoint.npz is missing; train from the start with "
            f"{command_of(run)}"
        )
