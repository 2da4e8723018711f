"""How a variational autoencoder works: one digit, followed through it step by step."""

import streamlit as st

from pages.parts.how_it_works import formulas, learned_prior, pipeline
from pages.shared import markup, missions, widgets
from vae import losses

run = widgets.begin("How it works")
st.html(markup.STYLE)
with st.container(key="intro"):
    st.markdown(
        "The **encoder** says in a few numbers what a digit is like, the **decoder** draws it "
        "again from these."
    )
missions.show()
if run.manifest.training.is_autoencoder:
    st.info(
        f"**{widgets.plain(run.name)}** is a plain autoencoder, kept for comparison. It has "
        "no posterior, no KL divergence and no prior: choose another model for those.",
        icon=":material/info:",
    )
pipeline.show(run)
if run.manifest.model.has_learned_prior:
    learned_prior.show(run)
with st.expander("All of vae/losses.py, as it runs here and in training", icon=":material/code:"):
    st.code(formulas.source(losses), "python")
pipeline.supply(run)
