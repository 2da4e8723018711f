"""The picture that was sent, in the canvas' place: what was found in it, and which part is read."""

import numpy as np
import streamlit as st
from scipy import ndimage

from pages.shared import session
from vae.preprocess import Blank, doubt, edge, pixels

_ORANGE = (224, 130, 20)
_DIMMED = 0.35  # of the light, outside the part that is read
_THICK = 160  # of such parts of the picture is the outline one
_SIDES = ("Read from top to bottom", "Read from left to right")


def show(photo: np.ndarray, width: int) -> str:
    """Show a photo with the found ink outlined, and take the part that is chosen as the picture.

    It takes as much room as the canvas does, so that nothing below it moves.

    Args:
        photo: (height, width, 4) uint8, as it was sent.
        width: on the page, in pixels.

    Returns:
        Words on what was found.
    """
    picture = session.canvas()["picture"]
    assert picture is not None
    rows, columns = (_part(*side) for side in zip(_SIDES, photo.shape, strict=False))
    picture["pixels"] = photo[rows, columns]
    found = pixels.ink_of_digit(picture["pixels"])
    outlined = _on_square(_outlined(photo, (rows, columns), found))
    st.image(outlined, width=width, alt="The picture that was sent")
    return (
        f"{found.reason} Or choose a part of the picture."
        if isinstance(found, Blank)
        else f"The digit that was found is outlined. {doubt.of(found)}"
    )


def choose() -> None:
    """Sliders for the part of the photo that is read, if there is a photo."""
    picture = session.canvas()["picture"]
    if picture is not None and picture["photo"] is not None and not session.canvas()["strokes"]:
        for name in _SIDES:
            st.slider(f"{name}, %", 0, 100, (0, 100), key=_key(name))


def _key(name: str) -> str:
    return f"{name} {session.canvas()['version']}"


def _part(name: str, side: int) -> slice:
    """Which pixels of a side are read, as its slider says."""
    first, last = st.session_state.get(_key(name), (0, 100))
    start = min(round(first / 100 * side), side - 1)
    return slice(start, max(round(last / 100 * side), start + 1))


def _on_square(picture: np.ndarray) -> np.ndarray:
    """A picture (height, width, 3) in the middle of a black square."""
    height, width = picture.shape[:2]
    side = max(height, width)
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = picture
    return square


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
