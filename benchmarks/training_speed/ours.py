"""This project's training step, as `vae/training/loop.py` takes it."""

import time

import numpy as np
import tensorflow as tf

from vae.presets import Preset
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
    order = trainer.order(1)

    def step(number: int) -> None:
        trainer.step(tf.constant(order[number % len(order)]), tf.constant(number)).numpy()

    for number in range(WARM_UP):
        step(number)
    began, number = time.monotonic(), WARM_UP
    while time.monotonic() - began < seconds:
        step(number)
        number += 1
    return (number - WARM_UP) * trainer.batch_size / (time.monotonic() - began)
