"""Five missions. Other pages tell what a visitor did; what is done stays done for the session."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.shared import navigation, ownership, resources, session
from vae import missions, runs


class Mission(NamedTuple):
    """A task, and the page on which it is solved."""

    title: str
    words: str
    page: str


MISSIONS = {
    "between": Mission(
        "Find the spot between 4 and 9",
        "Pin a place on the map where the nearest digits are fours and nines, and no others.",
        "Latent space",
    ),
    "outside": Mission(
        "Go where no digit is",
        "Pin a place far from all digits. The decoder answers even there: what does it draw?",
        "Latent space",
    ),
    "hard": Mission(
        "Draw something it cannot rebuild",
        "A face, a letter, a scribble: harder to rebuild than 99 % of test digits.",
        "Draw",
    ),
    "riddle": Mission(
        "Draw a riddle",
        "A digit that lands where three kinds of digits meet, so that the model cannot tell.",
        "Draw",
    ),
    "collapse": Mission(
        "Make the posterior collapse",
        "Train a model that pays so much for its KL divergence that its latents tell less than "
        "0.1 nats. Raise the KL weight (beta), say to 100. Then every digit is rebuilt the same.",
        "Train",
    ),
}


def pinned(run: runs.Run, latent: np.ndarray) -> None:
    """A latent (latent_dim,) was pinned on a run's map."""
    latent_map = resources.latent_map(run)
    _note("between", missions.lies_between(latent_map, latent, 4, 9))
    _note("outside", missions.lies_outside(latent_map, latent))


def drew(run: runs.Run, image: np.ndarray) -> None:
    """An image (28, 28) was drawn and shown on a run's map."""
    latent_map = resources.latent_map(run)
    posterior = latent_map.model.encode(image[None])
    loss = float(latent_map.model.terms(image[None], posterior)[0][0])
    _note("hard", missions.is_hard(resources.loss_percentiles(run), loss))
    _note("riddle", missions.lies_among(latent_map, posterior.latents[0]))


def trained() -> None:
    """This visitor may have trained something."""
    own = [run for run in runs.list_runs(resources.jobs().root) if ownership.owns(run.path)]
    _note("collapse", any(missions.has_collapsed(run.manifest) for run in own))


def _note(name: str, done: bool) -> None:
    if done and name not in session.done():
        session.done().add(name)
        st.toast(f"Mission done: {MISSIONS[name].title}.", icon=":material/flag:")


def show() -> None:
    """The missions, with a tick at those that are done."""
    st.header("Five missions", anchor=False)
    st.markdown("Each ticks itself off when you have done it.")
    trained()
    for name, mission in MISSIONS.items():
        if mission.page == "Train" and resources.jobs().limits.read_only:
            continue
        done = name in session.done()
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(width="stretch", gap=None):
                badge = " :green-badge[:material/check: Done]" if done else ""
                st.markdown(f"**{mission.title}**{badge}")
                st.caption(mission.words)
            if st.button(
                mission.page, key=f"to {name}", type="tertiary", icon=":material/arrow_forward:"
            ):
                st.switch_page(next(p for p in navigation.pages() if p.title == mission.page))
