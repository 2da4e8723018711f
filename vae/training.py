"""Training: one path for the command line and the app.

`train` fills a run directory and tells what happens as events. Given the same configs, data,
seed and machine it gives the same history, resumed or not: every random number is drawn from
(seed, step), and a checkpoint after each epoch holds weights, their average and the optimizer.
"""

import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vae import runs
from vae.config import ModelConfig, TrainingConfig
from vae.data import Digits, Splits
from vae.losses import kl_divergence, reconstruction_loss
from vae.model import VAE, sample_posterior

EXPORT_EVERY_SECONDS = 15.0  # an export takes about 1.5 s, so at most a tenth of the time
EVENT_EVERY_SECONDS = 0.5

Event = dict[str, Any]


class TrainingError(Exception):
    """Training cannot go on; the text says why and what to change."""


@dataclass(frozen=True)
class Losses:
    """Means over images, in nats per image; `loss` is the one that training lowers."""

    loss: float
    reconstruction_loss: float
    kl_divergence: float


class _Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """Falls to zero along a cosine: once for both networks, once more for the encoder alone.

    Source: Loshchilov and Hutter 2017, "SGDR", equation 5.
    """

    def __init__(self, highest: float, joint_steps: int, encoder_steps: int) -> None:
        self.highest, self.joint_steps, self.encoder_steps = highest, joint_steps, encoder_steps

    def __call__(self, step: Any) -> Any:
        step = tf.cast(step, tf.float32)
        joint = step / self.joint_steps
        encoder = (step - self.joint_steps) / max(1, self.encoder_steps)
        done = tf.minimum(1.0, tf.where(joint < 1.0, joint, encoder))
        return self.highest * 0.5 * (1.0 + tf.cos(np.pi * done))


