"""What becomes of a drawing, in the page: while the pen moves, and before anybody has drawn."""

from typing import Any

import numpy as np
import streamlit as st

from pages.shared import canvas, live, resources, session
from vae import runs
from vae.live import name_of
from vae.preprocess import Blank

MOST = 7
"""Models that answer while the pen moves; the page keeps so many networks."""
EXAMPLES = ("3", "6", "8")  # of the ready drawings: each is rebuilt as the digit that it is
_KEY = "drawing"


def left(asked: list[runs.Run]) -> list[runs.Run]:
    """Those that the page does not show by itself: what it lacks the networks of, or too many."""
    return _absent(asked[:MOST]) + asked[MOST:]


def _absent(asked: list[runs.Run]) -> list[runs.Run]:
    """Those of which the page has not told that it has their networks."""
    told = st.session_state.get(_KEY)
    standing = told.get("standing") if isinstance(told, dict) else None
    here = standing if isinstance(standing, list) else []
    return [run for run in asked if name_of(run) not in here]


def show(image: np.ndarray | Blank, on_map: runs.Run, asked: list[runs.Run]) -> None:
    """The row from the drawing to what the models make of it.

    Args:
        image: what the models see, (28, 28).
        on_map: the model of the map.
        asked: the models that rebuild the drawing.
    """
    live.view(
        "drawing",
        _KEY,
        live.needs(on_map, "map", "encoder", "decoder"),
        {
            "on_map": _asked(on_map),
            "models": [_asked(run) | _usual(run, image) for run in asked[:MOST]],
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
            "examples": _examples(),
        },
        on_standing_change=lambda: None,
    )


def _examples() -> list[Any]:
    """The strokes of digits that draw themselves, as long as nobody has drawn."""
    if canvas.is_used():
        return []
    return [canvas.READY[name] for name in EXAMPLES if name in canvas.READY]


def supply(on_map: runs.Run, asked: list[runs.Run]) -> None:
    """Send what the view lacks; call it last on the page."""
    # a copy of a run, under another name, has the same networks
    for run in {name_of(run): run for run in _absent([on_map, *asked[:MOST]])}.values():
        if run == on_map:
            live.supply(run, "map")
        live.supply(run, "encoder", "decoder")


def _asked(run: runs.Run) -> dict[str, Any]:
    return {
        "name": run.name,
        "id": name_of(run),
        "is_autoencoder": run.manifest.training.is_autoencoder,
    }


def _usual(run: runs.Run, image: np.ndarray | Blank) -> dict[str, Any]:
    """What losses are usual: measured when they are first wanted, which takes a server seconds."""
    is_wanted = not isinstance(image, Blank)
    return {"usual": resources.loss_percentiles(run).percentiles if is_wanted else None}
