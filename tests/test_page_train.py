"""Train, as a visitor without a mouse sees it."""

import gc
import os
import re
import shutil
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from long import first
from streamlit.testing.v1 import AppTest
from visits import PAGES, address, alone, as_owner, button, labels, texts

from vae import runs
from vae.config import ModelConfig, TrainingConfig, options
from vae.presets import PRESETS

pytestmark = pytest.mark.usefixtures("folders")


def waiting(*_: object) -> list[str]:
    return ["-c", "import time; time.sleep(60)"]


@pytest.fixture
def stopped_after(folders: Path) -> Iterator[None]:
    """No training process outlives its test."""
    yield
    from pages.shared import resources

    for process in list(resources.jobs()._running.values()):
        process.kill()
        process.wait()


def every_option() -> AppTest:
    """The Train page with all of its form."""
    app = alone("train")
    app.session_state["every option"] = True
    return app.run()


def test_what_is_no_plain_file_in_a_run_or_among_runs_is_passed_over(folders: Path) -> None:
    """A pipe would be waited for, and the folder would hold up every page for everybody."""
    path = shutil.copytree(runs.SHIPPED / "best", folders / "pipes")
    for name in ("events.jsonl", "figures.json", "embedding.npz", "snapshots/0001.npz"):
        (path / name).unlink()
    for name in ("events.jsonl", "figures.json", "drawing.npy", "request"):
        os.mkfifo(path / name)
    for name in ("embedding.npz", "snapshots/0001.npz", "lock", "waiting", "log.txt"):
        (path / name).mkdir()
    for name, pipe in (("waits", "manifest.json"), ("unknown", runs.OWNER)):
        shutil.copytree(runs.SHIPPED / "map", folders / name)
        (folders / name / pipe).unlink(missing_ok=True)
        os.mkfifo(folders / name / pipe)
    app = alone("train", run="pipes")
    assert not app.exception
    assert "The history of this run cannot be read: Invalid argument" in texts(app)
    assert "1 entry of the folder of runs cannot be read" in texts(app)
    assert "unknown" not in app.selectbox(key="run").options


@pytest.mark.parametrize("stem", first(3, PAGES.values()))
def test_a_session_keeps_no_model_alive(stem: str) -> None:
    """Sessions outlive their visitors, and models take megabytes: only caches may hold them."""
    from pages.shared import resources

    app = alone(stem)
    assert not app.exception
    model = weakref.ref(resources.model(runs.read(runs.SHIPPED / "map")))
    other = alone("train")  # the interpreter keeps what the last page to run has named
    assert not other.exception
    st.cache_resource.clear()
    gc.collect()
    assert model() is None
    assert app.session_state is not other.session_state


def test_sidebar_and_train_page_tell_the_same_epochs() -> None:
    app = alone("train", model="map", run="map")
    m = runs.read(runs.SHIPPED / "map").manifest
    assert f"for {m.epochs_done} epochs; the best was epoch {m.best_epoch}." in texts(app)
    assert f"Finished after {m.epochs_done} of {m.epochs_done} epochs" in texts(app)
    assert f"the best was epoch {m.best_epoch}" in texts(app)


