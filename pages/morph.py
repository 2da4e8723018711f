"""Morph one digit into another: a path through latent space, played and exported."""

import numpy as np
import streamlit as st

from pages.parts.morph import endpoints
from pages.shared import link, live, markup, resources, widgets
from vae import latents, pictures

COLUMNS = 16

run = widgets.begin("Morph")
st.html(markup.STYLE)
model = resources.model(run)
st.markdown(
    "Between two latents lie others, and each decodes to a digit: the path from one to the other "
    "is a *morph*. Choose its ends; they may be more than two."
)
chosen = endpoints.current(run)
with st.container(horizontal=True, gap="medium"):
    with st.container(width=270):
        endpoints.show(run, chosen)
    with st.container(width=500):
        endpoints.more(run, chosen)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            kind = st.segmented_control(
                "Path", latents.PATH_KINDS, default="straight", required=True,
                key="path", bind="query-params",
                help="Straight through latent space; or around its middle at an even turn, which "
                "stays where the prior's samples are.",
            )  # fmt: skip
            steps = st.slider(
                "Steps from end to end", 2, 60, 16, key="steps", bind="query-params", width=220
            )
stops = link.tidy(endpoints.stacked(chosen, run))
kind: latents.PathKind = kind or "straight"  # a script may choose none
path = link.tidy(latents.path(stops, steps, kind))
key = f"morph-{run.name}"
live.view(
    "morph",
    key,
    live.needs(run, "decoder", "map"),
    {"ends": stops.tolist(), "steps": steps, "kind": kind},
    on_added_change=endpoints.adder(chosen, key, resources.latent_map(run)),
)


def gif() -> bytes:
    images = pictures.to_bytes(model.decode(path))
    return pictures.gif(np.stack([pictures.enlarged(image, 10) for image in images]), speed)


def strip() -> bytes:
    sheet = pictures.contact_sheet(model.decode(path), min(COLUMNS, len(path)))
    return pictures.png(pictures.enlarged(sheet, 4))


with st.container(horizontal=True, vertical_alignment="bottom"):
    speed = st.selectbox("Frames a second of the GIF", [5, 10, 20, 25], index=1, width=220)
    st.download_button(
        "GIF", gif, f"morph-{run.name}.gif", icon=":material/download:", on_click="ignore"
    )
    st.download_button(
        "PNG strip", strip, f"morph-{run.name}.png", icon=":material/download:", on_click="ignore"
    )
live.supply(run, "decoder", "map")
