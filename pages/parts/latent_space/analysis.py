"""The map for analysis: lasso or box over the digits, their contact sheet, a CSV."""

from typing import Any

import numpy as np
import streamlit as st

from pages.shared import link, resources, widgets
from vae import pictures, runs, tables
from vae.mnist import CLASSES

COLUMNS, MOST = 16, 160  # digits of the contact sheet


def show(run: runs.Run) -> None:
    """The chart, and what is selected on it."""
    latent_map = resources.latent_map(run)
    st.caption(
        "Choose digits with the lasso or the box: they come as a contact sheet and as a table. "
        "A double click takes the choice back."
    )
    event = st.plotly_chart(
        resources.scatter(run, widgets.theme()),
        key=f"chart-{run.name}",
        on_select="rerun",
        selection_mode=("box", "lasso"),
        config={"scrollZoom": True, "displaylogo": False},
        alt="The digits by their posterior means, coloured by label",
    )
    chosen = selected(event["selection"].get("points"), len(latent_map.digits))
    if not len(chosen):
        st.info("Nothing is chosen yet.", icon=":material/lasso_select:")
        return
    st.header(f"{len(chosen):,} digits", anchor=False)
    counts = np.bincount(latent_map.digits.labels[chosen], minlength=len(CLASSES))
    st.caption(" · ".join(f"{n} × {label}" for label, n in enumerate(counts) if n))
    shown = chosen[np.linspace(0, len(chosen) - 1, min(MOST, len(chosen))).astype(int)]
    sheet = pictures.contact_sheet(latent_map.digits[shown].pixels, COLUMNS)
    picture = pictures.enlarged(sheet, 2)
    with st.container(width=picture.shape[1]):
        st.image(picture, width="stretch", output_format="PNG", alt="The chosen digits")
    if len(shown) < len(chosen):
        st.caption(f"{len(shown)} of them are shown; the table has all.")
    with st.container(horizontal=True):
        st.download_button(
            "Table (CSV)", tables.digits(latent_map, chosen), f"{run.name}-digits.csv",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Contact sheet (PNG)", pictures.png(picture), f"{run.name}-digits.png",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def selected(points: Any, n: int) -> np.ndarray:
    """Which of n digits a selection names, in order: (k,). What names none is left out."""
    named = points if isinstance(points, list) else []
    names = [point.get("customdata") for point in named if isinstance(point, dict)]
    found = [link.wholes(name if isinstance(name, list) else [name], n) for name in names]
    return np.unique([index for one in found if one for index in one]).astype(int)
