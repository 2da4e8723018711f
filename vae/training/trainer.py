"""The model, its optimizer and its moving average, and the training step that moves them.

Every random number of a step is drawn from (seed, step), so a step can be taken again.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vae.config import ModelConfig, TrainingConfig
from vae.data import Digits
from vae.losses import kl_per_dimension, reconstruction_loss
from vae.mnist import IMAGE, SIDE
from vae.training.model import VAE, sample_posterior, sampled_kl_divergence
from vae.training.optimizer import Adam, Cosine, follow


@dataclass(frozen=True)
class Losses:
    """Means over images, in nats per image.

    `loss` weighs the KL divergence with the full `kl_weight`, whatever warm-up and free bits
    allow, so that the epochs of a run can be compared.
    """

    loss: float
    reconstruction_loss: float
    kl_divergence: float


class Trainer:
    """The model, its optimizer and its moving average, and the training step that moves them."""

    def __init__(self, model: ModelConfig, training: TrainingConfig, images: np.ndarray) -> None:
        """A model that is about to be trained.

        Args:
            model: what it is.
            training: how it is trained.
            images: (n, 28, 28) uint8, the training images.

        Raises:
            ValueError: the model cannot be trained so.
        """
        training.check(model)
        self.config = training
        self.images = tf.constant(images)
        self.batch_size = min(training.batch_size, len(images))
        self.steps_per_epoch = len(images) // self.batch_size
        self.joint_steps = training.joint_epochs * self.steps_per_epoch
        self.vae = VAE(model, training.seed, training.precision)
        self.vae.set_mean_image(images.mean(axis=0) / 255)
        is_itself = training.precision == "float32" and not training.ema_decay
        self.averaged = self.vae if is_itself else VAE(model)
        self.averaged.set_weights(self.vae.get_weights())
        self.optimizer = Adam(self._learning_rate(), weight_decay=training.weight_decay or None)
        self.optimizer.build(self.vae.trainable_variables)
        flow = self.vae.to_base.trainable_variables if self.vae.to_base else []
        self.optimizer.exclude_from_weight_decay(var_list=flow, var_names=["bias"])
        taken = (tf.TensorSpec((None, self.batch_size), tf.int32), tf.TensorSpec((), tf.int32))
        self._both, self._encoder = (
            tf.function(partial(self._steps, encoder_only=alone), input_signature=taken)
            for alone in (False, True)
        )
        self.validation_step = tf.function(self._validation_step, reduce_retracing=True)

    def _learning_rate(self) -> Any:  # a number or a schedule; Keras types the argument as float
        if self.config.schedule == "constant":
            return self.config.learning_rate
        encoder_steps = self.config.epochs * self.steps_per_epoch - self.joint_steps
        return Cosine(self.config.learning_rate, self.joint_steps, encoder_steps)

    def order(self, epoch: int) -> np.ndarray:
        """The order in which an epoch visits the images: (steps_per_epoch, batch_size) indices."""
        order = np.random.default_rng((self.config.seed, epoch)).permutation(len(self.images))
        used = self.steps_per_epoch * self.batch_size
        return order[:used].reshape(self.steps_per_epoch, self.batch_size).astype(np.int32)

    def steps(self, indices: np.ndarray, first: int) -> np.ndarray:
        """Updates of one epoch, one after the other, in a single call of TensorFlow.

        Args:
            indices: (steps, batch_size), of the images of each.
            first: the number of the first of them, from 0 over the whole training.

        Returns:
            (3,): loss, reconstruction loss and KL divergence, sums over the steps.
        """
        take = self._both if first < self.joint_steps else self._encoder
        return take(tf.constant(indices), tf.constant(first)).numpy()

    def _steps(self, indices: tf.Tensor, first: tf.Tensor, encoder_only: bool) -> tf.Tensor:
        total = tf.zeros(3)
        for i in tf.range(tf.shape(indices)[0]):  # a loop of TensorFlow's
            total += self._update(indices[i], first + i, encoder_only)
        return total

    def _update(self, indices: tf.Tensor, step: tf.Tensor, encoder_only: bool) -> tf.Tensor:
        move, draw, noise = _seeds(self.config.seed, step, 3)
        images = tf.cast(tf.gather(self.images, indices), tf.float32) / 255.0
        if self.config.augmentation and (encoder_only or not self.config.encoder_share):
            images = augmented(images, self.config.augmentation, move)
        images = as_trained(images, self.config.pixels, draw)
        with tf.GradientTape() as tape:
            reconstruction, kl, kls = self._terms(self.vae, images, noise, training=True)
            free = self.config.free_bits
            counted = tf.reduce_sum(tf.maximum(kls, free)) if free else kl
            loss = reconstruction + self.config.kl_weight * self._warmth(step) * counted
        trained = self.vae.encoder if encoder_only else self.vae
        variables = trained.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        self._follow(step)
        return tf.stack([reconstruction + self.config.kl_weight * kl, reconstruction, kl])

    def _warmth(self, step: tf.Tensor) -> tf.Tensor:
        """Share of the KL weight that counts at this step of the warm-up."""
        steps = self.config.kl_warmup_epochs * self.steps_per_epoch
        return tf.minimum(1.0, tf.cast(step + 1, tf.float32) / max(1, steps))

    def _follow(self, step: tf.Tensor) -> None:
        """Move the averaged weights after the trained ones, faster early on."""
        if self.averaged is self.vae:
            return
        steps = tf.cast(step, tf.float32)
        decay = tf.minimum(self.config.ema_decay, (1.0 + steps) / (10.0 + steps))
        follow(self.averaged.trainable_variables, self.vae.trainable_variables, decay)

    def _terms(
        self, vae: VAE, images: tf.Tensor, seed: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Reconstruction loss (), KL divergence () and that of each dimension (latent_dim,).

        The one place where images are averaged. With a flow the KL divergence is estimated from
        the draw that is decoded, and has no dimensions (0,).
        """
        mean, log_variance = vae.encoder(images, training=training)
        latents = mean
        if self.config.latents == "sampled":
            noise = tf.random.stateless_normal(tf.shape(mean), seed)
            latents = sample_posterior(mean, log_variance, noise)
        logits = vae.decoder(latents, training=training)
        reconstruction = reconstruction_loss(images, logits, keras.ops)
        if vae.to_base is None:
            kls = kl_per_dimension(mean, log_variance, keras.ops)
            kl = tf.reduce_sum(kls, axis=-1)
        else:
            kls, kl = mean[:, :0], sampled_kl_divergence(vae, latents, mean, log_variance)
        return tf.reduce_mean(reconstruction), tf.reduce_mean(kl), tf.reduce_mean(kls, axis=0)

    def _validation_step(self, images: tf.Tensor, batch: tf.Tensor, pixels: str) -> tf.Tensor:
        draw, noise = _seeds(self.config.seed, -1 - batch, 2)  # the same after every epoch
        images = as_trained(tf.cast(images, tf.float32) / 255.0, pixels, draw)
        reconstruction, kl, _ = self._terms(self.averaged, images, noise, training=False)
        return tf.stack([reconstruction + self.config.kl_weight * kl, reconstruction, kl])

    def validate(self, digits: Digits, pixels: str = "") -> Losses:
        """The averaged model's losses on these digits, in the same draws each time.

        Args:
            digits: what to validate on.
            pixels: as in the config, which decides where nothing is given.
        """
        total = np.zeros(3)
        for batch, start in enumerate(range(0, len(digits), 500)):
            images = digits.images[start : start + 500]
            losses = self.validation_step(
                tf.constant(images), tf.constant(batch), pixels or self.config.pixels
            )
            total += len(images) * losses.numpy()
        return Losses(*(total / len(digits)).tolist())

    def encode(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The averaged model's latents (n, latent_dim) for images (n, 28, 28), and what each
        dimension tells of them: its KL divergence, (n, latent_dim) or with a flow (n, 0).

        The latents are of the base space; the posterior mean lies there.
        """
        mean, log_variance = self.averaged.encoder(images, training=False)
        latents, _ = self.averaged.base(mean)
        kls = np.asarray(kl_per_dimension(mean, log_variance, keras.ops))
        return np.asarray(latents), kls[:, :0] if self.averaged.to_base else kls

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """The averaged model's images (n, 28, 28) in [0, 1] for latents (n, latent_dim)."""
        if self.averaged.from_base:
            latents = self.averaged.from_base(latents)
        return np.asarray(tf.sigmoid(self.averaged.decoder(latents, training=False)))

    def state(self) -> dict[str, np.ndarray]:
        """Everything that training needs to go on, by name."""
        named = {"vae": self.vae.variables, "averaged": self.averaged.variables}
        named["optimizer"] = self.optimizer.variables
        return {
            f"{name}/{i}": np.asarray(variable)
            for name, variables in named.items()
            for i, variable in enumerate(variables)
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go back to a state."""
        named = {"vae": self.vae.variables, "averaged": self.averaged.variables}
        named["optimizer"] = self.optimizer.variables
        for name, variables in named.items():
            for i, variable in enumerate(variables):
                variable.assign(state[f"{name}/{i}"])


def _seeds(seed: int, step: tf.Tensor, n: int) -> list[tf.Tensor]:
    """One seed for each of the n draws of a step: equal seeds would give related numbers."""
    return tf.unstack(tf.random.split(tf.stack([seed, step]), n))


def as_trained(images: tf.Tensor, pixels: str, seed: tf.Tensor) -> tf.Tensor:
    """Images (n, 28, 28) in [0, 1] as the config wants them: grey, black-or-white, or half each.

    A binarised pixel is 1 with the probability of its grey value, drawn anew at each step.
    Source: Salakhutdinov and Murray 2008, "On the Quantitative Analysis of Deep Belief Networks".
    """
    if pixels == "grey":
        return images
    uniform = tf.random.stateless_uniform(tf.shape(images), seed)
    binarised = tf.cast(uniform < images, tf.float32)
    if pixels == "binarised":
        return binarised
    half = tf.shape(images)[0] // 2
    return tf.concat([images[:half], binarised[half:]], axis=0)


def augmented(images: tf.Tensor, strength: float, seed: tf.Tensor) -> tf.Tensor:
    """Images (n, 28, 28), each rotated, sheared, scaled and shifted a little at random.

    At strength 1 the standard deviations are 0.06 in each entry of the linear map (about 3
    degrees, 6 %) and 0.3 pixels of shift.
    """
    n = tf.shape(images)[0]
    draws = strength * tf.random.stateless_normal(tf.stack([n, 6]), seed)
    xx, xy, yx, yy = (tf.eye(2)[r, c] + 0.06 * draws[:, 2 * r + c] for r in (0, 1) for c in (0, 1))
    centre = (SIDE - 1) / 2
    x0 = centre - centre * (xx + xy) + 0.3 * draws[:, 4]
    y0 = centre - centre * (yx + yy) + 0.3 * draws[:, 5]
    zero = tf.zeros_like(x0)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.expand_dims(images, -1),
        transforms=tf.stack([xx, xy, x0, yx, yy, y0, zero, zero], axis=1),
        output_shape=IMAGE,
        fill_value=0.0,
        interpolation="BILINEAR",
    )
    return tf.reshape(moved, tf.shape(images))
