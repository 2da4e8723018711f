"""Run directories: what is written is read back, and what is damaged is refused."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vae import locks, runs
from vae.presets import PRESETS

ROOT = Path(__file__).parents[1]
MANIFEST = runs.Manifest(
    preset="map",
    model=PRESETS["map"].model,
    training=PRESETS["map"].training,
    state="finished",
    epochs_done=7,
    best_epoch=5,
    seconds=12.5,
    parameters=1000,
    data={"source": "MNIST", "sha256": "ab", "train": 55000, "validation": 5000, "test": 10000},
    versions={"keras": "3.15.1"},
    metrics={"validation_loss": 101.25},
)

FIRST = {"event": "end", "state": "stopped"}


@pytest.fixture
def run(tmp_path: Path) -> runs.Run:
    """A whole run; its model files are only bytes."""
    path = tmp_path / "run"
    (path / "new").mkdir(parents=True)
    for name in runs.MODEL_FILES:
        (path / "new" / name).write_text(f"the {name}")
    runs.commit_files(path, MANIFEST)
    return runs.read(path)


def changed(run: runs.Run, change: Callable[[dict[str, Any]], Any]) -> Path:
    """The run with its manifest's JSON changed by hand."""
    values = json.loads((run.path / "manifest.json").read_text())
    change(values)
    (run.path / "manifest.json").write_text(json.dumps(values))
    return run.path


@contextmanager
def held_by_another_process(path: Path) -> Iterator[subprocess.Popen]:
    program = (
        "import sys, time; from pathlib import Path; from vae import runs\n"
        "with runs.locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_manifest_comes_back_as_it_was_written(run: runs.Run) -> None:
    assert replace(run.manifest, files={}) == MANIFEST
    assert set(run.manifest.files) == set(runs.MODEL_FILES)
    assert runs.read(str(run.path)) == run


def test_a_commit_leaves_no_half_written_file(run: runs.Run) -> None:
    expected = {"manifest.json", *runs.MODEL_FILES}
    assert {file.name for file in run.path.iterdir()} == expected


def test_a_whole_run_is_verified(run: runs.Run) -> None:
    assert runs.model_files(run) == {name: run.path / name for name in runs.MODEL_FILES}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda v: v.update(colour="red"), r"unknown entries \['colour'\]"),
        (lambda v: v.update(format_version=3), "format version 3, but this program reads 1 and 2"),
        (lambda v: v.pop("format_version"), "format version None"),
        (lambda v: v.pop("model"), "model"),
        (lambda v: v.pop("preset"), "preset"),
        (lambda v: v["model"].update(beta=4), r"unknown ModelConfig options \['beta'\]"),
        (lambda v: v["training"].update(epochs=0), "epochs is 0; it must be from 1 to 1000"),
        (lambda v: v["model"].update(latent_dim=[2]), "latent_dim"),
        (lambda v: v.update(state="sleeping"), "sleeping"),
        (lambda v: v.update(epochs_done="many"), "epochs_done is 'many'"),
        (lambda v: v.update(epochs_done=True), "epochs_done is True"),
        (lambda v: v.update(best_epoch=-1), "best_epoch is -1; it must be from 0 to "),
        (lambda v: v.update(seconds=10**400), "seconds is 1000"),
        (
            lambda v: v.update(metrics={"validation_loss": "low"}),
            "metrics validation_loss is 'low'",
        ),
        (lambda v: v.update(files=["model.keras"]), r"files is \['model.keras'\]"),
        (lambda v: v.update(data={}), "source, sha256, train, validation, test is missing"),
        (lambda v: v["data"].update(train="all"), "train is 'all'"),
        (lambda v: v.update(error="\ud800"), "error has half a character in it"),
        (lambda v: v.update(training=None), "training is None"),
        (lambda v: v["model"].update(encoder_units=[8] * 13), "has 13 numbers; give at most 12"),
        (
            lambda v: v["metrics"].update(validation_loss=12.5),
            "it has changed since it was written",
        ),
    ],
    ids=str.split(
        "unknown-entry version no-version no-model no-preset option bound list state count bool "
        "negative huge metrics files no-data data half null layers other-figure"
    ),
)
def test_a_manifest_with_an_entry_that_cannot_be_is_refused(
    run: runs.Run, change: Callable[[dict[str, Any]], Any], text: str
) -> None:
    path = changed(run, change)
    with pytest.raises(runs.RunError, match=f"^the manifest in {path} is not valid: .*{text}"):
        runs.read(path)


