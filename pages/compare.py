"""Models side by side: what each makes of the same inputs, their figures, and how they learned."""

import streamlit as st

from pages.parts.compare import dial, figures, lessons, pictures
from pages.shared import markup, resources, widgets
from vae import comparison

MOST = 6  # as many as there are colours
FIRST = ("baseline", "enhanced", "best", "flow", "map")

chosen = widgets.begin("Compare")
found = resources.usable_runs()
st.html(markup.STYLE)
st.markdown("Ask several models the same questions: what differs is the model.")
# not bound to the address, which would then have what runs are called, and not their names
named = st.session_state.get("runs", st.query_params.get_all("runs") or [*FIRST, chosen.name])
st.session_state["runs"] = [name for name in dict.fromkeys(named) if name in found][:MOST]
names = st.multiselect(  # as wide as the page: what does not fit into its line is hidden
    "Models", list(found), key="runs", persist_state="session", max_selections=MOST,
    format_func=widgets.titles(found),
)  # fmt: skip
st.query_params["runs"] = names
if not names:
    st.info("Choose a model, or several.", icon=":material/compare_arrows:")
    st.stop()

compared = [found[name] for name in names]
seen, measured, early, dialled, taught = st.tabs(
    ("Pictures", "Figures", "Early and late", "The dial", "Lessons"),
    key="show",
    bind="query-params",
)
# the downloads beside the figures show the same digits
with seen, st.container(horizontal=True, vertical_alignment="bottom"):
    seed = st.number_input(
        "Seed", 0, 2**31 - 1, 0, key="compared-seed", bind="query-params", persist_state="session",
        width=120, help="Another seed takes other digits and other samples.",
    )  # fmt: skip
    ends = pictures.ends()
words, drawing = pictures.drawing()
inputs = comparison.Inputs(comparison.ten_digits(int(seed)), drawing, int(seed), ends)
if seen.open:
    with seen:
        pictures.show(inputs, words, compared)
if measured.open:
    with measured:
        st.header("Their figures", anchor=False)
        rows = figures.table(compared)
        st.header("How they learned", anchor=False)
        figures.curves(compared)
        figures.downloads(inputs, compared, comparison.as_csv(rows, names))
if early.open:
    with early:
        lessons.early_and_late(compared)
if dialled.open:
    with dialled:
        dial.show(found)
if taught.open:
    with taught:
        lessons.holes(found)
        lessons.latent_dims()
