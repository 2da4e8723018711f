"""How weights are moved: Adam, how far at which step, and the average that follows them.

A variable is moved by one operation of TensorFlow, where Keras spells it out in a dozen: they took
an eighth of a step of `baseline`.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf


class Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """Falls to zero along a cosine: once for both networks, once more for the encoder alone.

    Source: Loshchilov and Hutter 2017, "SGDR", equation 5.
    """

    def __init__(self, highest: float, joint_steps: int, encoder_steps: int) -> None:
        self.highest, self.joint_steps, self.encoder_steps = highest, joint_steps, encoder_steps

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step."""
        step = tf.cast(step, tf.float32)
        joint = step / self.joint_steps
        encoder = (step - self.joint_steps) / max(1, self.encoder_steps)
        done = tf.minimum(1.0, tf.where(joint < 1.0, joint, encoder))
        return self.highest * 0.5 * (1.0 + tf.cos(np.pi * done))


class Adam(keras.optimizers.Adam):
    """Keras' Adam with decoupled weight decay (AdamW); its state is that of Keras' own."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable and its two moments, in place."""
        index = self._get_variable_index(variable)
        done: Any = self.iterations  # Keras types it by its backends
        step = tf.cast(done + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=learning_rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def follow(averages: Sequence[Any], weights: Sequence[Any], decay: Any) -> None:
    """Move each average towards its weight, in place: decay * average + (1 - decay) * weight."""
    for average, weight in zip(averages, weights, strict=True):
        tf.raw_ops.ResourceApplyGradientDescent(
            var=average.value.handle, alpha=1.0 - decay, delta=average - weight
        )
