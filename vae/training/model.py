"""The networks: an encoder, a decoder with transposed convolutions, and all as one VAE."""

from itertools import count
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from vae.config import ModelConfig
from vae.losses import log_normal
from vae.mnist import IMAGE, SIDE
from vae.training import places, quick_layers
from vae.training.prior import build_flow

# exp(10) and exp(-10) are far beyond any useful posterior variance, and safe in float32.
LOG_VARIANCE_BOUND = 10.0


class _Layers:
    """Adds layers to a network, each with a seed of its own.

    So building never touches the global random state.
    """

    def __init__(self, config: ModelConfig, seed: int, precision: str | None) -> None:
        self._config = config
        self._seeds = count(seed * 1000)
        self._is_served = precision is None
        # Keras' name for layers that compute in it and keep their weights in float32
        self._dtype = "mixed_bfloat16" if precision == "bfloat16" else "float32"

    def kernel(self) -> Any:  # Keras types the argument as str
        """How the next layer's weights start."""
        return keras.initializers.GlorotUniform(seed=next(self._seeds))

    def activated(self, x):
        """What follows a layer with the output x."""
        activation: Any = self._config.activation
        if (activation, self._dtype) == ("silu", "mixed_bfloat16"):
            activation = quick_layers.silu
        return layers.Activation(activation, dtype=self._dtype)(x)

    def dense(self, x, units: tuple[int, ...]):
        """Dense layers; where two widths are equal, the layer adds to its input."""
        for width in units:
            y = self.activated(self.linear(x, width))
            if self._config.dropout:
                seed = next(self._seeds)
                y = layers.Dropout(self._config.dropout, seed=seed, dtype=self._dtype)(y)
            x = self.added(x, y) if x.shape == y.shape else y
        return x

    def linear(self, x, width: int):
        """A dense layer, not activated."""
        kernel = self.kernel()
        return layers.Dense(width, kernel_initializer=kernel, dtype=self._dtype)(x)

    def added(self, x, y):
        """A layer's output y, added to its input x."""
        return layers.Add(dtype=self._dtype)([x, y])

    def flattened(self, x):
        """The same numbers in one row."""
        return layers.Flatten(dtype=self._dtype)(x)

    def shaped(self, x, shape: tuple[int, ...]):
        """The same numbers in another shape."""
        return layers.Reshape(shape, dtype=self._dtype)(x)

    def convolved(self, x, channels: tuple[int, ...]):
        """Convolutions, each of which halves the image: (n, h, w, c) -> (n, h/2, w/2, channels)."""
        for n in channels:
            x = layers.Conv2D(
                n,
                4,
                strides=2,
                padding="same",
                kernel_initializer=self.kernel(),
                dtype=self._dtype,
            )(x)
            x = self.activated(x)
        return x

    def transposed(self, x, channels: int, size: int, stride: int):
        """A transposed convolution, not activated: (n, h, w, c) -> (n, sh, sw, channels)."""
        return layers.Conv2DTranspose(
            channels,
            size,
            strides=stride,
            padding="same",
            kernel_initializer=self.kernel(),
            dtype=self._dtype,
        )(x)

    def to_one_channel(self, x):
        """A transposed convolution, not activated: (n, h, w, c) -> (n, 2h, 2w, 1)."""
        if self._is_served:
            return self.transposed(x, 1, quick_layers.SIZE, quick_layers.STRIDE)
        kernel = self.kernel()
        return quick_layers.ToOneChannel(kernel_initializer=kernel, dtype=self._dtype)(x)

    def refined(self, x):
        """Transposed convolutions that keep the resolution, each added to its input."""
        for _ in range(self._config.refinements):
            x = self.added(x, self.activated(self.transposed(x, x.shape[-1], 3, 1)))
        return x


@keras.saving.register_keras_serializable("vae")
class PixelBias(layers.Layer):
    """Adds one learned number to each pixel: (n, 28, 28) -> (n, 28, 28)."""

    def build(self, input_shape: tuple) -> None:
        """Create the (28, 28) bias, zero until it is set or trained."""
        self.bias = self.add_weight(shape=IMAGE, initializer="zeros", name="bias")

    def call(self, inputs):
        """Add the bias."""
        return inputs + self.bias


def build_encoder(config: ModelConfig, seed: int = 0, precision: str | None = None) -> keras.Model:
    """The encoder: images (n, 28, 28) in [0, 1] -> posterior mean, log variance (n, latent_dim).

    The log variance is held within +-LOG_VARIANCE_BOUND by a scaled tanh, which unlike a clip
    keeps a gradient everywhere. All but the layers that give these two compute in `precision`;
    None: as it is served, of Keras' own layers in float32.
    """
    add = _Layers(config, seed, precision)
    images = keras.Input(IMAGE, name="images")
    x = images
    if config.encoder_channels:
        x = add.convolved(add.shaped(images, (*IMAGE, 1)), config.encoder_channels)
    x = add.dense(add.flattened(x), config.encoder_units)
    mean = layers.Dense(config.latent_dim, kernel_initializer=add.kernel(), name="mean")(x)
    raw = layers.Dense(config.latent_dim, kernel_initializer="zeros", name="raw_log_variance")(x)
    log_variance = layers.Rescaling(LOG_VARIANCE_BOUND, name="log_variance")(
        layers.Activation("tanh")(layers.Rescaling(1 / LOG_VARIANCE_BOUND)(raw))
    )
    return keras.Model(images, [mean, log_variance], name="encoder")


