"""What is on the Draw page's canvas, as every page may ask for it; and the browser keeps it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.shared import browser, link, session
from vae import pictures, preprocess
from vae.mnist import SIDE
from vae.preprocess import Blank, ink, strokes

SIZE = 280  # pixels; fits a phone of 390
PEN = 20
_MOST_WORDS = 200  # characters on a picture
_DRAWINGS = Path(__file__).parents[2] / "assets" / "drawings.json"


def _ready() -> dict[str, Any]:
    try:
        return json.loads(_DRAWINGS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


READY = _ready()
"""The ready drawings by the digit that each is; none where their file is missing or damaged."""


def source() -> str:
    """Words on the picture that is looked at, if it is one and no drawing; anybody's, maybe."""
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
    seen = _of_picture(picture["pixels"], placed, upright)
    picture["seen"] = None if isinstance(seen, Blank) else seen
    return seen


def _of_picture(pixels: np.ndarray, placed: bool, upright: bool) -> np.ndarray | Blank:
    if pixels.ndim == 2:
        return pixels
    return preprocess.drawing_to_image(pixels, upright=upright) if placed else ink.shrunk(pixels)


def keep() -> None:
    """Let the browser keep what is on the canvas, and the drawings before. Call it last on a page.

    Of a photo it keeps no more than what the models saw of it.
    """
    browser.keep("drawing", session.canvas()["strokes"] or _small_picture(), _recall_drawing)
    browser.keep("gallery", [one["strokes"] for one in session.gallery()], _recall_gallery)


def _recall_drawing(told: Any) -> None:
    if is_used():
        return
    if drawn := _drawn(told):
        session.redraw(drawn)
    elif picture := _picture(told):
        session.redraw([], picture)


def _small_picture() -> dict[str, Any] | None:
    """What the models saw of the picture that is looked at, and words on it, as JSON."""
    picture = session.canvas()["picture"]
    if picture is None or picture["seen"] is None:
        return None
    shrunk = " This is what the models saw of it." if picture["photo"] is not None else ""
    grey = pictures.to_bytes(picture["seen"])
    return {"pixels": grey.ravel().tolist(), "words": picture["words"] + shrunk}


def _picture(told: Any) -> session.Picture | None:
    """The same as it comes back, or None if anything else does."""
    kept = told if isinstance(told, dict) else {}
    grey, words = link.wholes(kept.get("pixels"), *[256] * SIDE**2), kept.get("words")
    if grey is None or not isinstance(words, str):
        return None
    seen = np.array(grey, np.float32).reshape(SIDE, SIDE) / 255
    return session.Picture(pixels=seen, words=words[:_MOST_WORDS], photo=None, seen=seen)


def _recall_gallery(told: Any) -> None:
    for one in reversed(told[: session.GALLERY] if isinstance(told, list) else []):
        drawn = _drawn(one)
        image = preprocess.drawing_to_image(None, drawn)
        if not isinstance(image, Blank):
            session.keep(image, drawn)


def _drawn(told: Any) -> list[dict[str, Any]]:
    """The strokes among what is told, as objects that the canvas can show."""
    found = [one for one in strokes.read(told) if isinstance(one, dict)]
    return [strokes.along(one["path"], strokes.width(one)) for one in found]
