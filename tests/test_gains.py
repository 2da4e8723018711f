"""The benchmark of gains that others report: its densities and bounds, and that its rows learn."""

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import gains
from vae import losses
from vae.config import ModelConfig, TrainingConfig
from vae.data import embedded

MODEL = ModelConfig(latent_dim=2, encoder_units=(32,), decoder_units=(32,), decoder_channels=(8, 8))
TRAINING = TrainingConfig(batch_size=32, learning_rate=0.02, pixels="binarised", ema_decay=0.5)
IMAGES = embedded().images[:64]


@pytest.fixture(scope="module")
def plain() -> gains.Plain:
    return gains.Plain(MODEL, TRAINING, IMAGES)


def test_the_log_weights_average_to_the_elbo(plain: gains.Plain) -> None:
    images = (IMAGES[:20] / np.float32(255) > 0.5).astype(np.float32)
    many = np.repeat(images, 500, axis=0)
    weights = np.asarray(plain.log_weights(plain.vae, tf.constant(many), tf.constant([0, 1])))
    mean, log_variance = (np.asarray(x) for x in plain.vae.encoder(many))
    noise = np.random.default_rng(0).normal(size=mean.shape).astype(np.float32)
    logits = np.asarray(plain.vae.decoder(mean + np.exp(log_variance / 2) * noise))
    expected = losses.elbo(many, logits, mean, log_variance)
    assert weights.mean() == pytest.approx(expected.mean(), abs=0.1)


def test_the_importance_weighted_loss_is_the_mean_of_five_weights(plain: gains.Plain) -> None:
    images, seed = tf.constant(IMAGES[:20] / np.float32(255)), tf.constant([0, 1])
    weighted = gains.ImportanceWeighted(MODEL, TRAINING, IMAGES)
    reconstruction, kl, _ = weighted._terms(weighted.vae, images, seed, training=False)
    drawn = np.stack(
        [
            np.asarray(plain.log_weights(plain.vae, images, s), np.float64)
            for s in tf.unstack(tf.random.split(seed, 5))
        ]
    )
    lowest = drawn.max(axis=0)
    bound = np.log(np.exp(drawn - lowest).mean(axis=0)) + lowest
    assert float(reconstruction + kl) == pytest.approx(-bound.mean(), rel=1e-5)
    assert float(reconstruction + kl) < -drawn.mean()


@pytest.mark.long
@pytest.mark.parametrize("kind", list(dict.fromkeys(row.kind for row in gains.ROWS.values())))
def test_each_kind_of_row_learns(kind: type[gains.Plain]) -> None:
    trainer = kind(MODEL, TRAINING, IMAGES)
    order = trainer.order(1)
    lost = [float(trainer.steps(order[i % 2][None], i)[0]) for i in range(40)]
    assert np.mean(lost[-2:]) < np.mean(lost[:2]) - 5
