"""Train a model of your own, and watch its losses fall."""

import streamlit as st

from pages.shared import resources, training_form, training_watch, widgets
from vae import data, runs
from vae.config import PRESETS

FIRST_PRESET = "tiny"

chosen = widgets.begin("Train")
st.markdown(
    f"Training reads {data.expected_source()}. It runs beside the app: leave and come back."
)
preset = st.selectbox(
    "Preset",
    list(PRESETS),
    index=list(PRESETS).index(FIRST_PRESET),
    format_func=lambda name: f"{name}: {PRESETS[name].summary}",
    key="preset",
    bind="query-params",
)
training_form.form(preset)
name = st.query_params.get("run", "")
watched = {run.name: run for run in runs.list_runs(resources.jobs().root)}
if name in watched:
    training_watch.watch(watched[name].path, chosen)
elif name:
    st.warning(f"There is no run {name} on this server.")
else:
    st.info("Nothing is training. Press Train: the tiny preset takes less than a minute.")
