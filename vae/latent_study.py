"""The latent-dimension experiment: one recipe, several sizes of the latent. Standard library only.

`python -m benchmarks.latent_dim` makes it; its results ship as a small file that pages read.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from vae import atomic, parsed_files, strict_json
from vae.config import ModelConfig, TrainingConfig
from vae.strict_json import Count, Seconds

SHIPPED = Path(__file__).parents[1] / "assets" / "latent_dim.json"
TOLERANCE = 0.5
"""Nats per image that are worth a smaller latent."""


class StudyError(Exception):
    """The experiment's file is missing or damaged; the text says what to do."""


@dataclass(frozen=True)
class Trial:
    """One training, measured on validation digits that it never saw.

    `elbo` (pixels drawn anew as black or white) and its two terms are means in nats per image;
    `elbo_standard_error` tells how far another set of digits would move them. `seconds` is the
    median epoch times the epochs, so that a pause does not count.
    """

    latent_dim: Count
    seed: Count
    elbo: float
    elbo_standard_error: float
    reconstruction_loss: float
    kl_divergence: float
    active_units: Count
    parameters: Count
    seconds: Seconds


@dataclass(frozen=True)
class Study:
    """All trials of one recipe; `model` and `training` are those of its first trial."""

    model: ModelConfig
    training: TrainingConfig
    data: dict[str, Any]
    versions: dict[str, str]
    trials: tuple[Trial, ...]

    def __post_init__(self) -> None:
        """Raises: ValueError: nothing was tried."""
        if not self.trials:
            raise ValueError("it has no trials")

    @property
    def latent_dims(self) -> list[int]:
        """The sizes that were tried, ascending."""
        return sorted({trial.latent_dim for trial in self.trials})

    def of(self, latent_dim: int) -> list[Trial]:
        """The trials with this size, one a seed."""
        return [trial for trial in self.trials if trial.latent_dim == latent_dim]

    def mean(self, latent_dim: int, value: Callable[[Trial], float]) -> float:
        """A value's mean over the seeds."""
        return fmean(value(trial) for trial in self.of(latent_dim))

    @property
    def chosen(self) -> int:
        """The smallest size whose ELBO, averaged over seeds, is within TOLERANCE of the best."""
        elbos = {size: self.mean(size, lambda trial: trial.elbo) for size in self.latent_dims}
        return min(size for size, elbo in elbos.items() if elbo >= max(elbos.values()) - TOLERANCE)


def write(path: Path, study: Study) -> None:
    """Replace the file `path` by this study."""
    atomic.write_text(path, strict_json.to_text(asdict(study)) + "\n")


def read(path: Path = SHIPPED) -> Study:
    """The study that `write` wrote.

    Raises:
        StudyError: the file is missing or is not a study.
    """
    return _read(path)


@parsed_files.parsed_once(kept=2)
def _read(path: Path) -> Study:
    try:
        values = strict_json.read(path)
        study = Study(**strict_json.entries(Study, strict_json.unsealed(values)))
        strict_json.check_seal(values)
        return study
    except FileNotFoundError:
        raise StudyError(
            f"no {path.name} in {path.parent}; make it with python -m benchmarks.latent_dim"
        ) from None
    except (OSError, ValueError) as error:
        raise StudyError(f"{path.name} in {path.parent} cannot be read: {error}") from error
