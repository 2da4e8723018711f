"""What a deployer allows, and what is said where he mistypes it."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from vae import training_cost
from vae.config import ModelConfig, TrainingConfig
from vae.limits import PUBLIC, LimitError, Limits
from vae.presets import PRESETS

TINY = PRESETS["tiny"]
SLOW = ["map", "best", "flow", "autoencoder"]
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VAE_PUBLIC", "VAE_READ_ONLY", "VAE_MAX_EPOCHS", "VAE_AT_ONCE"):
        monkeypatch.delenv(variable, raising=False)


def seconds(model: ModelConfig, training: TrainingConfig) -> float:
    return training_cost.estimate(model, training, 55_000).seconds


def test_limits_are_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits.from_environment() == Limits()
    monkeypatch.setenv("VAE_MAX_EPOCHS", "30")
    monkeypatch.setenv("VAE_MAX_MINUTES", "7.5")
    monkeypatch.setenv("VAE_AT_ONCE", " 2 ")
    monkeypatch.setenv("VAE_MAX_DISK", "500")
    monkeypatch.setenv("VAE_READ_ONLY", "1")
    expected = Limits(at_once=2, epochs=30, minutes=7.5, disk=500.0, read_only=True)
    assert Limits.from_environment() == expected


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("VAE_AT_ONCE", "0", "^VAE_AT_ONCE is 0; give a larger number$"),
        ("VAE_MAX_RUNS", "-1", "^VAE_MAX_RUNS is -1; give a larger number$"),
        ("VAE_MAX_DISK", "nan", "^VAE_MAX_DISK is nan; give a larger number$"),
        ("VAE_MAX_EPOCHS", "five", "^VAE_MAX_EPOCHS is 'five'; give a number of epochs of one tra"),
        ("VAE_MAX_RUNS", "2.5", r"^VAE_MAX_RUNS is '2\.5'; give a number of runs that are kept$"),
        ("VAE_PUBLIC", "yes", "^VAE_PUBLIC is 'yes'; give 1 for yes, or leave it out$"),
        ("VAE_READ_ONLY", "true", "^VAE_READ_ONLY is 'true'; give 1 for yes, or leave it out$"),
    ],
)
def test_a_limit_that_is_none_is_named_with_what_to_give(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, text: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=text):
        Limits.from_environment()


def test_a_public_host_is_bounded_and_each_bound_can_be_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VAE_PUBLIC", "1")
    monkeypatch.setenv("VAE_MAX_EPOCHS", "70")
    limits = Limits.from_environment()
    assert limits.epochs == 70
    assert {name: getattr(limits, name) for name in PUBLIC} == {**PUBLIC, "epochs": 70}
    for name in ("epochs", "weights", "minutes", "kept_runs", "disk", "upload", "keep_days"):
        assert getattr(Limits(), name) is None
        assert getattr(limits, name) is not None


def listed(names: list[str]) -> str:
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} and {last}"


@pytest.mark.parametrize("preset", PRESETS)
def test_a_public_host_trains_the_presets_that_take_minutes(preset: str) -> None:
    limits, one = Limits(**PUBLIC), PRESETS[preset]  # pyright: ignore[reportArgumentType]
    if preset not in SLOW:
        limits.check(one.model, one.training, seconds(one.model, one.training))
    else:
        with pytest.raises(LimitError):
            limits.check(one.model, one.training, seconds(one.model, one.training))


@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(epochs=3),
        Limits(minutes=0.3),
        Limits(minutes=0.16),
        Limits(weights=60_000),
        Limits(weights=60_000, epochs=2, minutes=0.2),
    ],
    ids=["none", "epochs", "minutes", "less", "weights", "all"],
)
def test_what_is_nearest_to_a_preset_is_allowed(limits: Limits) -> None:
    model, training = limits.nearest(TINY.model, TINY.training, seconds)
    limits.check(model, training, seconds(model, training))
    if limits == Limits():
        assert (model, training) == (TINY.model, TINY.training)
    if limits.weights is None:
        assert model == TINY.model
    if limits == Limits(epochs=3):
        assert training == replace(TINY.training, epochs=3)


def test_where_even_the_smallest_is_too_much_that_is_said() -> None:
    for limits in (Limits(epochs=0), Limits(minutes=0), Limits(weights=100)):
        with pytest.raises(LimitError, match="this server allows"):
            limits.nearest(TINY.model, TINY.training, seconds)


def test_the_readme_tells_every_limit_with_its_defaults() -> None:

    def told(value: float | None) -> str:
        return "–" if value is None else f"{value:,g}"

    public = Limits(**PUBLIC)  # pyright: ignore[reportArgumentType]
    for limit in fields(Limits):
        if variable := limit.metadata.get("variable"):
            usual, bound = getattr(Limits(), limit.name), getattr(public, limit.name)
            bound = f"{bound:,}" if limit.name == "weights" else told(bound)
            assert f"| `{variable}` | {told(usual)} | {bound} |" in README
    assert "`VAE_PUBLIC=1`" in README
    assert "`VAE_READ_ONLY=1`" in README


def test_the_readme_says_what_a_frame_of_another_site_takes_away() -> None:
    assert (
        "Browsers keep no cookies for a site in another's frame. There a visitor cannot" in README
    )


def test_the_readme_names_the_machines_that_have_no_tensorflow() -> None:
    assert "Linux with glibc (not musl, as in Alpine) or on a Mac with Apple silicon" in README
    assert "the processor needs AVX" in README


def test_the_readme_names_the_presets_and_those_that_a_public_host_refuses() -> None:
    assert f"The presets are {listed(list(PRESETS))};" in README
    assert f"all presets but {listed(SLOW)} can be trained" in README
