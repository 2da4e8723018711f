"""What the live map shows, as the address names it: the pin, the piece of the plane, the layers."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import streamlit as st

from pages.shared import link
from vae.latent_map import LatentMap
from vae.mnist import CLASSES

_NAMES = ("z", "digit", "frame", "hidden", "manifold")


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
    def from_page(cls, state: dict[str, Any]) -> Self:
        """What the map in the page says of itself."""
        return cls(**{**state, "hidden": tuple(state["hidden"])})

    @classmethod
    def from_link(cls, latent_map: LatentMap) -> Self:
        """What the address names; what is not of this model, or no place at all, is left out."""
        z = _numbers("z", latent_map.model.latent_dim, latent_map.reach)
        digit = _numbers("digit", 1, len(latent_map.digits))
        frame = _numbers("frame", 3, latent_map.reach)
        hidden = {c for c in CLASSES if str(c) in st.query_params.get("hidden", "")}
        if digit is not None and digit[0] not in range(len(latent_map.digits)):
            digit = None
        if frame is not None and frame[2] <= 0:
            frame = None
        return cls(
            z=None if digit else z,
            digit=int(digit[0]) if digit else None,
            frame=dict(zip(("x", "y", "half"), frame, strict=True)) if frame else None,
            hidden=tuple(sorted(hidden)),
            manifold=st.query_params.get("manifold") == "1",
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
            return latent_map.posterior.mean[self.digit]
        return None if self.z is None else np.array(self.z, np.float32)

    def to_json(self) -> dict[str, Any]:
        """For the map in the page."""
        return asdict(self)


def _numbers(name: str, n: int, bound: float) -> list[float] | None:
    """n finite numbers of the address, brought within +-bound, or None."""
    values = link.numbers(st.query_params.get(name, ""))
    if values is None or len(values) != n:
        return None
    return np.clip(values, -bound, bound).tolist()
