"""How a variational autoencoder works: one digit, followed through its formulas and its source."""

import inspect

import streamlit as st

from pages.parts.how_it_works import learned_prior, plain_autoencoder, steps
from pages.shared import markup, missions, widgets
from vae import losses

run = widgets.begin("How it works")
st.html(markup.STYLE)
st.markdown(
    "A *variational autoencoder* (VAE) is two networks. The **encoder** looks at a digit and says "
    "which few numbers may describe it, the **decoder** draws a digit from such numbers. They "
    "learn together, from one wish: lose as little as possible of the digit, and say as little as "
    "possible about it. Follow a digit through "
    f"**{widgets.plain(run.name)}**; each figure is computed now."
)
image = steps.choose()
path = steps.follow(run, image)
if path.is_autoencoder:
    plain_autoencoder.show(path)
    missions.show()
    st.stop()

st.header("1. Encode: a digit becomes a cloud", anchor=False)
st.latex(r"q(z \mid x) = \mathcal{N}\big(z;\; \mu(x),\; \sigma^2(x)\big)")
st.markdown(
    "Many latents could have drawn this digit, so the encoder does not choose one. It gives a "
    "bell curve for each latent dimension: a mean $\\mu$ and a standard deviation $\\sigma$. "
    "Together they are the *posterior*."
)
steps.encoded(path)

st.header("2. KL divergence: what the cloud tells", anchor=False)
if path.has_flow:
    learned_prior.divergence(path)
else:
    steps.divergence(path)

st.header("3. Draw a latent", anchor=False)
st.latex(r"z = \mu + \sigma \odot \varepsilon, \qquad \varepsilon \sim \mathcal{N}(0, I)")
st.markdown(
    "The decoder gets one latent from the cloud. Written like this, with the chance in "
    "$\\varepsilon$ alone, the loss can still be followed back to $\\mu$ and $\\sigma$: so the "
    "encoder can learn, too."
)
if path.has_flow:
    st.markdown("The flow's inverse then tells the place of $z$ in the base space, $u$.")
steps.drawn(path)

st.header("4. Decode, and count what was lost", anchor=False)
st.latex(r"-\log p(x \mid z) = -\sum_{j=1}^{784} \big[x_j \log p_j + (1 - x_j) \log (1 - p_j)\big]")
st.markdown(
    "The decoder says for each pixel how likely ink is, $p_j$. Where it is sure and wrong it pays "
    "most; a grey pixel costs something even where $p_j = x_j$. The sum over all pixels is the "
    "*reconstruction loss*."
)
steps.lost(path)
st.code(inspect.getsource(losses.reconstruction_per_pixel), "python")

st.header("5. The loss is the sum", anchor=False)
st.latex(
    r"\begin{gathered} -\log p(x) \;\le\; -\mathrm{ELBO} \\ -\mathrm{ELBO} = "
    r"\underbrace{\mathbb{E}_q[-\log p(x \mid z)]}_{\text{lost}} + "
    r"\underbrace{\mathrm{KL}}_{\text{told}} \end{gathered}"
)
st.markdown(
    "The ELBO is the *evidence lower bound*: the model takes the digit for at least that likely, "
    "averaged over draws of $z$ ($\\mathbb{E}_q$). Training makes the sum small, over all digits, "
    "with one draw for each at a time. For this digit and this draw:"
)
steps.total(path)
with st.expander("All of vae/losses.py, as it runs here and in training"):
    st.code(inspect.getsource(losses), "python")

if path.has_flow:
    learned_prior.show(run)

missions.show()
