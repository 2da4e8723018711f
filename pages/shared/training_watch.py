"""One run: how it stands, what can be done with it, its pictures and its curves."""

import streamlit as st

from pages.shared import ownership, resources, session, training_pictures
from vae import history, runs

ENDED = ("finished", "stopped", "failed", "interrupted")


def watch(run: runs.Run, serving: runs.Run) -> None:
    """A run, live until it ends; `serving` is the model that all pages show.

    Buttons are outside of what is drawn twice a second: a click there could be lost.
    """
    state = resources.jobs().state(run.path)
    with st.container(horizontal=True, vertical_alignment="center"):
        _buttons(run, state, serving)
    if state in ENDED:
        _ending(run, state)
        training_pictures.scrubber(run)
        training_pictures.curves(run)
    else:
        _live(run, state)


@st.fragment(run_every=0.5)
def _live(run: runs.Run, shown: runs.State) -> None:
    state = resources.jobs().state(run.path)
    if state != shown:
        st.rerun()  # the whole page: other buttons, and at the end a model to choose
    progress = history.progress(session.events(run.path))
    if state == "queued":
        ahead = resources.jobs().place(run.path)
        st.info(
            f"Waiting for {ahead} {'training' if ahead == 1 else 'trainings'} before this one. It "
            "starts by itself: leave and come back.",
            icon=":material/hourglass:",
        )
    elif progress is None:
        st.info("Starting: TensorFlow takes a few seconds to load.", icon=":material/hourglass:")
    else:
        st.progress(
            progress.share,
            f"Epoch {progress.epoch} of {progress.epochs} · "
            f"{progress.images_per_second:,.0f} images/s · "
            f"about {duration(progress.seconds_left)} left",
        )
    training_pictures.scrubber(run, live=True)
    training_pictures.curves(run)


def _buttons(run: runs.Run, state: runs.State, serving: runs.Run) -> None:
    if state not in ENDED and ownership.owns(run):
        st.button(
            "Stop",
            icon=":material/stop:",
            on_click=resources.jobs().stop,
            args=(run.path,),
            help="Keeps the best epoch so far.",
        )
    if run.manifest.usable and serving.path != run.path:
        label = f"Use {run.name} on all pages"
        st.button(label, on_click=_choose, args=(run.name,), icon=":material/check:")


def _choose(name: str) -> None:
    """Make a run the model of all pages."""
    st.session_state["model"] = name


def _ending(run: runs.Run, state: runs.State) -> None:
    """How a training ended, and what to do now."""
    manifest = run.manifest
    if state == "failed":
        st.error(f"Training failed: {manifest.error}", icon=":material/error:")
    elif state == "interrupted":
        st.warning(
            "The training process ended before its time. It goes on from the last epoch with: "
            f"`python -m vae train --resume --out {run.name}`",
            icon=":material/warning:",
        )
    elif manifest.usable:
        st.markdown(
            f"{state.capitalize()} after {manifest.epochs_done} epochs on "
            f"{manifest.data['train']:,} images of {manifest.data['source']}, in "
            f"{duration(manifest.seconds)}; the best was epoch {manifest.best_epoch}."
        )
    else:
        st.info("Stopped before it began; nothing was kept.")


def duration(seconds: float) -> str:
    """Seconds in words, roughly."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
