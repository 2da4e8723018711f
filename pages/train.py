"""Train a model of your own, and watch its latent space form."""

import streamlit as st

from pages.shared import (
    ownership,
    training_actions,
    training_form,
    training_runs,
    training_watch,
    widgets,
)
from vae import data

serving = widgets.begin("Train")
found = training_runs.visible()
st.markdown(
    "A model starts as noise and sees digits, again and again. Drag the slider below through what "
    "it drew after each *epoch*, one pass through its images. Then train one yourself and watch."
)
training_form.quick_start()
run = training_runs.choose(found, serving)
training_actions.undo()
training_watch.watch(run, serving)

st.subheader("Train your own", anchor=False)
st.markdown(
    f"Training reads {data.expected_source()}. It runs beside the app: leave and come back, and "
    "what you trained serves every page."
)
training_form.form()

st.subheader("Runs", anchor=False)
training_runs.table(found)
training_actions.importer()
ownership.keep_name()
