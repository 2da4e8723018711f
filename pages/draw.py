"""Draw a digit; see what each model makes of it, and where it lands on the map."""

import numpy as np
import streamlit as st

from pages.parts.draw import board, live_drawing, reconstructions
from pages.shared import canvas, markup, resources, widgets
from vae.preprocess import Blank

chosen = widgets.begin("Draw", "Latent Digits")
found = resources.usable_runs()
first = list(dict.fromkeys([chosen.name, *(name for name in ("map", "best") if name in found)]))
on_map = next((name for name in first if found[name].manifest.model.latent_dim == 2), chosen.name)
st.html(markup.STYLE)
st.markdown(
    "Draw a digit: a *variational autoencoder* squeezes it into a few numbers, a place on a map, "
    "and draws it again from there."
)
if st.session_state.get("drawn for") not in (None, chosen.name):  # another model was chosen
    st.session_state["shown"] = first
st.session_state["drawn for"] = chosen.name


def resample() -> None:
    st.session_state["resampled"] = st.session_state.get("resampled", 0) + 1


def in_detail(image: np.ndarray) -> None:
    """Where the image lands, and what else would be drawn from there."""
    st.subheader("Where it lands", anchor=False)
    with st.container(key="landing"):
        reconstructions.landing(image, found[on_map])
    near, drawn = st.columns(2, gap="medium")
    with near:
        st.markdown("**Nearest test digits**")
        reconstructions.nearest(image, found[on_map])
    with drawn, st.container(gap="small"):
        st.markdown("**Draws from the posterior**")
        for name in names():
            reconstructions.draws(image, found[name], st.session_state.get("resampled", 0))
        st.button("Resample", icon=":material/refresh:", on_click=resample)


def names() -> list[str]:
    """The models that are asked, in order."""
    return [name for name in st.session_state.get("shown", first) if name in found] or first


@st.fragment
def page() -> None:
    """All that depends on the drawing; a stroke runs this and no more."""
    row = st.container(horizontal=True, gap="medium")
    with row.container(width=canvas.SIZE, key="sketch"):
        board.show()
        board.others()
    with row.container(width="stretch"):
        if words := canvas.source():
            st.caption(words)
        image = canvas.image()
        asked = [found[name] for name in names()]
        with st.container(key="rebuilt"):  # until the live view is there
            if isinstance(image, Blank):
                st.info("Nothing is drawn yet.", icon=":material/draw:")
            else:
                reconstructions.rebuilt(image, asked)
        if len(asked) <= live_drawing.MOST:
            with st.container(key="live"):
                live_drawing.show(image, found[on_map], asked)
        if not isinstance(image, Blank):
            reconstructions.send(image)
            st.multiselect("Models", list(found), first, key="shown", persist_state="session")
        elif canvas.is_used():
            st.info(image.reason, icon=":material/draw:")
    if not isinstance(image, Blank):
        in_detail(image)
    board.gallery()
    board.attend_canvas()
    if len(asked) <= live_drawing.MOST:
        live_drawing.supply(found[on_map], asked)


page()
