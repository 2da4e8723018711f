"""Make new digits: one slider for each latent dimension, and whole sheets of samples."""

import numpy as np
import streamlit as st

from pages.shared import resources, widgets
from vae import latents, pictures
from vae.atlas import Atlas

REACH = 4.0  # sliders go so many standard deviations of the prior to either side
SHOWN = 8  # sliders in sight; those of less informative dimensions are folded away
SAMPLES, COLUMNS = 40, 8


def key(dimension: int) -> str:
    """The session key of a slider; models of one size share the setting."""
    return f"z{dimension}-of-{atlas.model.latent_dim}"


def set_latent(latent: np.ndarray) -> None:
    """Move all sliders."""
    for dimension, value in enumerate(latent):
        st.session_state[key(dimension)] = float(np.clip(value, -REACH, REACH))


def randomise() -> None:
    """Move all sliders to a new sample of the prior."""
    seed = int(np.random.default_rng().integers(2**31))
    set_latent(latents.sample_prior(1, atlas.model.latent_dim, seed)[0])


def sliders(atlas: Atlas, dimensions: np.ndarray) -> None:
    """A slider for each of these dimensions."""
    for dimension in dimensions:
        st.session_state.setdefault(key(dimension), 0.0)
        st.slider(
            f"z{dimension + 1} · {atlas.kl_per_dimension[dimension]:.2f} nats",
            -REACH,
            REACH,
            step=0.05,
            key=key(dimension),
            persist_state="session",
        )


run = widgets.begin("Generate")
atlas = resources.map_of(run)
model = atlas.model

st.subheader("One digit, by hand", anchor=False)
st.markdown(
    "A *latent* is the short list of numbers from which the decoder draws a digit. New digits come "
    "from the *prior*: each number drawn from a bell curve around 0."
)
row = st.container(horizontal=True, gap="medium")
picture, controls = row.container(width=280), row.container(width=460)
with controls:
    order = atlas.most_informative
    sliders(atlas, order[:SHOWN])
    if len(order) > SHOWN:
        with st.expander(f"{len(order) - SHOWN} less informative dimensions"):
            sliders(atlas, order[SHOWN:])
    st.caption("In nats: how much a dimension tells of a digit, on average. Most telling first.")
with picture:
    latent = np.array([st.session_state[key(i)] for i in range(model.latent_dim)], np.float32)
    image = model.decode(latent[None])[0]
    widgets.digit(image, widgets.latent_text(latent), alt="Generated digit", width=280)
    with st.container(horizontal=True):
        st.button("Random", on_click=randomise)
        st.button("Reset", on_click=set_latent, args=(latent * 0,))
        st.download_button(
            "PNG",
            pictures.png(pictures.enlarged(pictures.to_bytes(image), 10)),
            "digit.png",
            on_click="ignore",
        )

st.subheader("A sheet of samples", anchor=False)
with st.container(horizontal=True, vertical_alignment="bottom"):
    seed = st.number_input(
        "Seed", 0, 2**31 - 1, 0, key="seed", bind="query-params", width=160,
        help="The same seed gives the same sheet.",
    )  # fmt: skip
    temperature = st.slider(
        "Temperature", 0.0, 1.5, 1.0, 0.05, key="temperature", bind="query-params", width=260,
        help="Below 1 stays nearer the middle of the prior: safer digits, less variety.",
    )  # fmt: skip
samples = latents.sample_prior(SAMPLES, model.latent_dim, int(seed), temperature)
sheet = pictures.enlarged(pictures.contact_sheet(model.decode(samples), COLUMNS), 6)
with st.container(width=3 * (COLUMNS * 30 - 2)):
    st.image(sheet, width="stretch", output_format="PNG", alt=f"{SAMPLES} generated digits")
st.download_button(
    "Download the sheet",
    pictures.png(sheet),
    f"{run.name}-seed-{seed}.png",
    icon=":material/download:",
    on_click="ignore",
)
