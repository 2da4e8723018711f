"""A Keras network -> the LiteRT file that serves it."""

import keras
import tensorflow as tf


class _Weights(tf.Module):
    """Holds a network's weights, where the converter looks for them."""

    def __init__(self, network: keras.Model) -> None:
        super().__init__()
        self.weights = [weight.value for weight in network.weights]


def convert(network: keras.Model) -> bytes:
    """The network as a .tflite file with one signature, `serving_default`.

    Its argument has the name of the network's input; its outputs are `output_0`, `output_1`, ...
    Keras' own export gives the same in twice the time, as it traces the network again and again:
    a training that is told to stop would seem to hesitate.
    """
    (given,) = network.inputs
    argument = tf.TensorSpec(given.shape, tf.float32, given.name)
    served = tf.function(lambda values: network(values, training=False), [argument])
    function = served.get_concrete_function()
    return tf.lite.TFLiteConverter.from_concrete_functions([function], _Weights(network)).convert()
