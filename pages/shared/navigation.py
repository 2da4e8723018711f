"""The app's pages, in order."""

import re
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.shared import once
from pages.shared.turns import turn

_FOLDER = Path(__file__).parents[1]
_ICON = _FOLDER.parent / "assets" / "icon.svg"
_STYLES = (Path(__file__).parent / "app.css").read_text(encoding="utf-8")
_STYLE = f"<style>{re.sub(r'/[*].*?[*]/', '', _STYLES, flags=re.DOTALL)}</style>"  # sent to all


def pages() -> list[StreamlitPage]:
    """The pages as the sidebar lists them; the first is the start."""
    return [
        st.Page(_FOLDER / "draw.py", title="Draw", icon=":material/draw:", default=True),
        st.Page(_FOLDER / "latent_space.py", title="Latent space", icon=":material/scatter_plot:"),
        st.Page(_FOLDER / "generate.py", title="Generate", icon=":material/auto_awesome:"),
        st.Page(_FOLDER / "morph.py", title="Morph", icon=":material/animation:"),
        st.Page(_FOLDER / "compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page(_FOLDER / "train.py", title="Train", icon=":material/model_training:"),
        st.Page(_FOLDER / "how_it_works.py", title="How it works", icon=":material/school:"),
    ]


def configure(title: str | None = None) -> None:
    """The browser's tab, and the layout.

    Told before the pages are: else the browser asks another host for the page's own icon.
    """
    words = f"{title} · Latent Digits" if title else None
    st.set_page_config(page_title=words, page_icon=_ICON, layout="wide")
    if title:  # the router leaves it to its pages, so that it is sent once
        st.html(_STYLE)


def route() -> None:
    """Show the page that the address names. What the router does, and nothing else."""
    once.load()
    with turn():
        configure()
        st.session_state["routed"] = True
        st.navigation(pages()).run()


def hand_over() -> None:
    """Give a page that runs without the router back to it, once.

    If the first request after a start names a page, Streamlit takes every file in `pages/` for a
    page of its own, under its file name. One call of `st.navigation` ends that for all visitors.
    """
    if "routed" not in st.session_state:
        st.session_state["routed"] = True
        st.navigation(pages())
        st.rerun()
