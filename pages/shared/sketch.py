"""Where a digit comes from: the board, ready drawings, MNIST, a file."""

import json
from pathlib import Path

import numpy as np
import streamlit as st

from pages.shared import board as paper
from pages.shared import resources, session
from vae import pictures, preprocess
from vae.preprocess import Blank, uploads
from vae.preprocess.strokes import Stroke

PEN = 20
READY: dict[str, list[list[list[float]]]] = json.loads(
    (Path(__file__).parents[2] / "assets" / "drawings.json").read_text()
)


def board() -> None:
    """What is drawn goes to the session, and from there to the gallery when it is cleared."""
    state = session.canvas()
    picture = state["picture"]
    pen = st.session_state.get("pen", PEN)
    found = paper.board(state["version"], state["strokes"], pen, picture["url"] if picture else "")
    if found is None or found["version"] != state["version"]:
        return
    if not found["strokes"]:
        _keep()
    state["strokes"] = found["strokes"]
    if not found["picture"]:
        state["picture"] = None


def settings() -> None:
    """The pen, and what is done to a drawing before a model sees it."""
    with st.popover("", icon=":material/tune:", help="Pen, and how a drawing is placed"):
        st.slider("Pen width", 6, 40, PEN, key="pen", persist_state="session")
        st.toggle(
            "Centre, fit and redraw as MNIST's makers would",
            True,
            key="placed",
            persist_state="session",
            help="Off shows what the models see without: the whole box, shrunk.",
        )
        st.toggle("Take the slant away", key="upright", persist_state="session")


def others() -> None:
    """Digits that need no drawing."""
    st.pills("Or try one", list(READY), key="ready", on_change=_take_ready)
    with st.container(horizontal=True, gap="xsmall"):
        st.button("Test digit", icon=":material/casino:", on_click=_take_test_digit,
            help="One of MNIST's that no shipped model was trained on.")  # fmt: skip
        with st.popover("Photo", icon=":material/photo_camera:"):
            st.file_uploader(
                "One digit, dark on light or light on dark (PNG or JPEG)",
                key="upload",
                on_change=_take_upload,
            )
        settings()


def gallery() -> None:
    """This visitor's last drawings; a click brings one back."""
    kept = [pictures.data_url(pictures.to_bytes(one["image"])) for one in session.gallery()]
    if kept:
        st.pills(
            "Your last drawings",
            range(len(kept)),
            format_func=lambda i: f"![drawing {i + 1}]({kept[i]})",
            key="gallery",
            on_change=_take_from_gallery,
        )


def drawing() -> np.ndarray | Blank:
    """What the models see of what is on the board, or of the picture beside it."""
    state = session.canvas()
    picture, drawn = state["picture"], state["strokes"]
    placed = st.session_state.get("placed", True)
    upright = st.session_state.get("upright", False)
    if picture is None or drawn:
        if placed:
            return preprocess.drawing_to_image(None, drawn, upright)
        return preprocess.as_drawn(drawn, paper.SIZE)
    st.caption(picture["words"])
    if picture["pixels"].ndim == 2:
        return picture["pixels"]
    if placed:
        return preprocess.drawing_to_image(picture["pixels"], upright=upright)
    return preprocess.pixels.shrunk(picture["pixels"])


def replace(drawn: list[Stroke]) -> None:
    """Another drawing in place of this one, which goes to the gallery."""
    _keep()
    session.redraw(drawn)


def _show(pixels: np.ndarray, words: str, shown: np.ndarray) -> None:
    """A picture in place of this drawing, which goes to the gallery."""
    _keep()
    session.redraw([], session.Picture(pixels=pixels, words=words, url=pictures.data_url(shown)))


def _keep() -> None:
    image = preprocess.drawing_to_image(None, session.canvas()["strokes"])
    if not isinstance(image, Blank):
        session.keep(image)


def _take_ready() -> None:
    name = st.session_state["ready"]
    st.session_state["ready"] = None
    if name is not None:
        replace([Stroke(width=PEN, points=points) for points in READY[name]])


def _take_from_gallery() -> None:
    i, kept = st.session_state["gallery"], session.gallery()
    st.session_state["gallery"] = None
    if i is not None:
        replace(kept[i]["strokes"])


def _take_test_digit() -> None:
    digits = resources.digits()
    i = int(np.random.default_rng().integers(len(digits)))
    image = digits.pixels[i]
    shown = pictures.enlarged(pictures.to_bytes(image), paper.SIZE // 28)
    _show(image, f"A {digits.labels[i]} of MNIST, as it is.", shown)


def _take_upload() -> None:
    file = st.session_state["upload"]
    if file is None:
        return
    try:
        pixels = uploads.read(file.getvalue())
    except uploads.UploadError as error:
        st.toast(f"{file.name}: {error}", icon=":material/error:", duration="long")
    else:
        _show(pixels, f"From {file.name}.", pixels)
