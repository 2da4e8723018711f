"""A run directory whose files anybody may have written or damaged: what is read of it is the very
same as before, or it is refused; never another figure, never another picture, never a crash."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzz import bounded, deep, json_values, numbers, texts
from hypothesis import given
from hypothesis import strategies as st
from long import first
from test_plain_files import ODD

from vae import (
    cards,
    data,
    gaps,
    history,
    inference,
    latent_study,
    presets,
    results,
    runs,
    snapshots,
    zip_files,
)
from vae.jobs import process
from vae.live import training_views
from vae.strict_json import unsealed
from vae.training_cost import estimate
from vae.zip_files import ZipError

MAP = runs.read(runs.SHIPPED / "map")
# without the seals, which would refuse whatever is changed in them
VALUES, FIGURES = (
    unsealed(json.loads((MAP.path / f"{name}.json").read_text(encoding="utf-8")))
    for name in ("manifest", "figures")
)
STUDY: dict[str, Any] = json.loads(latent_study.SHIPPED.read_text(encoding="utf-8"))


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The way to each value within a value of JSON."""
    found = [path] if path else []
    items = enumerate(value) if isinstance(value, list) else getattr(value, "items", tuple)()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def changed(values: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """These values with up to three of them replaced by anything, removed, or joined by others."""
    replaced = st.tuples(st.sampled_from(places(values)), json_values | numbers | st.just(...))
    return st.lists(replaced, min_size=1, max_size=3).map(lambda chosen: _changed(values, chosen))


def _changed(values: dict[str, Any], chosen: list[tuple[tuple, Any]]) -> dict[str, Any]:
    values = json.loads(json.dumps(values))
    for (*way, last), new in chosen:
        place: Any = values
        for key in way:
            place = place[key] if _has(place, key) else None
        if _has(place, last):
            if new is ... and isinstance(place, dict):
                del place[last]
            else:
                place[last] = None if new is ... else new
    return values


def _has(place: Any, key: Any) -> bool:
    if isinstance(place, dict):
        return key in place
    return isinstance(place, list) and isinstance(key, int) and key < len(place)


def show(run: runs.Run) -> None:
    """What pages say of a run, in all the ways in which they format what a manifest says."""
    m = run.manifest
    said = [
        f"{m.model.latent_dim} {m.parameters:,} {m.seconds:.0f} {m.epochs_done} {m.best_epoch:,}",
        *(f"{value:,.1f}" for value in m.metrics.values()),
        *(f"{name} {value}" for name, value in m.versions.items()),
        str(presets.differences(m.preset, m.model, m.training)),
        m.error,
    ]
    if m.usable:
        said += [f"{m.data['train']:,} {m.data['validation']:,} of {m.data['source']}"]
    "".join(said).encode("utf-8")
    estimate(m.model, m.training, 55_000, [run])


@given(changed(VALUES).map(json.dumps) | json_values.map(json.dumps) | deep)
def test_a_manifest_is_refused_or_can_be_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run"
    path.mkdir(exist_ok=True)
    (path / "checkpoint.npz").touch()
    (path / "manifest.json").write_text(text, encoding="utf-8")
    with bounded():
        listing = runs.survey(tmp_path)
        assert len(listing.found) + len(listing.passed_over) == 1
        for run in listing.found:
            show(run)
            runs.write_manifest(path, run.manifest)
            assert runs.read(path).manifest == run.manifest


@given(changed(FIGURES).map(json.dumps) | json_values.map(json.dumps) | deep)
def test_figures_are_refused_or_can_be_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "figures.json").write_text(text, encoding="utf-8")
    with bounded():
        try:
            figures = results.read(runs.Run(tmp_path, MAP.manifest))
        except results.ResultsError:
            return
        cards.card(MAP, figures).encode("utf-8")
        results.write(tmp_path, figures)
        assert results.read(runs.Run(tmp_path, MAP.manifest)) == figures


@given(changed(STUDY).map(json.dumps) | json_values.map(json.dumps) | deep)
def test_a_study_is_refused_or_can_be_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "study.json").write_text(text, encoding="utf-8")
    with bounded():
        try:
            study = latent_study.read(tmp_path / "study.json")
        except latent_study.StudyError:
            return
        assert study.chosen in study.latent_dims
        assert all(np.isfinite(study.mean(n, lambda t: t.seconds)) for n in study.latent_dims)


EVENTS, _ = runs.read_events(runs.SHIPPED / "best")
SOME = [*EVENTS[:4], *[e for e in EVENTS if e["event"] == "epoch"][:3], EVENTS[-1]]
lines = st.one_of(
    st.sampled_from(SOME).flatmap(changed).map(json.dumps),
    st.sampled_from(SOME).map(json.dumps),
    json_values.map(json.dumps),
    deep,
    texts.map(ascii),
)


