"""What changes that others report as gains bring here: `python -m benchmarks.gains --data MNIST`.

Each row changes one thing about row H of assets/models/EXPERIMENTS.md: `best`, six epochs. All are
measured on the validation images, each binarised once, with the same 32 draws of each posterior.
It takes about 3 minutes a row on 2 cores; `--only` chooses rows.
"""

import argparse
import time
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from vae import data, evaluation
from vae.config import PRESETS, ModelConfig, TrainingConfig
from vae.losses import kl_per_dimension, reconstruction_loss
from vae.training.model import sample_posterior
from vae.training.trainer import Trainer

MODEL = replace(PRESETS["best"].model, latent_dim=24)
H = replace(PRESETS["best"].training, epochs=6, weight_decay=0.1, kl_warmup_epochs=3)
# A last phase begins with the averaged weights of row H and takes its steps from there.
LAST = replace(H, epochs=2, learning_rate=3e-4, kl_warmup_epochs=0)
DRAWS = 32


def log_normal(x: Any, mean: Any = 0.0, log_variance: Any = 0.0) -> Any:
    """Log density of diagonal Gaussians at x (..., latent_dim): (...,) in nats."""
    square = (x - mean) ** 2 * tf.exp(-log_variance)
    return -0.5 * tf.reduce_sum(square + log_variance + np.log(2 * np.pi), axis=-1)


class Plain(Trainer):
    """Training as it is."""

    def log_prior(self, vae: Any, latents: Any) -> Any:
        """Log density of the prior at latents (n, latent_dim): (n,)."""
        return log_normal(latents)

    def log_weights(self, vae: Any, images: Any, seed: Any, training: bool = False) -> Any:
        """log p(image, latent) - log q(latent | image) for one draw an image: (n,) in nats."""
        mean, log_variance = vae.encoder(images, training=training)
        noise = tf.random.stateless_normal(tf.shape(mean), seed)
        latents = sample_posterior(mean, log_variance, noise)
        likelihood = -reconstruction_loss(images, vae.decoder(latents, training=training), ops)
        ratio = self.log_prior(vae, latents) - log_normal(latents, mean, log_variance)
        return likelihood + ratio


