"""A folder of runs: named, deleted, and brought back."""

import inspect
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from vae import runs, runs_folder
from vae.presets import PRESETS

DAY = 24 * 3600.0
MANIFEST = runs.Manifest(
    "tiny", PRESETS["tiny"].model, PRESETS["tiny"].training, state="finished", epochs_done=3
)


@pytest.fixture
def run(tmp_path: Path) -> runs.Run:
    runs.write_manifest(tmp_path / "run", MANIFEST)
    return runs.read(tmp_path / "run")


def names(root: Path) -> list[str]:
    return [run.name for run in runs.list_runs(root)]


def test_a_run_gets_another_name(run: runs.Run, tmp_path: Path) -> None:
    renamed = runs_folder.rename(run, "seven_2.0-b")
    assert renamed.path == tmp_path / "seven_2.0-b"
    assert renamed.manifest == run.manifest
    assert names(tmp_path) == ["seven_2.0-b"]


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "/a", ".hidden", "-rf", "a b", "ä", "a\n", "a" * 61], ids=repr
)
def test_a_name_that_could_be_anything_but_a_directory_is_refused(
    run: runs.Run, tmp_path: Path, name: str
) -> None:
    with pytest.raises(runs.RunError, match="cannot be the name of a run; take 1 to 60 letters"):
        runs_folder.rename(run, name)
    assert names(tmp_path) == ["run"]


def test_a_name_that_is_taken_is_refused(run: runs.Run, tmp_path: Path) -> None:
    runs.write_manifest(tmp_path / "other", MANIFEST)
    with pytest.raises(runs.RunError, match=r"^there is a run named other already; choose another"):
        runs_folder.rename(run, "other")
    with pytest.raises(runs.RunError, match=r"^map is the name of a shipped run; choose another$"):
        runs_folder.rename(run, "map")
    assert names(tmp_path) == ["other", "run"]


def test_a_run_that_is_alive_keeps_its_name_and_its_place(run: runs.Run, tmp_path: Path) -> None:
    runs.write_manifest(run.path, replace(MANIFEST, state="training"))
    with runs.locked(run.path):
        training = runs.read(run.path)
        with pytest.raises(runs.RunError, match="run is training; stop it before it can be ren"):
            runs_folder.rename(training, "other")
        with pytest.raises(runs.RunError, match="run is training; stop it before it can be del"):
            runs_folder.delete(training)
    assert runs_folder.rename(training, "other").name == "other"


def test_a_shipped_run_is_neither_renamed_nor_deleted() -> None:
    shipped = runs.read(runs.SHIPPED / "map")
    with pytest.raises(runs.RunError, match=r"^map is a shipped run; it cannot be renamed$"):
        runs_folder.rename(shipped, "other")
    with pytest.raises(runs.RunError, match=r"^map is a shipped run; it cannot be deleted$"):
        runs_folder.delete(shipped)


def test_a_deleted_run_is_gone_and_can_be_brought_back(run: runs.Run, tmp_path: Path) -> None:
    trash = runs_folder.delete(run)
    assert names(tmp_path) == []
    assert not run.path.exists()
    assert runs_folder.restore(trash) == run
    assert names(tmp_path) == ["run"]
    with pytest.raises(
        runs.RunError, match=r"^run is no longer in the trash; it is kept there for"
    ):
        runs_folder.restore(trash)


def test_a_deleted_run_comes_back_beside_one_that_took_its_name(
    run: runs.Run, tmp_path: Path
) -> None:
    first = runs_folder.delete(run)
    runs.write_manifest(run.path, MANIFEST)
    second = runs_folder.delete(runs.read(run.path))
    assert runs_folder.restore(second).name == "run"
    assert runs_folder.restore(first).name == "run-2"
    assert names(tmp_path) == ["run", "run-2"]


def test_the_trash_is_emptied_after_a_day(
    run: runs.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trash = runs_folder.delete(run)
    runs_folder.empty_trash(tmp_path, DAY)
    assert trash.path.exists()
    later = time.time() + DAY + 1
    monkeypatch.setattr(time, "time", lambda: later)
    runs_folder.empty_trash(tmp_path, DAY)
    assert not trash.path.exists()


def test_new_directories_are_numbered_where_their_name_is_taken(tmp_path: Path) -> None:
    made = [runs_folder.new_directory(tmp_path / "root", "run").name for _ in range(3)]
    assert made == ["run", "run-2", "run-3"]


def test_what_lies_deep_and_links_to_itself_is_counted_once(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(150):
        deep /= "a"
        deep.mkdir()
    (deep / "file").write_bytes(bytes(2_000_000))
    (deep / "link").symlink_to(tmp_path)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 120)
    try:
        found = runs_folder.megabytes(tmp_path)
    finally:
        sys.setrecursionlimit(limit)
    assert found == pytest.approx(2, abs=0.01)
