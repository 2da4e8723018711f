"""Make new digits: by hand, of another class, and whole sheets of samples."""

from functools import partial

import streamlit as st

from pages.parts.generate import class_digits, current_latent, traversal
from pages.shared import link, resources, widgets
from vae import latents, mnist

LIKELIEST, ANY = "its likeliest class", "any class"
CLASSES = [str(label) for label in mnist.CLASSES]

run = widgets.begin("Generate")
current_latent.supply(run)
latent_map = resources.latent_map(run)
model = latent_map.model
has_prior = not run.manifest.training.is_autoencoder

st.header("One digit, by hand", anchor=False)
st.markdown(
    "A *latent* z is the short list of numbers from which the decoder draws a digit. "
    + (
        "New digits come from the *prior*: each number drawn from a bell curve around 0. "
        if has_prior
        else "This plain autoencoder has no prior: it was never told where its latents should lie, "
        "and between them is much that is no digit. "
    )
    + "Move a slider: its track shows what each position would give."
)
current_latent.sliders(run)
st.caption(
    "At 30\u00a0% of a track lies the z below which 30\u00a0% of the "
    f"{'prior is' if has_prior else 'real digits are'}. The most informative dimensions come "
    f"first; beside each, {current_latent.told(latent_map)}"
)
latent = current_latent.latent(run)
traversal.show(run, latent)

st.header("As another digit", anchor=False)
st.markdown(
    "Arithmetic in latent space: z, minus the mean of its class, plus the mean of another. What "
    "makes this digit special, as its slant or its weight, stays as far as the model keeps it "
    "apart from the class. A class may lie in several places; the nearest counts. Click one to "
    "take it."
)
source = st.selectbox("Minus the mean of", [LIKELIEST, *CLASSES], key="source", width=220)
label = latent_map.classes.likeliest(latent) if source == LIKELIEST else int(source)
st.caption(f"z − mean of {label} + mean of …")
class_digits.moved(run, latent, label)

st.header("A sheet of samples", anchor=False)
with st.container(horizontal=True, vertical_alignment="bottom"):
    of = st.selectbox(
        "Of", [ANY, *CLASSES] if has_prior else CLASSES, key="of", bind="query-params", width=160,
        help="Any: from the prior. A class: from Gaussians fitted to its posterior means."
        if has_prior else "From Gaussians fitted to the latents of its digits.",
    )  # fmt: skip
    seed = st.number_input(
        "Seed", 0, 2**31 - 1, 0, key="seed", bind="query-params", width=160,
        help="The same seed gives the same sheet.",
    )  # fmt: skip
    temperature = st.slider(
        "Temperature", 0.0, 1.5, 1.0, 0.05, key="temperature", bind="query-params", width=260,
        help="Below 1 stays nearer the middle: safer digits, less variety.",
    )  # fmt: skip
if of == ANY:
    samples = latents.sample_prior(current_latent.SAMPLES, model.latent_dim, int(seed), temperature)
    current_latent.sheet(run, "Sample", samples)
else:
    samples = class_digits.sampled(run, int(of), current_latent.SAMPLES, int(seed), temperature)
if len(samples):
    st.download_button(
        "Download the sheet",
        partial(current_latent.sheet_png, run, link.tidy(samples)),
        f"{run.name}-{of.replace(' ', '-')}-seed-{seed}.png",
        icon=":material/download:",
        on_click="ignore",
    )
