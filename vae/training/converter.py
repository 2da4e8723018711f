"""A Keras network -> the LiteRT file that serves it."""

import tempfile
from functools import partial

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


def convert_all(*networks: keras.Model) -> bytes:
    """Networks that share weights as one .tflite file, each with a signature of its name."""
    functions = {}
    for network in networks:
        (given,) = network.inputs
        argument = tf.TensorSpec(given.shape, tf.float32, given.name)
        functions[network.name] = tf.function(partial(network, training=False), [argument])
    holder = _Weights(networks[0])
    concrete = {name: function.get_concrete_function() for name, function in functions.items()}
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(holder, folder, signatures=concrete)
        keys = list(functions)
        return tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=keys).convert()
