"""Models side by side: what each makes of the same inputs, their figures, and how they learned."""

import streamlit as st

from pages.parts.compare import figures, lessons, pictures
from pages.shared import markup, resources, widgets
from vae import comparison

MOST = 6  # as many as there are colours
FIRST = ("baseline", "enhanced", "best", "flow", "map")

chosen = widgets.begin("Compare")
found = resources.usable_runs()
st.html(markup.STYLE)
st.markdown("Ask several models the same questions. Each has a row; what differs is the model.")
with st.container(horizontal=True, vertical_alignment="bottom"):
    first = [name for name in dict.fromkeys([*FIRST, chosen.name]) if name in found]
    names = st.multiselect(
        "Models", list(found), first, key="runs", bind="query-params", persist_state="session",
        max_selections=MOST, width=500,
    )  # fmt: skip
    seed = st.number_input(
        "Seed", 0, 2**31 - 1, 0, key="compared-seed", bind="query-params", persist_state="session",
        width=160, help="Another seed takes other digits and other samples.",
    )  # fmt: skip
if not names:
    st.info("Choose a model, or several.", icon=":material/compare_arrows:")
    st.stop()

compared = [found[name] for name in names]
digits = comparison.ten_digits(int(seed))
words, drawing = pictures.drawing()

st.header("The same digits, rebuilt", anchor=False)
st.markdown(
    "Ten digits that no model here was trained on. The model sees them as numbers in its latent "
    "space, and rebuilds them from these. Right: its reconstruction loss, the mean of the ten; "
    "the lowest is bold."
)
rebuilt = st.container()
st.header("The same drawing", anchor=False)
st.markdown(words)
drawn = st.container()
st.header("The same samples", anchor=False)
st.markdown(
    "New digits, each decoded from numbers drawn at random from the *prior*. Models with as many "
    "latent dimensions decode the same numbers, though they mean something else to each."
)
sampled = st.container()
st.header("The same path", anchor=False)
st.markdown("From one of the ten digits to another, in equal steps on a straight line of latents.")
with st.container(horizontal=True):
    ends = pictures.ends()
walked = st.container()

inputs = comparison.Inputs(digits, drawing, int(seed), ends)
answers = {run.name: resources.answers(run, inputs) for run in compared}
with rebuilt:
    pictures.rebuilt(digits, answers)
with drawn:
    pictures.drawn(drawing, answers)
with sampled:
    pictures.sampled(compared, answers)
with walked:
    pictures.strips({name: answer.path for name, answer in answers.items()}, "Path of")

st.header("Their figures", anchor=False)
rows = figures.table(compared)
st.header("How they learned", anchor=False)
epochs = figures.curves(compared)
figures.downloads(inputs, answers, epochs, comparison.as_csv(rows, names))
lessons.holes(found)
lessons.early_and_late(compared)
lessons.latent_dims()
