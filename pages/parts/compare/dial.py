"""The dial: one slider through runs that differ in one option, beta before all."""

import streamlit as st

from pages.shared import live, resources
from vae import runs, series
from vae.config import ModelConfig, TrainingConfig, options
from vae.live import dial
from vae.series import Series

_BETA = (
    "The loss is the reconstruction loss and β times the KL divergence: one recipe, several β. "
    "Drag the slider."
)
_OF_BETA = (
    "At β = 0 nothing draws the digits to the prior: the map spreads far beyond its rings, "
    "and all samples of the prior come from one spot of it. At 1 the loss is the negative ELBO. As "
    "β grows, the digits move together and blur, until a dimension tells nothing any more, then "
    "both. What a model does not tell of a digit (its *rate*), it loses in the picture (its "
    "*distortion*)."
)


def show(found: dict[str, runs.Run]) -> None:
    """The series that comes with the project, and those among the runs of this server."""
    shipped = [run for run in runs.list_runs(series.SHIPPED) if not resources.fault(run)]
    known = series.find([*shipped, *found.values()])
    if not known:
        return
    st.header("The dial", anchor=False)
    chosen = known[0]
    choice, words = st.columns([1, 2], vertical_alignment="center", gap="medium")
    if len(known) > 1:
        chosen = choice.selectbox(
            "Runs that differ in", known, format_func=_label, key="dialled", width=300,
            help="All sets of models here that were trained alike but for one option.",
        )  # fmt: skip
    is_beta = chosen.option == "kl_weight"
    (words if len(known) > 1 else st).markdown(_BETA if is_beta else _words(chosen))
    files = tuple(tuple(run.manifest.files.values()) for run in chosen.runs)
    live.draw(
        "dial/main.js",
        f"dial-{chosen.option}",
        ("dial", chosen.option, files),
        "bin",
        lambda: dial.dial_data(chosen),
    )
    if is_beta:
        st.caption(_OF_BETA)


def _label(one: Series) -> str:
    return f"{one.name} ({', '.join(one.values[: dial.MOST])})"


def _words(one: Series) -> str:
    """What the option of a series does."""
    option = {**options(ModelConfig), **options(TrainingConfig)}[one.option]
    return (
        f"{len(one.runs)} models that were trained alike but for one option. *{one.name}*: "
        f"{option.help} Whatever else differs is the chance of a training."
    )
