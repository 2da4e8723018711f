"""What the app is measured against: one file that imports TensorFlow and decodes in the server.

`VAE_MINIMAL_MODEL` names the decoder, a `.keras` file.
"""

import os
from typing import Any

import keras
import numpy as np
import streamlit as st

import vae.training.model  # noqa: F401 - Keras must know the decoder's one layer that is not its own

SIDE = 280  # pixels


@st.cache_resource
def decoder() -> Any:
    """The model, loaded once."""
    return keras.models.load_model(os.environ["VAE_MINIMAL_MODEL"], compile=False)


st.title("Digits")
latent = [st.slider(f"z{i}", -3.0, 3.0, 0.0) for i in range(decoder().input_shape[1])]
logits = np.asarray(decoder()(np.array([latent], np.float32)))[0]
st.image(1 / (1 + np.exp(-logits)), width=SIDE, caption="decoded")