class FlatStart(Plain):
    """The decoder's bias starts at zero, not at the mean image."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        for vae in (self.vae, self.averaged):
            vae.set_mean_image(np.full((28, 28), 0.5))


class BinarisedOnce(Plain):
    """Each training image is binarised once, before training."""

    def __init__(self, model: ModelConfig, training: TrainingConfig, images: np.ndarray) -> None:
        drawn = evaluation.binarised(images / np.float32(255), np.random.default_rng(0))
        super().__init__(model, replace(training, pixels="grey"), (255 * drawn).astype(np.uint8))


class SampledKL(Plain):
    """The KL divergence from the draw that is rebuilt, not from its formula."""

    def _terms(self, vae: Any, images: Any, seed: Any, training: bool) -> Any:
        mean, log_variance = vae.encoder(images, training=training)
        noise = tf.random.stateless_normal(tf.shape(mean), seed)
        latents = sample_posterior(mean, log_variance, noise)
        logits = vae.decoder(latents, training=training)
        kl = log_normal(latents, mean, log_variance) - self.log_prior(vae, latents)
        kls = kl_per_dimension(mean, log_variance, ops)
        reconstruction = reconstruction_loss(images, logits, ops)
        return tf.reduce_mean(reconstruction), tf.reduce_mean(kl), tf.reduce_mean(kls, axis=0)


class RealNVP(keras.Model):
    """A normalising flow from latents to a space where the prior is N(0, I).

    Affine couplings: half of the numbers decide how the other half is scaled and shifted.
    Source: Dinh, Sohl-Dickstein and Bengio 2017, "Density estimation using Real NVP".
    """

    def __init__(self, latent_dim: int, couplings: int = 8, hidden: int = 128) -> None:
        super().__init__()
        self.networks = [
            keras.Sequential(
                [
                    keras.Input((latent_dim,)),
                    layers.Dense(hidden, "relu", kernel_initializer=_kernel(i)),
                    layers.Dense(2 * latent_dim, kernel_initializer="zeros"),
                ]
            )
            for i in range(couplings)
        ]
        self.built = True

    def log_density(self, latents: Any) -> Any:
        """Log density of the prior at latents (n, latent_dim): (n,) in nats."""
        x, log_volume = latents, tf.zeros(tf.shape(latents)[:1])
        for i, network in enumerate(self.networks):
            moved = np.arange(latents.shape[-1]) % 2 == i % 2
            scale, shift = tf.split(network(tf.where(moved, 0.0, x)), 2, axis=-1)
            scale, shift = (tf.where(moved, y, 0.0) for y in (tf.tanh(scale), shift))
            x = x * tf.exp(scale) + shift
            log_volume += tf.reduce_sum(scale, axis=-1)
        return log_normal(x) + log_volume


def _kernel(seed: int) -> Any:  # Keras types the argument as str
    return keras.initializers.GlorotUniform(seed=seed)


class FlowPrior(SampledKL):
    """The prior is a RealNVP, trained with the networks.

    Source: Xu, Wang et al. 2019, "On the Necessity and Effectiveness of Learning the Prior of
    Variational Auto-Encoder".
    """

    def __init__(self, model: ModelConfig, training: TrainingConfig, images: np.ndarray) -> None:
        super().__init__(model, training, images)
        for vae in (self.vae, self.averaged):
            vae.prior = RealNVP(model.latent_dim)
        self.optimizer = keras.optimizers.AdamW(
            self._learning_rate(), weight_decay=training.weight_decay
        )
        self.optimizer.build(self.vae.trainable_variables)
        self.optimizer.exclude_from_weight_decay(var_names=["bias"])

    def log_prior(self, vae: Any, latents: Any) -> Any:
        """That of the flow."""
        return vae.prior.log_density(latents)


class ImportanceWeighted(Plain):
    """The bound from 5 draws, weighted by how well they explain the image.

    Source: Burda, Grosse and Salakhutdinov 2016, "Importance Weighted Autoencoders".
    """

    def _terms(self, vae: Any, images: Any, seed: Any, training: bool) -> Any:
        seeds = tf.unstack(tf.random.split(seed, 5))
        draws = tf.stack([self.log_weights(vae, images, s, training) for s in seeds])
        bound = tf.reduce_mean(tf.reduce_logsumexp(draws, axis=0) - np.log(5))
        _, kl, kls = super()._terms(vae, images, seed, training)
        return -bound - kl, kl, kls  # the loss is their sum: the KL divergence drops out again


ROWS: dict[str, tuple[type[Plain], TrainingConfig]] = {
    "row H": (Plain, H),
    "another seed": (Plain, replace(H, seed=1)),
    "output bias from zero": (FlatStart, H),
    "no KL warm-up": (Plain, replace(H, kl_warmup_epochs=0)),
    "KL warm-up over 1 epoch": (Plain, replace(H, kl_warmup_epochs=1)),
    "KL sampled": (SampledKL, H),
    "pixels grey": (Plain, replace(H, pixels="grey")),
    "pixels binarised": (Plain, replace(H, pixels="binarised")),
    "pixels binarised once": (BinarisedOnce, H),
    "no moving average": (Plain, replace(H, ema_decay=0.0)),
    "constant learning rate": (Plain, replace(H, schedule="constant")),
    "the same, no moving average": (Plain, replace(H, schedule="constant", ema_decay=0.0)),
    "RealNVP prior": (FlowPrior, H),
    "two more epochs": (Plain, LAST),
    "two more epochs, IWAE with 5 draws": (ImportanceWeighted, LAST),
}


def trained(row: str, images: np.ndarray, start: list[np.ndarray] | None) -> tuple[Plain, float]:
    """A row's trainer when it is done, and the seconds of an epoch."""
    kind, training = ROWS[row]
    trainer = kind(MODEL, training, images)
    if start is not None:
        trainer.vae.set_weights(start)
        trainer.averaged.set_weights(start)
    began = time.monotonic()
    for epoch in range(1, training.epochs + 1):
        first = (epoch - 1) * trainer.steps_per_epoch
        for step, indices in enumerate(trainer.order(epoch), start=first):
            trainer.step(tf.constant(indices), tf.constant(step))
    return trainer, (time.monotonic() - began) / training.epochs


def log_weights(trainer: Plain, images: np.ndarray) -> np.ndarray:
    """Of images (n, 28, 28), 0 or 1 each pixel, under the averaged model: (DRAWS, n)."""
    draw = tf.function(lambda batch, seed: trainer.log_weights(trainer.averaged, batch, seed))
    batches = [tf.constant(images[i : i + 500]) for i in range(0, len(images), 500)]
    drawn = [
        [draw(batch, tf.constant([i, number])) for number, batch in enumerate(batches)]
        for i in range(DRAWS)
    ]
    return np.stack([np.concatenate(row) for row in drawn])


def main() -> None:
    """Print a line for each row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a folder with MNIST; else what training would find")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    arguments = parser.parse_args()
    splits = data.load(arguments.data)
    images = splits.validation.images / np.float32(255)
    images = evaluation.binarised(images, np.random.default_rng(0))
    start: list[np.ndarray] | None = None
    print("| change | -ELBO | NLL, at most | seconds an epoch |\n|---|---|---|---|")
    for row in ROWS if any(ROWS[r][1] is LAST for r in arguments.only) else arguments.only:
        last = ROWS[row][1] is LAST
        if row not in arguments.only and row != "row H":
            continue
        trainer, seconds = trained(row, splits.train.images, start if last else None)
        if row == "row H":
            start = trainer.averaged.get_weights()
        weights = log_weights(trainer, images)
        nll = np.log(DRAWS) - np.logaddexp.reduce(weights, axis=0)
        print(f"| {row} | {-weights.mean():.2f} | {nll.mean():.2f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
