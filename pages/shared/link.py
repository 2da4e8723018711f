"""Latents in the address: four decimals, so that a link restores the very same picture.

And how what comes from outside becomes what it must be: an address, or what a live view tells of
itself, may hold anything at all.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import streamlit as st
from streamlit.errors import StreamlitAPIException

from vae.latent_map import LatentMap


def numbers(told: Any, n: int) -> list[float] | None:
    """n finite numbers, told as a list or as a text with commas; None if it is anything else."""
    parts = told.split(",", n) if isinstance(told, str) else told
    if not isinstance(parts, list) or len(parts) != n:
        return None
    try:
        values = [float(part) for part in parts]
    except (TypeError, ValueError, OverflowError):
        return None
    return values if all(map(math.isfinite, values)) else None


def leave_out_infinities() -> None:
    """Begin a page anew without its address' infinite numbers: number fields fail on them."""
    named = st.query_params
    infinite = [name for name in named if any(map(_is_infinite, named.get_all(name)))]
    for name in infinite:
        try:
            del st.query_params[name]
        except StreamlitAPIException:  # a field of this page has it already, and will not lose it
            st.error(f"The address' {name} is a number without end. Open this page anew.")
            st.stop()
    if infinite:
        st.rerun()


def _is_infinite(text: str) -> bool:
    try:
        return math.isinf(float(text))
    except ValueError:
        return False


def wholes(told: Any, *ends: int) -> list[int] | None:
    """Whole numbers from 0 up to, but not including, these ends; None if it is anything else."""
    values = numbers(told, len(ends))
    if values is None or not all(map(float.is_integer, values)):
        return None
    fit = all(0 <= value < end for value, end in zip(values, ends, strict=True))
    return [int(value) for value in values] if fit else None


def whole(told: Any, end: int) -> int | None:
    """One of them."""
    found = wholes(told if isinstance(told, str) else [told], end)
    return found[0] if found else None


def latent(told: Any, latent_map: LatentMap) -> np.ndarray | None:
    """The latent (latent_dim,) that is told, as a list or as a text, within the map's reach.

    None if it is none of this map's.
    """
    values = numbers(told, latent_map.model.latent_dim)
    return None if values is None else tidy(np.clip(values, -latent_map.reach, latent_map.reach))


def tidy(latents: np.ndarray) -> np.ndarray:
    """Latents (..., latent_dim) as an address can name them: float64."""
    return np.round(np.asarray(latents, np.float64), 4) + 0.0


def text(latent: Iterable[float]) -> str:
    """A latent (latent_dim,) for the address."""
    return ",".join(f"{value:.4f}" for value in latent)
