"""What one point of the latent space is: a digit or a place, and what lies nearest."""

import numpy as np
import streamlit as st

from pages.shared import widgets
from vae.atlas import Atlas

NEIGHBOURS = 5


def show_digit(atlas: Atlas, index: int) -> None:
    """A digit of the map: original, reconstruction, label, latent and loss terms."""
    image, label = atlas.digits.pixels[index], atlas.digits.labels[index]
    posterior = atlas.model.encode(image[None])
    st.subheader(f"A digit: {label}")
    with st.container(horizontal=True):
        widgets.digit(image, "original", alt=f"Original, a {label}")
        rebuilt = atlas.model.decode(posterior.mean)[0]
        widgets.digit(rebuilt, "reconstruction", alt="Reconstruction")
    st.markdown(widgets.latent_text(posterior.mean[0]))
    reconstruction_loss, kl_divergence = atlas.model.terms(image[None], posterior)
    st.caption(
        "Reconstruction loss + KL divergence: "
        + widgets.nats(reconstruction_loss[0], kl_divergence[0])
    )


def show_place(atlas: Atlas, latent: np.ndarray) -> None:
    """A place between digits: what is decoded there."""
    st.subheader("A place between digits")
    widgets.digit(atlas.model.decode(latent[None])[0], "decoded", alt="Decoded digit", width=280)
    st.markdown(widgets.latent_text(latent))


def show_neighbours(atlas: Atlas, latent: np.ndarray, skip: int) -> None:
    """The digits whose posterior means are nearest."""
    nearest = [i for i in atlas.nearest(latent, NEIGHBOURS + 1) if i != skip][:NEIGHBOURS]
    st.markdown("**Nearest digits**")
    with st.container(horizontal=True, gap="xsmall"):
        for i in nearest:
            label = atlas.digits.labels[i]
            widgets.digit(atlas.digits.pixels[i], f"a {label}", alt=f"Nearest: {label}", width=56)
