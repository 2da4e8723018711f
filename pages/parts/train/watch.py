"""One run: how it stands and what to do next, its pictures and its curves, live until it ends."""

from typing import Any

import streamlit as st

from pages.parts.train import actions, pictures
from pages.shared import browser, missions, ownership, resources, training_history, widgets
from pages.shared.turns import turn
from vae import history, runs
from vae.jobs import command_of

_SECONDS: dict[runs.State, float] = {"queued": 2.0, "paused": 2.0}
"""Between two looks at a run of which little is to be seen."""


def show(run: runs.Run, serving: runs.Run) -> None:
    """A run; `serving` is the model that all pages show.

    Buttons are outside of what is drawn again and again: a click there could be lost.
    """
    state = runs.state(run)  # not of what is there now: it may just have been deleted
    if trouble := resources.jobs().trouble:
        st.warning(
            "The queue of trainings met an unexpected error and tries again: "
            f"{widgets.plain(trouble)}.",
            icon=":material/warning:",
        )
    actions.buttons(run, state, serving)
    if state in runs.ALIVE:
        st.fragment(turn()(_live), run_every=_SECONDS.get(state, 0.8))(run, state)
    else:
        _ended(run, state)
        if not _collapse(run):
            _astray(run)
        pictures.scrubber(run)
        pictures.curves(run)
    browser.say(f"{run.name} is {state}.", "train")
    with st.expander("The same in a terminal", icon=":material/terminal:"):
        st.code(command_of(run), language="shell", wrap_lines=True)


def _live(run: runs.Run, shown: runs.State) -> None:
    try:
        state = resources.jobs().state(run.path)
    except runs.RunError:
        st.rerun()  # it was discarded somewhere else: the page says that it is gone
    if state != shown:
        st.rerun()  # the whole page: other buttons, and at the end a model to choose
    _status(run, state)
    _collapse(run)
    pictures.scrubber(run, growing=True)
    pictures.curves(run)


def _status(run: runs.Run, state: runs.State) -> None:
    """How a run that is not at its end stands."""
    progress = training_history.of(run).progress
    if state == "queued":
        ahead = resources.jobs().place(run.path)
        st.info(
            f"Waiting for {ahead} other {'training' if ahead == 1 else 'trainings'}. This one "
            "starts by itself: leave and come back.",
            icon=":material/hourglass:",
        )
    elif state == "stopping":
        st.info("Stopping; what the best epoch learned is kept.", icon=":material/hourglass:")
    elif state == "starting" or progress is None:
        st.info("Starting: TensorFlow takes a few seconds to load.", icon=":material/hourglass:")
    elif state == "paused":
        st.progress(progress.share, f"Paused in epoch {progress.epoch} of {progress.epochs}")
        st.caption(
            "It uses no processor now. Resume goes on with the next step, Stop keeps the best "
            "epoch. While others wait, a long pause becomes a stop, which can be resumed as well."
        )
    else:
        speed = (
            f"{progress.images_per_second:,.0f} images/s · "
            f"about {widgets.duration(progress.seconds_left)} left"
            if progress.is_measured
            else "the time left is known in a moment"
        )
        st.progress(progress.share, f"Epoch {progress.epoch} of {progress.epochs} · {speed}")


def _ended(run: runs.Run, state: runs.State) -> None:
    """How a training ended, and what to do now."""
    missions.trained()
    m = run.manifest
    if m.usable and resources.fault(run):
        st.error(f"No page can use this model: {resources.fault(run)}.", icon=":material/error:")
    resume = "Resume goes on" if ownership.owns(run.path) else "Whoever trained it can go on"
    if state == "failed":
        st.error(f"Training failed: {widgets.plain(m.error)}.", icon=":material/error:")
    elif state == "interrupted":
        why = m.error or "the server or the process was stopped"
        st.warning(
            f"The training process ended before its time: {widgets.plain(why)}. "
            f"No finished epoch is lost. {resume} after epoch {m.epochs_done}.",
            icon=":material/warning:",
        )
    elif not m.usable:
        st.info(f"Stopped before it began. {resume} from the start.", icon=":material/stop:")
    if m.usable:
        st.markdown(
            f"{state.capitalize()} after {m.epochs_done} of {m.training.epochs} epochs on "
            f"{m.data['train']:,} images of {widgets.plain(m.data['source'])}, in "
            f"{widgets.duration(m.seconds)}; {_kept(state)} epoch {m.best_epoch}."
        )
        if note := training_history.of(run).note:
            st.caption(f"Of these images: {note}.")


def _kept(state: runs.State) -> str:
    """What the model of a run is; one that broke off may not have kept its very best."""
    return "the best was" if state in ("finished", "stopped") else "its model is that of"


def _collapse(run: runs.Run) -> bool:
    """Say it if the latent space is hardly used, and what to change."""
    epochs, t = _epochs(run), run.manifest.training
    if not epochs or t.is_autoencoder:  # which has no posterior
        return False
    kls = epochs[-1]["kl_per_dimension"]
    if not kls:  # with a flow there are none
        return False
    found = history.collapse(kls, t.kl_weight, t.kl_warmup_epochs)
    if found:
        st.warning(found.advice, icon=":material/compress:")
    return found is not None


def _astray(run: runs.Run) -> None:
    """Say it if training led nowhere though the loss stayed finite."""
    if history.is_astray(_epochs(run)):
        st.warning(
            "It rebuilds digits no better than the mean of all of them would: the training went "
            f"astray. Lower the learning rate (now {run.manifest.training.learning_rate:g}), or "
            "train for longer.",
            icon=":material/explore_off:",
        )


def _epochs(run: runs.Run) -> list[dict[str, Any]]:
    return [event for event in training_history.of(run).epochs if "kl_per_dimension" in event]
