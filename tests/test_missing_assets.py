"""What comes with the project and is missing or damaged: said where it is needed, and the rest of
the page goes on."""

import shutil
from pathlib import Path

import pytest
from visits import alone, texts

from pages.shared import canvas
from vae import data, latent_study, series
from vae.evaluation import classifier
from vae.live import dial

pytestmark = pytest.mark.usefixtures("folders")


@pytest.fixture(params=["missing", "damaged"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file that is not there, or is not what it should be."""
    path = tmp_path / "assets" / "file"
    path.parent.mkdir()
    if request.param == "damaged":
        path.write_bytes(b"PK\x03\x04" + bytes(100))
    return path


@pytest.fixture
def without_classifier(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = classifier.read
    monkeypatch.setattr(classifier, "read", lambda: read(file))


@pytest.mark.usefixtures("without_classifier")
def test_without_the_classifier_generate_has_all_but_digits_of_a_class() -> None:
    app = alone("generate", of="3")
    assert not app.exception
    assert [box.value.split(":")[0] for box in app.error] == [
        "Digits of a class are read by a small classifier, and there is none"
    ] * 2
    assert "make it with python -m vae classifier" in app.error[0].value
    assert "/assets" not in app.error[0].value
    assert not app.get("download_button")
    app = app.selectbox(key="of").select("any class").run()
    assert not app.exception
    assert len(app.get("download_button")) == 1


@pytest.mark.usefixtures("without_classifier")
def test_without_the_classifier_morph_has_all_but_samples_of_a_class() -> None:
    app = alone("morph", end=["class:3,7", "digit:12"])
    assert not app.exception
    assert app.query_params["end"] == ["digit:12", "digit:1974"]
    assert "There are no samples of a class" in texts(app)
    assert len(app.get("download_button")) == 2


def test_without_the_study_compare_says_so_and_names_no_folder_of_the_server(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = latent_study.read
    monkeypatch.setattr(latent_study, "read", lambda: read(file))
    app = alone("compare", show="Lessons")
    assert not app.exception
    (said,) = [box.value for box in app.error]
    assert str(file.parent) not in said
    assert "make it with" in said or "cannot be read" in said


def test_a_shipped_run_that_is_damaged_is_no_position_of_the_dial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(series.SHIPPED, tmp_path / "beta")
    (tmp_path / "beta" / "beta-1" / "decoder.tflite").write_bytes(b"TFL3")
    monkeypatch.setattr(series, "SHIPPED", tmp_path / "beta")
    asked: list[series.Series] = []
    monkeypatch.setattr(dial, "dial_data", lambda chosen: asked.append(chosen) or b"")
    app = alone("compare", show="The dial")
    assert not app.exception
    assert "beta-1" not in [run.name for run in asked[0].runs]
    assert len(asked[0].runs) == 7


def test_without_the_digits_every_page_says_which_file_to_restore(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import streamlit as st

    monkeypatch.setattr(data, "EMBEDDED", file)
    st.cache_resource.clear()
    for stem in ("draw", "train"):
        app = alone(stem)
        assert not app.exception
        (said,) = [box.value for box in app.error]
        assert said.startswith("No page can be shown: the digits that come with this project are")


def test_without_the_ready_drawings_pages_do_without_them(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canvas, "_DRAWINGS", file)
    monkeypatch.setattr(canvas, "READY", canvas._ready())
    assert canvas.READY == {}
    app = alone("draw")
    assert not app.exception
    assert "The ready drawings are missing: restore assets/drawings.json." in texts(app)
    app = alone("compare")
    assert not app.exception
    assert "A real digit, as you have drawn nothing yet." in texts(app)
