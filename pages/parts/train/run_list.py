"""The runs that a visitor can look at: which one is shown, and all of them side by side."""

import secrets
from html import escape
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from pages.shared import ownership, resources, widgets
from vae import presets, results, runs, snapshots
from vae.live import scripts

_NUMBERS = ("Validation loss", "Test -ELBO", "Time", "Best epoch")
_WORDS = ("State", "Differs from its preset")
_INTO_SIGHT = component(
    "latent_digits_into_sight", js=scripts.bare(Path(__file__).parent / "into_sight.js")
)


def visible() -> dict[str, runs.Run]:
    """The runs in this visitor's lists by name, also those without a model: own ones first."""
    own = [run for run in reversed(runs.list_runs(resources.jobs().root)) if ownership.sees(run)]
    return {run.name: run for run in [*own, *runs.list_runs(runs.SHIPPED)]}


def show(name: str) -> None:
    """Look at this run from the next rerun on; without a name, at the one that begins the page."""
    st.session_state["look at"] = name


def choose(found: dict[str, runs.Run], serving: runs.Run) -> runs.Run:
    """The run to look at. The choice lives in the session and in the address."""
    asked = st.session_state.get("run", st.query_params.get("run"))
    if "look at" in st.session_state:
        asked = st.session_state.pop("look at")
        _INTO_SIGHT(key="into-sight", data=f"{asked} {secrets.token_hex(4)}", height=1)
    if asked not in found:
        if asked:
            st.warning(f"There is no run {widgets.plain(asked)} on this server.")
        asked = _most_telling(found, serving)
    st.session_state["run"] = asked
    name = st.selectbox(
        "Run", list(found), key="run", format_func=widgets.titles(found), persist_state="session",
        width=360,
    )  # fmt: skip
    st.query_params["run"] = name
    return found[name]


def _most_telling(found: dict[str, runs.Run], serving: runs.Run) -> str:
    """The model that all pages show, or a shipped one if that has no snapshots to look at."""
    names = [serving.name, *(run.name for run in runs.list_runs(runs.SHIPPED))]
    return next((name for name in names if snapshots.files(found[name].path)), serving.name)


def table(found: dict[str, runs.Run]) -> None:
    """All runs, with what tells them apart."""
    heads = "<th>Run</th>" + "".join(f"<th class='number'>{name}</th>" for name in _NUMBERS)
    heads += "".join(f"<th>{name}</th>" for name in _WORDS)
    rows = "".join(_row(run) for run in found.values())
    st.html(
        "<div class='runs' tabindex='0' role='region' aria-label='All runs'>"
        f"<table><tr>{heads}</tr>{rows}</table></div>"
    )
    others = len(runs.survey(resources.jobs().root, runs.SHIPPED).passed_over)
    if others:
        st.caption(
            f"{others} {'entry' if others == 1 else 'entries'} of the folder of runs cannot be "
            "read. On the server, `python -m vae runs` says which and why."
        )


def _row(run: runs.Run) -> str:
    m = run.manifest
    losses = [m.metrics.get("validation_loss"), _test_loss(run)]
    numbers = [
        *("" if value is None else f"{value:.1f}" for value in losses),
        widgets.duration(m.seconds) if m.seconds else "",
        m.best_epoch or "",
    ]
    changed = presets.differences(m.preset, m.model, m.training)
    words = ", ".join(f"{name} {value}" for name, value in changed.items()) or "nothing"
    cells = "".join(f"<td class='number'>{value}</td>" for value in numbers)
    return (
        f"<tr><td><b>{escape(run.name)}</b></td>{cells}"
        f"<td>{runs.state(run)}</td>"
        f"<td class='words'>{escape(m.preset)}: {escape(words)}</td></tr>"
    )


def _test_loss(run: runs.Run) -> float | None:
    """The negative ELBO on test images, dynamic: of the model card, or of the training's end."""
    if run.manifest.training.is_autoencoder:
        return None  # it has none
    try:
        return -results.read(run).elbo_dynamic.mean
    except results.ResultsError:
        elbo = run.manifest.metrics.get("test_elbo")
        return None if elbo is None else -elbo
