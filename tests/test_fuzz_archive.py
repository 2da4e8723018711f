"""Archives as anybody may send them: refused with words, or a run that every page can show."""

import io
import json
import warnings
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fuzz import bounded, deep, json_values, texts
from hypothesis import given
from hypothesis import strategies as st
from test_fuzz_run_directory import MAP, SOME, VALUES, changed, show

from vae import archive, history, network_check, runs, snapshots
from vae.live import training_views

NETWORKS = {"encoder.tflite": b"the encoder", "decoder.tflite": b"the decoder"}
MANIFEST = VALUES | {"files": {name: sha256(NETWORKS[name]).hexdigest() for name in NETWORKS}}
HISTORY = b"".join(map(runs.event_line, SOME[:3]))


@pytest.fixture(autouse=True, scope="module")
def untried() -> Any:
    """Networks that are only bytes pass; what is tried of real ones is fuzzed below."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_check, "try_networks", lambda folder: "")
        yield


def packed(entries: list[tuple[str, bytes]], way: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", way) as zipped:
        for name, content in entries:
            zipped.writestr(zipfile.ZipInfo(name), content, way)
    return target.getvalue()


def export(
    manifest: dict[str, Any] = MANIFEST, more: dict[str, bytes] | None = None
) -> list[tuple[str, bytes]]:
    files = {"manifest.json": json.dumps(manifest).encode(), **NETWORKS, "events.jsonl": HISTORY}
    return [(f"run/{name}", content) for name, content in (files | (more or {})).items()]


def imported(content: bytes, root: Path) -> runs.Run | None:
    try:
        return archive.import_zip(io.BytesIO(content), root)
    except archive.ArchiveError as error:
        str(error).encode("utf-8")  # pages show it
        return None


def check_import(root: Path, content: bytes) -> None:
    """It is refused and leaves nothing, or it is the one thing there, and can be shown."""
    for left in runs.list_runs(root):
        for file in sorted(left.path.rglob("*"), reverse=True):
            file.unlink() if file.is_file() else file.rmdir()
        left.path.rmdir()
    with bounded():
        run = imported(content, root)
    if run is None:
        assert list(root.iterdir()) == []
        return
    assert list(root.iterdir()) == [run.path]
    assert runs.list_runs(root) == [run]
    assert set(runs.model_files(run)) >= set(runs.SERVED_FILES)
    show(run)
    events, _ = runs.read_events(run.path)
    taken = snapshots.read_all(run.path)
    if taken:
        training_views.scrubber_data(taken, events, run.manifest.training)
    if any(event["event"] == "start" for event in events):
        json.dumps(training_views.curves_data(events), allow_nan=False)
    for event in events:
        assert len(event.get("kl_per_dimension", [0, 0])) == run.manifest.model.latent_dim
    history.progress(events)


def test_the_archive_that_the_others_are_made_of_is_imported(tmp_path: Path) -> None:
    check_import(tmp_path, packed(export(more={"events": b""})[:-1]))
    assert [run.name for run in runs.list_runs(tmp_path)] == ["run"]


@given(st.binary(max_size=3000))
def test_bytes_are_no_archive(tmp_path: Path, content: bytes) -> None:
    check_import(tmp_path, content)
    check_import(tmp_path, b"PK\x03\x04" + content + packed([])[-22:])


@given(st.data())
def test_an_archive_with_changed_bytes_is_refused_or_can_be_shown(
    tmp_path: Path, data: st.DataObject
) -> None:
    whole = bytearray(packed(export(), data.draw(st.sampled_from([0, 8]))))
    for _ in range(data.draw(st.integers(1, 4))):
        # Mostly in the list of entries at the end: the rest has checksums.
        place = len(whole) - 1 - data.draw(st.integers(0, 400) | st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    check_import(tmp_path, bytes(whole))


NAMES = st.one_of(
    st.sampled_from(["", "/", "run", "run/", "run//", "run/manifest.json", "run/../x", "a/run/b"]),
    st.sampled_from(["run/events.jsonl", "run/snapshots/0001.npz", "run/snapshots/", "run/owner"]),
    texts.filter(lambda text: "\ud800" not in text),
)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=50)), max_size=6), st.booleans())
def test_an_archive_with_other_entries_is_refused_or_can_be_shown(
    tmp_path: Path, more: list[tuple[str, bytes]], first: bool
) -> None:
    entries = [*more, *export()] if first else [*export(), *more]
    with warnings.catch_warnings(action="ignore"):  # of names that are there twice
        content = packed(entries)
    check_import(tmp_path, content)


@given(changed(MANIFEST).map(json.dumps) | json_values.map(json.dumps) | deep)
def test_an_archive_with_another_manifest_is_refused_or_can_be_shown(
    tmp_path: Path, text: str
) -> None:
    check_import(tmp_path, packed(export(more={"manifest.json": text.encode()})))


@given(st.lists(st.sampled_from(SOME).flatmap(changed) | json_values, max_size=5))
def test_an_archive_with_another_history_is_refused_or_can_be_shown(
    tmp_path: Path, events: list[Any]
) -> None:
    content = b"".join(json.dumps(event).encode() + b"\n" for event in events)
    check_import(tmp_path, packed(export(more={"events.jsonl": content})))


KERAS = {
    "module": "vae.training.model",
    "class_name": "VAE",
    "registered_name": "vae>VAE",
    "config": {"config": MAP.manifest.model.to_json()},
    "build_config": {},
    "compile_config": {},
}


@given(changed(KERAS).map(json.dumps) | json_values.map(json.dumps) | deep)
def test_an_archive_with_another_keras_file_is_refused_or_can_be_shown(
    tmp_path: Path, text: str
) -> None:
    inner = [("config.json", text.encode()), ("metadata.json", b"{}"), ("model.weights.h5", b"")]
    keras = packed(inner)
    files = MANIFEST["files"] | {"model.keras": sha256(keras).hexdigest()}
    check_import(tmp_path, packed(export(MANIFEST | {"files": files}, {"model.keras": keras})))


LARGE: dict[str, Callable[[], bytes]] = {
    "sixty thousand folders": lambda: packed([(f"run/{i}/", b"") for i in range(60_000)]),
    "a history of line breaks": lambda: large("events.jsonl", b"\n" * 19_999_999),
    "a history of brackets": lambda: large("events.jsonl", b"[]\n" * 6_000_000),
    "a history of ends": lambda: large("events.jsonl", b'{"event": "end"}\n' * 1_100_000),
    "a long line": lambda: large("events.jsonl", b'{"event": "end", "x": [' + b"[]," * 6_000_000),
    "as many events as may be": lambda: large(
        "events.jsonl", runs.event_line({**SOME[1], "loss": 1}) * archive.MAX_EVENTS
    ),
    "a history as long as may be": lambda: large(
        "events.jsonl", runs.event_line({**SOME[1], "loss": 1}) * (19_900_000 // 200)
    ),
    "a bomb": lambda: large("events.jsonl", bytes(400_000_000)),
    "a large manifest": lambda: large("manifest.json", b'{"a":' * 20_000),
    "many names": lambda: large(
        "manifest.json", json.dumps(dict.fromkeys(map(str, range(7000)))).encode()
    ),
    "a large network": lambda: large("decoder.tflite", bytes(59_000_000)),
}


def large(name: str, content: bytes) -> bytes:
    return packed(export(more={name: content}), zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_the_largest_archives_cost_little(tmp_path: Path, make: Callable[[], bytes]) -> None:
    check_import(tmp_path, make())
