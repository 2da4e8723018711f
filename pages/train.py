"""Train a model of your own, and watch its latent space form."""

import streamlit as st

from pages.parts.train import actions, form, run_list, watch
from pages.shared import markup, ownership, resources, widgets
from vae import data

serving = widgets.begin("Train")
st.html(markup.STYLE)
found = run_list.visible()
trains = not resources.jobs().limits.read_only
st.markdown(
    "A model starts as noise and sees digits, again and again. Drag the slider below through what "
    "it drew after each *epoch*, one pass through its images."
    + (" Then train one yourself and watch." if trains else "")
)
if trains:
    form.quick_start()
else:
    st.info(
        "This server shows models and trains none. To train your own, start the app on your own "
        "machine: its README says how.",
        icon=":material/visibility:",
    )
run = run_list.choose(found, serving)
ownership.offer_tab(run.name if ownership.owns(run.path) else "")
actions.undo()
watch.show(run, serving)

if trains:
    st.header("Train your own", anchor=False)
    st.markdown(
        f"Training reads {data.expected_source()}. It runs beside the app: leave and come back, "
        f"and what you trained serves every page.{form.kept()}"
    )
    form.show()

st.header("Runs", anchor=False)
run_list.table(found)
actions.importer()
ownership.keep_name()
