"""The live map on its page: what it starts with, and what it says."""

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.latent_space.map_view import MapView
from pages.shared import live, missions, resources, session
from vae import runs


@st.fragment
def show(run: runs.Run) -> None:
    """The map. What is chosen on it goes to the session and into the address."""
    key = f"map-{run.name}"
    view, revision = _known(run)
    said = (st.session_state.get(key) or {}).get("place")
    if said is not None:
        view = MapView.from_page(said, resources.latent_map(run))
        session.map_views()[run.name] = (view, revision)
    view.to_link()
    latent = view.latent(resources.latent_map(run))
    if latent is not None:
        session.pin(run.name, latent)
        missions.pinned(run, latent)
    live.view(
        "map",
        key,
        live.needs(run, "decoder", "map", "digits"),
        {"revision": revision, "place": view.to_json(), "drawing": _drawing(run)},
        on_place_change=lambda: None,
    )


def _known(run: runs.Run) -> tuple[MapView, int]:
    """The place that the map starts with; another revision makes the page take it over."""
    if run.name not in session.map_views():
        session.map_views()[run.name] = (MapView.from_link(resources.latent_map(run)), 0)
    view, revision = session.map_views()[run.name]
    sent = session.sent("pin")
    if sent is not None and session.is_new("pin", run.name):
        view, revision = MapView(drawing=True), revision + 1
        session.map_views()[run.name] = (view, revision)
        st.session_state.pop(f"map-{run.name}", None)
    return view, revision


def _drawing(run: runs.Run) -> dict[str, Any] | None:
    """The drawing that was sent to the map, and its posterior."""
    image = session.sent("pin")
    if image is None:
        return None
    posterior = resources.model(run).encode(image[None])
    return {
        "image": np.round(image, 4).ravel().tolist(),
        "mean": posterior.mean[0].tolist(),
        "log_variance": posterior.log_variance[0].tolist(),
    }
