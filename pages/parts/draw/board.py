"""Where a digit comes from: the canvas, ready drawings, MNIST, a file."""

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from pages.parts.draw import photo
from pages.shared import canvas, ownership, resources, session, widgets
from vae import pictures, preprocess
from vae.live import scripts
from vae.mnist import SIDE
from vae.preprocess import Blank, photo_files, strokes

LONGEST_NAME = 100
ON_NOTHING = "Draw here, with mouse or finger."
OVER_EXAMPLE = "An example: draw over it yourself."  # one line, too, so that nothing moves
LARGEST = 25  # megabytes that are taken; of one that is too large to be read, the page says so
_ATTEND = component("latent_digits_canvas", js=scripts.bare(Path(__file__).parent / "canvas.js"))


def show() -> None:
    """The canvas, or the picture in its place, and their buttons; all goes to the session."""
    picture = session.canvas()["picture"]
    invites = OVER_EXAMPLE if canvas.READY and not canvas.is_used() else ON_NOTHING
    words = widgets.plain(canvas.source()) or invites
    if picture is None or session.canvas()["strokes"]:
        _show_canvas()
    elif picture["photo"] is None:
        shown = pictures.enlarged(pictures.to_bytes(picture["pixels"]), canvas.SIZE // SIDE)
        st.image(shown, width=canvas.SIZE, output_format="PNG", alt=picture["words"])
    else:
        words = f"{words} {photo.show(picture['photo'], canvas.SIZE)}"
    st.caption(words)
    _buttons()


def _show_canvas() -> None:
    from streamlit_drawable_canvas import st_canvas  # it can only be imported in a running app

    _replace_if_astray()
    state = session.canvas()
    st_canvas(
        stroke_width=st.session_state.get("pen", canvas.PEN),
        stroke_color="#ffffff",
        background_color="#000000",
        width=canvas.SIZE,
        height=canvas.SIZE,
        initial_drawing={"objects": state["initial"]} if state["initial"] else None,
        key=_canvas_key(),
    )
    state["strokes"] = _strokes()


def _buttons() -> None:
    state = session.canvas()
    with st.container(horizontal=True, gap="small"):
        drawn = bool(state["strokes"])
        st.button("Undo", icon=":material/undo:", on_click=_undo, disabled=not drawn)
        nothing = not drawn and state["picture"] is None
        st.button("Clear", icon=":material/delete:", on_click=replace, disabled=nothing)


def _settings() -> None:
    """The pen, and what is done to a drawing before a model sees it."""
    with st.popover("Pen", icon=":material/tune:", help="Pen, and how a drawing is placed"):
        # another pen empties the canvas, so a new one takes over its strokes
        st.slider(
            "Pen width", 6, 40, canvas.PEN, key="pen", persist_state="session", on_change=_take_over
        )
        st.toggle(
            "Centre, fit and redraw as MNIST's makers would",
            True,
            key="placed",
            persist_state="session",
            help="Off shows what the models see without: the whole box, shrunk.",
        )
        st.toggle("Take the slant away", key="upright", persist_state="session")


def others() -> None:
    """Digits that need no drawing, and the pen: what no stroke changes, so that none runs it."""
    if canvas.READY:
        st.pills("Or try one", list(canvas.READY), key="ready", on_change=_take_ready)
    else:
        st.caption("The ready drawings are missing: restore assets/drawings.json.")
    with st.container(horizontal=True, gap="xsmall"):
        st.button("Real digit", icon=":material/casino:", on_click=_take_real_digit,
            help="One of MNIST's that no shipped model was trained on.")  # fmt: skip
        with st.popover("Photo", icon=":material/photo_camera:"):
            ownership.offer_tab()
            if refused := session.canvas()["refused"]:  # above: what is below is soon cut off
                st.error(refused, icon=":material/no_photography:")
            st.file_uploader(
                "One digit, dark on light or light on dark (PNG or JPEG)",
                key="upload",
                max_upload_size=LARGEST,
                on_change=_take_upload,
            )
        _settings()


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


def attend_canvas() -> None:
    """Free the whole canvas for the pen, and send strokes at once.

    Call it last: it shows nothing, but takes up a line.
    """
    _ATTEND(key="attend")


def replace(drawn: list[dict[str, Any]] | None = None, **picture: Any) -> None:
    """Another drawing or picture in place of this one, which goes to the gallery."""
    before = session.canvas()["strokes"]
    image = preprocess.drawing_to_image(None, before)
    if not isinstance(image, Blank):
        session.keep(image, before)
    session.redraw(drawn or [], session.Picture(**picture) if picture else None)


def _canvas_key() -> str:
    return f"canvas-{session.canvas()['version']}"


def _strokes() -> list[dict[str, Any]]:
    """The strokes on the canvas: as it sent them last, or as they were before it sent any."""
    sent = st.session_state.get(_canvas_key())
    for name in ("drawing", "raw", "objects"):
        sent = sent.get(name) if isinstance(sent, dict) else None
    return session.canvas()["strokes"] if sent is None else strokes.read(sent)


def _replace_if_astray() -> None:
    """Another canvas in place of one that sent what no canvas sends."""
    sent = st.session_state.get(_canvas_key()) or {}
    if not isinstance(sent.get("drawing") or {}, dict) or sent.get("backgroundFit") is not None:
        _take_over()


def _undo() -> None:
    """Take back the last stroke, which may have come together with the click."""
    session.redraw(_strokes()[:-1], session.canvas()["picture"])


def _take_over() -> None:
    session.redraw(session.canvas()["strokes"], session.canvas()["picture"])


def _take_ready() -> None:
    name = st.session_state["ready"]
    st.session_state["ready"] = None
    if name is not None:
        replace([strokes.as_object(points, canvas.PEN) for points in canvas.READY[name]])


def _take_from_gallery() -> None:
    i, kept = st.session_state["gallery"], session.gallery()
    st.session_state["gallery"] = None
    if i is not None:
        replace(kept[i]["strokes"])


def _take_real_digit() -> None:
    digits = resources.digits()
    i = int(np.random.default_rng().integers(len(digits)))
    words = f"A {digits.labels[i]} of MNIST, as it is. Clear to draw."
    replace(pixels=digits[i : i + 1].pixels[0], words=words, photo=None, seen=None)


def _take_upload() -> None:
    file = st.session_state["upload"]
    if file is None:
        return
    name = file.name[:LONGEST_NAME]  # a script may send one of megabytes
    try:
        picture = photo_files.read(file.getvalue())
        replace(pixels=picture, words=f"From {name}.", photo=picture, seen=None)
    except photo_files.UploadError as error:
        session.canvas()["refused"] = widgets.plain(f"{name}: {error}")
