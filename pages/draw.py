"""Draw a digit; see what each model makes of it, and where it lands on the map."""

import numpy as np
import streamlit as st

from pages.parts.draw import board, live_drawing, photo, reconstructions
from pages.shared import browser, canvas, markup, resources, widgets
from pages.shared.turns import turn
from vae import runs
from vae.inference import Posterior
from vae.preprocess import Blank

chosen = widgets.begin("Draw", "Latent Digits")
found = resources.usable_runs()
first = list(dict.fromkeys([chosen.name, *(name for name in ("map", "best") if name in found)]))
on_map = found[
    next((name for name in first if found[name].manifest.model.latent_dim == 2), chosen.name)
]
st.html(markup.STYLE)
st.markdown(
    "Draw a digit: a **variational autoencoder** squeezes it into a few numbers, a place on a map, "
    "and draws it again from there."
)
if st.session_state.get("drawn for") not in (None, chosen.name):  # another model was chosen
    st.session_state["shown"] = first
st.session_state["drawn for"] = chosen.name


def resample() -> None:
    st.session_state["resampled"] = st.session_state.get("resampled", 0) + 1


def in_detail(image: np.ndarray, posterior: Posterior, left: list[runs.Run]) -> None:
    """Where the image lands, and what else would be drawn from there."""
    st.header("Where it lands", anchor=False)
    with st.container(key="landing"):
        reconstructions.landing(image, on_map, posterior, with_map=bool(left))
    near, drawn = st.columns(2, gap="medium")
    with near:
        st.markdown(f"**Nearest real digits**, as {widgets.plain(on_map.name)} places them")
        reconstructions.nearest(on_map, posterior)
    if left:
        with drawn, st.container(gap="small"):
            st.markdown("**Draws from the posterior**")
            for run in left:
                st.caption(widgets.plain(run.name))
                reconstructions.draws(image, run, st.session_state.get("resampled", 0))
            st.button("Resample", icon=":material/refresh:", on_click=resample)


@st.fragment
@turn()
def page() -> None:
    """All that depends on the drawing; a stroke runs this and no more."""
    with st.container(key="sketch"):
        board.show()
    image = canvas.image()
    asked = [found[name] for name in st.session_state.get("shown", first) if name in found]
    left = live_drawing.left(asked)
    with st.container(key="answers"):
        live_drawing.show(image, on_map, asked)
        reconstructions.show(image, asked, left)
    with st.container(key="next"):
        photo.choose()
        if not isinstance(image, Blank):
            reconstructions.send(image)
            st.session_state.setdefault("shown", first)
            st.multiselect(
                "Models", list(found), key="shown", format_func=widgets.titles(found),
                persist_state="session",
            )  # fmt: skip
    with st.container(key="details"):
        told = ""
        if not isinstance(image, Blank):
            posterior = resources.model(on_map).encode(image[None])
            in_detail(image, posterior, left)
            told = reconstructions.said(on_map, posterior)
        board.gallery()
        board.attend_canvas()
        live_drawing.supply(on_map, asked)
        browser.say(told, "draw")
        canvas.keep()


with st.container(key="stage"):
    with st.container(key="others"):
        board.others()
    page()
