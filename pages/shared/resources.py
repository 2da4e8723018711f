"""What all visitors share: models, digits, training jobs.

This and `training_history.py` hold the only cached things in the app.

Any visitor's browser can send `clear_cache`, which empties Streamlit's caches for everybody. What
can be made again lives in those. What must live once a server is kept by this module, which is
imported once, however often pages run: the queue of trainings (see `once.py`).
"""

import functools
import gzip
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.shared import ownership, training_history
from pages.shared.once import Once
from vae import (
    charts,
    comparison,
    data,
    failures,
    gaps,
    inference,
    latent_study,
    latents,
    live,
    pictures,
    runs,
    snapshots,
)
from vae.aggregate import Aggregate
from vae.class_search import ClassSearch
from vae.evaluation import classifier
from vae.jobs import Jobs
from vae.latent_map import LatentMap, lay_out
from vae.loss_percentiles import LossPercentiles, measure
from vae.losses import TERMS
from vae.palette import Theme


def _identity(run: runs.Run) -> str:
    """What tells one state of a run from another: its place and the hashes of its files.

    One text: Streamlit's caches take several times as long for a tuple of them, at each call.
    """
    return "\n".join((str(run.path), *run.manifest.files.values()))


_HASH: dict[str | type, Any] = {runs.Run: _identity}


@Once
def jobs() -> Jobs:
    """The trainings of this server.

    Raises:
        ValueError: the environment sets a limit that is none.
    """
    return Jobs(runs.own_root())


def usable_runs() -> dict[str, runs.Run]:
    """The runs with a model to serve that this visitor sees, by name: the shipped ones first."""
    found = [*runs.list_runs(runs.SHIPPED), *reversed(runs.list_runs(jobs().root))]
    return {
        run.name: run
        for run in found
        if run.manifest.usable and ownership.sees(run) and not fault(run)
    }


def fault(run: runs.Run) -> str:
    """Why a run that has a model cannot serve it; empty if it can."""
    return _fault(run.path, _identity(run))


@functools.lru_cache(maxsize=1000)
def _fault(path: Path, identity: Hashable) -> str:
    """`identity` tells this run from others there. Each page asks it of each run: Streamlit's own
    cache took 6 % of the server's time for that.
    """
    try:
        runs.model_files(runs.read(path))
    except runs.RunError as error:
        return str(error)
    return ""


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def model(run: runs.Run) -> inference.Model:
    """The run's model, its files verified when it is loaded."""
    return inference.Model(run, lean=True)


@st.cache_resource(show_spinner=False)
def digits() -> data.Digits:
    """The embedded digits."""
    return data.embedded()


@st.cache_resource(show_spinner="Laying out the map", max_entries=16, hash_funcs=_HASH)
def latent_map(run: runs.Run) -> LatentMap:
    """The run's latent map over the embedded digits."""
    return lay_out(model(run), digits())


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def class_search(run: runs.Run) -> ClassSearch:
    """What finds digits of a class in the run's latent space, each read by the classifier."""
    return ClassSearch(model(run), latent_map(run).classes, classifier.read())


def classifier_fault() -> str:
    """Why nothing can be read by the small classifier; empty if it can."""
    try:
        classifier.read()
    except classifier.ClassifierError as error:
        return failures.words(error)
    return ""


@st.cache_resource(show_spinner="Drawing the map", max_entries=16, hash_funcs=_HASH)
def scatter(run: runs.Run, theme: Theme) -> go.Figure:
    """The map as a Plotly chart."""
    return charts.scatter(latent_map(run), theme)


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def loss_percentiles(run: runs.Run) -> LossPercentiles:
    """The run's loss terms on real digits."""
    return measure(latent_map(run))


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def holes(run: runs.Run) -> tuple[float, float]:
    """The log density below which a place of the run's map is a hole, and the prior's share in
    holes; half a second."""
    aggregate = Aggregate(latent_map(run).posterior)
    return aggregate.level, aggregate.share_in_holes()


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def locator(run: runs.Run, theme: Theme) -> str:
    """The run's still map as a data URL."""
    return charts.locator(latent_map(run), theme)


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def bent_grid(run: runs.Run, theme: Theme) -> tuple[charts.Still, charts.Still]:
    """What the run's flow does to a grid: before and after."""
    return charts.bent_grid(latent_map(run), theme)


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def manifold(run: runs.Run) -> str:
    """What is decoded all over the run's map, 12 x 12 digits side by side, as a data URL."""
    return pictures.data_url(pictures.contact_sheet(latent_map(run).manifold(12), 12, gap=0))


