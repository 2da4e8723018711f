"""Draw a digit; see what each model makes of it, and where it lands on the map."""

import numpy as np
import streamlit as st

from pages.parts.draw import board, live_drawing, reconstructions
from pages.shared import browser, canvas, markup, resources, widgets
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
    st.header("Where it lands", anchor=False)
    with st.container(key="landing"):
        reconstructions.landing(image, found[on_map])
    near, drawn = st.columns(2, gap="medium")
    with near:
        st.markdown(f"**Nearest test digits**, as {widgets.plain(on_map)} places them")
        reconstructions.nearest(image, found[on_map])
    with drawn, st.container(gap="small"):
        st.markdown("**Draws from the posterior**")
        for name in names():
            st.caption(widgets.plain(name))
            reconstructions.draws(image, found[name], st.session_state.get("resampled", 0))
        st.button("Resample", icon=":material/refresh:", on_click=resample)


def names() -> list[str]:
    """The models that are asked, in order."""
    return [name for name in st.session_state.get("shown", first) if name in found]


@st.fragment
def page() -> None:
    """All that depends on the drawing; a stroke runs this and no more."""
    row = st.container(horizontal=True, gap="medium")
    with row.container(width=canvas.SIZE, key="sketch"):
        board.show()
        board.others()
    with row.container(width="stretch"):
        image = canvas.image()
        asked = [found[name] for name in names()]
        answers = (
            []
            if isinstance(image, Blank)
            else [reconstructions.answer(image, run) for run in asked]
        )
        is_live = live_drawing.can_show(found[on_map], asked)
        with st.container(key="rebuilt"):  # until the live view is there
            if not isinstance(image, Blank):
                reconstructions.rebuilt(image, answers)
            elif not canvas.is_used():
                st.info(image.reason, icon=":material/draw:")
                st.caption(
                    "Draw in the black box or try a ready one; what models see appears here."
                )
        if is_live:
            with st.container(key="live"):
                live_drawing.show(image, found[on_map], asked, answers)
        if isinstance(image, Blank):
            if canvas.is_used():
                st.info(image.reason, icon=":material/draw:")
        else:
            if not asked:
                st.info("Choose a model, or several.", icon=":material/compare_arrows:")
            if words := canvas.source():
                st.caption(words)
            reconstructions.send(image)
            st.session_state.setdefault("shown", first)
            st.multiselect("Models", list(found), key="shown", persist_state="session")
    if not isinstance(image, Blank):
        in_detail(image)
    board.gallery()
    board.attend_canvas()
    if is_live:
        live_drawing.supply(found[on_map], asked)
    told = "" if isinstance(image, Blank) else reconstructions.said(image, found[on_map])
    browser.say(told, "draw")


page()