@given(st.lists(lines, max_size=8))
def test_lines_of_a_history_are_events_or_passed_over(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with bounded():
        events, _ = runs.read_events(tmp_path)
        told = history.progress(events)
        assert told is None or 0 <= told.share <= 1
        effective = history.effective(events)
        epochs = [event for event in effective if event["event"] == "epoch"]
        history.is_astray(epochs)
        for event in epochs:
            history.collapse(event.get("kl_per_dimension", [1.0]), 1.0)
        if any(event["event"] == "start" for event in effective):
            json.dumps(training_views.curves_data(events), allow_nan=False).encode("utf-8")


@given(st.binary(max_size=4000))
def test_bytes_are_no_snapshot_and_no_drawing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "snapshots").mkdir(exist_ok=True)
    (tmp_path / "snapshots" / "0001.npz").write_bytes(content)
    (tmp_path / snapshots.DRAWING).write_bytes(content)
    with bounded():
        assert snapshots.read_all(tmp_path) == []
        assert snapshots.read_drawing(tmp_path) is None


HONEST: dict[str, tuple[tuple[int, ...], str]] = {
    "rebuilt": ((16, 28, 28), "|u1"),
    "samples": ((25, 28, 28), "|u1"),
    "points": ((1000, 2), "<f2"),
    "kl_per_dimension": ((2,), "<f2"),
    "drawing": ((28, 28), "|u1"),
}
SHAPES = st.lists(st.integers(0, 200), max_size=3).map(tuple)
ARRAYS = st.tuples(
    st.one_of(SHAPES, *(st.just(shape) for shape, _ in HONEST.values())),
    st.sampled_from(["<f2", "<f4", "|u1", ">f2", "<i8", "<U3", "|O", "<c8"]),
    st.sampled_from([0, 1, 300, -1, float("nan"), float("inf")]),
)


