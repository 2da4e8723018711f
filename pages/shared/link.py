"""Latents in the address: four decimals, so that a link restores the very same picture."""

from collections.abc import Iterable

import numpy as np

FARTHEST = 10.0  # standard deviations of the prior; nothing is farther out


def numbers(text: str) -> list[float] | None:
    """The finite numbers of a comma-separated text; None if there is anything else."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def latent(text: str, latent_dim: int) -> np.ndarray | None:
    """The latent (latent_dim,) that a text names; None if it is none of this size."""
    values = numbers(text)
    return tidy(np.array(values)) if values and len(values) == latent_dim else None


def tidy(latents: np.ndarray) -> np.ndarray:
    """Latents (..., latent_dim) as an address can name them: float64."""
    return np.round(np.clip(np.asarray(latents, np.float64), -FARTHEST, FARTHEST), 4) + 0.0


def text(latent: Iterable[float]) -> str:
    """A latent (latent_dim,) for the address."""
    return ",".join(f"{value:.4f}" for value in latent)
