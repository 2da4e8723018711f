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


def grid(reach: float, step: float) -> np.ndarray:
    axis = np.arange(-reach, reach, step, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def test_a_new_flow_is_the_standard_normal_prior() -> None:
    latents = grid(3, 1)
    expected = -0.5 * (latents**2).sum(axis=1) - np.log(2 * np.pi)
    density = gains.RealNVP(2).log_density(tf.constant(latents))
    np.testing.assert_allclose(density, expected, rtol=1e-5)


def test_the_density_of_any_flow_integrates_to_one() -> None:
    flow, generator = gains.RealNVP(2), np.random.default_rng(0)
    for network in flow.networks:
        drawn = [generator.normal(0, 0.15, w.shape) for w in network.get_weights()]
        network.set_weights(drawn)
    density = np.exp(np.asarray(flow.log_density(tf.constant(grid(12, 0.05)))))
    assert density.sum() * 0.05**2 == pytest.approx(1, abs=1e-3)
    assert density.max() > 2 / (2 * np.pi)  # so it is no longer the standard normal prior


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


@pytest.mark.parametrize("kind", list(dict.fromkeys(kind for kind, _ in gains.ROWS.values())))
def test_each_kind_of_row_learns(kind: type[gains.Plain]) -> None:
    trainer = kind(MODEL, TRAINING, IMAGES)
    order = trainer.order(1)
    lost = [float(trainer.step(tf.constant(order[i % 2]), tf.constant(i))[0]) for i in range(40)]
    assert np.mean(lost[-2:]) < np.mean(lost[:2]) - 5