@st.cache_resource(show_spinner=False, max_entries=50, hash_funcs=_HASH)
def traversal(run: runs.Run, latent: tuple[float, ...], columns: int) -> np.ndarray:
    """A latent moved along every dimension, the most informative on top: a uint8 picture."""
    order = latent_map(run).most_informative
    rows = latents.traversal(np.array(latent), columns)[order]
    sheet = pictures.contact_sheet(model(run).decode(rows.reshape(-1, len(latent))), columns)
    return pictures.named_rows(pictures.enlarged(sheet, 2), [f"z{i + 1}" for i in order], 44)


def _given(inputs: comparison.Inputs) -> tuple[int, tuple[int, int], bytes]:
    """What tells inputs from others: their digits follow from the seed."""
    return inputs.seed, inputs.ends, inputs.drawing.tobytes()


@st.cache_resource(
    show_spinner=False, max_entries=100, hash_funcs={**_HASH, comparison.Inputs: _given}
)
def answers(run: runs.Run, inputs: comparison.Inputs) -> comparison.Answers:
    """What the run makes of the inputs; 0.1 MB."""
    return comparison.ask(model(run), inputs)


def comparable(run: runs.Run) -> list[dict[str, Any]]:
    """The run's epochs, as they can be laid beside those of others."""
    return comparison.comparable(run, [*training_history.of(run).epochs])


@st.cache_resource(show_spinner=False, max_entries=50, hash_funcs=_HASH)
def _overlaid(
    compared: tuple[runs.Run, ...], epochs: tuple[int, ...], theme: Theme
) -> dict[str, go.Figure]:
    """`epochs` is there to tell longer histories from shorter ones."""
    learned = {run.name: comparable(run) for run in compared}
    return {term: charts.overlaid_curves(learned, term, theme) for term in TERMS}


def overlaid_curves(compared: list[runs.Run], theme: Theme) -> dict[str, go.Figure]:
    """The curves of several runs over each other, a chart for each term of the loss."""
    return _overlaid(
        tuple(compared), tuple(len(training_history.of(run).epochs) for run in compared), theme
    )


@st.cache_resource(show_spinner=False, max_entries=2, hash_funcs={latent_study.Study: repr})
def latent_dims(study: latent_study.Study, theme: Theme) -> go.Figure:
    """The experiment on the number of dimensions as a chart."""
    return charts.latent_dims(study, theme)


@st.cache_resource(show_spinner="Measuring the models", max_entries=16, hash_funcs=_HASH)
def measured(run: runs.Run) -> dict[str, float]:
    """The run's figures on the 1,000 digits that no run here is trained on."""
    return comparison.measure(model(run), snapshots.mapped_digits())


def bundle(run: runs.Run, kind: str) -> bytes:
    """What a live view needs of a run, see `pages.shared.live.needs`: compressed.

    Raises:
        vae.gaps.GapsError: gaps are asked for that the run does not have.
    """
    match kind:
        case "digits":
            return live.digits_bundle(digits())
        case "map":
            made = live.map_bundle(latent_map(run))
        case "projections":
            made = live.projections_bundle(latent_map(run))
        case "encoder":
            made = live.encoder_bundle(model(run))
        case "gaps":
            made = live.gaps_bundle(model(run), gaps.read(run))
        case _:
            made = live.decoder_bundle(model(run))
    return gzip.compress(made, 6, mtime=0)
