"""Configs: what they accept, what they refuse and how they say it, and their way through JSON."""

import json
import math
import re
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from vae.config import ModelConfig, TrainingConfig, options
from vae.presets import PRESETS, Preset

Config = type[ModelConfig] | type[TrainingConfig]

NUMBERS = [
    pytest.param(config, name, option.low, option.high, id=name)
    for config in (ModelConfig, TrainingConfig)
    for name, option in options(config).items()
    if not option.choices
]
WHOLE_NUMBERS = [p for p in NUMBERS if isinstance(p.values[2], int)]


def having(config: Config, name: str, number: Any) -> Any:
    """A config with one option set; where an option takes several numbers, twice the same."""
    several = isinstance(getattr(config(), name), tuple)
    values: dict[str, Any] = {name: (number, number) if several else number}
    return config(**values)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_comes_back_from_json_as_it_was(preset: Preset) -> None:
    for config in (preset.model, preset.training):
        text = json.dumps(config.to_json())
        assert type(config).from_json(json.loads(text)) == config


def test_every_preset_says_in_a_sentence_what_it_is_for() -> None:
    assert all(p.summary.endswith(".") and len(p.summary) > 20 for p in PRESETS.values())


@pytest.mark.parametrize(("config", "name", "low", "high"), NUMBERS)
def test_both_bounds_of_an_option_are_allowed(
    config: Config, name: str, low: float, high: float
) -> None:
    for bound in (low, high):
        assert having(config, name, bound).to_json()[name] in (bound, (bound, bound))


@pytest.mark.parametrize(("config", "name", "low", "high"), NUMBERS)
def test_a_number_just_out_of_bounds_is_refused_and_the_bounds_are_named(
    config: Config, name: str, low: float, high: float
) -> None:
    whole = isinstance(low, int)
    below = low - 1 if whole else math.nextafter(low, -math.inf)
    above = high + 1 if whole else math.nextafter(high, math.inf)
    for number in (below, above):
        text = f"{name} is {number}; it must be from {low} to {high}"
        with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
            having(config, name, number)


def refuses(config: Config, name: str, value: Any, wanted: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is {value!r}; give a {wanted}$"):
        having(config, name, value)


@pytest.mark.parametrize(("config", "name", "low", "high"), NUMBERS)
@pytest.mark.parametrize("value", [True, "7"])
def test_what_is_not_a_number_is_refused_by_name(
    config: Config, name: str, low: float, high: float, value: Any
) -> None:
    refuses(config, name, value, "number")


@pytest.mark.parametrize(("config", "name", "low", "high"), WHOLE_NUMBERS)
@pytest.mark.parametrize("value", [1.5, math.nan])
def test_an_option_that_counts_refuses_fractions(
    config: Config, name: str, low: float, high: float, value: float
) -> None:
    refuses(config, name, value, "whole number")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_option_that_measures_refuses_what_is_not_finite(value: float) -> None:
    with pytest.raises(ValueError, match=f"^learning_rate is {value}; it must be from 1e-06 to"):
        TrainingConfig(learning_rate=value)


def test_an_unknown_choice_is_refused_and_the_choices_are_named() -> None:
    with pytest.raises(
        ValueError, match=r"^pixels is 'red'; choose one of grey, binarised, mixed$"
    ):
        TrainingConfig(pixels="red")


def test_places_are_weighed_on_a_plane_with_a_standard_prior_and_nowhere_else() -> None:
    assert ModelConfig(encoder_places=9).has_places
    assert not ModelConfig().has_places
    assert not ModelConfig(encoder_places=9, latent_dim=3).has_places
    assert not ModelConfig(encoder_places=9, prior="flow").has_places


def test_an_autoencoder_has_no_places() -> None:
    training = TrainingConfig(kl_weight=0.0, latents="mean")
    training.check(ModelConfig())
    with pytest.raises(ValueError, match=r"^encoder_places is 9, but an autoencoder has no"):
        training.check(ModelConfig(encoder_places=9))


def test_an_unknown_option_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^unknown ModelConfig options \['beta'\]; remove them$"):
        ModelConfig.from_json({"beta": 4, "latent_dim": 2})


def test_an_option_that_is_left_out_has_its_default() -> None:
    assert TrainingConfig.from_json({"epochs": 7}) == TrainingConfig(epochs=7)


def test_only_the_number_of_training_images_may_be_left_open() -> None:
    assert TrainingConfig(train_images=None).train_images is None
    with pytest.raises(ValueError, match=r"^epochs is None; give a number$"):
        TrainingConfig.from_json({"epochs": None})


def test_a_list_of_layers_must_not_be_empty() -> None:
    with pytest.raises(ValueError, match=r"^encoder_units is empty; give at least one number$"):
        ModelConfig(encoder_units=())


def test_only_the_encoders_convolutions_may_be_left_out() -> None:
    assert ModelConfig.from_json({"encoder_channels": []}).encoder_channels == ()
    assert ModelConfig.from_json({"latent_dim": 2}).encoder_channels == ()


@pytest.mark.parametrize("channels", [(8,), (8, 8, 8)])
def test_the_decoder_has_channels_at_two_resolutions(channels: tuple[int, ...]) -> None:
    text = f"decoder_channels is {list(channels)}; give two numbers"
    with pytest.raises(ValueError, match=re.escape(text)):
        ModelConfig(decoder_channels=channels)


@pytest.mark.parametrize(("name", "number"), [("latent_dim", 2), ("dropout", 0.5)])
def test_several_numbers_where_one_belongs_are_refused(name: str, number: float) -> None:
    with pytest.raises(ValueError, match=f"^{name} is "):
        ModelConfig.from_json({name: [number, number]})


@pytest.mark.parametrize("name", ["encoder_channels", "encoder_units", "decoder_units"])
def test_one_number_where_a_list_belongs_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is 64"):
        ModelConfig.from_json({name: 64})


def test_configs_cannot_be_changed() -> None:
    for config, name in ((ModelConfig(), "latent_dim"), (TrainingConfig(), "epochs")):
        with pytest.raises(FrozenInstanceError):
            setattr(config, name, 3)


def test_a_list_from_json_cannot_be_changed_through_the_config() -> None:
    units = [64, 32]
    config = ModelConfig.from_json({"encoder_units": units})
    units.append(16)
    assert config.encoder_units == (64, 32)
    assert hash(config) == hash(ModelConfig(encoder_units=(64, 32)))