class Trainer:
    """The model, its optimizer and its moving average, one training step at a time."""

    def __init__(self, model: ModelConfig, training: TrainingConfig, images: np.ndarray) -> None:
        """Args: images: (n, 28, 28) uint8, the training images."""
        self.config = training
        self.images = tf.constant(images)
        self.batch_size = min(training.batch_size, len(images))
        self.steps_per_epoch = len(images) // self.batch_size
        self.joint_steps = training.joint_epochs * self.steps_per_epoch
        self.vae = VAE(model, training.seed)
        self.vae.set_mean_image(images.mean(axis=0) / 255)
        self.averaged = VAE(model) if training.ema_decay else self.vae
        self.averaged.set_weights(self.vae.get_weights())
        self.optimizer = keras.optimizers.AdamW(
            self._learning_rate(), weight_decay=training.weight_decay
        )
        self.optimizer.build(self.vae.trainable_variables)
        self.optimizer.exclude_from_weight_decay(var_names=["bias"])
        self._update_both = tf.function(partial(self._update, encoder_only=False))
        self._update_encoder = tf.function(partial(self._update, encoder_only=True))
        self.validation_step = tf.function(self._validation_step, reduce_retracing=True)

    def _learning_rate(self) -> Any:  # a number or a schedule; Keras types the argument as float
        if self.config.schedule == "constant":
            return self.config.learning_rate
        encoder_steps = self.config.epochs * self.steps_per_epoch - self.joint_steps
        return _Cosine(self.config.learning_rate, self.joint_steps, encoder_steps)

    def order(self, epoch: int) -> np.ndarray:
        """The order in which an epoch visits the images: (steps_per_epoch, batch_size) indices."""
        order = np.random.default_rng((self.config.seed, epoch)).permutation(len(self.images))
        used = self.steps_per_epoch * self.batch_size
        return order[:used].reshape(self.steps_per_epoch, self.batch_size).astype(np.int32)

    def step(self, indices: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """One update from the images at `indices`: loss, reconstruction loss, KL divergence."""
        update = self._update_both if int(step) < self.joint_steps else self._update_encoder
        return update(indices, step)

    def _update(self, indices: tf.Tensor, step: tf.Tensor, encoder_only: bool) -> tf.Tensor:
        move, draw, noise = _seeds(self.config.seed, step, 3)
        images = tf.cast(tf.gather(self.images, indices), tf.float32) / 255.0
        if self.config.augmentation and (encoder_only or not self.config.encoder_share):
            images = augmented(images, self.config.augmentation, move)
        images = as_trained(images, self.config.pixels, draw)
        with tf.GradientTape() as tape:
            reconstruction, kl = self._terms(self.vae, images, noise, training=True)
            loss = reconstruction + self.config.kl_weight * self._warmth(step) * kl
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
        if not self.config.ema_decay:
            return
        steps = tf.cast(step, tf.float32)
        decay = tf.minimum(self.config.ema_decay, (1.0 + steps) / (10.0 + steps))
        for average, weight in zip(
            self.averaged.trainable_variables, self.vae.trainable_variables, strict=True
        ):
            average.assign(decay * average + (1.0 - decay) * weight)

    def _terms(
        self, vae: VAE, images: tf.Tensor, seed: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Reconstruction loss and KL divergence: the one place where images are averaged."""
        mean, log_variance = vae.encoder(images, training=training)
        latents = mean
        if self.config.latents == "sampled":
            noise = tf.random.stateless_normal(tf.shape(mean), seed)
            latents = sample_posterior(mean, log_variance, noise)
        logits = vae.decoder(latents, training=training)
        reconstruction = reconstruction_loss(images, logits, keras.ops)
        kl = kl_divergence(mean, log_variance, keras.ops)
        return tf.reduce_mean(reconstruction), tf.reduce_mean(kl)

    def _validation_step(self, images: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
        draw, noise = _seeds(self.config.seed, -1 - batch, 2)  # the same after every epoch
        images = as_trained(tf.cast(images, tf.float32) / 255.0, self.config.pixels, draw)
        reconstruction, kl = self._terms(self.averaged, images, noise, training=False)
        return tf.stack([reconstruction + self.config.kl_weight * kl, reconstruction, kl])

    def validate(self, digits: Digits) -> Losses:
        """The averaged model's losses on these digits, in the same draws each time."""
        total = np.zeros(3)
        for batch, start in enumerate(range(0, len(digits), 500)):
            images = digits.images[start : start + 500]
            total += (
                len(images) * self.validation_step(tf.constant(images), tf.constant(batch)).numpy()
            )
        return Losses(*(total / len(digits)).tolist())

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
    centre = 13.5
    x0 = centre - centre * (xx + xy) + 0.3 * draws[:, 4]
    y0 = centre - centre * (yx + yy) + 0.3 * draws[:, 5]
    zero = tf.zeros_like(x0)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.expand_dims(images, -1),
        transforms=tf.stack([xx, xy, x0, yx, yy, y0, zero, zero], axis=1),
        output_shape=(28, 28),
        fill_value=0.0,
        interpolation="BILINEAR",
    )
    return tf.reshape(moved, tf.shape(images))


@dataclass
class _Best:
    """The epoch with the lowest validation loss so far."""

    epoch: int
    validation: Losses
    weights: list[np.ndarray]


class _History:
    """What is committed to the run directory: the best epoch's model, and where to resume."""

    def __init__(self, trainer: Trainer, path: Path, manifest: runs.Manifest) -> None:
        self.trainer = trainer
        self.path = path
        self.manifest = manifest
        infinite = Losses(*[float("inf")] * 3)
        self.best = _Best(0, infinite, trainer.averaged.get_weights())
        self._exported = -EXPORT_EVERY_SECONDS
        self._stale = False

    def epoch_done(self, epoch: int, validation: Losses, seconds: float) -> None:
        """Checkpoint the epoch, keep it if it is the best, and commit."""
        if validation.loss < self.best.validation.loss:
            self.best = _Best(epoch, validation, self.trainer.averaged.get_weights())
            self._stale = True
        seconds += self.manifest.seconds
        self.manifest = replace(self.manifest, epochs_done=epoch, seconds=seconds, state="training")
        self.save_checkpoint()
        if self._stale and time.monotonic() - self._exported > EXPORT_EVERY_SECONDS:
            self._export()
        runs.write_manifest(self.path, self.manifest)

    def close(self, state: runs.State, error: str = "") -> None:
        """Export what is not yet exported, and commit the final state.

        A run that was stopped in its first epoch keeps the weights as they are.
        """
        if not self.manifest.epochs_done and state == "stopped":
            self.best.weights = self.trainer.averaged.get_weights()
            self._stale = True
        if self._stale:
            self._export()
        self.manifest = replace(self.manifest, state=state, error=error)
        runs.write_manifest(self.path, self.manifest)

    def _export(self) -> None:
        """Commit the best epoch's model files, with what the manifest says of that epoch."""
        best = VAE(self.trainer.vae.config)
        # Half precision costs less than 0.01 nats, and halves what is stored and sent.
        best.set_weights([w.astype(np.float16).astype(np.float32) for w in self.best.weights])
        runs.settle_files(self.path)
        new = self.path / "new"
        new.mkdir(exist_ok=True)
        best.save(new / "model.keras")
        for network in (best.encoder, best.decoder):
            network.export(str(new / f"{network.name}.tflite"), format="litert", verbose=False)
        if self.best.epoch:
            metrics = _prefixed("validation", self.best.validation)
            self.manifest = replace(self.manifest, best_epoch=self.best.epoch, metrics=metrics)
        self.manifest = runs.commit_files(self.path, self.manifest)
        self._exported = time.monotonic()
        self._stale = False

    def save_checkpoint(self) -> None:
        """Write all that `restore` needs, replacing the last checkpoint atomically."""
        best = {f"best/{i}": weights for i, weights in enumerate(self.best.weights)}
        part = self.path / "checkpoint.npz.part"
        with part.open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                epoch=np.array(self.manifest.epochs_done),
                best_epoch=np.array(self.best.epoch),
                best_validation=np.array(astuple(self.best.validation)),
                **self.trainer.state(),
                **best,
            )
        part.replace(self.path / "checkpoint.npz")

    def restore(self) -> None:
        """Go back to the last checkpoint.

        Raises:
            TrainingError: there is none, or it does not fit.
        """
        try:
            with (
                (self.path / "checkpoint.npz").open("rb") as file,
                np.load(file, allow_pickle=False) as arrays,
            ):
                state = dict(arrays)
            self.trainer.restore(state)
            self.best = _Best(
                int(state["best_epoch"]),
                Losses(*state["best_validation"].tolist()),
                [state[f"best/{i}"] for i in range(len(self.best.weights))],
            )
            self.manifest = replace(self.manifest, epochs_done=int(state["epoch"]))
            self._stale = True
        except FileNotFoundError:
            raise TrainingError(
                f"nothing to resume in {self.path}: checkpoint.npz is missing; train from the start"
            ) from None
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise TrainingError(f"the checkpoint in {self.path} does not fit: {error}") from error


