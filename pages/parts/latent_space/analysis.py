"""The map for analysis: lasso or box over the digits, their contact sheet, a CSV."""

from typing import Any

import numpy as np
import streamlit as st

from pages.parts.latent_space.map_view import MapView
from pages.shared import link, resources, session, widgets
from vae import charts, pictures, runs, spreadsheet
from vae.latent_map import LatentMap
from vae.mnist import CLASSES

COLUMNS, MOST = 16, 160  # digits of the contact sheet
AROUND = 1000  # digits around the pin, at most


def show(run: runs.Run) -> None:
    """The chart, and what is chosen on it or beside it."""
    latent_map = resources.latent_map(run)
    st.caption(
        "Choose digits with the lasso or the box, or without a pointer: by their class, and as "
        "many around the pin of the live map as you like. They come as a contact sheet and as a "
        "table."
    )
    labels = st.pills(
        "Of the classes", CLASSES, selection_mode="multi", key="classes", bind="query-params"
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        near = _around_the_pin(run, latent_map)
        st.button(
            "Choose none", icon=":material/deselect:", on_click=_choose_none, args=(run.name,)
        )
    chosen = np.union1d(near, _lassoed(run, latent_map, labels)).astype(int)
    if labels:
        among = chosen if len(chosen) else np.arange(len(latent_map.digits))
        chosen = among[np.isin(latent_map.digits.labels[among], labels)]
    if len(chosen):
        _sheet(run, latent_map, chosen)
    else:
        st.info("Nothing is chosen yet.", icon=":material/lasso_select:")


def _around_the_pin(run: runs.Run, latent_map: LatentMap) -> np.ndarray:
    """The digits that are nearest to what was pinned on the live map, as many as are asked for."""
    pin = session.pinned(run.name)
    if pin is None:
        pin = MapView.from_link(latent_map).latent(latent_map)
    number = st.number_input(
        "Around the pin", 0, AROUND, step=50, key="around", bind="query-params", width=160,
        disabled=pin is None, help="So many digits, those nearest to what is pinned on the live "
        "map, in latent space.",
    )  # fmt: skip
    return np.zeros(0, int) if pin is None or not number else latent_map.nearest(pin, int(number))


def _lassoed(run: runs.Run, latent_map: LatentMap, classes: list[int]) -> np.ndarray:
    """The chart, on which digits of other classes are faint, and which digits lasso and box have
    chosen on it: now, or when it was left."""
    kept = session.lassoed()
    shown = "".join(f"-{label}" for label in sorted(classes))
    key = f"chart-{run.name}-{st.session_state.get('emptied', 0)}{shown}"
    if key not in st.session_state:  # another chart would lose what is chosen on it
        st.session_state["chosen before"] = kept.get(run.name, [])
    before = st.session_state["chosen before"]

    def forget() -> None:
        if not _told(key):
            kept.pop(run.name, None)

    # without, a finger scrolls the page: app.css shows the switch where fingers are used
    by_finger = st.container(key="by-finger").toggle("Choose with the finger", key="finger")
    with st.container(key="chart-held" if by_finger else "chart-free"):
        st.plotly_chart(
            charts.highlighted(resources.scatter(run, widgets.theme()), before, classes),
            key=key,
            on_select=forget,
            selection_mode=("box", "lasso"),
            config={"scrollZoom": True, "displaylogo": False},
            alt="The digits by their posterior means, coloured by label",
        )
    chosen = selected(_told(key), len(latent_map.digits))
    if len(chosen):
        kept[run.name] = chosen.tolist()
    return np.array(kept.get(run.name, []), int)


def _told(key: str) -> Any:
    """The points that the chart says are chosen on it."""
    return st.session_state[key]["selection"].get("points")


def _choose_none(run: str) -> None:
    session.lassoed().pop(run, None)
    st.session_state["classes"], st.session_state["around"] = [], 0
    # the chart in the page knows of no other way to choose none
    st.session_state["emptied"] = st.session_state.get("emptied", 0) + 1


def _sheet(run: runs.Run, latent_map: LatentMap, chosen: np.ndarray) -> None:
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
            "Table (CSV)", spreadsheet.digits(latent_map, chosen), f"{run.name}-digits.csv",
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
