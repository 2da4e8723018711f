"""One training as it goes on: its state, its curves, and how it ended."""

from pathlib import Path

import streamlit as st

from pages.shared import resources, session
from vae import figures, history, runs


def _choose(name: str) -> None:
    """Make a run the model of all pages."""
    st.session_state["model"] = name


@st.fragment(run_every=0.5)
def watch(path: Path, serving: runs.Run) -> None:
    """The live state of one training; `serving` is the model that all pages show."""
    jobs = resources.jobs()
    state = jobs.state(path)
    events = session.events(path)
    progress = history.progress(events)
    ended = state in ("finished", "stopped", "failed", "interrupted")
    if ended and session.first_time(f"ended-{path.name}-{len(events)}"):
        st.rerun()  # the whole page: the model chooser has a new run
    st.subheader(path.name)
    if state == "queued":
        st.info(f"Waiting: {jobs.place(path)} training before yours.", icon=":material/hourglass:")
    elif progress is None and not ended:
        st.info("Starting: TensorFlow takes a few seconds to load.", icon=":material/hourglass:")
    if progress is not None:
        text = f"Epoch {progress.epoch} of {progress.epochs}"
        if not ended:
            text += f" · {progress.images_per_second:,.0f} images/s"
            text += f" · about {_duration(progress.seconds_left)} left"
        st.progress(progress.share, text)
    if not ended:
        stop = st.button("Stop", icon=":material/stop:", help="Keeps the best epoch so far.")
        if stop:
            jobs.stop(path)
    else:
        _ending(path, state, serving)
    if events:
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
        if st.button(label, on_click=_choose, args=(path.name,), type="primary"):
            st.rerun()  # not only this fragment: the sidebar shows the choice


def _duration(seconds: float) -> str:
    """Seconds in words, roughly."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
