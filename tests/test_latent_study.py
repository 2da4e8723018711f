"""The latent-dimension experiment: what ships, how it is read, and what follows from it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import latent_dim
from vae import charts, data, latent_study, runs
from vae.latent_study import Study, Trial
from vae.presets import PRESETS

TRIALS = tuple(
    Trial(size, seed, elbo + seed, 0.3, -elbo - 10, 10.0, min(size, 16), 1000, 60.0)
    for size, elbo in ((2, -140.0), (8, -105.0), (16, -99.4), (32, -99.0))
    for seed in (0, 1)
)
STUDY = Study(latent_dim.MODEL, latent_dim.TRAINING, {"source": "MNIST"}, {"keras": "3"}, TRIALS)


def test_the_fewest_dimensions_near_the_best_are_chosen() -> None:
    assert STUDY.chosen == 16  # 0.4 nats behind 32, averaged over seeds
    assert replace(STUDY, trials=TRIALS[:4]).chosen == 8


def test_the_shipped_study_is_of_the_recipe_and_the_sizes_that_the_command_has() -> None:
    study = latent_study.read()
    assert (study.model, study.training) == (latent_dim.MODEL, latent_dim.TRAINING)
    assert tuple(study.latent_dims) == latent_dim.LATENT_DIMS
    assert study.data["train"] == 55_000
    for trial in study.trials:
        assert trial.elbo == pytest.approx(-trial.reconstruction_loss - trial.kl_divergence)
        assert trial.active_units <= trial.latent_dim


@pytest.mark.parametrize("preset", ["baseline", "enhanced", "best"])
def test_the_presets_have_the_size_that_the_study_chose(preset: str) -> None:
    assert PRESETS[preset].model.latent_dim == latent_study.read().chosen


def test_the_readme_says_what_the_study_says() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    study = latent_study.read()
    losses = [f"{-study.mean(size, lambda t: t.elbo):.1f}" for size in study.latent_dims]
    active = [f"{study.mean(size, lambda t: t.active_units):.0f}" for size in study.latent_dims]
    assert f"| -ELBO, dynamic | {' | '.join(losses)} |" in readme
    assert f"| active units | {' | '.join(active)} |" in readme
    assert f"**{study.chosen} dimensions**" in readme


def test_a_study_is_read_as_it_was_written(tmp_path: Path) -> None:
    latent_study.write(tmp_path / "study.json", STUDY)
    assert latent_study.read(tmp_path / "study.json") == STUDY


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"model": {"latent_dim": -1}}'])
def test_a_damaged_study_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(latent_study.StudyError, match=r"study\.json in .* cannot be read"):
        latent_study.read(tmp_path / "study.json")


def test_a_missing_study_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(latent_study.StudyError, match=r"make it with python -m benchmarks"):
        latent_study.read(tmp_path / "study.json")


def test_the_figure_shows_both_terms_and_the_used_dimensions() -> None:
    bars: list[Any] = json.loads(str(charts.latent_dims(STUDY).to_json()))["data"]
    assert [bar["name"] for bar in bars] == [
        *("Reconstruction loss", "KL divergence", "Active units", "Unused")
    ]
    assert all(bar["x"] == ["2", "8", "16", "32"] for bar in bars)
    assert np.add(bars[0]["y"], bars[1]["y"]).tolist() == pytest.approx([140, 105, 99.4, 99])
    assert (bars[2]["y"], bars[3]["y"]) == ([2, 8, 16, 16], [0, 0, 0, 16])


def test_a_finished_run_is_measured_and_not_trained_again(
    small_run: runs.Run, splits: data.Splits
) -> None:
    run = latent_dim.trained(small_run.path, latent_dim.MODEL, latent_dim.TRAINING, splits)
    assert run.manifest == small_run.manifest
    trial = latent_dim.measured(run, splits.validation)
    assert (trial.latent_dim, trial.seed) == (2, 3)
    assert trial.elbo == pytest.approx(-trial.reconstruction_loss - trial.kl_divergence)
    assert -trial.elbo == pytest.approx(run.manifest.metrics["validation_loss"], rel=0.1)
    assert len(latent_dim.drawn(replace(STUDY, trials=(trial,))).axes) == 2
