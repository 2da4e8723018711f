"""What a run's events tell: how far it is, how long it will take, whether its latent space is used.

Standard library only.
"""

from dataclasses import dataclass
from typing import Any

_LOSSES = ("loss", "reconstruction_loss", "kl_divergence")
_NUMBERS = {
    "start": ("epoch", "epochs", "steps_per_epoch", "batch_size", "train_images"),
    "progress": ("epoch", "step", "images_per_second", *_LOSSES),
    "epoch": ("epoch", "step", "seconds", "images_per_second"),
    "end": (),
}


def is_event(event: Any) -> bool:
    """Whether this is an event of a training, with all that readers of a history rely on."""
    if not isinstance(event, dict) or event.get("event") not in list(_NUMBERS):
        return False
    parts = [(event, _NUMBERS[event["event"]])]
    if event["event"] == "epoch":
        parts += [(event.get(split), _LOSSES) for split in ("train", "validation")]
    return all(
        isinstance(part, dict) and all(isinstance(part.get(name), int | float) for name in names)
        for part, names in parts
    )


@dataclass(frozen=True)
class Progress:
    """How far a training is; `seconds_left` counts from the last event."""

    step: int
    steps: int
    epoch: int
    epochs: int
    images_per_second: float
    seconds_left: float

    @property
    def share(self) -> float:
        """The part that is done, from 0 to 1."""
        return self.step / self.steps


def progress(events: list[dict[str, Any]]) -> Progress | None:
    """The progress after these events, or None before the first training step."""
    start = next((e for e in reversed(events) if e["event"] == "start"), None)
    last = next((e for e in reversed(events) if e["event"] == "progress"), None)
    if start is None or last is None:
        return None
    steps = start["epochs"] * start["steps_per_epoch"]
    images_per_epoch = start["steps_per_epoch"] * start["batch_size"]
    epochs_left = start["epochs"] - last["step"] / start["steps_per_epoch"]
    return Progress(
        step=last["step"],
        steps=steps,
        epoch=last["epoch"],
        epochs=start["epochs"],
        images_per_second=last["images_per_second"],
        seconds_left=epochs_left * images_per_epoch / max(last["images_per_second"], 1e-9),
    )


def standing(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events that still count: a training that goes on begins its broken-off epoch anew."""
    kept: list[dict[str, Any]] = []
    for event in events:
        if event["event"] == "start":
            kept = [e for e in kept if e.get("epoch", 0) < event["epoch"] or e["event"] == "start"]
        kept.append(event)
    return kept
