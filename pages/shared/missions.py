"""Five missions. One that was taken on is ticked off once other pages tell that it is done.

The browser keeps both, so that they outlive a reload.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from pages.shared import browser, navigation, ownership, resources, session
from vae import missions, runs


class Mission(NamedTuple):
    """A task in short and in whole, and the page on which it is solved."""

    short: str
    title: str
    words: str
    page: str


MISSIONS = {
    "between": Mission(
        "Between 4 and 9",
        "Find the spot between 4 and 9",
        "Pin a place on the map, not a digit, where about as many fours as nines are near, and no "
        "others. Zoom in, or move by the arrow keys and pin with Enter.",
        "Latent space",
    ),
    "outside": Mission(
        "Where no digit is",
        "Go where no digit is",
        "Pin a place far from all digits. The decoder answers even there: what does it draw?",
        "Latent space",
    ),
    "hard": Mission(
        "Beyond rebuilding",
        "Draw something it cannot rebuild",
        "A face, a letter, a scribble: harder to rebuild than 99 % of real digits.",
        "Draw",
    ),
    "riddle": Mission(
        "A riddle",
        "Draw a riddle",
        "A digit that lands where three kinds of digits meet, so that the model cannot tell: each "
        "has at least five of the twenty digits nearest by.",
        "Draw",
    ),
    "collapse": Mission(
        "Collapse",
        "Make the posterior collapse",
        "Train a model that pays so much for its KL divergence that its latents tell less than "
        "0.1 nats. Raise the KL weight (beta), say to 100. Then every digit is rebuilt the same.",
        "Train",
    ),
}


def pinned(run: runs.Run, latent: np.ndarray, is_digit: bool) -> None:
    """A place (latent_dim,) was pinned on a run's map, or a digit that lies there."""
    if is_digit or not _wanted() & {"between", "outside"}:
        return
    latent_map = resources.latent_map(run)
    _note("between", lambda: missions.lies_between(latent_map, latent, 4, 9))
    _note("outside", lambda: missions.lies_outside(latent_map, latent))


def drew(run: runs.Run, image: np.ndarray) -> None:
    """An image (28, 28) is shown on a run's map, a drawing or another."""
    if not session.canvas()["strokes"] or not _wanted() & {"hard", "riddle"}:
        return
    latent_map = resources.latent_map(run)
    posterior = latent_map.model.encode(image[None])
    loss = float(latent_map.model.terms(image[None], posterior)[0][0])
    _note("hard", lambda: missions.is_hard(resources.loss_percentiles(run), loss))
    _note("riddle", lambda: missions.lies_among(latent_map, posterior.latents[0]))


def trained() -> None:
    """This visitor may have trained something."""
    if "collapse" not in _wanted():
        return
    own = [run for run in runs.list_runs(resources.jobs().root) if ownership.owns(run.path)]
    _note("collapse", lambda: any(missions.has_collapsed(run.manifest) for run in own))


def _wanted() -> set[str]:
    """The missions that were taken on and are not done yet."""
    return session.taken() - session.done()


def _note(name: str, is_done: Callable[[], bool]) -> None:
    """Tick a mission off if it was taken on, and is done. The whole page then tells of it."""
    if name in _wanted() and is_done():
        session.done().add(name)
        st.session_state["just done"] = name
        st.rerun()


def attend(page: str) -> None:
    """What each page tells of missions: that one was done, and which are to be done there."""
    if name := st.session_state.pop("just done", None):
        st.toast(f"Mission done: {MISSIONS[name].title}.", icon=":material/flag:")
    for name, mission in MISSIONS.items():
        if mission.page == page and name in _wanted():
            st.caption(f":material/flag: **{mission.title}.** {mission.words}")


def keep() -> None:
    """Let the browser keep what was taken on and what is done. Call it last on a page."""
    value = {"taken": sorted(session.taken()), "done": sorted(session.done())}
    browser.keep("missions", value if session.taken() else None, _recall, is_lasting=True)


def _recall(told: Any) -> None:
    """Take what the browser has kept, which may be anything."""
    for name, known in (("taken", session.taken()), ("done", session.done())):
        kept = told.get(name) if isinstance(told, dict) else None
        known.update(one for one in MISSIONS if isinstance(kept, list) and one in kept)


def show() -> None:
    """The missions in a line: folded under each what is to be done, and where."""
    trained()
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="missions"):
        st.markdown("**Missions**", width="content")
        for name, mission in MISSIONS.items():
            if mission.page != "Train" or not resources.jobs().limits.read_only:
                _card(name, mission)


def _card(name: str, mission: Mission) -> None:
    done, taken = name in session.done(), name in session.taken()
    icon = "check_circle" if done else "flag" if taken else "radio_button_unchecked"
    with st.popover(mission.short, icon=f":material/{icon}:"):
        badge = " :green-badge[:material/check: Done]" if done else ""
        st.markdown(f"**{mission.title}**{badge}")
        st.markdown(mission.words)
        label = mission.page if done or taken else f"Take it on: {mission.page}"
        if st.button(label, key=f"to {name}", icon=":material/arrow_forward:"):
            session.taken().add(name)
            st.switch_page(next(p for p in navigation.pages() if p.title == mission.page))
