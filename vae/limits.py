"""What one server lets its visitors do. The deployer sets it by environment variables.

Nothing is bounded unless the deployer says so, but for one training at a time, 20 that wait, and
a day in the trash. `VAE_PUBLIC=1` bounds everything with defaults for a host that anybody may use;
any variable beside it changes its own bound. `VAE_READ_ONLY=1`: models are shown, none is made.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self, get_args

from vae import training_cost
from vae.config import ModelConfig, TrainingConfig, options

PUBLIC: dict[str, float] = {
    "epochs": 50,
    "weights": 1_200_000,
    "minutes": 15.0,
    "queue": 5,
    "kept_runs": 50,
    "disk": 2000.0,
    "upload": 40.0,
    "keep_days": 7.0,
    "trash_hours": 1.0,
}
"""The defaults of a public host: all presets but the slow ones, on disk for a week."""

READ_ONLY = "models are only shown on this server; to make your own, run the app yourself"


class LimitError(ValueError):
    """Something is more than this server allows; the text says how much it allows."""


def _limit(default: float | None, variable: str, what: str) -> Any:
    return field(default=default, metadata={"variable": variable, "what": what})


@dataclass(frozen=True)
class Limits:
    """The bounds; None: no bound. A minute of pause does not count."""

    at_once: int = _limit(1, "VAE_AT_ONCE", "trainings that run at the same time")
    epochs: int | None = _limit(None, "VAE_MAX_EPOCHS", "epochs of one training")
    weights: int | None = _limit(None, "VAE_MAX_WEIGHTS", "weights of a model")
    minutes: float | None = _limit(None, "VAE_MAX_MINUTES", "minutes of one training")
    queue: int | None = _limit(20, "VAE_MAX_QUEUE", "trainings that wait")
    kept_runs: int | None = _limit(None, "VAE_MAX_RUNS", "runs that are kept")
    disk: float | None = _limit(None, "VAE_MAX_DISK", "megabytes that all runs together take")
    upload: float | None = _limit(None, "VAE_MAX_UPLOAD", "megabytes of a run to import")
    keep_days: float | None = _limit(None, "VAE_KEEP_DAYS", "days that a visitor's run is kept")
    trash_hours: float = _limit(24.0, "VAE_TRASH_HOURS", "hours that a deleted run can come back")
    paused_minutes: float = _limit(
        5.0, "VAE_PAUSED_MINUTES", "minutes that a paused training keeps its place if others wait"
    )
    read_only: bool = False

    def __post_init__(self) -> None:
        for limit in _numbers(self):
            value = getattr(self, limit.name)
            if value is not None and not value >= (limit.name == "at_once"):
                raise ValueError(f"{limit.metadata['variable']} is {value}; give a larger number")

    @classmethod
    def from_environment(cls) -> Self:
        """The limits that the environment variables set.

        Raises:
            ValueError: one of them is not a number, or no yes or no.
        """
        given: dict[str, Any] = dict(PUBLIC) if _flag("VAE_PUBLIC") else {}
        for limit in _numbers(cls):
            variable = limit.metadata["variable"]
            text = os.environ.get(variable, "").strip()
            if text:
                kind = int if int in get_args(limit.type | None) else float
                try:
                    given[limit.name] = kind(text)
                except ValueError:
                    what = limit.metadata["what"]
                    raise ValueError(f"{variable} is {text!r}; give a number of {what}") from None
        return cls(**given, read_only=_flag("VAE_READ_ONLY"))

    def check_open(self) -> None:
        """Raises: LimitError: nothing may be changed on this server."""
        if self.read_only:
            raise LimitError(READ_ONLY)

    def check(self, model: ModelConfig, training: TrainingConfig, seconds: float) -> None:
        """Raises: LimitError: this training takes too many seconds, or its model is too large."""
        asked = {"epochs": training.epochs, "weights": training_cost.parameters(model)}
        for name, value in asked.items():
            allowed = getattr(self, name)
            if allowed is not None and value > allowed:
                raise LimitError(f"this has {value:,} {name}; this server allows {allowed:,}")
        if self.too_long(seconds):
            raise LimitError(
                f"this takes about {seconds / 60:.0f} minutes; this server allows "
                f"{self.minutes:g}: take fewer epochs, fewer images or a smaller model"
            )

    def check_queue(self, waiting: int) -> None:
        """Raises: LimitError: a training that has to wait is one too many."""
        if self.queue is not None and waiting >= self.queue:
            waits = "another training runs"
            if waiting:
                waits = f"{waiting} trainings wait" if waiting > 1 else "one training waits"
                waits += " already"
            raise LimitError(f"{waits}, and more may not wait on this server; come back later")

    def check_kept(self, kept: int, in_trash: int) -> None:
        """Whether one more run may be kept.

        Args:
            kept: the runs that are here.
            in_trash: the deleted ones that can still be brought back; they count, too.

        Raises:
            LimitError: there are too many.
        """
        if self.kept_runs is not None and kept + in_trash >= self.kept_runs:
            deleted = f" ({in_trash} of them deleted, but not for good)" if in_trash else ""
            most = "1 run" if self.kept_runs == 1 else f"{self.kept_runs:,} runs"
            raise LimitError(
                f"this server keeps {most}, and so many are here{deleted}; "
                "delete one for good first"
            )

    def check_disk(self, taken: float, wanted: float = 0.0) -> None:
        """Whether there is room for so many megabytes where so many are taken.

        Raises:
            LimitError: there is not.
        """
        if self.disk is not None and taken + wanted > self.disk:
            raise LimitError(
                f"all runs on this server may take {self.disk:,.0f} MB; they take {taken:,.0f}, "
                f"and this needs {wanted:,.0f} more: delete a run for good, or take a smaller model"
            )

    def check_upload(self, size: int) -> None:
        """Raises: LimitError: so many bytes are too many."""
        if self.upload is not None and size > 1e6 * self.upload:
            raise LimitError(
                f"this file has {size / 1e6:,.1f} MB; this server takes {self.upload:g}"
            )

    def too_long(self, seconds: float) -> bool:
        """Whether a training that has taken so many seconds has to end."""
        return self.minutes is not None and seconds > 60 * self.minutes

    def paused_too_long(self, path: Path) -> bool:
        """Whether the training in `path`, which is paused, has to make room if others wait."""
        since = (path / "request").stat().st_mtime
        return time.time() - since >= 60 * self.paused_minutes

    def nearest(
        self,
        model: ModelConfig,
        training: TrainingConfig,
        seconds: Callable[[ModelConfig, TrainingConfig], float],
    ) -> tuple[ModelConfig, TrainingConfig]:
        """What is allowed and nearest to this: narrower networks, fewer epochs, then fewer images.

        Args:
            model: what is wanted.
            training: how.
            seconds: what a training takes.

        Raises:
            LimitError: even the smallest is too much.
        """
        while self.weights is not None and training_cost.parameters(model) > self.weights:
            smaller = _narrower(model)
            if smaller == model:
                break
            model = smaller
        if self.epochs is not None:
            training = replace(training, epochs=max(1, min(training.epochs, self.epochs)))
        fewest = int(options(TrainingConfig)["train_images"].low or 1)
        while self.too_long(seconds(model, training)):
            images = training.train_images
            if training.epochs > 1:
                training = replace(training, epochs=training.epochs - 1)
            elif images is not None and images > fewest:
                training = replace(training, train_images=max(fewest, images // 2))
            else:
                break
        self.check(model, training, seconds(model, training))
        return model, training


def check_environment(*others: Callable[[], object]) -> None:
    """End a server at its start if its settings cannot be, before any visitor comes.

    Args:
        others: what reads further settings, and raises a ValueError where one cannot be.

    Raises:
        SystemExit: the environment sets a limit that is none; it says which, and what to give.
    """
    try:
        for read in (Limits.from_environment, *others):
            read()
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None


def _numbers(limits: Any) -> list[Any]:
    return [limit for limit in fields(limits) if "variable" in limit.metadata]


def _flag(variable: str) -> bool:
    """Raises: ValueError: the variable is neither 1 nor 0 nor empty."""
    text = os.environ.get(variable, "").strip()
    if text not in ("", "0", "1"):
        raise ValueError(f"{variable} is {text!r}; give 1 for yes, or leave it out")
    return text == "1"


def _narrower(model: ModelConfig) -> ModelConfig:
    """Half as many units and channels in each layer, as far as that goes."""
    known = options(ModelConfig)
    halved = {
        name: tuple(max(int(known[name].low or 1), width // 2) for width in getattr(model, name))
        for name in ("encoder_channels", "encoder_units", "decoder_units", "decoder_channels")
    }
    return replace(model, **halved)
