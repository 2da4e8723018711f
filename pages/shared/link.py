"""Latents in the address: four decimals, so that a link restores the very same picture."""

from collections.abc import Iterable

import numpy as np

from vae.latent_map import LatentMap


def numbers(text: str) -> list[float] | None:
    """The finite numbers of a comma-separated text; None if there is anything else."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def latent(text: str, latent_map: LatentMap) -> np.ndarray | None:
    """The latent (latent_dim,) that a text names, within the map's reach; None if it is none."""
    values = numbers(text)
    if values is None or len(values) != latent_map.model.latent_dim:
        return None
    return tidy(np.clip(values, -latent_map.reach, latent_map.reach))


def tidy(latents: np.ndarray) -> np.ndarray:
    """Latents (..., latent_dim) as an address can name them: float64."""
    return np.round(np.asarray(latents, np.float64), 4) + 0.0


def text(latent: Iterable[float]) -> str:
    """A latent (latent_dim,) for the address."""
    return ",".join(f"{value:.4f}" for value in latent)
