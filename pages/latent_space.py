"""The latent space as a map of digits: click a digit, or a place between them."""

import numpy as np
import streamlit as st

from pages.shared import resources, widgets
from vae.atlas import Atlas

VIEWS = ("Digits", "Manifold")
NEIGHBOURS = 5


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


def show_digit(atlas: Atlas, index: int) -> None:
    """A digit of the map: original, reconstruction, label, latent and loss terms."""
    image, label = atlas.digits.pixels[index], atlas.digits.labels[index]
    posterior = atlas.posterior
    st.subheader(f"A digit: {label}")
    with st.container(horizontal=True):
        widgets.digit(image, "original", alt=f"Original, a {label}")
        rebuilt = atlas.model.decode(posterior.mean[index][None])[0]
        widgets.digit(rebuilt, "reconstruction", alt="Reconstruction")
    st.markdown(widgets.latent_text(posterior.mean[index]))
    one = atlas.model.encode(image[None])
    reconstruction_loss, kl_divergence = atlas.model.terms(image[None], one)
    st.caption(
        "Reconstruction loss + KL divergence: "
        + widgets.nats(reconstruction_loss[0], kl_divergence[0])
    )


def show_place(atlas: Atlas, latent: np.ndarray) -> None:
    """A place between digits: what is decoded there."""
    st.subheader("A place between digits")
    widgets.digit(atlas.model.decode(latent[None])[0], "decoded", alt="Decoded digit", width=280)
    st.markdown(widgets.latent_text(latent))


def show_neighbours(atlas: Atlas, latent: np.ndarray, skip: int) -> None:
    """The digits whose posterior means are nearest."""
    nearest = [i for i in atlas.nearest(latent, NEIGHBOURS + 1) if i != skip][:NEIGHBOURS]
    st.markdown("**Nearest digits**")
    with st.container(horizontal=True, gap="xsmall"):
        for i in nearest:
            label = atlas.digits.labels[i]
            widgets.digit(atlas.digits.pixels[i], f"a {label}", alt=f"Nearest: {label}", width=56)


run = widgets.begin("Latent space")
atlas = resources.map_of(run)
st.markdown(
    "The encoder gives each digit a *posterior*: a small cloud in latent space. Each dot is the "
    "middle of one, its posterior mean. Similar digits lie close together."
)
view = st.segmented_control(
    "View", VIEWS, default=VIEWS[0], required=True, key="view", bind="query-params"
)
chart, details = st.columns([3, 2], gap="medium")
with chart:
    event = st.plotly_chart(
        resources.figure(run, view),
        key=f"chart-{run.name}-{view}",
        on_select="rerun",
        selection_mode="points",
        config={"scrollZoom": True, "displaylogo": False},
        alt="Map of the latent space, coloured by digit",
    )
with details:
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
        show_digit(atlas, index)
    else:
        show_place(atlas, latent)
    show_neighbours(atlas, latent, skip=index)
    st.query_params["z"] = ",".join(f"{value:.4f}" for value in latent)
