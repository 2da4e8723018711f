"""Whose run is whose: what one visitor trains, no other finds in a list.

A browser that trains or imports something gets a random name, in a cookie of this site. The runs
made with it carry a hash of that name. A run without one, shipped or trained in the terminal, is
for everybody to see; so is, for whoever has its link, a run that an address names.
"""

import hashlib
import re
import secrets
from itertools import chain
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st
from streamlit.components.v2 import component

from vae import plain_files, runs

COOKIE = "latent-digits-visitor"
_STREAMLITS = "_streamlit_xsrf"
_NAMED = {"model": 1, "run": 1, "runs": 6}  # how many runs an address names, by its parameters
_KEEP = component(
    "latent_digits_visitor",
    js=f"""export default function ({{ data }}) {{
        const safe = location.protocol === "https:" ? "; Secure" : "";
        document.cookie = `{COOKIE}=${{data}}; path=/; max-age=31536000; SameSite=Lax${{safe}}`;
    }}""",
)


def claim(path: Path) -> None:
    """Make a run this visitor's."""
    (path / runs.OWNER).write_text(_mark(), encoding="utf-8")
    st.session_state["owns"] = True


def keep_name() -> None:
    """Let the browser remember this visitor, once there is something to remember. Draws nothing."""
    if st.session_state.get("owns"):
        with st.container(height=1, border=False):
            _KEEP(key="visitor", data=_name(), height=1)


def is_framed() -> bool:
    """Whether the browser keeps no cookie of this site, as in a frame of another site.

    Streamlit gives one to every visitor before it lets them in, and takes no files from a visitor
    without it.
    """
    context = st.context
    return bool(context.headers) and not {_STREAMLITS, COOKIE} & set(context.cookies)


def offer_tab(run: str = "") -> None:
    """Say what does not work in a frame of another site, and offer this page in a tab of its own.

    `run` is one to find there again.
    """
    if not is_framed():
        return
    query = st.query_params.to_dict() | ({"run": run} if run else {})
    st.warning(
        "This app is shown in a frame of another site, where your browser keeps no cookie of it: "
        "files cannot be sent, and what you train here is yours only until you leave. Open it in "
        "a tab of its own.",
        icon=":material/open_in_new:",
    )
    address = f"{st.context.url}?{urlencode(query, doseq=True)}"
    st.link_button("Open in a tab of its own", address, icon=":material/open_in_new:")
    if run:
        st.caption("This link shows the run to whoever has it, also after you left:")
        st.code(address, language=None, wrap_lines=True)


def owns(path: Path) -> bool:
    """Whether this visitor trained or imported the run in this directory, and may change it."""
    return _owner(path) == _mark()


def sees(run: runs.Run) -> bool:
    """Whether the run is in this visitor's lists."""
    opened: set[str] = st.session_state.setdefault("opened", set())
    named = (st.query_params.get_all(name)[:most] for name, most in _NAMED.items())
    if run.name in chain.from_iterable(named):
        opened.add(run.name)
    return _owner(run.path) in ("", _mark()) or run.name in opened


def _owner(path: Path) -> str:
    try:
        return plain_files.content(path / runs.OWNER, 1000).decode(errors="replace")
    except FileNotFoundError:
        return ""
    except OSError:
        return "unknown"  # and so nobody's


def _mark() -> str:
    """What stands in the runs of this visitor: from it nobody can tell the cookie."""
    return hashlib.sha256(_name().encode()).hexdigest()


def _name() -> str:
    if "visitor" not in st.session_state:
        known = str(st.context.cookies.get(COOKIE))
        is_ours = re.fullmatch("[0-9a-f]{32}", known)
        st.session_state["visitor"] = known if is_ours else secrets.token_hex(16)
    return st.session_state["visitor"]
