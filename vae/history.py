"""What a run's events tell: how far it is, how long it takes, whether its latent space is used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile
from typing import Any

from vae.losses import TERMS

_NEEDED = {
    "start": ("epoch", "epochs", "steps_per_epoch", "batch_size", "train_images"),
    "progress": ("epoch", "step", "images_per_second", *TERMS),
    "epoch": ("epoch", "seconds", "images_per_second"),
    "end": (),
}


def is_event(event: Any) -> bool:
    """Whether this is an event of a training, with all that readers of a history rely on."""
    kind = event.get("event") if isinstance(event, dict) else None
    if not isinstance(kind, str) or kind not in _NEEDED:
        return False
    parts = [(event, _NEEDED[kind])]
    if kind == "epoch":
        parts += [(event.get(split), TERMS) for split in ("train", "validation")]
    return all(
        isinstance(part, dict)
        and all(name in part for name in needed)
        and all(_FIELDS[name](value) for name, value in part.items() if name in _FIELDS)
        for part, needed in parts
    )


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1e12


def _is_size(value: Any) -> bool:
    return _is_count(value) and value > 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e300  # False for nan


def _is_duration(value: Any) -> bool:
    return _is_number(value) and 0 <= value < 1e12


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)


def _is_kl(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 128 and all(map(_is_number, value))


_FIELDS: dict[str, Callable[[Any], bool]] = {
    "step": _is_count,
    **dict.fromkeys(("epoch", "epochs", "steps_per_epoch"), _is_size),
    **dict.fromkeys(("batch_size", "train_images"), _is_size),
    **dict.fromkeys(("seconds", "images_per_second"), _is_duration),
    **dict.fromkeys(TERMS, _is_number),
    **dict.fromkeys(("data", "note", "state", "error"), _is_text),
    "kl_per_dimension": _is_kl,  # empty with a flow; the oldest shipped runs have none
}
KNOWN = {"event", "train", "validation", *_FIELDS}
"""All entries of an event that anything reads."""


def note(events: Sequence[dict[str, Any]]) -> str:
    """What there is to know about the data of a training; empty if nothing."""
    start = next((event for event in reversed(events) if event["event"] == "start"), {})
    found = start.get("note")
    return found[:300] if isinstance(found, str) else ""


@dataclass(frozen=True)
class Progress:
    """How far a training is; `seconds_left` counts from the last event.

    Before `is_measured` the speed is that of the first steps, which take far longer than others.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    images_per_second: float
    seconds_left: float
    is_measured: bool

    @property
    def share(self) -> float:
        """The part that is done, from 0 to 1."""
        return min(self.step / self.steps, 1.0)


def progress(events: list[dict[str, Any]]) -> Progress | None:
    """The progress after these events, or None before the first training step."""
    start = next((e for e in reversed(events) if e["event"] == "start"), None)
    last = next((e for e in reversed(events) if e["event"] == "progress"), None)
    if start is None or last is None:
        return None
    steps = start["epochs"] * start["steps_per_epoch"]
    images_per_epoch = start["steps_per_epoch"] * start["batch_size"]
    epochs_left = start["epochs"] - last["step"] / start["steps_per_epoch"]
    measured = _mean_speed(events)
    speed = measured or last["images_per_second"]
    return Progress(
        step=last["step"],
        steps=steps,
        epoch=last["epoch"],
        epochs=start["epochs"],
        images_per_second=last["images_per_second"],
        seconds_left=epochs_left * images_per_epoch / max(speed, 1e-9),
        is_measured=measured > 0,
    )


def _mean_speed(events: list[dict[str, Any]]) -> float:
    """Images a second over the last stretches since it began or went on; 0 if there are none.

    One stretch alone would make the time left jump.
    """
    since_start = takewhile(lambda event: event["event"] != "start", reversed(events))
    latest_first = (event for event in since_start if event["event"] == "progress")
    recent = list(islice(latest_first, RECENT))[::-1]
    steps = [after["step"] - before["step"] for before, after in pairwise(recent)]
    speeds = [max(event["images_per_second"], 1e-9) for event in recent[1:]]
    seconds = sum(n / speed for n, speed in zip(steps, speeds, strict=True))
    return sum(steps) / seconds if seconds else 0.0


def effective(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events that still count: a training that goes on begins its broken-off epoch anew."""
    kept: list[dict[str, Any]] = []
    for event in events:
        if event["event"] == "start":
            kept = [e for e in kept if e.get("epoch", 0) < event["epoch"] or e["event"] == "start"]
        kept.append(event)
    return kept


RECENT = 30
"""Events of progress that tell a training's speed; there are about two a second."""

MEAN_IMAGE_LOSS = 200.0
"""Nats. Whoever always answers with MNIST's mean image has a reconstruction loss of 206."""

DEAD_BELOW = 0.01
"""Nats. A latent dimension that tells less of a digit, on average, is dead: the decoder has
learned to ignore it."""


def is_astray(epochs: list[dict[str, Any]]) -> bool:
    """Whether these events of epochs tell of a model that has learned no more than the mean.

    The first few epochs of few images are never called so.
    """
    losses = [event["validation"]["reconstruction_loss"] for event in epochs]
    return len(losses) >= 5 and min(losses) > MEAN_IMAGE_LOSS


@dataclass(frozen=True)
class Collapse:
    """A latent space of which too little is used: the dead dimensions, and what to change."""

    dead: tuple[int, ...]
    latent_dim: int
    advice: str


def dead_dimensions(kl_per_dimension: Sequence[float]) -> tuple[int, ...]:
    """The latent dimensions, from 0, that tell nothing: their KL divergence is below 0.01 nats."""
    return tuple(i for i, kl in enumerate(kl_per_dimension) if kl < DEAD_BELOW)


def collapse(
    kl_per_dimension: Sequence[float], kl_weight: float, kl_warmup_epochs: int = 0
) -> Collapse | None:
    """Whether the posterior has collapsed to the prior, in all dimensions or in many.

    A model with many dimensions switches off those that it does not need, and is well. So it is
    called collapsed if it uses none, or no more than half of two or three, or no more than a
    quarter of more than that.

    Args:
        kl_per_dimension: (latent_dim,) in nats, of a model after an epoch of its training.
        kl_weight: the weight that it is trained with.
        kl_warmup_epochs: the warm-up that it is trained with.
    """
    latent_dim, dead = len(kl_per_dimension), dead_dimensions(kl_per_dimension)
    used = latent_dim - len(dead)
    if used > (latent_dim // 2 if latent_dim < 4 else latent_dim // 4):
        return None
    if kl_weight > 1:
        change = f"lower the KL weight from {kl_weight:g} to 1"
    elif not kl_warmup_epochs:
        change = "let the KL weight rise slowly, with a KL warm-up of a few epochs"
    else:
        change = "give each dimension some KL divergence for free, with free bits of 0.1"
    share = "no dimension tells" if not used else f"only {used} of {latent_dim} dimensions tell"
    return Collapse(
        dead,
        latent_dim,
        f"The decoder hardly listens to the latent, of which {share} anything; {change}.",
    )
