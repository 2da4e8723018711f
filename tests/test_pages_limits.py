"""The Train page on servers that allow less, and on disks that refuse."""

import errno
import gc
import os
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import ownership
from vae import archive, locks, runs, runs_folder
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
    path = folders / "mine"
    shutil.copytree(runs.SHIPPED / "map", path, ignore=shutil.ignore_patterns("figures.json"))
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


def asked(path: Path, action: str) -> AppTest:
    """What a button of the page does with a run, whether it is there or not."""
    script = f"""
        from types import SimpleNamespace
        import streamlit as st
        from pages.parts.train import actions
        from vae import runs, runs_folder
        run = runs.read({str(path)!r})
        st.session_state.update({{"new name": "other", "model": "map", "import": 0}})
        st.session_state["file"] = SimpleNamespace(size=10)
        trash = runs_folder.Trash(run.path, "mine")
        given = {{"_restore": trash, "_remove": trash, "_import": "file"}}
        actions.attempt(getattr(actions, {action!r}), given.get({action!r}, run))
    """
    lines = "\n".join(line.strip() for line in script.strip().splitlines())
    return AppTest.from_string(lines, default_timeout=WAIT).run()


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("[5](x)", r"\[5\](x)"), pytest.param("five", "five", marks=pytest.mark.long)],
)
def test_a_mistyped_limit_is_said_where_a_server_only_runs_the_script(
    monkeypatch: pytest.MonkeyPatch, typed: str, shown: str
) -> None:
    monkeypatch.setenv("VAE_MAX_RUNS", typed)
    app = train_page()
    assert not app.exception
    assert [box.value.replace(r"VAE\_MAX\_RUNS", "VAE_MAX_RUNS") for box in app.error] == [
        f"This server's settings have a mistake: VAE_MAX_RUNS is '{shown}'; give a number of runs "
        "that are kept."
    ]


def test_a_server_that_only_shows_offers_nothing_that_would_change_it(
    monkeypatch: pytest.MonkeyPatch, own: Path
) -> None:
    monkeypatch.setenv("VAE_READ_ONLY", "1")
    runs_folder.delete(runs.read(shutil.copytree(own, own.parent / "deleted")))
    app = train_page(run="mine")
    assert READ_ONLY in texts(app)
    assert app.selectbox(key="run").value == "mine"
    assert labels(app) - {"Forget drawings and missions"} == {"Use on all pages"}
    assert not app.get("file_uploader")
    assert opened_export("mine").get("download_button")


def test_a_server_that_only_shows_sends_nobody_to_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_READ_ONLY", "1")
    page = ROOT / "pages" / "how_it_works.py"
    offered = labels(AppTest.from_file(str(page), default_timeout=WAIT).run())
    assert "Take it on: Draw" in offered
    assert "Take it on: Train" not in offered


@pytest.mark.parametrize("action", ["_rename", "_discard", "_restore", "_remove", "_import"])
def test_a_server_that_only_shows_changes_nothing_whatever_is_asked(
    monkeypatch: pytest.MonkeyPatch, own: Path, action: str
) -> None:
    """The buttons are not there; what they do refuses all the same."""
    monkeypatch.setenv("VAE_READ_ONLY", "1")
    before = sorted(own.parent.rglob("*"))
    app = asked(own, action)
    assert not app.exception
    assert "models are only shown on this server" in app.toast[0].value
    assert sorted(own.parent.rglob("*")) == before


def test_what_was_in_the_trash_for_long_is_offered_no_more(
    monkeypatch: pytest.MonkeyPatch, own: Path
) -> None:
    monkeypatch.setenv("VAE_TRASH_HOURS", "0")
    runs_folder.delete(runs.read(own))
    assert "Undo" not in labels(train_page())
    assert runs_folder.count(own.parent) == (0, 0)


def test_what_was_in_the_trash_for_long_makes_room_for_an_import(
    monkeypatch: pytest.MonkeyPatch, own: Path
) -> None:
    monkeypatch.setenv("VAE_MAX_RUNS", "1")
    monkeypatch.setenv("VAE_TRASH_HOURS", "0")
    monkeypatch.setattr(archive, "import_zip", fails_so)
    runs_folder.delete(runs.read(own))
    app = asked(runs.SHIPPED / "map", "_import")
    assert "evil" in app.toast[0].value


