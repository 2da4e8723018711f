"""A run's curves and its slider through the snapshots, live or at rest."""

import streamlit as st
from streamlit.components.v2 import component

from pages.shared import resources
from vae import runs
from vae.live import training

_CURVES = component("latent_digits_curves", js=training.curves_script())
_SCRUBBER = component("latent_digits_scrubber", js=training.scrubber_script())


def curves(run: runs.Run) -> None:
    """The losses so far, if there are any."""
    data = resources.told(run).curves
    if data is not None:
        _CURVES(key=f"curves-{run.name}", data=data)


def scrubber(run: runs.Run, live: bool = False) -> None:
    """The slider through the snapshots; without any, a kind word.

    `live`: more are to come, and who looks at the last one is led on to the next.
    """
    data = resources.scrubber_data(run, live)
    if data is not None:
        _SCRUBBER(key=f"scrubber-{run.name}", data=data)
    elif not live:
        st.caption(
            f"{run.name} has no snapshots, so there is nothing to look back on. Every training "
            "from this page keeps them, and so does the shipped model best."
        )
