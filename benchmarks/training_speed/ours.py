"""This project's training steps, as `vae/training/loop.py` takes them."""

import time

import numpy as np

from vae.presets import Preset
from vae.training.loop import steps_at_once
from vae.training.trainer import Trainer

WARM_UP = 20  # steps in which TensorFlow traces and allocates


def images_per_second(preset: Preset, images: np.ndarray, seconds: float) -> float:
    """Images a second of a training that runs for so long.

    Args:
        preset: what to train and how.
        images: (n, 28, 28) uint8.
        seconds: how long to look.
    """
    trainer = Trainer(preset.model, preset.training, images)
    order = trainer.order(1)  # again and again: later the decoder may rest

    def take(first: int, at_once: int) -> tuple[int, float]:
        """The steps that were taken, and their seconds."""
        first %= len(order)
        indices, began = order[first : first + at_once], time.monotonic()
        trainer.steps(indices, first)
        return len(indices), time.monotonic() - began

    for number in range(WARM_UP):
        take(number, 1)
    began, steps, at_once = time.monotonic(), 0, 1
    while time.monotonic() - began < seconds:
        taken, took = take(steps, at_once)
        steps, at_once = steps + taken, steps_at_once(taken, took)
    return steps * trainer.batch_size / (time.monotonic() - began)
