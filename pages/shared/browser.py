"""What the browser does on every page beyond what it shows."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

_FOLDER = Path(__file__).parent
_PAGE = component("latent_digits_page", js=(_FOLDER / "page.js").read_text(encoding="utf-8"))
_SPOKEN = component("latent_digits_spoken", js=(_FOLDER / "spoken.js").read_text(encoding="utf-8"))


def attend() -> None:
    """Keep the focus, and one entry of the browser's history a page: see page.js."""
    with st.sidebar:
        _PAGE(key="page")


def say(words: str, key: str) -> None:
    """Tell a screen reader what has changed. Call it last: it shows nothing, but takes up a line.

    Args:
        words: a sentence; the same again is not repeated.
        key: of the widget.
    """
    _SPOKEN(key=f"said {key}", data=words)