@pytest.mark.parametrize(
    "content",
    [b"", b'{"preset": ', b"\xff\xfe", b'{"seconds": NaN}', b"[" * 100_000, b" " * 2_000_000],
    ids=str.split("empty cut bytes nan deep long"),
)
def test_a_damaged_manifest_is_refused(run: runs.Run, content: bytes) -> None:
    (run.path / "manifest.json").write_bytes(content)
    with pytest.raises(runs.RunError, match=f"^the manifest in {run.path} cannot be read: "):
        runs.read(run.path)


@pytest.mark.parametrize("content", ["[]", "3", "null"])
def test_a_manifest_that_is_not_an_object_is_refused(run: runs.Run, content: str) -> None:
    (run.path / "manifest.json").write_text(content)
    with pytest.raises(runs.RunError, match=f"^the manifest in {run.path} is not valid: "):
        runs.read(run.path)


def test_a_folder_without_a_manifest_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(runs.RunError, match=f"^no run in {tmp_path}: manifest.json is missing$"):
        runs.read(tmp_path)


@pytest.mark.parametrize("name", runs.MODEL_FILES)
def test_a_missing_model_file_is_named(run: runs.Run, name: str) -> None:
    (run.path / name).unlink()
    text = f"^run is incomplete: {name} is missing; restore or retrain it$"
    with pytest.raises(runs.RunError, match=text):
        runs.model_files(run)


@pytest.mark.parametrize("name", runs.MODEL_FILES)
def test_a_changed_model_file_is_named(run: runs.Run, name: str) -> None:
    (run.path / name).write_text(f"The {name}")
    text = f"^run is damaged: {name} has changed; restore or retrain it$"
    with pytest.raises(runs.RunError, match=text):
        runs.model_files(run)


def test_a_run_without_model_files_is_not_usable_yet(tmp_path: Path) -> None:
    runs.write_manifest(tmp_path / "new", replace(MANIFEST, state="training"))
    new = runs.read(tmp_path / "new")
    assert not new.manifest.usable
    with pytest.raises(runs.RunError, match=r"^new has no trained model yet; wait for its first"):
        runs.model_files(new)


def test_runs_are_listed_by_name_and_damaged_ones_are_passed_over(run: runs.Run) -> None:
    root = run.path.parent
    for name in ("b", "a", "damaged"):
        runs.write_manifest(root / name, MANIFEST)
    (root / "damaged" / "manifest.json").write_text("{")
    (root / "no run at all").mkdir()
    (root / "a file").touch()
    assert [found.name for found in runs.list_runs(root, root / "nowhere")] == ["a", "b", "run"]


def test_what_is_passed_over_is_said(run: runs.Run) -> None:
    root = run.path.parent
    for name in ("damaged", ".hidden", "two words", os.fsdecode(b"caf\xe9"), "a" * 61):
        runs.write_manifest(root / name, MANIFEST)
    (root / "damaged" / "manifest.json").write_text("{", encoding="utf-8")
    (root / "file").touch()
    listing = runs.survey(root, root / "file", root / "nowhere")
    assert listing.found == [run]
    reasons = {
        str(Path(place).relative_to(root)): why for place, why in listing.passed_over.items()
    }
    assert set(reasons) == {"damaged", "two words", r"caf\udce9", "a" * 61, "file"}
    assert "cannot be read: Expecting property name" in reasons["damaged"]
    assert reasons["two words"] == "a run cannot have this name; rename the folder"
    assert "Not a directory" in reasons["file"]


def test_own_runs_lie_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_RUNS_DIR", "/somewhere")
    assert runs.own_root() == Path("/somewhere")
    monkeypatch.delenv("VAE_RUNS_DIR")
    assert runs.own_root() == Path("runs")


def test_events_are_read_from_the_cursor_on(tmp_path: Path) -> None:
    assert runs.read_events(tmp_path) == ([], 0)
    runs.append_event(tmp_path, FIRST)
    first, cursor = runs.read_events(tmp_path)
    assert first == [FIRST]
    runs.append_event(tmp_path, {"event": "end", "error": "two\nlines"})
    assert runs.read_events(tmp_path, cursor)[0] == [{"event": "end", "error": "two\nlines"}]


def test_a_half_written_event_waits_until_it_is_whole(tmp_path: Path) -> None:
    runs.append_event(tmp_path, FIRST)
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"event": "e')
        file.flush()
        first, cursor = runs.read_events(tmp_path)
        assert first == [FIRST]
        assert runs.read_events(tmp_path, cursor) == ([], cursor)
        file.write('nd"}\n')
    second, end = runs.read_events(tmp_path, cursor)
    assert second == [{"event": "end"}]
    assert end == (tmp_path / "events.jsonl").stat().st_size


