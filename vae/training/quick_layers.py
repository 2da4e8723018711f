"""Layers of the network that is trained which TensorFlow's own operations make slow: written anew.

The numbers are the same; the gradients are checked against TensorFlow's. What is served has Keras'
own layers. `python -m benchmarks.training_speed --profile` shows what each operation takes.
"""

from typing import Any

import tensorflow as tf
from keras import layers

SIZE, STRIDE = 4, 2
ONE_AROUND: Any = ((0, 0), (1, 1), (1, 1), (0, 0))  # TensorFlow types it as a word


class ToOneChannel(layers.Conv2DTranspose):
    """Keras' transposed convolution, to one channel: (n, h, w, c) -> (n, 2h, 2w, 1)."""

    def __init__(self, kernel_initializer: Any, dtype: str) -> None:
        how: dict[str, Any] = {"kernel_initializer": kernel_initializer, "dtype": dtype}
        super().__init__(1, SIZE, strides=STRIDE, padding="same", **how)

    def call(self, inputs: Any) -> Any:
        """The convolution, and its bias."""
        kernel, bias = (tf.convert_to_tensor(weight) for weight in (self.kernel, self.bias))
        return to_one_channel(inputs, kernel) + bias


@tf.custom_gradient
def to_one_channel(x: tf.Tensor, kernel: tf.Tensor) -> Any:  # y alone, for who calls it
    """The transposed convolution of x (n, h, w, c) with a kernel (4, 4, 1, c): (n, 2h, 2w, 1).

    Each block of 2 x 2 pixels is a mixture of the 2 x 2 pixels of x around it: so it is a plain
    convolution to four channels, where TensorFlow's own, made for many, takes twice as long.
    TensorFlow's gradients are quick enough, so they are kept.
    """
    pairs = tf.reverse(tf.reshape(kernel, (2, STRIDE, 2, STRIDE, -1)), (0, 2))
    mixtures = tf.reshape(tf.transpose(pairs, (0, 2, 4, 1, 3)), (2, 2, -1, STRIDE**2))
    blocks = tf.nn.conv2d(x, mixtures, 1, ONE_AROUND)
    y = tf.nn.depth_to_space(blocks, STRIDE)[:, 1:-1, 1:-1]  # half of the outermost is beyond

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        of_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=upstream,
            filter_sizes=kernel.shape,
            out_backprop=x,
            strides=[1, STRIDE, STRIDE, 1],
            padding="SAME",
        )
        return tf.nn.conv2d(upstream, kernel, STRIDE, "SAME"), of_kernel

    return y, gradients


@tf.custom_gradient
def silu(x: tf.Tensor) -> Any:
    """x * sigmoid(x) of any shape, for bfloat16: the sigmoid of TensorFlow's own gradient is four
    times as slow there as in float32.
    """
    return tf.nn.silu(x), lambda upstream: _silu_gradient(x, upstream)


@tf.function(jit_compile=tf.test.is_built_with_xla())  # one pass over the numbers
def _silu_gradient(x: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    wide = tf.cast(x, tf.float32)
    sigmoid = tf.sigmoid(wide)
    slope = sigmoid * (1.0 + wide * (1.0 - sigmoid))
    return tf.cast(slope * tf.cast(upstream, tf.float32), x.dtype)
