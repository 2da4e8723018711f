"""Time to quality: seconds until a model of two dimensions is as good as Keras' example ends.

That example (F. Chollet 2020, "Variational AutoEncoder", keras.io/examples) ends after 30 epochs
at a loss of 146.95 nats: grey pixels, training and test images together, one draw a posterior.
"""

import time
from typing import Any

import keras
import numpy as np
from keras import layers

from benchmarks.training_speed.keras_fit import QUIET, PlainVAE
from vae.data import Splits
from vae.presets import Preset
from vae.training.trainer import Trainer

TARGET = 146.95  # nats


def ours(preset: Preset, splits: Splits) -> float:
    """Seconds until the validation loss, on grey pixels, is below the target; inf if it never is.

    Looked at after each epoch; the looking counts.
    """
    began = time.monotonic()
    trainer = Trainer(preset.model, preset.training, splits.train.images)
    for epoch in range(preset.training.epochs):
        trainer.steps(trainer.order(epoch + 1), epoch * trainer.steps_per_epoch)
        losses = trainer.validate(splits.validation, pixels="grey")
        if losses.reconstruction_loss + losses.kl_divergence < TARGET:
            return time.monotonic() - began
    return float("inf")


def example(splits: Splits, seconds: float, epochs: int = 30) -> tuple[float, list[float]]:
    """Seconds that the example's own recipe takes, and its loss after each epoch.

    It ends early where its own loss, a mean over the epoch as it prints it, is below the target,
    and with the epoch in which so many seconds are over.
    """
    images = np.concatenate(
        [d.images for d in (splits.train, splits.validation, splits.test)]
    ).astype("float32")
    model = PlainVAE(_encoder(), _decoder())
    model.compile(optimizer=keras.optimizers.Adam())
    losses: list[float] = []
    began = time.monotonic()
    for _ in range(epochs):
        history = model.fit(images / 255, epochs=1, batch_size=128, verbose=QUIET)
        losses.append(float(history.history["loss"][0]))
        if losses[-1] < TARGET or time.monotonic() - began > seconds:
            break
    return time.monotonic() - began, losses


def _encoder() -> Any:
    images = keras.Input((28, 28))
    x = layers.Reshape((28, 28, 1))(images)
    for channels in (32, 64):
        x = layers.Conv2D(channels, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    return keras.Model(images, [layers.Dense(2)(x), layers.Dense(2)(x)])


def _decoder() -> Any:
    latents = keras.Input((2,))
    x = layers.Reshape((7, 7, 64))(layers.Dense(7 * 7 * 64, activation="relu")(latents))
    for channels in (64, 32):
        x = layers.Conv2DTranspose(channels, 3, activation="relu", strides=2, padding="same")(x)
    logits = layers.Conv2DTranspose(1, 3, padding="same")(x)
    return keras.Model(latents, layers.Reshape((28, 28))(logits))
