"""What the live map shows, as the address names it: the pin, the piece of the plane, the layers."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import streamlit as st

from pages.shared import link
from vae.latent_map import LatentMap
from vae.mnist import CLASSES

_NAMES = ("z", "digit", "frame", "hidden", "manifold")
_FRAME = ("x", "y", "half")  # the middle of the piece of the plane, and half its width
_WIDEST = 1e6


@dataclass(frozen=True)
class MapView:
    """A view of the map. Of `z`, `digit` and `drawing` at most one is set: what is pinned."""

    z: list[float] | None = None
    digit: int | None = None
    drawing: bool = False
    frame: dict[str, float] | None = None
    hidden: tuple[int, ...] = ()
    manifold: bool = False

    @classmethod
    def from_page(cls, state: Any, latent_map: LatentMap) -> Self:
        """What the map in the page says of itself."""
        told: dict[str, Any] = state if isinstance(state, dict) else {}
        frame, hidden = told.get("frame"), told.get("hidden")
        is_drawing = told.get("drawing") is True
        return cls._read(
            latent_map,
            z=None if is_drawing else told.get("z"),
            digit=None if is_drawing else told.get("digit"),
            drawing=is_drawing,
            frame=[frame.get(name) for name in _FRAME] if isinstance(frame, dict) else None,
            hidden=[c for c in CLASSES if c in hidden] if isinstance(hidden, list) else [],
            manifold=told.get("manifold") is True,
        )

    @classmethod
    def from_link(cls, latent_map: LatentMap) -> Self:
        """What the address names."""
        named = st.query_params
        return cls._read(
            latent_map,
            z=named.get("z"),
            digit=named.get("digit"),
            frame=named.get("frame"),
            hidden=[c for c in CLASSES if str(c) in named.get("hidden", "")],
            manifold=named.get("manifold") == "1",
        )

    @classmethod
    def _read(
        cls,
        latent_map: LatentMap,
        z: Any,
        digit: Any,
        frame: Any,
        hidden: list[int],
        manifold: bool,
        drawing: bool = False,
    ) -> Self:
        """What is not of this model, or no place at all, is left out."""
        chosen = link.whole(digit, len(latent_map.digits))
        latent = link.latent(z, latent_map) if chosen is None else None
        return cls(
            z=None if latent is None else latent.tolist(),
            digit=chosen,
            drawing=drawing,
            frame=_framed(link.numbers(frame, len(_FRAME))),
            hidden=tuple(hidden),
            manifold=manifold,
        )

    def to_link(self) -> None:
        """Write it into the address."""
        values = {
            "z": self.z and link.text(self.z),
            "digit": None if self.digit is None else str(self.digit),
            "frame": self.frame and ",".join(f"{v:.6g}" for v in self.frame.values()),
            "hidden": "".join(map(str, self.hidden)),
            "manifold": "1" if self.manifold else "",
        }
        for name in _NAMES:
            if values[name]:
                st.query_params[name] = values[name]
            elif name in st.query_params:
                del st.query_params[name]

    def latent(self, latent_map: LatentMap) -> np.ndarray | None:
        """The pinned latent (latent_dim,) of what was chosen on the map, if anything was."""
        if self.digit is not None:
            return latent_map.latents[self.digit]
        return None if self.z is None else np.array(self.z, np.float32)

    def under(self, before: LatentMap, after: LatentMap, drawing: np.ndarray | None) -> Self:
        """The same on the map of another model, as far as that can be.

        A digit and the drawing, whose latent (latent_dim,) under the other model is given, are
        pinned there, too; a bare z would mean something else. The frame is as wide a part of the
        map, around what is pinned.
        """
        frame = self.frame
        if frame is not None:
            scale = after.extent / before.extent
            latent = after.latents[self.digit] if self.digit is not None else drawing
            x, y = (
                (scale * frame["x"], scale * frame["y"])
                if latent is None
                else after.plane.project(latent)
            )
            frame = _framed([float(x), float(y), scale * frame["half"]])
        return replace(self, z=None, frame=frame)

    def to_json(self) -> dict[str, Any]:
        """For the map in the page."""
        return asdict(self)


def _framed(values: list[float] | None) -> dict[str, float] | None:
    """The piece of the plane, if it is one that can be drawn."""
    if values is None or max(map(abs, values)) > _WIDEST or values[2] < 1 / _WIDEST:
        return None
    return dict(zip(_FRAME, values, strict=True))
