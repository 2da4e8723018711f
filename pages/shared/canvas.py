"""What is on the canvas of the Draw page, as every page may ask for it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.shared import session
from vae import preprocess
from vae.preprocess import Blank, ink

SIZE = 280  # pixels; fits a phone of 390
PEN = 20
READY: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "assets" / "drawings.json").read_text(encoding="utf-8")
)


def source() -> str:
    """Words on the picture that is looked at, if it is one and no drawing."""
    picture = session.canvas()["picture"]
    return picture["words"] if picture and not session.canvas()["strokes"] else ""


def is_used() -> bool:
    """Whether anything is drawn, or a picture looked at."""
    return bool(session.canvas()["strokes"]) or session.canvas()["picture"] is not None


def image() -> np.ndarray | Blank:
    """What the models see of what is on the canvas, or of the picture beside it."""
    state = session.canvas()
    picture, drawn = state["picture"], state["strokes"]
    placed = st.session_state.get("placed", True)
    upright = st.session_state.get("upright", False)
    if picture is None or drawn:
        if placed:
            return preprocess.drawing_to_image(None, drawn, upright)
        return preprocess.as_drawn(drawn, SIZE)
    if picture["pixels"].ndim == 2:
        return picture["pixels"]
    if placed:
        return preprocess.drawing_to_image(picture["pixels"], upright=upright)
    return ink.shrunk(picture["pixels"])