@given(st.dictionaries(st.sampled_from([*HONEST, "x", ""]), ARRAYS, max_size=3))
def test_arrays_are_a_snapshot_only_if_they_are_a_snapshots(
    tmp_path: Path, others: dict[str, tuple[tuple[int, ...], str, float]]
) -> None:
    (tmp_path / "snapshots").mkdir(exist_ok=True)
    arrays = {name: np.zeros(shape, dtype) for name, (shape, dtype) in HONEST.items()}
    for name, (shape, dtype, number) in others.items():
        arrays[name] = np.zeros(shape, dtype)
        if dtype[1] == "f":
            arrays[name][...] = number
    with zipfile.ZipFile(tmp_path / "snapshots" / "0001.npz", "w") as zipped:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array)
            zipped.writestr(f"{name}.npy", content.getvalue())
    with bounded():
        for snapshot in snapshots.read_all(tmp_path):
            found = {name: getattr(snapshot, name) for name in HONEST}
            assert all(
                (array.dtype.str, array.shape) == HONEST[name][::-1]
                for name, array in found.items()
                if name != "kl_per_dimension" and array is not None
            )
            assert np.isfinite(snapshot.points).all()
            training_views.scrubber_data([snapshot], [], MAP.manifest.training)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory as a training leaves it, with all that pages read."""
    path = tmp_path_factory.mktemp("runs") / "run"
    path.mkdir()
    for name in ("encoder.tflite", "decoder.tflite"):
        shutil.copy(MAP.path / name, path / name)
    runs.write_manifest(path, MAP.manifest)
    for event in SOME:
        runs.append_event(path, event)
    results.write(path, results.read(MAP))
    gaps.write(path, gaps.read(MAP))
    drawing = data.embedded()[7:8].pixels[0]
    snapshots.write_drawing(path, drawing)
    model = inference.Model(MAP)

    def encode(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        posterior = model.encode(images)
        return posterior.mean, posterior.log_variance

    for epoch in (0, 3):
        snapshots.write(path, snapshots.take(epoch, encode, model.decode, drawing=drawing))
    np.savez(path / "checkpoint.npz", **{"vae/0": np.arange(60.0), "epoch": np.array(3)})  # pyright: ignore[reportArgumentType]
    return path


Parts = dict[str, Any]


def seen(path: Path) -> Parts:
    """All that can be had of a run directory, part by part; what is refused is left out."""
    parts: Parts = {}

    def add(name: str, get: Callable[[], Any]) -> None:
        refused = (runs.RunError, results.ResultsError, gaps.GapsError, snapshots.SnapshotError)
        with suppress(*refused, ZipError, OSError):
            parts[name] = get()

    add("manifest", lambda: runs.read(path).manifest)
    run = runs.Run(path, MAP.manifest)
    for name in runs.SERVED_FILES:
        add(name, lambda name=name: sha256(runs.model_content(run, name)).hexdigest())
    add("figures", lambda: results.read(run))
    add("gaps", lambda: contents(asdict(gaps.read(run))))
    drawing = snapshots.read_drawing(path)
    if drawing is not None:
        parts["drawing"] = drawing.tobytes()
    for epoch, file in snapshots.files(path).items():
        add(f"snapshot {epoch}", lambda file=file: contents(asdict(snapshots.read(file))))
    add("checkpoint", lambda: contents(zip_files.arrays(path / "checkpoint.npz", 10**6)))
    with suppress(OSError):
        for i, event in enumerate(map(json.dumps, runs.read_events(path)[0])):
            parts[f"event {event}"] = i
    return parts


def contents(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (value.dtype.str, value.shape, value.tobytes())
        if isinstance(value, np.ndarray)
        else value
        for name, value in values.items()
    }


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "zeros": lambda part: bytes(len(part)),
    "digits": lambda part: b"1" * len(part),
    "one bit": lambda part: bytes([part[0] ^ 1]) + part[1:],
    "removed": lambda part: b"",
    "spaces": lambda part: b" " * len(part),
    "letters": lambda part: b"x" * len(part),
    "flipped": lambda part: bytes(byte ^ 0xFF for byte in part),
    "doubled": lambda part: part + part,
}
FILES = [
    "manifest.json",
    "events.jsonl",
    "figures.json",
    "gaps.npz",
    "drawing.npy",
    "checkpoint.npz",
    "snapshots/0000.npz",
    *runs.SERVED_FILES,
]


def check_damaged(whole: Path, name: str, start: int, length: int, how: str) -> None:
    """Each part of the damaged run is the same as before, or it is not to be had."""
    before = _before(whole)
    content = (whole / name).read_bytes()
    damaged = content[:start] + DAMAGES[how](content[start : start + length])
    try:
        (whole / name).write_bytes(damaged + content[start + length :])
        after = seen(whole)
    finally:
        (whole / name).write_bytes(content)
    wrong = {part for part in after if not part.startswith("event") and after[part] != before[part]}
    wrong |= {part for part in after if part not in before}
    assert not wrong, f"{name} with {length} bytes {how} from {start} on gives other {wrong}"


@cache
def _before(whole: Path) -> Parts:
    return seen(whole)


def test_an_undamaged_run_is_seen_as_a_whole(whole: Path) -> None:
    parts = _before(whole)
    assert {"manifest", "figures", "drawing", "checkpoint", "snapshot 0", "snapshot 3"} < set(parts)
    assert set(runs.SERVED_FILES) < set(parts)
    assert len([part for part in parts if part.startswith("event")]) == len(SOME)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", first(2, DAMAGES))
def test_whatever_part_of_a_file_is_damaged_nothing_else_is_shown(
    whole: Path, name: str, how: str
) -> None:
    """The whole file in 12 ranges, one after the other."""
    size = (whole / name).stat().st_size
    edges = [size * i // 12 for i in range(13)]
    for start, end in pairwise(edges):
        check_damaged(whole, name, start, end - start, how)


@given(
    st.sampled_from(FILES),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 400),
    st.sampled_from(list(DAMAGES)),
)
def test_wherever_a_few_bytes_are_damaged_nothing_else_is_shown(
    whole: Path, name: str, place: float, length: int, how: str
) -> None:
    size = (whole / name).stat().st_size
    check_damaged(whole, name, int(place * size), length, how)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", [*FILES, "request", "log.txt"])
@pytest.mark.parametrize("odd", ODD)
def test_whatever_lies_in_the_place_of_a_file_nothing_else_is_shown(
    whole: Path, tmp_path: Path, name: str, odd: str
) -> None:
    """A pipe would be waited for; and of six gigabytes none is held in memory."""
    path = Path(shutil.copytree(whole, tmp_path / "run"))
    (path / name).unlink(missing_ok=True)
    ODD[odd](path / name)
    with bounded():
        after = seen(path)
        assert process.printed(path) == "" or odd == "a file that is far too long"
        assert runs.requested(path) in (None, "stop")
    assert {part: after[part] for part in after if part not in _before(whole)} == {}


@pytest.mark.parametrize("how", ["spaces", "digits", "one bit"])
def test_no_byte_of_a_manifest_changes_what_it_says(whole: Path, how: str) -> None:
    file = whole / "manifest.json"
    content = file.read_bytes()
    before = runs.read(whole).manifest
    try:
        for i in range(len(content)):
            damaged = DAMAGES[how](content[i : i + 1])
            file.write_bytes(content[:i] + damaged + content[i + 1 :])
            try:
                assert runs.read(whole).manifest == before, f"byte {i}"
            except runs.RunError:
                continue
    finally:
        file.write_bytes(content)
