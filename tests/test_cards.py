"""Model cards and stored figures: they say what the runs say, and the README says what they say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vae import cards, catalogue, presets, results, runs
from vae.results import Estimate, Figures, Hard

ROOT = Path(__file__).parents[1]
SHIPPED = runs.list_runs(runs.SHIPPED)
ONE = Estimate(91.24, 0.16)
FIGURES = Figures(
    run="best",
    files={"encoder.tflite": "e", "decoder.tflite": "d"},
    digits="test digits of MNIST",
    images=10_000,
    seed=0,
    draws=5,
    elbo_dynamic=Estimate(-91.24, 0.16),
    reconstruction_loss_dynamic=ONE,
    kl_divergence_dynamic=Estimate(24.3, 0.03),
    elbo_grey=Estimate(-95.04, 0.2),
    reconstruction_loss_grey=ONE,
    kl_divergence_grey=Estimate(24.3, 0.03),
    reconstruction_loss_at_mean=ONE,
    nll_dynamic=ONE,
    nll_method="100 importance samples of the posterior, a bound",
    nll_checks={},
    kl_per_dimension=(1.5, 0.0),
    active_units=1,
    knn_accuracy={n: Estimate(0.8838, 0.002) for n in ("100", "600", "1000")},
    classifier_accuracy=0.98,
    confidence=0.9,
    accepted_digits=0.95,
    accepted_samples=Estimate(0.62, 0.005),
    samples_by_class=(9, 1, 2, 3, 4, 5, 6, 7, 8, 0),
    loss_by_class=tuple(Estimate(90.0 + c, 1.0) for c in range(10)),
    hardest=(Hard(7, 4, 300.0), Hard(3, 9, 200.0)),
)
MANIFEST = runs.Manifest(
    preset="baseline",
    model=replace(presets.PRESETS["baseline"].model, latent_dim=2),
    training=presets.PRESETS["baseline"].training,
    state="finished",
    epochs_done=50,
    best_epoch=49,
    seconds=600,
    parameters=12345,
    data={"source": "MNIST", "sha256": "abc", "train": 55000, "validation": 5000, "test": 10000},
    versions={"keras": "3"},
    files={"model.keras": "m", "encoder.tflite": "e", "decoder.tflite": "d"},
)


def row(name: str, manifest: runs.Manifest = MANIFEST) -> str:
    figure = next(figure for figure in catalogue.of("card") if figure.name == name)
    return figure.text(catalogue.Known(manifest, FIGURES))


@pytest.fixture
def stored(tmp_path: Path) -> runs.Run:
    path = tmp_path / "mine"
    runs.write_manifest(path, MANIFEST)
    results.write(path, FIGURES)
    return runs.read(path)


@pytest.mark.parametrize("run", SHIPPED, ids=lambda run: run.name)
def test_a_shipped_card_says_what_its_manifest_and_its_figures_say(run: runs.Run) -> None:
    figures = results.read(run)  # refuses those of another model
    assert (figures.run, figures.images, figures.digits) == (
        run.name,
        10_000,
        "test digits of MNIST",
    )
    assert (run.path / cards.FILE).read_text() == cards.card(run, figures)
    assert (run.path / cards.PICTURE).is_file() != run.manifest.training.is_autoencoder
    has_dimensions = run.manifest.model.prior == "standard"  # else the KL divergence has none
    assert len(figures.kl_per_dimension) == has_dimensions * run.manifest.model.latent_dim


def test_the_table_in_the_readme_is_that_of_the_cards() -> None:
    readme = (ROOT / "README.md").read_text()
    named = [(run, results.read(run)) for run in SHIPPED]
    assert cards.with_table(readme, named) == readme


def test_figures_are_read_as_they_were_written(stored: runs.Run) -> None:
    assert results.read(stored) == FIGURES


def test_figures_of_an_earlier_model_are_refused(stored: runs.Run) -> None:
    files = MANIFEST.files | {"decoder.tflite": "changed"}
    runs.write_manifest(stored.path, replace(MANIFEST, files=files))
    with pytest.raises(results.ResultsError, match="figures of mine are an earlier model's; make"):
        results.read(runs.read(stored.path))


def test_a_run_without_figures_says_how_to_make_them(stored: runs.Run) -> None:
    (stored.path / results.FILE).unlink()
    with pytest.raises(
        results.ResultsError, match="no figures yet; make them with python -m vae card"
    ):
        results.read(stored)


@pytest.mark.parametrize(
    "changed",
    [
        {"format_version": 2},
        {"images": None, "more": 1},
        {"elbo_grey": {"mean": float("nan"), "standard_error": 0.1}},
        {"elbo_grey": {"mean": "high", "standard_error": 0.1}},
        {"hardest": [{"index": 1}]},
        {"knn_accuracy": [1, 2]},
    ],
    ids=["version", "unknown", "nan", "text", "half", "list"],
)
def test_damaged_figures_are_refused(stored: runs.Run, changed: dict[str, Any]) -> None:
    values = FIGURES.to_json() | changed
    (stored.path / results.FILE).write_text(json.dumps(values))
    with pytest.raises(results.ResultsError, match="the figures of mine cannot be read"):
        results.read(stored)


def test_figures_that_are_not_json_are_refused(stored: runs.Run) -> None:
    (stored.path / results.FILE).write_text("{")
    with pytest.raises(results.ResultsError, match="cannot be read"):
        results.read(stored)


def test_a_figure_tells_its_value_with_its_standard_error() -> None:
    assert row("-ELBO, dynamic") == "91.2 ± 0.2"
    assert row("of that: KL divergence") == "24.3"  # its error is less than what is shown
    assert row("k-NN accuracy, 1000 labels") == "88.4 ± 0.2 %"
    assert row("active units") == "1 of 2"
    assert row("training") == "50 epochs, 10 minutes"


def test_a_plain_autoencoder_has_no_elbo() -> None:
    training = replace(MANIFEST.training, kl_weight=0.0, latents="mean")
    plain = replace(MANIFEST, training=training)
    assert row("-ELBO, dynamic", plain) == row("NLL, dynamic", plain) == "–"
    assert row("reconstruction loss at the mean, grey", plain) == "91.2 ± 0.2"


def test_a_card_names_command_data_and_failures(stored: runs.Run) -> None:
    text = cards.card(stored, FIGURES)
    for words in (
        "python -m vae train --preset baseline --out runs/mine --latent-dim 2 --data MNIST",
        "epoch 49 of 50 had the lowest loss on 5,000 validation digits",
        "SHA-256 of the data: `abc`",
        "it finds 9 and 8 hardest (99 and 98 nats), 0 easiest (90)",
        "0 is the most frequent class (20 %), 9 the rarest (0 %)",
        "- 1 latent dimensions are not used.",
        "| index | 7 | 3 |",
    ):
        assert words in text, words


def test_a_table_takes_its_place_and_nothing_else(stored: runs.Run) -> None:
    text = f"a\n{cards.START}\nold\n{cards.END}\nb"
    new = cards.with_table(text, [(stored, FIGURES), (stored, FIGURES)])
    assert new.startswith(f"a\n{cards.START}\n| figure | protocol | `mine`, 2 dimensions |")
    assert new.endswith(f"\n{cards.END}\nb")
    assert "old" not in new
    with pytest.raises(results.ResultsError, match="no place for the table"):
        cards.with_table("nothing", [])
