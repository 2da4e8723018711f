"""Parts that several pages show."""

import re
from collections.abc import Callable

import numpy as np
import streamlit as st

from pages.shared import browser, canvas, link, missions, navigation, once, resources, session
from vae import data, pictures, runs, shipping
from vae.mnist import SIDE
from vae.palette import Theme
from vae.presets import PRESETS

DEFAULT_MODEL = "map"
DEFAULT_MODELS = {"Generate": "flow", "Compare": "flow"}  # by the page's title, where another suits
# Signs that mean something to markdown: anywhere; at an end of a word; at the beginning; of a list.
_MARKUP = r"[\\`*\[\]<>$~&]|(?<![^\W_])_|_(?![^\W_])|^[-+#=]|(?<=\d)[.)](?= |$)"


def begin(title: str, heading: str = "") -> runs.Run:
    """What each page starts with: its settings, and the model chooser; the chosen run.

    The heading is the page's title, unless another is given.
    """
    navigation.configure(title)
    navigation.hand_over()
    link.leave_out_infinities()
    _check_server()
    once.settle()
    is_new = session.enter(title)
    if is_new and session.canvas()["strokes"]:
        session.redraw(session.canvas()["strokes"])
    found = resources.usable_runs()
    if not found:
        st.error("There is no model to show. Restore assets/models, or train one:")
        st.code("python -m vae train --preset map --out runs/map", language="shell")
        st.stop()
    run = found[_chosen_name(found, DEFAULT_MODELS.get(title, DEFAULT_MODEL), is_new)]
    manifest = run.manifest
    if run.path.parent == runs.SHIPPED and manifest.preset in PRESETS:
        st.sidebar.markdown(PRESETS[manifest.preset].summary)
    of_base = ", in the base space of a learned prior" * manifest.model.has_learned_prior
    st.sidebar.caption(
        f"{manifest.model.latent_dim} latent dimensions{of_base}, "
        f"{manifest.parameters:,} weights. Trained on {manifest.data['train']:,} images of "
        f"{plain(manifest.data['source'])} for {manifest.epochs_done} epochs; the best was epoch "
        f"{manifest.best_epoch}."
    )
    with st.sidebar:
        st.button(
            "Forget drawings and missions", type="tertiary", icon=":material/history_toggle_off:",
            on_click=_forget,
            help="Your browser keeps your drawings, and what the models saw of a photo, until you "
            "close this tab, and for good which missions you have done.",
        )  # fmt: skip
        browser.attend()
        if title != "Draw":  # which does so whenever the pen goes up
            canvas.keep()
        missions.keep()
    st.title(heading or title, anchor=False)
    missions.attend(title)
    return run


def _forget() -> None:
    session.forget()
    browser.forget()


def _check_server() -> None:
    """A server that only runs scripts is told here of its settings, as others are at their start;
    and without the digits there is nothing to show."""
    try:
        resources.jobs()
        resources.digits()
    except ValueError as error:
        st.error(
            f"This server's settings have a mistake: {plain(error)}.", icon=":material/settings:"
        )
        st.stop()
    except data.DataError as error:
        st.error(f"No page can be shown: {plain(error)}.", icon=":material/error:")
        st.stop()


def _chosen_name(found: dict[str, runs.Run], default: str, is_new: bool) -> str:
    """The model chooser. The choice lives in the session, and in the address of every page.

    Until there is one, each page has its own default. To a page that is new the sidebar's links
    name no model, so the choice stays; where Back, Forward or a link name one, that is chosen. A
    bound widget (`bind="query-params"`) would lose its value at each change of page.
    """
    names, named = list(found), st.query_params.get("model")
    own = next(name for name in (default, DEFAULT_MODEL, names[0]) if name in names)
    asked = st.session_state.get("model", named)
    unchosen = st.session_state.pop("unchosen model", None)
    if is_new and named in names and (unchosen is None or named != own):
        asked, unchosen = named, None
    if asked == unchosen or asked not in names:  # a link or a session may name a run that is gone
        asked = st.session_state["unchosen model"] = own
    if named is not None and named not in names:
        st.warning(f"There is no model {plain(named)} on this server; this is {plain(asked)}.")
    st.session_state["model"] = asked
    name = st.sidebar.selectbox(
        "Model",
        names,
        format_func=titles(found),
        key="model",
        persist_state="session",
        help="Serves all pages. What you train appears here, too.",
    )
    st.query_params["model"] = name
    return name


def titles(found: dict[str, runs.Run]) -> Callable[[str], str]:
    """How a chooser shows the names of runs."""
    return lambda name: shipping.title(found[name]) if name in found else name


def plain(words: object) -> str:
    """Words from anywhere, a name or an error, to be shown as they are where markdown is read."""
    line = " ".join(str(words).split())
    # Addresses become links, and :name: a symbol, even without their markup: so they are parted.
    parted = re.sub(r"(:|@|www)(?=\S)", "\\1\N{WORD JOINER}", line, flags=re.IGNORECASE)
    return re.sub(_MARKUP, r"\\\g<0>", parted)


def digit(image: np.ndarray, caption: str, alt: str, width: int = 140) -> None:
    """One image (28, 28) in [0, 1] with words under it; crisp, so `width` is a multiple of 28."""
    with st.container(width=width, gap="xsmall"):
        # twice as large as shown, for dense screens; "stretch" keeps Streamlit from resampling
        picture = pictures.enlarged(pictures.to_bytes(image), 2 * width // SIDE)
        st.image(picture, width="stretch", output_format="PNG", alt=alt)
        st.caption(caption)


def latent_text(latent: np.ndarray) -> str:
    """A latent (latent_dim,) as text; of many dimensions only how far it is from the origin."""
    if len(latent) <= 4:
        return f"z = ({', '.join(f'{value:.2f}' for value in latent)})"
    return f"|z| = {np.linalg.norm(latent):.2f} in {len(latent)} dimensions"


def theme() -> Theme:
    """The theme that this visitor sees, for pictures whose colours a style sheet cannot reach."""
    return st.context.theme.type or "light"


def duration(seconds: float) -> str:
    """Seconds in words, roughly."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
