"""The latent space as a map of digits: click a digit, or a place between them."""

import numpy as np
import streamlit as st

from pages.shared import details, resources, widgets
from vae.atlas import Atlas

VIEWS = ("Digits", "Manifold")


def clicked(atlas: Atlas, event: dict) -> tuple[int, np.ndarray] | None:
    """What was clicked last: a digit's index (-1: a place between digits), and its latent."""
    points = event["selection"]["points"]
    if not points:
        return None
    point = points[-1]
    index = int(np.ravel(list(np.atleast_1d(point["customdata"])))[0])
    if index >= 0:
        return index, atlas.posterior.mean[index]
    return -1, atlas.plane.lift(np.array([point["x"], point["y"]]))


def from_link(atlas: Atlas) -> np.ndarray | None:
    """The latent that the address names, if it is one of this model's."""
    try:
        latent = np.array(st.query_params["z"].split(","), np.float32)
    except (KeyError, ValueError):
        return None
    fits = latent.shape == (atlas.model.latent_dim,) and np.isfinite(latent).all()
    return np.clip(latent, -10, 10) if fits else None


run = widgets.begin("Latent space")
atlas = resources.map_of(run)
st.markdown(
    "The encoder gives each digit a *posterior*: a small cloud in latent space. Each dot is the "
    "middle of one, its posterior mean. Similar digits lie close together."
)
view = st.segmented_control(
    "View", VIEWS, default=VIEWS[0], required=True, key="view", bind="query-params"
)
chart, side = st.columns([3, 2], gap="medium")
with chart:
    event = st.plotly_chart(
        resources.figure(run, view),
        key=f"chart-{run.name}-{view}",
        on_select="rerun",
        selection_mode="points",
        config={"scrollZoom": True, "displaylogo": False},
        alt="Map of the latent space, coloured by digit",
    )
with side:
    found = clicked(atlas, event)
    latent = found[1] if found else from_link(atlas)
    if latent is None:
        st.info(
            "Click a dot to see its digit, or anywhere between to decode that place.",
            icon=":material/touch_app:",
        )
        st.stop()
    index = found[0] if found else -1
    if index >= 0:
        details.show_digit(atlas, index)
    else:
        details.show_place(atlas, latent)
    details.show_neighbours(atlas, latent, skip=index)
    st.query_params["z"] = ",".join(f"{value:.4f}" for value in latent)
