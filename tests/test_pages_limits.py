"""The Train page on servers that allow less, and on disks that refuse."""

import errno
import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from vae import archive, runs, runs_folder
from vae.config import ModelConfig, TrainingConfig
from vae.jobs import Jobs

ROOT = Path(__file__).parents[1]
VISITOR = "0" * 32
WAIT = 60  # seconds; the first page loads and lays out the models
READ_ONLY = "This server shows models and trains none"

pytestmark = pytest.mark.usefixtures("folders")


@pytest.fixture
def own(folders: Path) -> Path:
    """The run directory of this visitor's own run, which can be trained on."""
    folders.mkdir()
    packed = folders / "map.zip"
    packed.write_bytes(archive.export(runs.read(runs.SHIPPED / "map")))
    (path := archive.import_zip(packed, folders).path.rename(folders / "mine")).touch()
    packed.unlink()
    (path / runs.OWNER).write_text(sha256(VISITOR.encode()).hexdigest())
    (path / "checkpoint.npz").touch()
    return path


def train_page(**query: str) -> AppTest:
    """The page Train, opened by the visitor who owns runs here."""
    app = AppTest.from_file(str(ROOT / "pages" / "train.py"), default_timeout=WAIT)
    app.session_state["visitor"] = VISITOR
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def button(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label.startswith(label))


def labels(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


def texts(app: AppTest) -> str:
    return "\n".join(str(getattr(e, "value", "")) for e in [*app.main, *app.sidebar])


def test_a_mistyped_limit_is_said_where_a_server_only_runs_the_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VAE_MAX_RUNS", "five")
    app = train_page()
    assert not app.exception
    assert [box.value for box in app.error] == [
        "This server's settings have a mistake: VAE_MAX_RUNS is 'five'; give a number of runs "
        "that are kept."
    ]


def test_a_server_that_only_shows_offers_nothing_that_would_change_it(
    monkeypatch: pytest.MonkeyPatch, own: Path
) -> None:
    monkeypatch.setenv("VAE_READ_ONLY", "1")
    runs_folder.delete(runs.read(own))
    (own.parent / runs_folder.TRASH).rename(own.parent / "aside")
    next((own.parent / "aside").iterdir()).rename(own)
    app = train_page(run="mine")
    assert READ_ONLY in texts(app)
    assert app.selectbox(key="run").value == "mine"
    assert labels(app) == {"Use on all pages"}
    assert not app.get("file_uploader")
    assert app.get("download_button")


@pytest.mark.parametrize("action", ["_rename", "_discard", "_restore", "_import"])
def test_a_server_that_only_shows_changes_nothing_whatever_is_asked(
    monkeypatch: pytest.MonkeyPatch, own: Path, action: str
) -> None:
    """The buttons are not there; what they do refuses all the same."""
    monkeypatch.setenv("VAE_READ_ONLY", "1")
    before = sorted(own.parent.rglob("*"))
    script = f"""
        from types import SimpleNamespace
        import streamlit as st
        from pages.parts.train import actions
        from vae import runs, runs_folder
        run = runs.read({str(own)!r})
        st.session_state.update({{"new name": "other", "model": "map", "import": 0}})
        st.session_state["file"] = SimpleNamespace(size=10)
        trash = runs_folder.Trash(run.path, "mine")
        given = {{"_rename": run, "_discard": run, "_restore": trash, "_import": "file"}}
        actions.attempt(getattr(actions, {action!r}), given[{action!r}])
    """
    lines = "\n".join(line.strip() for line in script.strip().splitlines())
    app = AppTest.from_string(lines, default_timeout=WAIT).run()
    assert not app.exception
    assert "models are only shown on this server" in app.toast[0].value
    assert sorted(own.parent.rglob("*")) == before


def test_a_bound_that_is_infinite_bounds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VAE_MAX_UPLOAD", "VAE_MAX_DISK", "VAE_MAX_MINUTES", "VAE_KEEP_DAYS"):
        monkeypatch.setenv(variable, "inf")
    app = train_page()
    assert not app.exception
    assert app.get("file_uploader")


@pytest.mark.parametrize(
    ("variable", "value", "epochs"),
    [("VAE_MAX_EPOCHS", "3", 3), ("VAE_PUBLIC", "1", 10), ("VAE_MAX_MINUTES", "0.3", 3)],
)
def test_the_big_button_trains_what_the_limits_allow(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, epochs: int
) -> None:
    monkeypatch.setenv(variable, value)
    asked: list[int] = []

    def start(self: Jobs, model: ModelConfig, training: TrainingConfig, *_: Any) -> Path:
        self.limits.check(model, training, self.estimate(model, training).seconds)
        asked.append(training.epochs)
        raise runs.RunError("that is enough")

    monkeypatch.setattr(Jobs, "start", start)
    app = button(train_page(), "Train a small model now").click().run()
    assert "that is enough" in app.toast[0].value
    assert asked == [epochs]


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("VAE_MAX_RUNS", "Not now: this server keeps 0 runs, and so many are here; delete one for"),
        ("VAE_MAX_DISK", "Not now: all runs on this server may take 0 MB; they take 0, and this n"),
        ("VAE_MAX_EPOCHS", "Not now: this has 1 epochs; this server allows 0."),
    ],
)
def test_a_big_button_that_would_be_refused_cannot_be_pressed_and_says_why(
    monkeypatch: pytest.MonkeyPatch, variable: str, said: str
) -> None:
    monkeypatch.setenv(variable, "0")
    app = train_page()
    assert button(app, "Train a small model now").disabled
    assert any(caption.value.startswith(said) for caption in app.caption)