def build_decoder(config: ModelConfig, seed: int = 0, precision: str | None = None) -> keras.Model:
    """The decoder: latents (n, latent_dim) -> logits (n, 28, 28); a sigmoid makes them images.

    All but the bias of each pixel is computed in `precision`; None: as it is served.
    """
    add = _Layers(config, seed, precision)
    small, large = config.decoder_channels
    quarter = SIDE // 4  # two layers double it
    latents = keras.Input((config.latent_dim,), name="latents")
    x = add.dense(latents, config.decoder_units)
    x = add.activated(add.linear(x, quarter * quarter * small))
    x = add.refined(add.shaped(x, (quarter, quarter, small)))
    x = add.refined(add.activated(add.transposed(x, large, 4, 2)))
    x = add.shaped(add.to_one_channel(x), IMAGE)
    return keras.Model(latents, PixelBias(name="pixel_bias")(x), name="decoder")


@keras.saving.register_keras_serializable("vae")
class VAE(keras.Model):
    """Encoder, decoder and a flow, if the prior is one; calling it rebuilds images from their
    posterior mean.

    Without a `precision` it is made of Keras' own layers, as it is served and stored; with one, of
    those that are trained.

    `encoder` and `decoder` speak of the latent z. `to_base` and `from_base` (None for a standard
    prior) lead from there to the base space, where the prior is N(0, I), and back.
    """

    def __init__(
        self, config: ModelConfig, seed: int = 0, precision: str | None = None, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.config = config
        self.encoder = build_encoder(config, seed, precision)
        self.decoder = build_decoder(config, seed + 1, precision)
        self.to_base = self.from_base = None
        if config.has_learned_prior:
            self.to_base, self.from_base = build_flow(config, seed + 2)
        self.built = True

    def call(self, inputs, training: bool = False):
        """Images (n, 28, 28) in [0, 1] -> logits (n, 28, 28) of their reconstruction."""
        mean, _ = self.encoder(inputs, training=training)
        return self.decoder(mean, training=training)

    def served(self) -> dict[str, keras.Model]:
        """The networks that serve, by name: the decoder takes latents of the base space, and the
        encoder is made of it if it is one of places."""
        if self.config.has_places:
            encoder = places.build_encoder(self.encoder, self.decoder, self.config.encoder_places)
            return {"encoder": encoder, "decoder": self.decoder}
        if self.to_base is None or self.from_base is None:
            return {"encoder": self.encoder, "decoder": self.decoder}
        logits = self.decoder(self.from_base.output)
        decoder = keras.Model(self.from_base.input, logits, name="decoder")
        flow = {"to_base": self.to_base, "from_base": self.from_base}
        return {"encoder": self.encoder, "decoder": decoder, **flow}

    def base(self, z):
        """z (n, latent_dim) -> latents u of the base space, as many, and log |det du/dz| (n,)."""
        return (z, ops.zeros_like(z[:, 0])) if self.to_base is None else self.to_base(z)

    def get_config(self) -> dict:
        """What Keras stores beside the weights."""
        return {"config": self.config.to_json()}

    @classmethod
    def from_config(cls, config: dict) -> "VAE":  # pyright: ignore[reportIncompatibleMethodOverride]
        """The model of `get_config`, with fresh weights."""
        return cls(ModelConfig.from_json(config["config"]))

    def set_mean_image(self, mean_image: np.ndarray) -> None:
        """Start the decoder at the mean image: its bias becomes the logit of (28, 28) in [0, 1]."""
        clipped = np.clip(mean_image, 1e-3, 1 - 1e-3)
        self.decoder.get_layer("pixel_bias").bias.assign(np.log(clipped) - np.log1p(-clipped))


def sample_posterior(mean, log_variance, noise):
    """Latents drawn from the posterior by the reparameterisation trick; all (n, latent_dim).

    Source: Kingma and Welling 2014, section 2.4.
    """
    return mean + ops.exp(0.5 * log_variance) * noise


def sampled_kl_divergence(vae: VAE, z, mean, log_variance):
    """The KL divergence of the posterior from the prior, estimated from a draw z of it: (n,) nats.

    The posterior's parameters have no gradient through its density, only through z: on average it
    is the same, and where the posterior is exact it does not vary. Source: Roeder, Wu and Duvenaud
    2017, "Sticking the Landing".
    """
    mean, log_variance = ops.stop_gradient(mean), ops.stop_gradient(log_variance)
    latents, log_volume = vae.base(z)
    log_prior = log_normal(latents, ops=ops) + log_volume
    return log_normal(z, mean, log_variance, ops) - log_prior


def load_weights(config: ModelConfig, path: Path) -> VAE:
    """The model with the weights of `path`. Only weights are read: no code comes from the file."""
    vae = VAE(config)
    vae.load_weights(path)
    return vae
