"""What the app is measured against: one file that imports TensorFlow and decodes in the server.

`VAE_MINIMAL_MODEL` names the decoder, a `.keras` file.
"""

import os
from typing import Any

import keras
import numpy as np
import streamlit as st

from vae.training.model import PixelBias

SIDE = 280  # pixels


@st.cache_resource
def decoder() -> Any:
    """The model, loaded once."""
    own = {"PixelBias": PixelBias}  # the decoder's one layer that is not Keras' own
    path = os.environ["VAE_MINIMAL_MODEL"]
    return keras.models.load_model(path, custom_objects=own, compile=False)


st.title("Digits")
latent = [st.slider(f"z{i}", -3.0, 3.0, 0.0) for i in range(decoder().input_shape[1])]
logits = np.asarray(decoder()(np.array([latent], np.float32)))[0]
st.image(1 / (1 + np.exp(-logits)), width=SIDE, caption="decoded")
