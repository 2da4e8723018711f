"""What all visitors share: models, digits, training jobs. The only cached things in the app."""

import gc
import os
from pathlib import Path
from typing import Any, NamedTuple

# One BLAS thread: with more, matrix products of several visitors at once wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import plotly.graph_objects as go
import streamlit as st

from pages.shared import ownership
from vae import (
    charts,
    comparison,
    data,
    history,
    inference,
    latent_map,
    latent_study,
    live,
    loss_percentiles,
    pictures,
    runs,
    snapshots,
)
from vae.config import TrainingConfig
from vae.following import Followed
from vae.jobs import Jobs
from vae.live import training
from vae.losses import TERMS


def _identity(run: runs.Run) -> tuple[str, ...]:
    """What tells one state of a run from another: its place and the hashes of its files."""
    return (str(run.path), *run.manifest.files.values())


_HASH: dict[str | type, Any] = {runs.Run: _identity}


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """Once, after the imports: what is loaded by now lives on, so spare it every collection.

    Streamlit collects garbage after each run of a page; with this it looks at new objects only.
    """
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """The trainings of this server."""
    return Jobs(runs.own_root())


def usable_runs() -> dict[str, runs.Run]:
    """The runs with a model to serve that this visitor sees, by name: the shipped ones first."""
    found = [*runs.list_runs(runs.SHIPPED), *reversed(runs.list_runs(jobs().root))]
    return {run.name: run for run in found if run.manifest.usable and ownership.sees(run)}


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def model(run: runs.Run) -> inference.Model:
    """The run's model, its files verified when it is loaded."""
    return inference.Model(run)


@st.cache_resource(show_spinner=False)
def digits() -> data.Digits:
    """The embedded digits."""
    return data.embedded()


@st.cache_resource(show_spinner="Laying out the map", max_entries=16, hash_funcs=_HASH)
def map_of(run: runs.Run) -> latent_map.LatentMap:
    """The run's latent map over the embedded digits."""
    return latent_map.lay_out(model(run), digits())


@st.cache_resource(show_spinner="Drawing the map", max_entries=16, hash_funcs=_HASH)
def figure(run: runs.Run) -> go.Figure:
    """The map as a Plotly figure."""
    return charts.scatter(map_of(run))


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def percentiles_of(run: runs.Run) -> loss_percentiles.LossPercentiles:
    """The run's loss terms on real digits."""
    return loss_percentiles.measure(map_of(run))


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def locator(run: runs.Run) -> str:
    """The run's still map as a data URL."""
    return charts.locator(map_of(run))


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=_HASH)
def manifold(run: runs.Run) -> str:
    """What is decoded all over the run's map, 12 x 12 digits side by side, as a data URL."""
    return pictures.data_url(pictures.contact_sheet(map_of(run).manifold(12), 12, gap=0))


def _given(inputs: comparison.Inputs) -> tuple[int, tuple[int, int], bytes]:
    """What tells inputs from others: their digits follow from the seed."""
    return inputs.seed, inputs.ends, inputs.drawing.tobytes()


@st.cache_resource(
    show_spinner=False, max_entries=100, hash_funcs={**_HASH, comparison.Inputs: _given}
)
def answers(run: runs.Run, inputs: comparison.Inputs) -> comparison.Answers:
    """What the run makes of the inputs; 0.1 MB."""
    return comparison.ask(model(run), inputs)


@st.cache_resource(show_spinner=False, max_entries=50, hash_funcs=_HASH)
def _overlaid(compared: tuple[runs.Run, ...], epochs: tuple[int, ...]) -> dict[str, go.Figure]:
    """`epochs` is there to tell longer histories from shorter ones."""
    learned = {run.name: comparison.told(run, told(run).epochs) for run in compared}
    return {term: charts.overlaid_curves(learned, term) for term in TERMS}


def overlaid_curves(compared: list[runs.Run]) -> dict[str, go.Figure]:
    """The curves of several runs over each other, a figure for each term of the loss."""
    return _overlaid(tuple(compared), tuple(len(told(run).epochs) for run in compared))


@st.cache_resource(show_spinner=False, max_entries=2, hash_funcs={latent_study.Study: repr})
def latent_dims(study: latent_study.Study) -> go.Figure:
    """The experiment on the number of dimensions as a figure."""
    return charts.latent_dims(study)


@st.cache_resource(show_spinner="Measuring the models", max_entries=16, hash_funcs=_HASH)
def measured(run: runs.Run) -> dict[str, float]:
    """The run's figures on the 1,000 digits that no run here is trained on."""
    return comparison.measure(model(run), snapshots.mapped_digits())


class Told(NamedTuple):
    """What the pages tell of a history: how far it is, its epochs' events, data for the curves."""

    progress: history.Progress | None
    epochs: list[dict[str, Any]]
    curves: dict[str, Any] | None


def told(run: runs.Run) -> Told:
    """What the run's history tells by now."""
    try:
        file = (run.path / "events.jsonl").stat()
    except FileNotFoundError:
        return Told(None, [], None)
    return _told(run.path, file.st_ino, file.st_size)


@st.cache_resource(show_spinner=False, max_entries=32)
def _told(path: Path, number: int, size: int) -> Told:
    """`number` and `size`, of the file, tell one history from another and from a longer one."""
    events = _followed(path, number).events()
    begun = any(event["event"] == "start" for event in events)
    return Told(
        history.progress(events),
        [event for event in history.standing(events) if event["event"] == "epoch"],
        training.curves_data(events) if begun else None,
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def _followed(path: Path, number: int) -> Followed:
    """The few histories that grow now; 3 MB each, after a hundred epochs."""
    return Followed(path)


@st.cache_resource(show_spinner="Packing the model", max_entries=24, hash_funcs=_HASH)
def bundle(run: runs.Run, kind: str) -> bytes:
    """What a live view needs of a run: "decoder", "map" or "digits"."""
    if kind == "digits":
        return live.digits_bundle(digits())
    return live.decoder_bundle(model(run)) if kind == "decoder" else live.map_bundle(map_of(run))


def scrubber_data(run: runs.Run, growing: bool) -> bytes | None:
    """The run's snapshots for the page, or None if it has none."""
    epochs = tuple(snapshots.files(run.path))
    return _packed_snapshots(run.path, epochs, run.manifest.training, growing) if epochs else None


@st.cache_data(show_spinner=False, max_entries=16)
def _packed_snapshots(
    path: Path, epochs: tuple[int, ...], config: TrainingConfig, growing: bool
) -> bytes | None:
    """`epochs` is there to tell a longer history from a shorter one."""
    taken = snapshots.read_all(path)
    events, _ = runs.read_events(path)
    drawing = snapshots.read_drawing(path)
    return training.scrubber_data(taken, events, config, drawing, growing) if taken else None
