"""Morph one digit into another: a path through latent space, played and exported."""

from functools import partial

import streamlit as st

from pages.parts.morph import downloads, endpoints
from pages.shared import link, live, markup, resources, widgets
from vae import latents
from vae.live import sketch_bundle

STEPS = 16

run = widgets.begin("Morph")
st.html(markup.STYLE)
st.markdown(
    "Between two latents lie others, and each decodes to a digit: the path from one to the other "
    "is a *morph*. Choose its ends below; they may be more than two."
)
chosen = endpoints.current(run)
stage = st.container()
with st.container(horizontal=True, gap="medium"):
    with st.container(key="ends-side"):
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
                "Steps from end to end", 2, 60, STEPS, key="steps", bind="query-params", width=220
            )
stops = link.tidy(endpoints.stacked(chosen, run))
kind: latents.PathKind = kind or "straight"  # a script may choose none
path = link.tidy(latents.path(stops, steps, kind))
key = f"morph-{run.name}"
is_first = chosen == endpoints.FIRST and (steps, kind) == (STEPS, "straight")
sketched = partial(sketch_bundle, model=resources.model(run), latents=path)
sketch = live.sketch(run, "morph", sketched) if is_first else None
with stage:
    live.view(
        "morph",
        key,
        live.needs(run, "decoder", "map"),
        {"ends": stops.tolist(), "steps": steps, "kind": kind},
        sketch,
        on_added_change=endpoints.adder(chosen, key, run),
        on_moved_change=endpoints.mover(chosen, key, run),
    )
with st.container(horizontal=True, vertical_alignment="bottom"):
    speed = st.selectbox("Frames a second of the GIF", [5, 10, 20, 25], index=1, width=220)
    for label, content, name in (
        ("GIF", partial(downloads.gif, run, path, speed), f"morph-{run.name}.gif"),
        ("PNG strip", partial(downloads.strip, run, path), f"morph-{run.name}.png"),
    ):
        st.download_button(label, content, name, icon=":material/download:", on_click="ignore")
live.supply(run, "decoder", "map", sketch=sketch)
