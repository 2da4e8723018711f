"""The current latent: what the sliders of the Generate page show and set."""

import numpy as np
import streamlit as st

from pages.shared import link, live, resources, session
from vae import history, runs
from vae.latent_map import LatentMap


def latent(run: runs.Run) -> np.ndarray:
    """The current latent (latent_dim,): as it was left, as the address says, or the origin."""
    return _current(run)[0]


def take(run: runs.Run, taken: np.ndarray) -> None:
    """Make another latent (latent_dim,) the current one; the page takes it over."""
    session.current_latents()[run.name] = (link.tidy(taken), _current(run)[1] + 1)


def sliders(run: runs.Run) -> None:
    """A slider for each latent dimension, and the digit that morphs under them."""
    latent_map = resources.latent_map(run)
    key = f"sliders-{run.name}"

    def moved() -> None:
        z = link.latent(st.session_state[key]["latent"], latent_map)
        if z is not None:
            session.current_latents()[run.name] = (z, _current(run)[1])

    z, revision = _current(run)
    data = {
        "latent": z.tolist(),
        "revision": revision,
        "order": latent_map.most_informative.tolist(),
        "notes": _notes(latent_map),
        "alive": _alive(latent_map),
        "likeliest": latent_map.classes.likeliest(z),
    }
    live.view("sliders", key, live.needs(run, "decoder"), data, on_latent_change=moved)
    st.query_params["z"] = link.text(z)


def told(latent_map: LatentMap) -> str:
    """What the figures beside the sliders are."""
    if latent_map.kl_per_dimension is None:
        return (
            "of ink, how much moves as one goes from −1 to 1. This model has learned its prior: "
            "its z here is of the base space, and is called u in How it works."
        )
    return "in nats, what one tells of a digit."


def _notes(latent_map: LatentMap) -> list[str]:
    """What each latent dimension tells of a digit or, where no figure says that, what it does."""
    if latent_map.kl_per_dimension is None:
        return [f"{100 * share:.0f} % of ink" for share in latent_map.ink_per_dimension]
    return [f"{kl:.2f} nats" for kl in latent_map.kl_per_dimension]


def _alive(latent_map: LatentMap) -> int:
    """How many dimensions the decoder does not ignore."""
    if latent_map.kl_per_dimension is None:
        return int((latent_map.ink_per_dimension > 0.01).sum())
    dead = history.dead_dimensions(latent_map.kl_per_dimension.tolist())
    return latent_map.model.latent_dim - len(dead)


def sheet(run: runs.Run, name: str, shown: np.ndarray, captions: list[str] | None = None) -> None:
    """Latents (n, latent_dim) as digits to choose from; a click makes one current."""
    key = f"{name}-{run.name}"

    def picked() -> None:
        i = link.whole(st.session_state[key]["picked"], len(shown))
        if i is not None:
            take(run, shown[i])

    classes = resources.latent_map(run).classes
    data = {
        "latents": link.tidy(shown).tolist(),
        "captions": captions or [],
        "name": name,
        "likeliest": [classes.likeliest(latent) for latent in shown],
    }
    live.view("sheet", key, live.needs(run, "decoder"), data, on_picked_change=picked)


def _current(run: runs.Run) -> tuple[np.ndarray, int]:
    """The current latent, and how often it was set from outside the sliders."""
    latent_dim = run.manifest.model.latent_dim
    z, revision = session.current_latents().get(run.name, (None, 0))
    if z is None or len(z) != latent_dim:  # a run may be replaced by another of its name
        z = link.latent(st.query_params.get("z", ""), resources.latent_map(run))
        z = np.zeros(latent_dim) if z is None else z
        session.current_latents()[run.name] = (z, revision)
    return z, revision
