"""The latent space as a map: under the finger, or for analysis."""

import streamlit as st

from pages.parts.latent_space import analysis, live_map
from pages.shared import live, widgets

VIEWS = ("Live", "Analysis")

run = widgets.begin("Latent space")
dots = (
    "the encoder of this plain autoencoder gives it one latent, and no cloud around it"
    if run.manifest.training.is_autoencoder
    else "the encoder gives it a *posterior*, a small cloud of fitting latents, and the dot is its "
    "middle"
)
st.markdown(
    "A *latent* z is the short list of numbers from which the decoder draws a digit. Each dot is "
    f"a real digit: {dots}. Move over the map to see what the decoder draws there; click to pin it."
)
if run.manifest.model.latent_dim > 2:
    st.caption(
        f"This model has {run.manifest.model.latent_dim} latent dimensions. The map is the plane "
        "on which the digits spread most (their two strongest principal components)."
    )
view = st.segmented_control(
    "View", VIEWS, default=VIEWS[0], required=True, key="view", bind="query-params",
    label_visibility="collapsed",
)  # fmt: skip
if view == "Live":
    live_map.show(run)
    live.supply(run, "decoder", "map", "digits")
else:
    analysis.show(run)
