"""The traversal grid: one digit along every dimension."""

from functools import partial

import numpy as np
import streamlit as st

from pages.shared import markup, resources
from vae import pictures, runs

COLUMNS = 11


def show(run: runs.Run, latent: np.ndarray) -> None:
    """The grid of a latent (latent_dim,), where somebody asks for it, and its file."""
    asked = st.toggle(
        "Traversal grid", key="traversal", bind="query-params",
        help="The digit along every dimension at once: a row for each, the others kept.",
    )  # fmt: skip
    if not asked:
        return
    picture = resources.traversal(run, tuple(latent.tolist()), COLUMNS)
    words = f"Traversal grid: {len(latent)} rows of {COLUMNS} digits"
    st.html(markup.image(picture, words, "max-width: 100%"))
    st.caption(
        "A row for each dimension, the most informative first. From left to right it goes through "
        f"the prior in {COLUMNS} equal shares; all others stay as they are. Where a row is the "
        "same all along, the decoder ignores that dimension."
    )
    st.download_button(
        "Traversal grid (PNG)",
        partial(_png, run, tuple(latent.tolist())),
        f"{run.name}-traversal.png",
        icon=":material/download:",
        on_click="ignore",
    )


def _png(run: runs.Run, latent: tuple[float, ...]) -> bytes:
    """A visitor's session keeps this call, so it is given no picture."""
    return pictures.png(resources.traversal(run, latent, COLUMNS))