def test_an_import_that_unpacks_to_more_than_there_is_room_for_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, folders: Path
) -> None:
    def unpacked(file: object, root: Path) -> runs.Run:
        return runs.read(shutil.copytree(runs.SHIPPED / "map", root / "map-imported"))

    monkeypatch.setenv("VAE_MAX_DISK", "1")
    monkeypatch.setattr(archive, "import_zip", unpacked)
    app = asked(runs.SHIPPED / "map", "_import")
    assert "all runs on this server may take 1 MB" in app.toast[0].value
    assert not [*folders.iterdir()]


def test_an_import_for_which_there_is_no_memory_says_so(
    monkeypatch: pytest.MonkeyPatch, folders: Path
) -> None:
    def unpacked(file: object, root: Path) -> runs.Run:
        raise MemoryError

    monkeypatch.setattr(archive, "import_zip", unpacked)
    app = asked(runs.SHIPPED / "map", "_import")
    assert app.toast[0].value.startswith("That did not work: memory ran short")


def test_the_place_for_a_file_tells_how_large_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_MAX_UPLOAD", "2")
    (place,) = train_page().get("file_uploader")
    assert place.proto.max_upload_size_mb == 2


def test_a_run_that_is_deleted_while_its_page_is_made_costs_no_page(
    monkeypatch: pytest.MonkeyPatch, own: Path
) -> None:
    """By its owner in another tab, or since it was kept long enough."""
    monkeypatch.setattr(ownership, "offer_tab", lambda run: shutil.rmtree(own))
    app = train_page(run="mine")
    assert not app.exception
    assert "mine" not in app.run().selectbox(key="run").options


def test_a_bound_that_is_infinite_bounds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VAE_MAX_UPLOAD", "VAE_MAX_DISK", "VAE_MAX_MINUTES", "VAE_KEEP_DAYS"):
        monkeypatch.setenv(variable, "inf")
    app = train_page()
    assert not app.exception
    assert app.get("file_uploader")


@pytest.mark.parametrize(
    ("variable", "value", "epochs"),
    [("VAE_MAX_EPOCHS", "3", 3), ("VAE_PUBLIC", "1", 10), ("VAE_MAX_MINUTES", "0.3", 4)],
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


def test_a_run_in_line_is_said_to_wait_and_nothing_of_snapshots(own: Path) -> None:
    manifest = replace(runs.read(own).manifest, state="queued")
    runs.write_manifest(own, manifest)
    shutil.rmtree(own / "snapshots")
    with locks.take(own / "waiting") or pytest.fail("somebody else holds it"):
        told = texts(train_page(run=own.name))
    assert "This one starts by itself: leave and come back." in told
    assert "snapshots" not in told


def test_caches_that_are_emptied_leave_the_queue_of_all_as_it_was() -> None:
    """A queue that was forgotten would go on beside the new one, and start trainings of its own."""
    from pages.shared import once, resources

    before = resources.jobs()
    once.settle()
    st.cache_resource.clear()
    st.cache_data.clear()
    assert resources.jobs() is before
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "freeze", lambda: pytest.fail("settled once more"))
        once.settle()


HOSTILE = "[x](evil.example) *b* :red[r] <b>"


def fails_so(*_: Any) -> Any:
    raise runs.RunError(HOSTILE)


def test_whatever_goes_wrong_is_told_as_it_is_and_is_no_markup(
    monkeypatch: pytest.MonkeyPatch, own: Path
) -> None:
    from pages.shared import resources

    ended = replace(runs.read(own).manifest, state="interrupted", error=HOSTILE)
    runs.write_manifest(own, ended)
    resources.jobs().trouble = HOSTILE
    monkeypatch.setattr(Jobs, "refusal", lambda *_: HOSTILE)
    monkeypatch.setattr(Jobs, "discard", fails_so)
    monkeypatch.setattr(archive, "export", fails_so)
    app = opened_export("mine")
    app.session_state["every option"] = True
    app.run()
    app.text_input(key="tiny-encoder_units").set_value(HOSTILE)
    app = button(app, "Delete").click().run()
    assert not app.exception
    kinds = ("markdown", "caption", "error", "warning", "info", "toast")
    said = {e.value for kind in kinds for e in app.get(kind) if "evil" in str(e.value)}
    assert {one.partition(":")[0] for one in said} == {
        "The queue of trainings met an unexpected error and tries again",
        "The training process ended before its time",
        "Not now",
        "This run cannot be exported",
        "This cannot be trained",
        "That did not work",
    }
    assert not [one for one in said if "[x]" in one or " *b*" in one or ":red[" in one]


