"""What becomes of a drawing, in the page: while the pen moves, and before anybody has drawn."""

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from pages.shared import canvas, live, resources, session
from vae import preprocess, runs
from vae.live import examples_bundle, name_of
from vae.preprocess import Blank, strokes

MOST = 7
"""Models that answer while the pen moves; the page keeps so many networks."""
EXAMPLES = ("3", "6", "8")  # of the ready drawings: each is rebuilt as the digit that it is
_KEY = "drawing"


def left(asked: list[runs.Run]) -> list[runs.Run]:
    """Those that the page does not show by itself, by networks or sketch; or too many."""
    return _absent(asked[:MOST]) + asked[MOST:]


def _absent(asked: list[runs.Run]) -> list[runs.Run]:
    """Those that the page has not told it shows: by their networks or, as long as nobody draws, by
    a sketch."""
    here = _standing()
    sketched = [] if canvas.is_used() else here
    return [run for run in asked if name_of(run) not in here and _sketch_name(run) not in sketched]


def _standing() -> list[Any]:
    """What the page tells that it shows pictures by: models, and sketches."""
    told = st.session_state.get(_KEY)
    standing = told.get("standing") if isinstance(told, dict) else None
    return standing if isinstance(standing, list) else []


def _sketch(run: runs.Run) -> live.Sketch | None:
    """What a run makes of the examples: for a standard prior, and drawings that are read as at
    first."""
    state = st.session_state
    as_at_first = (
        state.get("placed", True)
        and not state.get("upright", False)
        and state.get("pen", canvas.PEN) == canvas.PEN
    )
    if not as_at_first or not _examples() or run.manifest.model.has_learned_prior:
        return None
    return live.sketch(run, "draw", partial(_sketched, run))


def _sketch_name(run: runs.Run) -> str:
    sketch = _sketch(run)
    return sketch.name if sketch else ""


def _sketched(run: runs.Run, name: str) -> bytes:
    drawn = [[strokes.as_object(points, canvas.PEN) for points in one] for one in _examples()]
    images = [preprocess.drawing_to_image(None, one) for one in drawn]
    digits = [image for image in images if not isinstance(image, Blank)]
    return examples_bundle(name, resources.model(run), np.stack(digits))


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
        live.needs(on_map, "map"),
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
            "examples": [] if canvas.is_used() else _examples(),
        },
        on_standing_change=lambda: None,
    )


def _examples() -> list[Any]:
    """The strokes of digits that draw themselves, as long as nobody has drawn."""
    return [canvas.READY[name] for name in EXAMPLES if name in canvas.READY]


def supply(on_map: runs.Run, asked: list[runs.Run]) -> None:
    """Send what the view lacks; call it last on the page."""
    # a copy of a run, under another name, has the same networks
    for name, run in {name_of(run): run for run in (on_map, *asked[:MOST])}.items():
        if name in _standing():
            continue
        kinds = ("map", "encoder", "decoder") if run == on_map else ("encoder", "decoder")
        live.supply(run, *kinds, sketch=_sketch(run))


def _asked(run: runs.Run) -> dict[str, Any]:
    return {
        "name": run.name,
        "id": name_of(run),
        "is_autoencoder": run.manifest.training.is_autoencoder,
        "sketch": _sketch_name(run),
    }


def _usual(run: runs.Run, image: np.ndarray | Blank) -> dict[str, Any]:
    """What losses are usual: measured when they are first wanted, which takes a server seconds."""
    is_wanted = not isinstance(image, Blank)
    return {"usual": resources.loss_percentiles(run).percentiles if is_wanted else None}
