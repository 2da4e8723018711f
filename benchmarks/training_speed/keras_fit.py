"""The same networks in plain Keras `fit`, as Keras' example of a VAE trains: grey pixels as they
are, Adam, three running means, and none of what this project does besides.

Source of the way of training: F. Chollet 2020, "Variational AutoEncoder", keras.io/examples.
"""

import time
from contextlib import suppress
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from vae.losses import kl_divergence, reconstruction_loss
from vae.presets import Preset
from vae.training.model import build_decoder, build_encoder, sample_posterior

QUIET: Any = 0  # Keras types `verbose` as str


class PlainVAE(keras.Model):
    """An encoder and a decoder, trained by `fit`."""

    def __init__(self, encoder: Any, decoder: Any) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.noise = keras.random.SeedGenerator(0)
        self.trackers = [
            keras.metrics.Mean(name=name)
            for name in ("loss", "reconstruction_loss", "kl_divergence")
        ]

    @property
    def metrics(self) -> list[Any]:
        """What an epoch begins anew."""
        return self.trackers

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step, as Keras' documentation shows it."""
        with tf.GradientTape() as tape:
            mean, log_variance = self.encoder(data, training=True)
            noise = keras.random.normal(ops.shape(mean), seed=self.noise)
            logits = self.decoder(sample_posterior(mean, log_variance, noise), training=True)
            # Keras types what it computes by its backends.
            reconstruction: Any = ops.mean(reconstruction_loss(data, logits, ops))
            kl: Any = ops.mean(kl_divergence(mean, log_variance, ops))
            loss = reconstruction + kl
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        for tracker, value in zip(self.trackers, (loss, reconstruction, kl), strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}


class _Done(Exception):
    """The time is over, in the middle of an epoch: `fit` knows no other way out."""


class _Clock(keras.callbacks.Callback):
    """Stops after so many seconds beyond the first steps, and knows how many steps they held."""

    def __init__(self, seconds: float, warm_up: int) -> None:
        super().__init__()
        self.seconds, self.warm_up, self.steps, self.began = seconds, warm_up, 0, 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look at the time."""
        self.steps += 1
        if self.steps == self.warm_up:
            self.began = time.monotonic()
        elif self.steps > self.warm_up and time.monotonic() - self.began >= self.seconds:
            self.ended = time.monotonic()
            raise _Done


def compiled(preset: Preset, by_xla: Any = "auto") -> PlainVAE:
    """The preset's networks, ready for `fit`; whether XLA compiles the step is left to Keras."""
    model = PlainVAE(build_encoder(preset.model), build_decoder(preset.model))
    optimizer = keras.optimizers.Adam(preset.training.learning_rate)
    model.compile(optimizer=optimizer, jit_compile=by_xla)
    return model


def images_per_second(preset: Preset, images: np.ndarray, seconds: float) -> float:
    """Images a second of `fit` with the preset's networks and batches; as in ours.py."""
    model = compiled(preset)
    clock = _Clock(seconds, warm_up=20)
    size = min(preset.training.batch_size, len(images))
    pixels = images.astype("float32") / 255
    with suppress(_Done):
        model.fit(pixels, batch_size=size, epochs=10_000, verbose=QUIET, callbacks=[clock])
    return (clock.steps - clock.warm_up) * size / (clock.ended - clock.began)
