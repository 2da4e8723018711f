"""What becomes of a drawing, in the page: while the pen moves, and before anybody has drawn."""

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.draw.reconstructions import Answer
from pages.shared import canvas, live, session
from vae import runs
from vae.preprocess import Blank

MOST = 7
"""Models that answer while the pen moves; the page keeps so many networks."""
_EXAMPLES = ("3", "6", "8")  # of the ready drawings: each is rebuilt as the digit that it is


def can_show(on_map: runs.Run, asked: list[runs.Run]) -> bool:
    """Whether the page can compute what these models make of a drawing.

    Not behind a learned prior: there the encoder gives z, and what is decoded is u.
    """
    standard = all(run.manifest.model.prior == "standard" for run in [on_map, *asked])
    return standard and 0 < len(asked) <= MOST


def show(
    image: np.ndarray | Blank, on_map: runs.Run, asked: list[runs.Run], answers: list[Answer]
) -> None:
    """The row from the drawing to what the models make of it.

    Args:
        image: what the models see, (28, 28).
        on_map: the model of the map.
        asked: the models that rebuild the drawing.
        answers: what they made of the image, if there is one.
    """
    is_map_shown = on_map.name == asked[0].name
    unusual = {answer.run.name: answer.unusual for answer in answers}
    models = asked if is_map_shown else [on_map, *asked]
    live.view(
        "drawing",
        "drawing",
        [*live.needs(on_map, "map"), *_networks(models)],
        {
            "models": [_asked(run, unusual.get(run.name, [])) for run in models],
            "is_map_shown": is_map_shown,
            "image": None if isinstance(image, Blank) else np.round(image, 6).ravel().tolist(),
            "strokes": session.canvas()["strokes"],
            "version": session.canvas()["version"],  # an undo that overtook its stroke is told, too
            "is_empty": not canvas.is_used(),
            "reading": {
                "placed": st.session_state.get("placed", True),
                "upright": st.session_state.get("upright", False),
                "canvas": canvas.SIZE,
            },
            "pen": st.session_state.get("pen", canvas.PEN),
            "examples": [canvas.READY[name] for name in _EXAMPLES],
        },
    )


def supply(on_map: runs.Run, asked: list[runs.Run]) -> None:
    """Send what the view needs; call it last on the page."""
    live.supply(on_map, "map")
    # a copy of a run, under another name, has the same networks
    for run in {live.needs(run, "decoder")[0]: run for run in [on_map, *asked]}.values():
        live.supply(run, "encoder", "decoder")


def _networks(models: list[runs.Run]) -> list[str]:
    return [name for run in models for name in live.needs(run, "encoder", "decoder")]


def _asked(run: runs.Run, unusual: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "name": run.name,
        "is_autoencoder": run.manifest.training.is_autoencoder,
        "unusual": unusual,
    }
