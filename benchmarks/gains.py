"""What changes that others report as gains bring here: `python -m benchmarks.gains --data MNIST`.

Each row changes one thing about row H of assets/models/EXPERIMENTS.md: `best`, six epochs. All are
measured on the validation images, each binarised once, with the same 32 draws of each posterior.
It takes about 3 minutes a row on 2 cores; `--only` chooses rows.
"""

import argparse
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from vae import data, evaluation
from vae.config import ModelConfig, TrainingConfig
from vae.losses import kl_per_dimension, log_normal, reconstruction_loss
from vae.presets import PRESETS
from vae.training.model import sample_posterior
from vae.training.trainer import Trainer

MODEL = replace(PRESETS["best"].model, latent_dim=24)
H = replace(PRESETS["best"].training, epochs=6, weight_decay=0.1, kl_warmup_epochs=3)
# A last phase begins with the averaged weights of row H and takes its steps from there.
LAST = replace(H, epochs=2, learning_rate=3e-4, kl_warmup_epochs=0)
DRAWS = 32


@dataclass(frozen=True)
class Row:
    """What is trained, and how."""

    kind: type["Plain"]
    training: TrainingConfig = H
    model: ModelConfig = MODEL


class Plain(Trainer):
    """Training as it is."""

    def log_prior(self, vae: Any, z: Any) -> Any:
        """Log density of the prior at z (n, latent_dim): (n,)."""
        latents, log_volume = vae.base(z)
        return log_normal(latents, ops=ops) + log_volume

    def log_weights(self, vae: Any, images: Any, seed: Any, training: bool = False) -> Any:
        """log p(image, latent) - log q(latent | image) for one draw an image: (n,) in nats."""
        mean, log_variance = vae.encoder(images, training=training)
        noise = tf.random.stateless_normal(tf.shape(mean), seed)
        latents = sample_posterior(mean, log_variance, noise)
        likelihood = -reconstruction_loss(images, vae.decoder(latents, training=training), ops)
        ratio = self.log_prior(vae, latents) - log_normal(latents, mean, log_variance, ops)
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
        kl = log_normal(latents, mean, log_variance, ops) - self.log_prior(vae, latents)
        kls = kl_per_dimension(mean, log_variance, ops)
        reconstruction = reconstruction_loss(images, logits, ops)
        return tf.reduce_mean(reconstruction), tf.reduce_mean(kl), tf.reduce_mean(kls, axis=0)


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


FLOW = replace(MODEL, prior="flow", couplings=8, coupling_units=128)

ROWS = {
    "row H": Row(Plain),
    "another seed": Row(Plain, replace(H, seed=1)),
    "output bias from zero": Row(FlatStart),
    "no KL warm-up": Row(Plain, replace(H, kl_warmup_epochs=0)),
    "KL warm-up over 1 epoch": Row(Plain, replace(H, kl_warmup_epochs=1)),
    "KL sampled": Row(SampledKL),
    "pixels grey": Row(Plain, replace(H, pixels="grey")),
    "pixels binarised": Row(Plain, replace(H, pixels="binarised")),
    "pixels binarised once": Row(BinarisedOnce),
    "no moving average": Row(Plain, replace(H, ema_decay=0.0)),
    "constant learning rate": Row(Plain, replace(H, schedule="constant")),
    "the same, no moving average": Row(Plain, replace(H, schedule="constant", ema_decay=0.0)),
    "RealNVP prior": Row(Plain, model=FLOW),
    "the same, 12 couplings of 256 units": Row(
        Plain, model=replace(FLOW, couplings=12, coupling_units=256)
    ),
    "two more epochs": Row(Plain, LAST),
    "two more epochs, IWAE with 5 draws": Row(ImportanceWeighted, LAST),
}


def trained(row: str, images: np.ndarray, start: list[np.ndarray] | None) -> tuple[Plain, float]:
    """A row's trainer when it is done, and the seconds of an epoch."""
    training = ROWS[row].training
    trainer = ROWS[row].kind(ROWS[row].model, training, images)
    if start is not None:
        trainer.vae.set_weights(start)
        trainer.averaged.set_weights(start)
    began = time.monotonic()
    for epoch in range(1, training.epochs + 1):
        trainer.steps(trainer.order(epoch), (epoch - 1) * trainer.steps_per_epoch)
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
    for row in ROWS if any(ROWS[r].training is LAST for r in arguments.only) else arguments.only:
        last = ROWS[row].training is LAST
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
