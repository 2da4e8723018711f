"""A run's curves and its slider through the snapshots, live or at rest."""

import streamlit as st

from pages.shared import live, training_history, widgets
from vae import runs


def curves(run: runs.Run) -> None:
    """The losses so far, if there are any."""
    told = training_history.of(run)
    if told.fault:
        st.caption(f"The history of this run cannot be read: {widgets.plain(told.fault)}.")
    if (data := told.curves) is not None:
        live.draw("curves/main.js", f"curves-{run.name}", data, "json", lambda: data)


def scrubber(run: runs.Run, growing: bool = False) -> None:
    """The slider through the snapshots; without any, a kind word.

    `growing`: more are to come, and who looks at the last one is led on to the next.
    """
    data = training_history.scrubber_data(run, growing)
    if data is not None:
        live.draw("scrubber/main.js", f"scrubber-{run.name}", data, "bin", lambda: data)
    elif not growing:
        st.caption(
            f"{widgets.plain(run.name)} has no snapshots, so there is nothing to look back on. "
            "Every training from this page keeps them, and so does the shipped model best."
        )
