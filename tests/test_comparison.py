"""Comparison: the same inputs for every run, and a table whose best are the best."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vae import charts, comparison, inference, latents, losses, results, runs, snapshots
from vae.comparison import Inputs, Row


@pytest.fixture(scope="module")
def model(small_run: runs.Run) -> inference.Model:
    return inference.load(small_run.path)


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    digits = comparison.ten_digits(3)
    return Inputs(digits, digits.pixels[2] * np.float32(0.5), seed=7, ends=(4, 9))


def test_the_ten_digits_are_one_of_each_class_that_no_run_is_trained_on() -> None:
    held_out = {image.tobytes() for image in snapshots.mapped_digits().images}
    for seed in range(20):
        digits = comparison.ten_digits(seed)
        assert digits.labels.tolist() == list(range(10))
        assert {image.tobytes() for image in digits.images} <= held_out
    assert not np.array_equal(comparison.ten_digits(0).images, comparison.ten_digits(1).images)


def test_a_model_is_asked_what_it_would_answer_by_itself(
    model: inference.Model, inputs: Inputs
) -> None:
    answers = comparison.ask(model, inputs)
    np.testing.assert_allclose(answers.rebuilt, model.reconstruct(inputs.digits.pixels), atol=1e-6)
    alone = model.encode(inputs.drawing[None])
    np.testing.assert_allclose(answers.drawing, model.decode(alone.mean)[0], atol=1e-6)
    assert answers.drawing_loss == pytest.approx(model.terms(inputs.drawing[None], alone)[0][0])
    prior = latents.sample_prior(10, 2, seed=7)
    np.testing.assert_allclose(answers.samples, model.decode(prior), atol=1e-6)
    np.testing.assert_allclose(answers.path[[0, -1]], answers.rebuilt[[4, 9]], atol=1e-6)


def test_the_measured_terms_add_up_and_agree_with_another_draw(
    model: inference.Model, run_of_five: runs.Run
) -> None:
    digits = snapshots.mapped_digits()
    for one in (model, inference.load(run_of_five.path)):
        charts = comparison.measure(one, digits)
        terms = charts["reconstruction_loss"] + charts["kl_divergence"]
        assert charts["negative_elbo"] == pytest.approx(terms)
        posterior = one.encode(digits.pixels)
        drawn = one.decode_logits(posterior.sample(np.random.default_rng(99)))
        again = losses.reconstruction_loss(digits.pixels, drawn).mean()
        assert charts["reconstruction_loss"] == pytest.approx(again, rel=0.02)


def test_a_plain_autoencoder_has_no_figure_that_needs_a_posterior(small_run: runs.Run) -> None:
    training = replace(small_run.manifest.training, kl_weight=0.0, latents="mean")
    plain = replace(small_run, manifest=replace(small_run.manifest, training=training))
    assert plain.manifest.training.is_autoencoder
    assert not small_run.manifest.training.is_autoencoder
    epochs = [e for e in runs.read_events(small_run.path)[0] if e["event"] == "epoch"]
    assert comparison.comparable(small_run, epochs) == epochs
    assert list(comparison.comparable(plain, epochs)[0]["train"]) == ["loss", "reconstruction_loss"]
    kept = {"plain": comparison.comparable(plain, epochs)}
    curves = charts.overlaid_curves(kept, "kl_divergence")
    assert [len(trace["y"]) for trace in curves.to_plotly_json()["data"]] == [0, 0]
    model, digits = inference.Model(plain), comparison.ten_digits(0)
    terms = model.terms(digits.pixels, model.encode(digits.pixels))
    assert comparison.measure(model, digits) == {
        "reconstruction_loss": pytest.approx(terms[0].mean())
    }


def test_the_best_are_those_that_show_the_best_value() -> None:
    assert Row("loss", (3.0, 1.02, None, 0.98), "lower").best == {1, 3}  # both show 1.0
    assert Row("accuracy", (0.5, 0.9), "higher").best == {1}
    assert Row("weights", (5.0, 3.0)).best == set()
    assert Row("loss", (3.0, None), "lower").best == set()  # nothing to choose from
    assert Row("accuracy", (0.8811, 0.8812, 0.9), "higher", ".1%").best == {2}
    assert Row("loss", (-1234.5, 1234.5), "lower").best == {0}


def test_the_table_has_every_figure_of_every_run_and_its_csv_the_same(
    small_run: runs.Run, run_of_five: runs.Run
) -> None:
    measured = [{"negative_elbo": 150.25, "active_units": 2}, {"reconstruction_loss": 90.0}]
    rows = comparison.table([small_run, run_of_five], measured)
    values = {row.name: row.values for row in rows}
    assert values["Negative ELBO"] == (150.25, None)
    assert values["Latent dimensions"] == (2, 5)
    assert values["Parameters"] == tuple(r.manifest.parameters for r in (small_run, run_of_five))
    head, *lines = csv.reader(comparison.as_csv(rows, ["a", "b"]).splitlines())
    assert head == ["figure", "a", "b"]
    for row, (name, *cells) in zip(rows, lines, strict=True):
        assert name == row.name
        assert [float(cell) if cell else None for cell in cells] == list(row.values)


def test_what_was_measured_on_the_test_images_is_in_the_table() -> None:
    shipped = runs.list_runs(runs.SHIPPED)
    rows = {row.name: row for row in comparison.table(shipped, [{}] * len(shipped))}
    charts = [results.read(run) for run in shipped]
    for name, values in {
        "Test: NLL, dynamic": [one.nll_dynamic.mean for one in charts],
        "Test: k-NN accuracy, 1000 labels": [one.knn_accuracy["1000"].mean for one in charts],
        "Test: samples accepted": [one.accepted_samples.mean for one in charts],
    }.items():
        said = [v for v in rows[name].values if v is not None]
        assert said == [v for v, w in zip(values, rows[name].values, strict=True) if w is not None]
        assert len(said) >= 2


def test_figures_of_other_digits_are_not_set_beside_those_of_the_test_images(
    small_run: runs.Run, tmp_path: Path
) -> None:
    run = next(run for run in runs.list_runs(runs.SHIPPED) if run.name == "map")
    charts = results.read(run)
    few = replace(charts, files={}, images=500)
    run = replace(small_run, path=tmp_path)
    results.write(tmp_path, few)
    assert {row.values for row in comparison.table([run], [{}]) if "Test" in row.name} == {(None,)}
    results.write(tmp_path, replace(few, images=10_000))
    assert (charts.nll_dynamic.mean,) in {row.values for row in comparison.table([run], [{}])}
