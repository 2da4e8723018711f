"""Train a model of your own, and watch its losses fall."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from pages.shared import resources, session, widgets
from vae import data, figures, history, runs
from vae.config import PRESETS, ModelConfig, TrainingConfig, options

FIRST_PRESET = "tiny"
STEPS = {"latent_dim": 1, "epochs": 1, "batch_size": 32, "train_images": 1000, "seed": 1}
LABELS = {
    "latent_dim": "Latent dimensions",
    "epochs": "Epochs",
    "batch_size": "Batch size",
    "learning_rate": "Learning rate",
    "kl_weight": "KL weight (beta)",
    "train_images": "Training images",
    "seed": "Seed",
}


def field(config: ModelConfig | TrainingConfig, name: str):
    """A number for one option, within its bounds, starting at the preset's value."""
    option = options(type(config))[name]
    kind = float if isinstance(option.low, float) or name == "learning_rate" else int
    value = getattr(config, name)
    return st.number_input(
        LABELS[name],
        min_value=kind(option.low or 0),
        max_value=kind(option.high or 0),
        value=None if value is None else kind(value),
        step=STEPS.get(name),
        format="%.5f" if name == "learning_rate" else None,
        placeholder="all",
        help=option.help,
        key=f"{preset}-{name}",
        persist_state="session",
    )


def form() -> None:
    """Ask for a config; when sent, start its training."""
    start = PRESETS[preset]
    with st.form("config", border=True):
        columns = st.columns(4)
        values = {}
        for i, name in enumerate(LABELS):
            config = start.model if name == "latent_dim" else start.training
            with columns[i % 4]:
                values[name] = field(config, name)
        sent = st.form_submit_button("Train", type="primary", icon=":material/play_arrow:")
    if not sent:
        return
    try:
        model = replace(start.model, latent_dim=values.pop("latent_dim"))
        training = replace(start.training, **values)
    except ValueError as error:
        st.error(f"Not started: {error}.")
        return
    st.query_params["run"] = resources.jobs().start(model, training, preset).name
    st.rerun()


def choose(name: str) -> None:
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
            text += f" · about {duration(progress.seconds_left)} left"
        st.progress(progress.share, text)
    if not ended:
        stop = st.button("Stop", icon=":material/stop:", help="Keeps the best epoch so far.")
        if stop:
            jobs.stop(path)
    else:
        ending(path, state, serving)
    if events:
        st.caption(f"Trains on {events[0]['train_images']:,} images of {events[0]['data']}.")
        st.plotly_chart(
            figures.curves(events),
            key=f"curves-{path.name}",
            config={"displayModeBar": False},
            alt="Losses over epochs",
        )


def ending(path: Path, state: runs.State, serving: runs.Run) -> None:
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
        if st.button(label, on_click=choose, args=(path.name,), type="primary"):
            st.rerun()  # not only this fragment: the sidebar shows the choice


def duration(seconds: float) -> str:
    """Seconds in words, roughly."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


chosen = widgets.begin("Train")
st.markdown(
    f"Training reads {data.expected_source()}. It runs beside the app: leave and come back."
)
preset = st.selectbox(
    "Preset",
    list(PRESETS),
    index=list(PRESETS).index(FIRST_PRESET),
    format_func=lambda name: f"{name}: {PRESETS[name].summary}",
    key="preset",
    bind="query-params",
)
form()
name = st.query_params.get("run", "")
watched = {run.name: run for run in runs.list_runs(resources.jobs().root)}
if name in watched:
    watch(watched[name].path, chosen)
elif name:
    st.warning(f"There is no run {name} on this server.")
else:
    st.info("Nothing is training. Press Train: the tiny preset takes less than a minute.")
