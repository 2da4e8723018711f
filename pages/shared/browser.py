"""What the browser does on every page beyond what it shows."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from vae.live import scripts

_FOLDER = Path(__file__).parent
_PAGE = component("latent_digits_page", js=scripts.bare(_FOLDER / "page.js"))
_SPOKEN = component("latent_digits_spoken", js=scripts.bare(_FOLDER / "spoken.js"))
_KEEPER = component("latent_digits_keeper", js=scripts.bare(_FOLDER / "keeper.js"))


def attend() -> None:
    """Keep the focus, one entry of the browser's history a page, a key, the theme: see page.js.

    Call it in the sidebar: it says what the key does, and takes up a line.
    """
    with st.container(key="keys"):
        st.caption("Press **P** for larger type, as for a lecture, and again for the usual.")
    _PAGE(
        key="page",
        data={"forgets": st.session_state.get("forgets", 0)},
        on_themed_change=lambda: None,  # the page runs again, in the theme that it has then
    )


def say(words: str, key: str) -> None:
    """Tell a screen reader what has changed. Call it last: it shows nothing, but takes up a line.

    Args:
        words: a sentence; the same again is not repeated.
        key: of the widget.
    """
    _SPOKEN(key=f"said {key}", data=words)


def keep(name: str, value: Any, recall: Callable[[Any], None], *, is_lasting: bool = False) -> None:
    """Let the browser keep a value for a session that begins anew: after a reload, say.

    Call it last, on each page that changes or needs the value: it shows nothing, but takes up a
    line.

    Args:
        name: of the value.
        value: what this session has, as JSON; if it is empty, nothing is kept.
        recall: takes what an earlier session has kept, before the page runs again. It is called
            once a session at most, and may be given anything: browsers can be told to lie.
        is_lasting: keep it after the tab is closed, too, for all tabs.
    """
    key = f"kept {name}"
    told: set[str] = st.session_state.setdefault("told", set())

    def recalled() -> None:
        if name not in told:
            told.add(name)
            recall(st.session_state[key]["recalled"])

    order = {
        "name": name,
        "value": value or None,
        "session": st.session_state.setdefault("session", secrets.token_hex(8)),
        "is_told": name in told,
        "is_lasting": is_lasting,
    }
    _KEEPER(key=key, data=order, on_recalled_change=recalled)


def forget() -> None:
    """Let the browser forget all that it keeps."""
    st.session_state["forgets"] = st.session_state.get("forgets", 0) + 1