@pytest.mark.usefixtures("stopped_after")
def test_options_that_are_out_of_sight_are_trained_as_they_were_entered(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vae import jobs

    monkeypatch.setattr(jobs, "command", waiting)
    app = every_option()
    app.text_input(key="tiny-encoder_units").set_value("30 20")
    app.number_input(key="tiny-batch_size").set_value(None).run()
    app.session_state["every option"] = False
    app.run()
    assert not app.text_input
    button(app, "Train").click().run()
    manifest = runs.read(folders / address(app, "run")).manifest
    assert manifest.model.encoder_units == (30, 20)
    assert replace(manifest.model, encoder_units=PRESETS["tiny"].model.encoder_units) == (
        PRESETS["tiny"].model
    )
    assert manifest.training == PRESETS["tiny"].training


@pytest.mark.usefixtures("stopped_after")
def test_the_form_starts_a_training_with_its_values_and_the_address_names_it(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vae import jobs

    monkeypatch.setattr(jobs, "command", waiting)
    app = alone("train")
    fields = {field.label: field for field in app.number_input}
    fields["Epochs"].set_value(3)
    fields["KL weight (beta)"].set_value(2.5)
    fields["Training images"].set_value(1500)
    button(app, "Train").click().run()
    manifest = runs.read(folders / address(app, "run")).manifest
    assert (manifest.preset, manifest.training.epochs) == ("tiny", 3)
    assert (manifest.training.kl_weight, manifest.training.train_images) == (2.5, 1500)
    assert "Starting: TensorFlow takes a few seconds" in texts(app)


@pytest.mark.usefixtures("stopped_after")
def test_of_a_run_that_waits_it_is_not_said_that_it_has_no_snapshots(
    folders: Path, own_run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vae import jobs

    monkeypatch.setattr(jobs, "command", waiting)
    button(alone("train"), "Train").click().run()
    app = alone("train")
    button(app, "Train").click().run()
    assert "Waiting for 1 other training." in texts(app)
    assert "has no snapshots" not in texts(app)
    shutil.rmtree(folders / own_run / "snapshots")
    assert f"{own_run} has no snapshots" in texts(alone("train", run=own_run))


@pytest.mark.parametrize("preset", first(2, PRESETS))
def test_the_form_begins_with_the_values_of_the_preset(preset: str) -> None:
    app = every_option()
    app.selectbox(key="preset").set_value(preset).run()
    fields = {field.label: field.value for field in [*app.number_input, *app.text_input]}
    config = PRESETS[preset]
    assert fields["Latent dimensions"] == config.model.latent_dim
    assert fields["Encoder units"] == ", ".join(map(str, config.model.encoder_units))
    assert fields["Epochs"] == config.training.epochs
    assert fields["Batch size"] == config.training.batch_size
    assert fields["Training images"] == config.training.train_images
    assert app.selectbox(key=f"{preset}-schedule").value == config.training.schedule


def test_the_form_has_every_option_with_what_it_does() -> None:
    app = every_option()
    keys = {getattr(widget, "key", None) for widget in [*app.number_input, *app.text_input]}
    keys |= {widget.key for widget in app.selectbox}
    text = texts(app)
    for name, option in {**options(ModelConfig), **options(TrainingConfig)}.items():
        assert f"tiny-{name}" in keys
        assert option.help in text


def test_a_number_out_of_bounds_is_named_and_not_quietly_replaced(folders: Path) -> None:
    app = every_option()
    app.number_input(key="tiny-learning_rate").set_value(5.0).run()
    assert "learning_rate is 5.0; it must be from 1e-06 to 0.1" in app.error[0].value
    assert button(app, "Train").disabled
    assert not folders.exists()


@pytest.mark.parametrize("wrong", ["2000, 20", "", "ten"])
def test_a_value_that_cannot_be_trained_is_named_and_nothing_starts(
    wrong: str, folders: Path
) -> None:
    app = every_option()
    app.text_input(key="tiny-encoder_units").set_value(wrong).run()
    assert app.error[0].value.startswith("This cannot be trained: encoder_units is ")
    assert button(app, "Train").disabled
    assert not folders.exists()


def test_a_run_that_is_not_there_is_said_not_to_be() -> None:
    assert alone("train", run="gone").warning[0].value == "There is no run gone on this server."


def test_a_finished_run_shows_its_curves_and_can_be_chosen(own_run: str) -> None:
    app = alone("train", run=own_run)
    assert (
        "Finished after 2 of 2 epochs on 1,000 images of the 5,000 embedded MNIST digits"
        in texts(app)
    )
    button(app, "Use on all pages").click().run()
    assert app.sidebar.selectbox[0].value == own_run


def test_a_visitors_run_is_in_no_other_visitors_lists_but_its_link_opens_it(owned: Path) -> None:
    for stem in ("train", "generate"):
        assert "five" in as_owner(stem).sidebar.selectbox[0].options
        assert "five" not in alone(stem).sidebar.selectbox[0].options
    assert "five" not in alone("train").selectbox(key="run").options
    app = alone("train", run="five")
    assert app.selectbox(key="run").value == "five"
    assert not labels(app) & {"Rename it", "Delete", "Train 20 more epochs"}
    assert {"Rename it", "Delete", "Train 20 more epochs"} <= labels(as_owner(run="five"))


def test_a_plain_autoencoder_has_no_elbo_in_the_table_of_runs() -> None:
    number = r"<td class='number'>([\d.]*)</td>"
    table = texts(alone("train"))
    for name, has_elbo in {"map": True, "autoencoder": False}.items():
        row = re.search(rf"<b>{name}</b></td>{number}{number}", table)
        assert row is not None
        assert row[1]
        assert bool(row[2]) == has_elbo
