"""The learned prior: a flow T that bends N(0, I), made of affine couplings.

z = T(u) with u from N(0, I), the *base space*; z is the latent that encoder and decoder speak of.
A coupling leaves half of the dimensions as they are; from them a small network computes a scale
and a shift for the other half. So T has an exact inverse, and the log of how much it stretches
space is the sum of the log scales.

Source: Dinh, Sohl-Dickstein and Bengio 2017, "Density Estimation using Real NVP", section 3; Xu et
al. 2019, "On the Necessity and Effectiveness of Learning the Prior of Variational Auto-Encoder",
for its use as a prior.
"""

from itertools import count
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from vae.config import ModelConfig


class _Coupling:
    """The network of one coupling: what it says of the dimensions that it moves."""

    def __init__(self, latent_dim: int, units: int, parity: int, seed: int) -> None:
        self._moved = (np.arange(latent_dim) % 2 == parity).astype(np.float32)
        # Keras types the argument as str, and some operations as if they might give None.
        kernel: Any = keras.initializers.GlorotUniform(seed=seed)
        self._hidden = layers.Dense(units, "relu", kernel_initializer=kernel)
        # Zero at first: so a flow starts as N(0, I) itself.
        self._scale = layers.Dense(latent_dim, "tanh", kernel_initializer="zeros")
        self._shift = layers.Dense(latent_dim, kernel_initializer="zeros")

    def terms(self, latents: Any, sign: float = 1.0) -> tuple[Any, Any]:
        """Log scale (times the sign) and shift, zero where nothing moves: both (n, latent_dim)."""
        hidden = self._hidden(latents * (1 - self._moved))
        return self._scale(hidden) * (sign * self._moved), self._shift(hidden) * self._moved


def build_flow(config: ModelConfig, seed: int = 0) -> tuple[keras.Model, keras.Model]:
    """The inverse of T, and T itself, over the same weights.

    Returns:
        `to_base`: z (n, latent_dim) -> u (n, latent_dim) and log |det du/dz| (n,).
        `from_base`: u (n, latent_dim) -> z (n, latent_dim).
    """
    seeds = count(seed * 1000)
    couplings = [
        _Coupling(config.latent_dim, config.coupling_units, parity, next(seeds))
        for parity in (i % 2 for i in range(config.couplings))
    ]
    z: Any = keras.Input((config.latent_dim,), name="z")
    u: Any = z
    log_volume: Any = 0.0
    for coupling in couplings:
        log_scale, shift = coupling.terms(u)
        u = u * ops.exp(log_scale) + shift
        log_volume = log_volume + ops.sum(log_scale, axis=-1)
    to_base = keras.Model(z, [u, log_volume], name="to_base")
    u = keras.Input((config.latent_dim,), name="latents")
    z = u
    for coupling in reversed(couplings):
        log_scale, shift = coupling.terms(z, sign=-1.0)
        z = (z - shift) * ops.exp(log_scale)
    return to_base, keras.Model(u, z, name="from_base")
