"""The networks: shapes, bounds, seeds, and how they are stored."""

import random
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import SMALL_MODEL

from vae.config import ModelConfig
from vae.presets import PRESETS
from vae.training.model import LOG_VARIANCE_BOUND, VAE, load_weights, sample_posterior

DROPOUT = ModelConfig(encoder_units=(64,), decoder_units=(32,), dropout=0.5)
CONVOLVED = replace(SMALL_MODEL, encoder_channels=(4, 8), activation="silu")


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(5).random((6, 28, 28), dtype=np.float32)


def scattered(vae: VAE) -> VAE:
    """The model with weights far from where it starts, so that nothing is zero by chance."""
    generator = np.random.default_rng(6)
    vae.set_weights([generator.normal(0, 0.3, w.shape) for w in vae.get_weights()])
    return vae


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_encodes_images_and_decodes_latents(preset: str, images: np.ndarray) -> None:
    config = PRESETS[preset].model
    vae = VAE(config)
    mean, log_variance = vae.encoder(images)
    assert mean.shape == log_variance.shape == (6, config.latent_dim)
    assert vae.decoder(mean).shape == vae(images).shape == (6, 28, 28)


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(latent_dim=1, encoder_units=(8,), decoder_units=(8,), decoder_channels=(1, 1)),
        ModelConfig(latent_dim=128, encoder_units=(8, 8, 8), refinements=3, dropout=0.9),
        ModelConfig(encoder_channels=(1,) * 6),
    ],
    ids=["smallest", "odd", "more halvings than the image has"],
)
def test_configs_at_their_bounds_can_be_built(config: ModelConfig, images: np.ndarray) -> None:
    assert np.isfinite(np.asarray(VAE(config)(images))).all()


def test_each_convolution_of_the_encoder_halves_the_image() -> None:
    encoder = VAE(CONVOLVED).encoder
    convolutions = [layer for layer in encoder.layers if isinstance(layer, keras.layers.Conv2D)]
    shapes = [keras.Model(encoder.input, c.output).output_shape[1:] for c in convolutions]
    assert shapes == [(14, 14, 4), (7, 7, 8)]


def test_the_activation_decides_what_follows_each_layer(images: np.ndarray) -> None:
    smooth, plain = (
        scattered(VAE(replace(CONVOLVED, activation=name))).decoder for name in ("silu", "relu")
    )
    hidden = keras.Model(smooth.input, smooth.layers[2].output)
    dense = keras.Model(smooth.input, smooth.layers[1].output)
    z = images[:, 0, :2]
    before = np.asarray(dense(z))
    np.testing.assert_allclose(hidden(z), before / (1 + np.exp(-before)), rtol=1e-5, atol=1e-6)
    assert not np.allclose(smooth(z), plain(z))


@pytest.mark.parametrize("scale", [1.0, 1e6, -1e6, 1e30])
def test_the_log_variance_stays_within_its_bound_for_absurd_inputs(
    scale: float, images: np.ndarray
) -> None:
    _, log_variance = scattered(VAE(SMALL_MODEL)).encoder(images * np.float32(scale))
    assert np.isfinite(np.asarray(log_variance)).all()
    assert np.abs(log_variance).max() <= LOG_VARIANCE_BOUND
    if abs(scale) > 1:
        assert np.abs(log_variance).max() > 0.99 * LOG_VARIANCE_BOUND  # so the bound was tried


def test_a_new_encoder_starts_with_the_priors_variance(images: np.ndarray) -> None:
    _, log_variance = VAE(SMALL_MODEL).encoder(images)
    np.testing.assert_array_equal(log_variance, np.zeros((6, 2)))


def test_calling_the_model_decodes_the_posterior_mean(images: np.ndarray) -> None:
    vae = scattered(VAE(SMALL_MODEL))
    mean, _ = vae.encoder(images)
    np.testing.assert_array_equal(vae(images), vae.decoder(mean))


def test_the_decoder_can_start_at_a_mean_image(images: np.ndarray) -> None:
    vae = VAE(SMALL_MODEL)
    vae.set_mean_image(images[0])
    drawn = np.asarray(keras.ops.sigmoid(vae.decoder(np.zeros((1, 2), np.float32))))
    np.testing.assert_allclose(drawn[0], np.clip(images[0], 1e-3, 1 - 1e-3), atol=1e-6)


def test_a_mean_image_with_empty_and_full_pixels_gives_finite_logits() -> None:
    vae = VAE(SMALL_MODEL)
    vae.set_mean_image(np.repeat([0.0, 1.0], 392).reshape(28, 28))
    logits = np.asarray(vae.decoder(np.zeros((1, 2), np.float32)))
    np.testing.assert_allclose(np.abs(logits), np.log(999), rtol=1e-4)


def test_the_same_seed_builds_the_same_weights_and_another_seed_others() -> None:
    first, again, other = (VAE(SMALL_MODEL, seed).get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    drawn = [i for i, weights in enumerate(first) if weights.ndim > 1 and weights.any()]
    assert len(drawn) > 5
    assert not any(np.array_equal(first[i], other[i]) for i in drawn)


def test_the_largest_seed_that_a_config_allows_can_be_used() -> None:
    assert VAE(DROPOUT, 2**31 - 1).count_params() == VAE(DROPOUT, 0).count_params()


def test_building_leaves_the_global_random_state_alone() -> None:
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - that state is meant
    VAE(DROPOUT, 1)
    assert random.getstate() == python
    np.testing.assert_equal(np.random.get_state(), numpy)  # noqa: NPY002


def test_dropout_silences_only_while_training(images: np.ndarray) -> None:
    vae = VAE(DROPOUT)
    served, again = (np.asarray(vae(images)) for _ in range(2))
    trained, different = (np.asarray(vae(images, training=True)) for _ in range(2))
    np.testing.assert_array_equal(served, again)
    assert not np.array_equal(trained, different)


def test_posterior_samples_have_the_posteriors_mean_and_variance() -> None:
    n = 200_000
    noise = np.random.default_rng(1).standard_normal((n, 2)).astype(np.float32)
    mean, log_variance = np.array([[0.7, -2.0], [-3.0, 1.0]], np.float32)
    z = np.asarray(sample_posterior(mean, log_variance, noise), np.float64)
    deviation = np.exp(0.5 * log_variance)
    assert (np.abs(z.mean(axis=0) - mean) < 5 * deviation / np.sqrt(n)).all()
    np.testing.assert_allclose(z.std(axis=0), deviation, rtol=5 / np.sqrt(2 * n))


@pytest.mark.parametrize(
    "config", [SMALL_MODEL, DROPOUT, CONVOLVED], ids=["small", "dropout", "convolved"]
)
def test_a_stored_model_comes_back_the_same(
    tmp_path: Path, images: np.ndarray, config: ModelConfig
) -> None:
    vae = scattered(VAE(config))
    vae.save(tmp_path / "model.keras")
    whole = keras.saving.load_model(tmp_path / "model.keras")
    weights = load_weights(config, tmp_path / "model.keras")
    assert isinstance(whole, VAE)
    assert whole.config == config
    for loaded in (whole, weights):
        np.testing.assert_array_equal(loaded(images), vae(images))


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Keras warns before it refuses
def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    VAE(SMALL_MODEL).save(tmp_path / "model.keras")
    for other in (replace(SMALL_MODEL, latent_dim=9), replace(SMALL_MODEL, decoder_units=(32,))):
        with pytest.raises(ValueError, match="could not be loaded"):
            load_weights(other, tmp_path / "model.keras")
