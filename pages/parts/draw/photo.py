"""The picture that was sent, in the canvas' place: what was found in it, and which part is read."""

import numpy as np
import streamlit as st
from scipy import ndimage

from pages.shared import session
from vae.preprocess import Blank, digit, edge, pixels

_ORANGE = (224, 130, 20)
_DIMMED = 0.35  # of the light, outside the part that is read
_THICK = 160  # of such parts of the picture is the outline one


def show(photo: np.ndarray, width: int) -> None:
    """Show a photo with the found ink outlined, and take the part that is chosen as the picture.

    Args:
        photo: (height, width, 4) uint8, as it was sent.
        width: on the page, in pixels.
    """
    picture = session.canvas()["picture"]
    assert picture is not None
    shown = st.container()
    height, width_sent = photo.shape[:2]
    rows, columns = _part("Down", height), _part("Across", width_sent)
    picture["pixels"] = photo[rows, columns]
    found = pixels.ink_of_digit(picture["pixels"])
    outlined = _outlined(photo, (rows, columns), found)
    words = (
        "No single digit found: choose a part of the picture."
        if isinstance(found, Blank)
        else f"The found digit outlined. {digit.doubt(found)}"
    )
    shown.image(outlined, words, width=width)


def _part(name: str, side: int) -> slice:
    """Which pixels of a side are read, by a slider."""
    key = f"{name} {session.canvas()['version']}"
    first, last = st.slider(f"{name}, %", 0, 100, (0, 100), key=key)
    start = min(round(first / 100 * side), side - 1)
    return slice(start, max(round(last / 100 * side), start + 1))


def _outlined(
    photo: np.ndarray, part: tuple[slice, slice], found: np.ndarray | Blank
) -> np.ndarray:
    """The photo before white, dimmed outside the part: (height, width, 3) uint8."""
    opaque = photo[..., 3:] / 255
    colours = photo[..., :3] * opaque + 255 * (1 - opaque)
    outside = np.ones(photo.shape[:2], bool)
    outside[part] = False
    colours[outside] *= _DIMMED
    if not isinstance(found, Blank):
        inked = np.zeros(photo.shape[:2], bool)
        inked[part] = found > edge.EDGE
        thick = max(1, round(max(inked.shape) / _THICK))
        around = ndimage.binary_dilation(inked, np.ones((3, 3)), iterations=thick)
        colours[np.asarray(around, bool) & ~inked] = _ORANGE
    return np.round(colours).astype(np.uint8)


def sent() -> np.ndarray | None:
    """The photo that is looked at, as it was sent; None if it is a drawing or a digit of MNIST."""
    state = session.canvas()
    return state["picture"]["photo"] if state["picture"] and not state["strokes"] else None
