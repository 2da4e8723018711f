"""The form that starts a training: a preset, and every option that it sets."""

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

import streamlit as st

from pages.parts.train import actions, run_list
from pages.shared import canvas, ownership, resources, widgets
from pages.shared.turns import turn
from vae.config import ModelConfig, TrainingConfig, options
from vae.limits import LimitError
from vae.preprocess import Blank
from vae.presets import PRESETS

FIRST_PRESET = "tiny"
MAIN = ("latent_dim", "epochs", "kl_weight", "train_images")
LABELS = {
    "latent_dim": "Latent dimensions",
    "kl_weight": "KL weight (beta)",
    "kl_warmup_epochs": "KL warm-up epochs",
    "ema_decay": "Weight average (EMA)",
    "train_images": "Training images",
}
BOUNDS = ("epochs", "weights", "minutes")  # of the limits, those that a form can run into
STEPS = {
    "batch_size": 32,
    "train_images": 1000,
    "learning_rate": 1e-4,
    "kl_weight": 0.5,
    "ema_decay": 0.001,
    "augmentation": 0.1,
}


def quick_start() -> None:
    """One button that trains the smallest preset, or what this server allows that is nearest."""
    jobs, preset = resources.jobs(), PRESETS[FIRST_PRESET]

    def seconds(model: ModelConfig, training: TrainingConfig) -> float:
        return jobs.estimate(model, training).seconds

    model, training = preset.model, preset.training
    try:
        model, training = jobs.limits.nearest(model, training, seconds)
        refusal = jobs.refusal(model, training)
    except LimitError as error:
        refusal = str(error)
    st.button(
        f"Train a small model now · about {widgets.duration(seconds(model, training))}",
        on_click=actions.attempt,
        args=(_begin, model, training, FIRST_PRESET),
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(refusal),
    )
    if refusal:
        st.caption(f"Not now: {widgets.plain(refusal)}.")


def kept() -> str:
    """How long this server keeps what its visitors train, in words; empty if for good."""
    days = resources.jobs().limits.keep_days
    return f" Runs are kept for {days:g} days here: export what you like." if days else ""


@st.fragment
@turn()
def show() -> None:
    """Ask for a config that begins as a preset, and start its training."""
    preset = st.selectbox(
        "Preset",
        list(PRESETS),
        index=list(PRESETS).index(FIRST_PRESET),
        format_func=lambda name: f"{name}: {PRESETS[name].summary}",
        key="preset",
        bind="query-params",
    )
    start = PRESETS[preset]
    every = [(start.model, name) for name in options(ModelConfig)]
    every += [(start.training, name) for name in options(TrainingConfig)]
    try:
        values = _fields(preset, [(c, name) for c, name in every if name in MAIN])
        others = [(c, name) for c, name in every if name not in MAIN]
        # closed, its twenty fields cost half of the page, and are not made
        with (more := st.expander("Every option", key="every option", on_change="rerun")):
            values |= (_fields if more.open else _kept)(preset, others)
        model = replace(start.model, **{name: values[name] for name in options(ModelConfig)})
        training = replace(
            start.training, **{name: values[name] for name in options(TrainingConfig)}
        )
        _expect(model, training)
    except ValueError as error:
        st.error(f"This cannot be trained: {widgets.plain(error)}.")
        st.button("Train", icon=":material/play_arrow:", disabled=True)
        return
    if st.button("Train", type="primary", icon=":material/play_arrow:"):
        actions.attempt(_begin, model, training, preset)
        st.rerun()


def _expect(model: ModelConfig, training: TrainingConfig) -> None:
    """Say what it will take. Raises vae.limits.LimitError if this server does not allow it."""
    jobs = resources.jobs()
    expected = jobs.estimate(model, training)
    jobs.limits.check(model, training, expected.seconds)
    st.markdown(
        f"About **{widgets.duration(expected.seconds)}**, {expected.epoch_seconds:.1f} s an epoch, "
        f"and **{expected.megabytes:,.0f} MB** of memory, for {expected.parameters:,} weights: "
        "judged by this machine's trainings so far, and longer if it has other work."
    )
    allowed = [
        f"{value:,g} {limit.metadata['what']}"
        for limit in fields(jobs.limits)
        if (value := getattr(jobs.limits, limit.name)) is not None and limit.name in BOUNDS
    ]
    if allowed:
        st.caption(f"At most, on this server: {', '.join(allowed)}.")


def _begin(model: ModelConfig, training: TrainingConfig, preset: str) -> None:
    drawing = canvas.image()
    known = None if isinstance(drawing, Blank) else drawing
    path = resources.jobs().start(model, training, preset, known, ownership.claim)
    run_list.show(path.name)


def _fields(
    preset: str, wanted: Iterable[tuple[ModelConfig | TrainingConfig, str]]
) -> dict[str, Any]:
    """A field for each of these options, four in a row, and what stands in them."""
    wanted, values = list(wanted), {}
    for first in range(0, len(wanted), 4):
        for column, (config, name) in zip(st.columns(4), wanted[first : first + 4], strict=False):
            with column:
                values[name] = _field(preset, config, name)
    return values


def _kept(
    preset: str, wanted: Iterable[tuple[ModelConfig | TrainingConfig, str]]
) -> dict[str, Any]:
    """What stands in the fields of these options, or would if they were shown."""
    return {
        name: _answer(config, name, st.session_state.get(f"{preset}-{name}", _shown(config, name)))
        for config, name in wanted
    }


def _shown(config: ModelConfig | TrainingConfig, name: str) -> Any:
    """An option's value as its field has it."""
    value = getattr(config, name)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _answer(config: ModelConfig | TrainingConfig, name: str, entered: Any) -> Any:
    """What a field has as the option's value; a number that was taken away is the preset's."""
    value = getattr(config, name)
    if isinstance(value, tuple):
        return _numbers(name, str(entered))
    return value if entered is None and _default(config, name) is not None else entered


def _default(config: ModelConfig | TrainingConfig, name: str) -> Any:
    return next(field.default for field in fields(config) if field.name == name)


def _field(preset: str, config: ModelConfig | TrainingConfig, name: str) -> Any:
    """One option's field, starting at the preset's value, and what it does."""
    option, value = options(type(config))[name], getattr(config, name)
    label = LABELS.get(name, name.replace("_", " ").capitalize())
    kept: dict[str, Any] = {"key": f"{preset}-{name}", "persist_state": "session"}
    if option.choices:
        entered = st.selectbox(label, option.choices, option.choices.index(value), **kept)
    elif isinstance(value, tuple):
        entered = st.text_input(label, _shown(config, name), **kept)
    else:
        entered = _number(label, name, config, kept)
    st.caption(option.help)
    return _answer(config, name, entered)


def _number(
    label: str, name: str, config: ModelConfig | TrainingConfig, kept: dict[str, Any]
) -> float | int | None:
    value, default = getattr(config, name), _default(config, name)
    kind = float if isinstance(default, float) else int
    return st.number_input(
        label,
        # without bounds: the browser would quietly keep the value before; the config names them
        value=None if value is None else kind(value),
        step=kind(STEPS.get(name, 1 if kind is int else 0.01)),
        format="%g" if kind is float else "%d",
        placeholder="all" if default is None else "",
        **kept,
    )


def _numbers(name: str, text: str) -> tuple[int, ...]:
    """Whole numbers, separated by commas or spaces.

    Raises:
        ValueError: something else stands there.
    """
    try:
        return tuple(int(word) for word in text.replace(",", " ").split())
    except ValueError:
        raise ValueError(f"{name} is {text!r}; give whole numbers, separated by commas") from None