def train(
    model: ModelConfig,
    training: TrainingConfig,
    splits: Splits,
    path: Path,
    *,
    preset: str = "",
    resume: bool = False,
    emit: Callable[[Event], None] = lambda event: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> runs.Run:
    """Train a model into a run directory.

    Args:
        model: what to build.
        training: how to train it. When resuming, more epochs than the run has done.
        splits: the data.
        path: the run directory; made if it is not there.
        preset: the name of the preset that the configs began as.
        resume: go on from the last checkpoint in `path`.
        emit: told each event, in this thread, after it is in the run's history.
        should_stop: asked before each step; True ends training and keeps the best epoch.

    Returns:
        The run, finished or stopped.

    Raises:
        TrainingError: the loss is no longer finite, or there is nothing to resume.
    """
    trainer = Trainer(model, training, splits.train.images)
    manifest = _new_manifest(model, training, splits, preset, trainer.vae.count_params())
    path.mkdir(parents=True, exist_ok=True)
    history = _History(trainer, path, manifest)
    if resume:
        earlier = runs.read(path).manifest
        if earlier.data and earlier.data["sha256"] != splits.sha256:
            raise TrainingError(
                f"{path} was trained on other data ({earlier.data['source']}, "
                f"{earlier.data['train']:,} images); resume with the same, or train from the start"
            )
        history.manifest = replace(
            manifest,
            preset=earlier.preset,
            seconds=earlier.seconds,
            best_epoch=earlier.best_epoch,
            metrics=earlier.metrics,
            files=earlier.files,
        )
        history.restore()
    else:
        history.save_checkpoint()
    runs.write_manifest(path, history.manifest)

    def tell(event: Event) -> None:
        runs.append_event(path, event)
        emit(event)

    first = history.manifest.epochs_done + 1
    tell(
        {
            "event": "start",
            "epoch": first,
            "epochs": training.epochs,
            "steps_per_epoch": trainer.steps_per_epoch,
            "batch_size": trainer.batch_size,
            "train_images": len(splits.train),
            "data": splits.source,
        }
    )
    state: runs.State = "finished"
    try:
        for epoch in range(first, training.epochs + 1):
            if not _train_epoch(trainer, history, splits, epoch, tell, should_stop):
                state = "stopped"
                break
    except TrainingError as error:
        history.close("failed", str(error))
        tell({"event": "end", "state": "failed", "error": str(error)})
        raise
    history.close(state)
    tell({"event": "end", "state": state})
    return runs.read(path)


def _train_epoch(
    trainer: Trainer,
    history: _History,
    splits: Splits,
    epoch: int,
    tell: Callable[[Event], None],
    should_stop: Callable[[], bool],
) -> bool:
    """One epoch and its commit; False if it was stopped before its end."""
    started = told = time.monotonic()
    total, since, told_step = np.zeros(3), np.zeros(3), 0
    for step, indices in enumerate(trainer.order(epoch), start=1):
        if should_stop():
            return False
        number = (epoch - 1) * trainer.steps_per_epoch + step - 1
        since += trainer.step(tf.constant(indices), tf.constant(number)).numpy()
        now = time.monotonic()
        if now - told >= EVENT_EVERY_SECONDS or step == trainer.steps_per_epoch:
            means = Losses(*(since / (step - told_step)).tolist())
            _check_finite(means, training=trainer.config, epoch=epoch)
            speed = (step - told_step) * trainer.batch_size / max(now - told, 1e-9)
            tell(
                {
                    "event": "progress",
                    "epoch": epoch,
                    "step": number + 1,
                    "images_per_second": round(speed, 1),
                    **asdict(means),
                }
            )
            total += since
            since, told, told_step = np.zeros(3), now, step
    seconds = time.monotonic() - started
    validation = trainer.validate(splits.validation)
    _check_finite(validation, training=trainer.config, epoch=epoch)
    history.epoch_done(epoch, validation, time.monotonic() - started)
    tell(
        {
            "event": "epoch",
            "epoch": epoch,
            "train": asdict(Losses(*(total / trainer.steps_per_epoch).tolist())),
            "validation": asdict(validation),
            "seconds": round(seconds, 3),
            "images_per_second": round(trainer.steps_per_epoch * trainer.batch_size / seconds, 1),
        }
    )
    return True


def _check_finite(losses: Losses, training: TrainingConfig, epoch: int) -> None:
    if not np.isfinite(losses.loss):
        raise TrainingError(
            f"the loss is {losses.loss} in epoch {epoch}: the weights have run away; the last good "
            f"epoch is kept; lower the learning rate (now {training.learning_rate}) and train again"
        )


def _prefixed(prefix: str, losses: Losses) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in asdict(losses).items()}


def _new_manifest(
    model: ModelConfig,
    training: TrainingConfig,
    splits: Splits,
    preset: str,
    parameters: int,
) -> runs.Manifest:
    data = {
        "source": splits.source,
        "sha256": splits.sha256,
        "train": len(splits.train),
        "validation": len(splits.validation),
        "test": len(splits.test),
    }
    packages = ("keras", "numpy")
    versions = {"tensorflow": tf.__version__} | {name: version(name) for name in packages}
    return runs.Manifest(
        preset=preset,
        model=model,
        training=training,
        parameters=parameters,
        data=data,
        versions=versions,
    )