@pytest.mark.parametrize(
    "before", [b"", json.dumps(FIRST).encode() + b"\n"], ids=["first", "second"]
)
def test_an_event_after_one_cut_anywhere_by_a_crash_is_readable(
    tmp_path: Path, before: bytes
) -> None:
    line = json.dumps({"event": "epoch", "loss": 1.5}).encode()
    for kept in range(1, len(line)):
        (tmp_path / "events.jsonl").write_bytes(before + line[:kept])
        runs.append_event(tmp_path, {"event": "end"})
        events, _ = runs.read_events(tmp_path)
        assert events[-1:] == [{"event": "end"}], f"cut after {kept} bytes"
        assert len(events) == 1 + bool(before)


@pytest.mark.parametrize(
    "line",
    [
        b"3",
        b"[]",
        b"{}",
        b'{"event": "joke"}',
        b'{"event": ["end"]}',
        b'{"event": "progress", "epoch": 1}',
        b'{"event": "epoch", "epoch": 1, "step": 1, "seconds": 1, "images_per_second": 1}',
        b'{"event": "progress", "epoch": 1, "step": 1, "images_per_second": 1, "loss": NaN, '
        b'"reconstruction_loss": 1, "kl_divergence": 1}',
        b'{"event": "start", "epoch": 1, "epochs": 1, "steps_per_epoch": 0, "batch_size": 1, '
        b'"train_images": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"",
        b'{"event": "end", "epoch": "x"}',
        b'{"event": "end", "error": "\\ud800"}',
        b'{"event": "start", "epoch": true, "epochs": 1, "steps_per_epoch": 1, "batch_size": 1, '
        b'"train_images": 1}',
        b'{"event": "end", "state": "' + b"x" * 20_000 + b'"}',
        b'{"crc32": "00000000", "event": "end"}',
        b'{"crc32": 7, "event": "end"}',
    ],
    ids=str.split(
        "number list empty unknown unhashable lacking loss-lacking nan zero bytes deep blank "
        "text-for-number half bool long other-checksum no-checksum"
    ),
)
def test_a_line_that_is_no_event_is_passed_over(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "events.jsonl").write_bytes(line + b"\n")
    runs.append_event(tmp_path, FIRST)
    assert runs.read_events(tmp_path)[0] == [FIRST]


def test_a_run_is_trained_by_one_process_until_that_ends_however_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "run"
    runs.write_manifest(path, replace(MANIFEST, state="training"))
    assert runs.state(runs.read(path)) == "interrupted"
    with held_by_another_process(path) as process:
        assert runs.is_locked(path)
        assert runs.state(runs.read(path)) == "training"
        with (
            pytest.raises(runs.RunError, match="is being trained by another process; stop it"),
            runs.locked(path),
        ):
            pass
        process.kill()
        process.wait()
        assert not runs.is_locked(path)
        assert runs.state(runs.read(path)) == "interrupted"
        with runs.locked(path):
            assert runs.is_locked(path)


def test_a_look_at_the_lock_does_not_take_it(tmp_path: Path) -> None:
    assert not runs.is_locked(tmp_path)
    with runs.locked(tmp_path / "new"):
        assert runs.is_locked(tmp_path / "new")
        assert runs.is_locked(tmp_path / "new")
    assert not runs.is_locked(tmp_path / "new")


def test_a_queued_run_is_one_as_long_as_its_server_lives(tmp_path: Path) -> None:
    for said in ("queued", "starting"):
        runs.write_manifest(tmp_path / "run", replace(MANIFEST, state=said))
        run = runs.read(tmp_path / "run")
        assert runs.state(run) == "interrupted"
        place = locks.take(run.path / "waiting")
        assert place is not None
        with place:
            assert runs.state(run) == said
        assert runs.state(run) == "interrupted"


@pytest.mark.parametrize("said", ["finished", "stopped", "failed"])
def test_a_state_that_needs_no_process_is_believed(tmp_path: Path, said: runs.State) -> None:
    runs.write_manifest(tmp_path / "run", replace(MANIFEST, state=said))
    assert runs.state(runs.read(tmp_path / "run")) == said


def test_a_request_stands_until_another_one_or_until_it_is_forgotten(tmp_path: Path) -> None:
    assert runs.requested(tmp_path) is None
    for what in ("pause", "stop"):
        runs.request(tmp_path, what)
        assert runs.requested(tmp_path) == what
    runs.clear_request(tmp_path)
    runs.clear_request(tmp_path)
    assert runs.requested(tmp_path) is None


@pytest.mark.parametrize("run", runs.list_runs(runs.SHIPPED), ids=lambda run: run.name)
def test_a_shipped_run_tells_of_each_of_its_epochs(run: runs.Run) -> None:
    told = [event["epoch"] for event in runs.read_events(run.path)[0] if event["event"] == "epoch"]
    assert told == list(range(1, run.manifest.epochs_done + 1))