def test_resume_and_train_on_are_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, own: Path
) -> None:
    monkeypatch.setenv("VAE_MAX_EPOCHS", "20")
    app = button(train_page(run="mine"), "Train 20 more epochs").click().run()
    assert "this has 80 epochs; this server allows 20" in app.toast[0].value
    stopped = replace(runs.read(own).manifest, state="stopped")
    runs.write_manifest(own, stopped)
    app = button(train_page(run="mine"), "Resume").click().run()
    assert "this has 60 epochs; this server allows 20" in app.toast[0].value
    assert runs.read(own).manifest == stopped


def test_a_deleted_run_can_be_deleted_for_good(own: Path) -> None:
    app = button(train_page(run="mine"), "Delete").click().run()
    assert runs_folder.count(own.parent) == (0, 1)
    app = button(app, "Delete for good").click().run()
    assert runs_folder.count(own.parent) == (0, 0)
    assert "Undo" not in labels(app)


def test_what_is_kept_for_a_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Runs are kept" not in texts(train_page())
    monkeypatch.setenv("VAE_PUBLIC", "1")
    from pages.shared import resources

    resources.jobs.forget()
    assert "Runs are kept for 7 days here: export what you like." in texts(train_page())


def test_the_trouble_of_the_queue_is_visible(own: Path) -> None:
    from pages.shared import resources

    resources.jobs().trouble = "OSError: Too many open files"
    assert "met an unexpected error and tries again: OSError: Too many open" in texts(train_page())


def refuses(number: int) -> Any:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number), "/srv/app/secret/place")

    return refuse


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC], ids=["read-only", "full"])
@pytest.mark.parametrize(
    ("label", "patched"),
    [
        ("Delete", (Path, "rename")),
        ("Rename it", (Path, "rename")),
        ("Undo", (Path, "rename")),
        ("Delete for good", (runs_folder.shutil, "rmtree")),
        ("Train 20 more epochs", (runs, "write_manifest")),
        ("Train a small model now", (Path, "mkdir")),
    ],
)
def test_a_disk_that_refuses_is_told_in_a_sentence_without_the_servers_folders(
    monkeypatch: pytest.MonkeyPatch, own: Path, label: str, patched: tuple[Any, str], number: int
) -> None:
    if label in ("Undo", "Delete for good"):
        runs_folder.delete(runs.read(own))
        app = train_page()
    else:
        app = train_page(run="mine")
    if label == "Rename it":
        app.text_input(key="new name").set_value("other")
    before = sorted(own.parent.rglob("*"))
    with monkeypatch.context() as disk:
        disk.setattr(*patched, refuses(number))
        app = button(app, label).click().run()
    assert not app.exception
    (said,) = [toast.value for toast in app.toast]
    assert said.startswith("That did not work: ")
    assert os.strerror(number) in said
    assert "secret" not in said
    left = set(own.parent.rglob("*")) ^ set(before)
    assert {path.name for path in left} <= {"waiting", runs_folder.TRASH}  # a lock, a folder


def test_a_disk_that_refuses_a_pause_is_told(monkeypatch: pytest.MonkeyPatch, own: Path) -> None:
    runs.write_manifest(own, replace(runs.read(own).manifest, state="training"))
    with runs.locked(own):
        app = train_page(run="mine")
        monkeypatch.setattr(runs, "request", refuses(errno.EROFS))
        app = button(app, "Pause").click().run()
    assert not app.exception
    assert "Read-only file system" in app.toast[0].value


def test_a_run_that_memory_ended_says_so_with_what_to_lower(own: Path) -> None:
    error = "SIGKILL ended its process, most often as memory ran short: lower the batch size"
    ended = replace(runs.read(own).manifest, state="interrupted", error=error)
    runs.write_manifest(own, ended)
    app = train_page(run="mine")
    assert f"The training process ended before its time: {error}. No finished epoch" in texts(app)
