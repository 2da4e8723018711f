"""One training as it goes on: its state, its curves, and how it ended."""

from pathlib import Path

import streamlit as st

from pages.shared import resources, session
from vae import figures, history, runs

ENDED = ("finished", "stopped", "failed", "interrupted")


def _choose(name: str) -> None:
    """Make a run the model of all pages."""
    st.session_state["model"] = name


def watch(path: Path, serving: runs.Run) -> None:
    """One training, live until it ends; `serving` is the model that all pages show."""
    state = resources.jobs().state(path)
    if state in ENDED:
        _ending(path, state, serving)
        _curves(path)
    else:
        _live(path)


@st.fragment(run_every=0.5)
def _live(path: Path) -> None:
    jobs = resources.jobs()
    state = jobs.state(path)
    if state in ENDED:
        st.rerun()  # the whole page: the model chooser has a new run
    progress = history.progress(session.events(path))
    st.subheader(path.name)
    if state == "queued":
        st.info(f"Waiting: {jobs.place(path)} training before yours.", icon=":material/hourglass:")
    elif progress is None:
        st.info("Starting: TensorFlow takes a few seconds to load.", icon=":material/hourglass:")
    else:
        st.progress(
            progress.share,
            f"Epoch {progress.epoch} of {progress.epochs} · "
            f"{progress.images_per_second:,.0f} images/s · "
            f"about {_duration(progress.seconds_left)} left",
        )
    if st.button("Stop", icon=":material/stop:", help="Keeps the best epoch so far."):
        jobs.stop(path)
    _curves(path)


def _curves(path: Path) -> None:
    events = session.events(path)
    if not events:
        return
    st.caption(f"Trains on {events[0]['train_images']:,} images of {events[0]['data']}.")
    st.plotly_chart(
        figures.curves(events),
        key=f"curves-{path.name}",
        config={"displayModeBar": False},
        alt="Losses over epochs",
    )


def _ending(path: Path, state: runs.State, serving: runs.Run) -> None:
    """How a training ended, and what to do with it."""
    manifest = runs.read(path).manifest
    st.subheader(path.name)
    if state == "failed":
        st.error(f"Training failed: {manifest.error}", icon=":material/error:")
    elif state == "interrupted":
        st.warning(
            "The training process ended before its time. It goes on from the last epoch with: "
            f"`python -m vae train --resume --out {path.name}`",
            icon=":material/warning:",
        )
    elif manifest.usable:
        st.success(
            f"{state.capitalize()} after {manifest.epochs_done} epochs; the best was epoch "
            f"{manifest.best_epoch}. Choose it in the sidebar on any page.",
            icon=":material/check:",
        )
    else:
        st.info("Stopped before it began; nothing was kept.")
    if manifest.usable and serving.path != path:
        label = f"Use {path.name} on all pages"
        st.button(label, on_click=_choose, args=(path.name,), type="primary")


def _duration(seconds: float) -> str:
    """Seconds in words, roughly."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
