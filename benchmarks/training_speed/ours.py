"""This project's training step, as `vae/training/loop.py` takes it."""

import time
from collections.abc import Callable
from itertools import cycle

import numpy as np
import tensorflow as tf

from vae.presets import Preset
from vae.training.trainer import Trainer

WARM_UP = 20  # steps in which TensorFlow traces and allocates


def stepping(preset: Preset, images: np.ndarray) -> Callable[[], object]:
    """What takes a step of a training each time it is called, and waits for its losses.

    One of the first epoch, again and again: later the decoder may rest.
    """
    trainer = Trainer(preset.model, preset.training, images)
    order = trainer.order(1)
    numbers = cycle(range(len(order)))

    def step() -> object:
        number = next(numbers)
        return trainer.step(tf.constant(order[number]), tf.constant(number)).numpy()

    return step


def images_per_second(preset: Preset, images: np.ndarray, seconds: float) -> float:
    """Images a second of a training that runs for so long.

    Args:
        preset: what to train and how.
        images: (n, 28, 28) uint8.
        seconds: how long to look.
    """
    step = stepping(preset, images)
    for _ in range(WARM_UP):
        step()
    began, steps = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        step()
        steps += 1
    size = min(preset.training.batch_size, len(images))
    return steps * size / (time.monotonic() - began)
