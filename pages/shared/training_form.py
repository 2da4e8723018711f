"""The form that starts a training."""

from dataclasses import replace

import streamlit as st

from pages.shared import resources
from vae.config import PRESETS, ModelConfig, TrainingConfig, options

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


def _field(preset: str, config: ModelConfig | TrainingConfig, name: str):
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


def form(preset: str) -> None:
    """Ask for a config that begins as a preset; when sent, start its training."""
    start = PRESETS[preset]
    with st.form("config", border=True):
        columns = st.columns(4)
        values = {}
        for i, name in enumerate(LABELS):
            config = start.model if name == "latent_dim" else start.training
            with columns[i % 4]:
                values[name] = _field(preset, config, name)
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
