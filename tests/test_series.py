"""Series: runs that differ in one option, and the one over beta that comes with the project."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import beta
from vae import runs, series
from vae.config import ModelConfig, TrainingConfig
from vae.runs import Manifest, Run

DATA = {"source": "MNIST", "sha256": "ab", "train": 55000, "validation": 5000, "test": 10000}


def run(name: str, data: dict[str, Any] = DATA, **changes: Any) -> Run:
    model, training = ModelConfig(), TrainingConfig()
    of_model = {n: v for n, v in changes.items() if hasattr(model, n)}
    of_training = {n: v for n, v in changes.items() if hasattr(training, n)}
    manifest = Manifest("", replace(model, **of_model), replace(training, **of_training), data=data)
    return Run(Path(name), manifest)


def told(found: list[series.Series]) -> list[tuple[str, list[str], list[str]]]:
    return [(one.option, one.values, [run.name for run in one.runs]) for one in found]


def test_runs_that_differ_in_one_option_are_a_series_by_its_value() -> None:
    found = series.find(
        [run("d", kl_weight=20.0), run("b", kl_weight=0.3), run("a", kl_weight=0.0), run("c")]
    )
    assert told(found) == [("kl_weight", ["0", "0.3", "1", "20"], ["a", "b", "c", "d"])]
    assert found[0].name == "β"


def test_a_run_can_be_in_several_series_and_the_longest_comes_first() -> None:
    found = series.find(
        [run("a"), run("b", latent_dim=8), run("c", latent_dim=16), run("d", epochs=9)]
    )
    assert told(found) == [
        ("latent_dim", ["2", "8", "16"], ["a", "b", "c"]),
        ("epochs", ["9", "50"], ["d", "a"]),
    ]


def test_runs_that_differ_in_two_options_or_in_their_data_are_none() -> None:
    other = {**DATA, "sha256": "cd"}
    assert series.find([run("a"), run("b", latent_dim=8, epochs=9)]) == []
    assert series.find([run("a"), run("b", other, latent_dim=8)]) == []
    assert series.find([run("a"), run("b", {**DATA, "train": 1000}, latent_dim=8)]) == []


def test_of_runs_that_do_not_differ_the_first_stands_for_the_others() -> None:
    found = series.find([run("a"), run("again"), run("b", seed=1)])
    assert told(found) == [("seed", ["0", "1"], ["a", "b"])]


@pytest.mark.parametrize(
    ("option", "values", "texts"),
    [
        ("train_images", [None, 500], ["500", "all"]),
        ("encoder_channels", [(8, 16), ()], ["none", "8-16"]),
        ("pixels", ["mixed", "grey"], ["grey", "mixed"]),
        ("learning_rate", [0.001, 0.00002], ["2e-05", "0.001"]),
    ],
)
def test_values_of_every_kind_have_an_order_and_a_text(
    option: str, values: list[Any], texts: list[str]
) -> None:
    (found,) = series.find([run(str(i), **{option: v}) for i, v in enumerate(values)])
    assert (found.option, found.values) == (option, texts)


def test_the_shipped_series_is_what_its_command_makes_and_it_is_small() -> None:
    (found,) = series.find(runs.list_runs(series.SHIPPED))
    assert found.option == "kl_weight"
    assert [one.manifest.training.kl_weight for one in found.runs] == list(beta.KL_WEIGHTS)
    for one in found.runs:
        assert one.manifest.model == beta.MODEL
        assert replace(one.manifest.training, kl_weight=1.0) == beta.TRAINING
        assert (one.manifest.state, one.manifest.data["train"]) == ("finished", 55_000)
    files = [file for file in series.SHIPPED.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 4_000_000


def test_the_shipped_series_trades_what_is_told_for_what_is_lost() -> None:
    (found,) = series.find(runs.list_runs(series.SHIPPED))
    metrics = [one.manifest.metrics for one in found.runs]
    told = [m["test_kl_divergence"] for m in metrics]
    lost = [m["test_reconstruction_loss"] for m in metrics]
    assert told == sorted(told, reverse=True)
    assert lost[1:] == sorted(lost[1:])
    for one in metrics:
        assert one["test_elbo"] == pytest.approx(
            -one["test_reconstruction_loss"] - one["test_kl_divergence"]
        )


def test_the_readme_says_what_the_shipped_series_measured() -> None:
    (found,) = series.find(runs.list_runs(series.SHIPPED))
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"| β | {' | '.join(found.values)} |" in readme
    for name, metric, sign in (
        ("reconstruction loss", "test_reconstruction_loss", 1),
        ("KL divergence", "test_kl_divergence", 1),
        ("-ELBO", "test_elbo", -1),
    ):
        told = [f"{round(sign * one.manifest.metrics[metric], 1) + 0.0:.1f}" for one in found.runs]
        assert f"| {name} | {' | '.join(told)} |" in readme
