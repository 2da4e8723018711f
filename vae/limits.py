"""What one server lets its visitors train. The deployer sets it by environment variables."""

import os
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from vae import training_cost
from vae.config import ModelConfig, TrainingConfig


class LimitError(ValueError):
    """A training is more than this server allows; the text says how much it allows."""


def _limit(default: float | None, variable: str, what: str) -> Any:
    return field(default=default, metadata={"variable": variable, "what": what})


@dataclass(frozen=True)
class Limits:
    """The bounds on trainings; None: no bound. A minute of pause does not count."""

    at_once: int = _limit(1, "VAE_AT_ONCE", "trainings that run at the same time")
    epochs: int | None = _limit(None, "VAE_MAX_EPOCHS", "epochs of one training")
    weights: int | None = _limit(None, "VAE_MAX_WEIGHTS", "weights of a model")
    minutes: float | None = _limit(None, "VAE_MAX_MINUTES", "minutes of one training")
    queue: int | None = _limit(20, "VAE_MAX_QUEUE", "trainings that wait")
    kept_runs: int | None = _limit(None, "VAE_MAX_RUNS", "runs that are kept")
    paused_minutes: float = _limit(
        5.0, "VAE_PAUSED_MINUTES", "minutes that a paused training keeps its place if others wait"
    )

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            if value is not None and not value >= (limit.name == "at_once"):
                raise ValueError(f"{limit.metadata['variable']} is {value}; give a larger number")

    @classmethod
    def from_environment(cls) -> Self:
        """The limits that the environment variables set.

        Raises:
            ValueError: one of them is not a number.
        """
        given = {}
        for limit in fields(cls):
            variable = limit.metadata["variable"]
            text = os.environ.get(variable)
            if text:
                kind = float if "minutes" in limit.name else int
                try:
                    given[limit.name] = kind(text)
                except ValueError:
                    what = limit.metadata["what"]
                    raise ValueError(f"{variable} is {text!r}; give a number of {what}") from None
        return cls(**given)

    def check(self, model: ModelConfig, training: TrainingConfig, seconds: float) -> None:
        """Raises: LimitError: this training takes too many seconds, or its model is too large."""
        asked = {"epochs": training.epochs, "weights": training_cost.parameters(model)}
        for name, value in asked.items():
            allowed = getattr(self, name)
            if allowed is not None and value > allowed:
                raise LimitError(f"this has {value:,} {name}; this server allows {allowed:,}")
        if self.minutes is not None and seconds > 60 * self.minutes:
            raise LimitError(
                f"this takes about {seconds / 60:.0f} minutes; this server allows "
                f"{self.minutes:g}: take fewer epochs, fewer images or a smaller model"
            )

    def check_room(self, waiting: int, kept: int) -> None:
        """Raises: LimitError: too many trainings wait, or too many runs are kept."""
        if self.queue is not None and waiting >= self.queue:
            raise LimitError(f"{waiting} trainings wait already; come back when fewer do")
        if self.kept_runs is not None and kept >= self.kept_runs:
            raise LimitError(
                f"this server keeps {self.kept_runs} runs, and so many are here; delete one first"
            )

    def too_long(self, seconds: float) -> bool:
        """Whether a training that has taken so many seconds has to end."""
        return self.minutes is not None and seconds > 60 * self.minutes

    def paused_too_long(self, path: Path) -> bool:
        """Whether the training in `path`, which is paused, has to make room if others wait."""
        since = (path / "request").stat().st_mtime
        return time.time() - since >= 60 * self.paused_minutes
