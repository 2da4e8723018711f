"""Layers written anew to be quick: the same numbers and gradients as TensorFlow's own."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from conftest import SMALL_MODEL

from vae.training import quick_layers
from vae.training.model import VAE

QUICK = quick_layers.ToOneChannel
RANDOM = np.random.default_rng(3)


@pytest.mark.parametrize(("height", "width", "channels"), [(14, 14, 32), (3, 5, 2), (1, 1, 1)])
def test_a_convolution_to_one_channel_and_its_gradients_are_tensorflows(
    height: int, width: int, channels: int
) -> None:
    x = tf.constant(RANDOM.normal(size=(2, height, width, channels)))
    kernel = tf.constant(RANDOM.normal(size=(4, 4, 1, channels)))
    upstream = tf.constant(RANDOM.normal(size=(2, 2 * height, 2 * width, 1)))
    found, expected = [], []
    for convolve, kept in ((quick_layers.to_one_channel, found), (_tensorflows, expected)):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = convolve(x, kernel)
        kept += [y, *tape.gradient(y, [x, kernel], output_gradients=[upstream])]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def _tensorflows(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    n, height, width, _ = np.shape(x)
    shape = np.array([n, 2 * height, 2 * width, 1])
    return tf.nn.conv2d_transpose(x, kernel, shape, 2, "SAME")


def test_silu_in_bfloat16_and_its_gradient_are_as_close_as_it_can_tell() -> None:
    x = tf.cast(tf.linspace(-30.0, 30.0, 2001), tf.bfloat16)
    upstream = tf.cast(tf.linspace(-2.0, 3.0, 2001), tf.bfloat16)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = quick_layers.silu(x)
    gradient: Any = tape.gradient(y, x, output_gradients=[upstream])
    assert (y.dtype, gradient.dtype) == (tf.bfloat16, tf.bfloat16)
    exact, wide = (np.float64(one.numpy().astype(np.float32)) for one in (x, upstream))
    sigmoid = 1 / (1 + np.exp(-exact))
    slope = sigmoid + exact * sigmoid * (1 - sigmoid)
    # bfloat16 keeps eight bits
    np.testing.assert_allclose(y.numpy().astype(float), exact * sigmoid, rtol=2**-7, atol=1e-3)
    np.testing.assert_allclose(gradient.numpy().astype(float), wide * slope, rtol=2**-8, atol=1e-6)


@pytest.mark.parametrize(("precision", "most"), [("float32", 1e-5), ("bfloat16", 0.03)])
def test_a_network_that_is_trained_decodes_as_the_one_that_is_served(
    precision: str, most: float
) -> None:
    config = replace(SMALL_MODEL, activation="silu", refinements=1)
    latents = RANDOM.normal(size=(5, config.latent_dim)).astype(np.float32)
    trained, served = VAE(config, 4, precision).decoder, VAE(config, 4).decoder
    weights = [RANDOM.normal(size=w.shape) / np.sqrt(len(w)) for w in served.get_weights()]
    for decoder in (trained, served):
        decoder.set_weights(weights)
    quick = [any(isinstance(layer, QUICK) for layer in one.layers) for one in (trained, served)]
    assert quick == [True, False]
    images = np.asarray(served(latents))
    assert np.abs(trained(latents) - images).max() < most * np.abs(images).max()
