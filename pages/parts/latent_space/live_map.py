"""The live map on its page: what it starts with, and what it says."""

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.latent_space import theory
from pages.parts.latent_space.map_view import MapView
from pages.shared import live, missions, resources, session
from pages.shared.turns import turn
from vae import posterior_cloud, runs
from vae.latents import even_grid
from vae.live import sketch_bundle
from vae.prior import STANDARD

GRID = 16  # places along each side of the map that are decoded beforehand


@st.fragment
@turn()
def show(run: runs.Run, with_theory: bool = False) -> None:
    """The map. What is chosen on it goes to the session and into the address."""
    key = f"map-{run.name}"
    view, revision = _known(run)
    said = (st.session_state.get(key) or {}).get("place")
    if said is not None:
        view = MapView.from_page(said, resources.latent_map(run))
        session.map_views()[run.name] = (view, revision)
    view.to_link()
    drawing = _drawing(run)
    latent = view.latent(resources.latent_map(run))
    if latent is not None:
        session.pin(run.name, latent)
        missions.pinned(run, latent, is_digit=view.digit is not None)
    elif view.drawing and drawing is not None:
        session.pin(run.name, np.array(drawing["mean"], np.float32))
    live.view(
        "map",
        key,
        live.needs(run, *(theory.bundles(run) if with_theory else theory.BUNDLES)),
        {
            "revision": revision,
            "place": view.to_json(),
            "drawing": drawing,
            "cloud": _cloud(run, view),
            "theory": theory.data(run) if with_theory else None,
            "exact": with_theory,
        },
        None if with_theory else _sketch(run),
        on_place_change=lambda: None,
    )


def supply(run: runs.Run, *kinds: str) -> None:
    """Send what the map needs, and what it shows until somebody points at it."""
    live.supply(run, *kinds, sketch=_sketch(run))


def _sketch(run: runs.Run) -> live.Sketch | None:
    return live.sketch(run, "map", partial(_sketched, run))


def _sketched(run: runs.Run, name: str) -> bytes:
    """The middle, and a coarse grid all over the map."""
    latent_map = resources.latent_map(run)
    grid = even_grid(GRID, latent_map.extent).reshape(-1, 2)
    middle = np.zeros((1, latent_map.model.latent_dim), np.float32)
    shown = np.concatenate([middle, latent_map.plane.lift(grid)])
    return sketch_bundle(name, latent_map.model, shown)


def _known(run: runs.Run) -> tuple[MapView, int]:
    """The place that the map starts with; another revision makes the page take it over."""
    if run.name not in session.map_views():
        session.map_views()[run.name] = (_first(run), 0)
    st.session_state["mapped"] = run.name
    view, revision = session.map_views()[run.name]
    sent = session.sent("pin")
    if sent is not None and session.is_new("pin", run.name):
        view, revision = MapView(drawing=True), revision + 1
        session.map_views()[run.name] = (view, revision)
        st.session_state.pop(f"map-{run.name}", None)
    return view, revision


def _first(run: runs.Run) -> MapView:
    """What the map shows first: what the address names, or what that of another model showed."""
    last = resources.usable_runs().get(st.session_state.get("mapped", ""))
    if last is None:
        return MapView.from_link(resources.latent_map(run))
    view, _ = session.map_views()[last.name]
    image = session.sent("pin") if view.drawing else None
    drawing = None if image is None else resources.model(run).encode(image[None]).latents[0]
    return view.under(resources.latent_map(last), resources.latent_map(run), drawing)


def _drawing(run: runs.Run) -> dict[str, Any] | None:
    """The drawing that was sent to the map, and its posterior."""
    image = session.sent("pin")
    if image is None:
        return None
    posterior = resources.model(run).encode(image[None])
    return {
        "image": np.round(image, 4).ravel().tolist(),
        "mean": posterior.latents[0].tolist(),
        "log_variance": posterior.log_variance[0].tolist(),
    }


def _cloud(run: runs.Run, view: MapView) -> dict[str, Any] | None:
    """The posterior of the pinned digit or drawing where the page cannot tell it: with a flow."""
    latent_map = resources.latent_map(run)
    drawing = session.sent("pin") if view.drawing else None
    if latent_map.model.prior is STANDARD:
        return None
    if view.digit is not None:
        posterior = latent_map.posterior[np.array([view.digit])]
    elif drawing is not None:
        posterior = latent_map.model.encode(drawing[None])
    else:
        return None
    found = posterior_cloud.draw(posterior, latent_map.plane)
    return {
        "digit": view.digit,
        "kl": float(posterior.kl_divergence()[0]),
        "points": np.round(found.points, 4).tolist(),
        "rings": [[np.round(ring, 4).tolist() for ring in rings] for rings in found.rings],
    }
