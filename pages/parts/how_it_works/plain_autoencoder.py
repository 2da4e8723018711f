"""The way of a digit through a plain autoencoder, which has fewer steps."""

import inspect

import streamlit as st

from pages.parts.how_it_works import steps
from pages.shared import widgets
from vae import losses


def show(path: steps.Path) -> None:
    """Its three steps, and what it lacks."""
    st.info(
        f"**{widgets.plain(path.run.name)}** is a plain autoencoder, kept for comparison. It has "
        "no posterior, no KL divergence and no prior: choose another model for those.",
        icon=":material/info:",
    )
    st.header("1. Encode: a digit becomes a point", anchor=False)
    st.latex(r"z = \mathrm{encoder}(x)")
    st.markdown(
        "The encoder gives one latent and does not say how sure it is. Nothing is drawn at random, "
        "so nothing made it learn that places beside this one should give a digit, too."
    )
    steps.encoded(path)
    st.header("2. Decode, and count what was lost", anchor=False)
    st.latex(
        r"-\log p(x \mid z) = -\sum_{j=1}^{784} \big[x_j \log p_j + (1 - x_j) \log (1 - p_j)\big]"
    )
    steps.lost(path)
    st.code(inspect.getsource(losses.reconstruction_per_pixel), "python")
    st.header("3. That is the loss", anchor=False)
    st.markdown(
        "Nothing is paid for what the latent tells, so the digits may lie anywhere, with holes "
        "between them: this loss is no bound on how likely the digit is, and numbers drawn at "
        "random decode to no digit more often than not."
    )
    steps.total(path)
