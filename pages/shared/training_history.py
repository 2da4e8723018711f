"""How a training went, or goes: its history and its snapshots, read once for all who look at it."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from vae import failures, history, runs, snapshots
from vae.config import TrainingConfig
from vae.following import Followed
from vae.live import training_views


class History(NamedTuple):
    """What pages tell of it: how far it is, its epochs' events, the curves as JSON, and
    a note on its images; or why it cannot be read."""

    progress: history.Progress | None = None
    epochs: tuple[dict[str, Any], ...] = ()
    curves: bytes | None = None
    note: str = ""
    fault: str = ""


def of(run: runs.Run) -> History:
    """What the run's history tells by now."""
    try:
        file = (run.path / "events.jsonl").stat()
        number = (runs.identity(run.path), file.st_ino)
        return _read(run.path, number, file.st_size, run.manifest.training.is_autoencoder)
    except FileNotFoundError:
        return History()
    except OSError as error:
        return History(fault=failures.words(error))


@st.cache_resource(show_spinner=False, max_entries=32)
def _read(path: Path, number: tuple[int, int], size: int, is_autoencoder: bool) -> History:
    """`number` and `size` tell one history from an earlier one there, and from a longer one."""
    events = _followed(path, number).events()
    begun = any(event["event"] == "start" for event in events)
    return History(
        history.progress(events),
        tuple(event for event in history.effective(events) if event["event"] == "epoch"),
        json.dumps(training_views.curves_data(events, is_autoencoder)).encode() if begun else None,
        history.note(events),
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def _followed(path: Path, number: tuple[int, int]) -> Followed:
    """The few histories that grow now; 3 MB each, after a hundred epochs."""
    return Followed(path)


def scrubber_data(run: runs.Run, growing: bool) -> bytes | None:
    """The run's snapshots for the page, or None if it has none."""
    epochs = tuple(snapshots.files(run.path))
    if not epochs:
        return None
    identity = runs.identity(run.path)
    return _packed_snapshots(run.path, identity, epochs, run.manifest.training, growing)


@st.cache_resource(show_spinner=False, max_entries=16)
def _packed_snapshots(
    path: Path, run: int, epochs: tuple[int, ...], config: TrainingConfig, growing: bool
) -> bytes | None:
    """`run` and `epochs` tell these snapshots from earlier ones there."""
    taken = snapshots.read_all(path)
    try:
        events, _ = runs.read_events(path)
    except OSError:
        events = []  # the pictures need none; `of` says what is wrong with the history
    drawing = snapshots.read_drawing(path)
    return training_views.scrubber_data(taken, events, config, drawing, growing) if taken else None