@pytest.mark.parametrize(
    ("cookies", "framed"),
    [
        ({}, True),
        ({"another": "1"}, True),
        ({"_streamlit_xsrf": "2|a"}, False),
        ({ownership.COOKIE: "0" * 32}, False),
    ],
    ids=["none", "another's", "Streamlit's", "ours"],
)
def test_who_comes_without_a_cookie_of_this_site_is_in_a_frame(
    monkeypatch: pytest.MonkeyPatch, cookies: dict[str, str], framed: bool
) -> None:
    context = SimpleNamespace(headers={"Host": "a"}, cookies=cookies)
    monkeypatch.setattr(ownership, "st", SimpleNamespace(context=context))
    assert ownership.is_framed() == framed


def test_in_a_frame_a_visitors_own_run_has_a_link_that_finds_it_again(
    monkeypatch: pytest.MonkeyPatch, own: Path
) -> None:
    link = "This link shows the run to whoever has it"
    assert link not in texts(train_page(run="mine"))
    monkeypatch.setattr(ownership, "is_framed", lambda: True)
    app = train_page(run="mine", preset="map")
    assert "what you train here is yours only until you leave" in texts(app)
    assert link in texts(app)
    (tab,) = app.get("link_button")
    assert "run=mine" in tab.proto.url
    (address,) = [code.value for code in app.code if "?" in code.value]
    assert "preset=map" in address
    assert "run=mine" in address
    (own / runs.OWNER).write_text("another's")
    assert link not in texts(train_page(run="mine"))


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


def test_a_folder_of_runs_that_cannot_be_looked_into_is_told_and_the_shipped_ones_are_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As one below a folder that the server may not enter: whoever asks is told an error."""
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path / ("x" * 300)))
    monkeypatch.setenv("VAE_MAX_DISK", "1000")
    app = train_page()
    assert not app.exception
    assert "1 entry of the folder of runs cannot be read" in texts(app)
    app = button(app, "Train a small model now").click().run()
    assert not app.exception
    assert app.toast[0].value.startswith("That did not work: ")
    assert "File name too long" in app.toast[0].value


def opened_export(name: str) -> AppTest:
    """The page Train, where somebody has opened Export."""
    app = train_page(run=name)
    app.session_state[f"export-{name}"] = True
    return app.run()


def test_a_run_is_packed_where_export_is_opened_and_not_before(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[str] = []
    monkeypatch.setattr(archive, "export", lambda run: packed.append(run.name) or bytes(2_000_000))
    train_page(run="mine")
    assert packed == []
    app = opened_export("mine")
    assert packed == ["mine"]
    assert "(2.0 MB), to import here or elsewhere" in texts(app)
    assert len(app.get("download_button")) == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            runs.RunError("mine is damaged: decoder.tflite has changed; restore or retrain it"),
            "mine is damaged: decoder.tflite has changed; restore or retrain it",
        ),
        (OSError(errno.EIO, os.strerror(errno.EIO), "/srv/secret"), "the disk may be failing"),
        (MemoryError(), "memory ran short"),
    ],
    ids=["damaged", "disk", "memory"],
)
def test_an_export_that_fails_says_why_and_offers_no_download(
    own: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def fails(run: runs.Run) -> bytes:
        raise error

    monkeypatch.setattr(archive, "export", fails)
    app = opened_export("mine")
    assert not app.exception
    (said,) = [box.value for box in app.error]
    assert said.startswith("This run cannot be exported: ")
    assert told in said
    assert "secret" not in said
    assert not app.get("download_button")


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
