"""The optimizer: as Keras' own, step by step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from vae.training.optimizer import Adam, Cosine, follow


def moved(optimizer: keras.optimizers.Optimizer) -> list[np.ndarray]:
    """Two variables and the optimizer's state after twenty steps, some of them in a graph."""
    generator = np.random.default_rng(0)
    variables = [
        keras.Variable(generator.normal(size=shape).astype("float32"), name=name)
        for name, shape in (("kernel", (3, 4)), ("bias", (4,)))
    ]
    optimizer.build(variables)
    optimizer.exclude_from_weight_decay(var_names=["bias"])

    @tf.function
    def apply(*gradients: tf.Tensor) -> None:
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    for step in range(20):
        gradients = [generator.normal(size=v.shape).astype("float32") for v in variables]
        if step < 10:
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
        else:
            apply(*map(tf.constant, gradients))
    return [np.asarray(value) for value in (*variables, *optimizer.variables)]


@pytest.mark.parametrize("decay", [0.3, None])
@pytest.mark.parametrize("rate", [1e-2, Cosine(1e-2, 15, 10)], ids=["constant", "cosine"])
def test_weights_and_state_move_as_with_keras_adamw(decay: float | None, rate: float) -> None:
    expected = moved(keras.optimizers.AdamW(rate, weight_decay=decay or 0.0))
    found = moved(Adam(rate, weight_decay=decay))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


def test_an_average_moves_towards_its_weight_by_what_the_decay_leaves() -> None:
    average, weight = keras.Variable([1.0, 4.0]), keras.Variable([3.0, 2.0])
    follow([average], [weight], tf.constant(0.75))
    assert np.asarray(average).tolist() == [1.5, 3.5]
    assert np.asarray(weight).tolist() == [3.0, 2.0]
