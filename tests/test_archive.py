"""Exported runs: the same after import, and nothing gets in that an export would not hold."""

import hashlib
import io
import json
import os
import stat
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from vae import (
    archive,
    data,
    evaluation,
    inference,
    network_check,
    runs,
    runs_folder,
    snapshots,
    strict_json,
)
from vae.archive import ArchiveError, checks, exporting, importing
from vae.network_check import try_networks

Files = dict[str, bytes]
KNOWN: dict[tuple[object, ...], str] = {}


@pytest.fixture(autouse=True)
def networks_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was wrong with the same networks before is still wrong: to try them takes seconds."""

    def remembered(folder: Path) -> str:
        manifest = runs.read(folder).manifest
        networks = tuple(sorted(manifest.files.items()))
        key = (manifest.model, networks)  # the files are these: `runs.model_files` was asked before
        if key not in KNOWN:
            KNOWN[key] = try_networks(folder)
        return KNOWN[key]

    monkeypatch.setattr(network_check, "try_networks", remembered)


@pytest.fixture(scope="module")
def files(small_run: runs.Run) -> Files:
    """What an export holds, by its path in the zip file."""
    return unpacked(archive.export(small_run))


def unpacked(packed: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(packed)) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def packed(files: Files) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    target.seek(0)
    return target


def elbo(run: runs.Run) -> float:
    generator = np.random.default_rng(0)
    images = data.embedded()[::10].pixels
    return evaluation.elbo(inference.Model(run), images, generator, 1, True)["elbo"].mean


def test_an_exported_run_is_imported_with_the_same_elbo_history_and_pictures(
    small_run: runs.Run, tmp_path: Path
) -> None:
    imported = archive.import_zip(io.BytesIO(archive.export(small_run)), tmp_path)
    assert imported.path == tmp_path / "small"
    assert imported.manifest == small_run.manifest
    assert runs.list_runs(tmp_path) == [imported]
    assert elbo(imported) == pytest.approx(elbo(small_run), abs=1e-4)
    assert runs.read_events(imported.path) == runs.read_events(small_run.path)
    before, after = snapshots.read_all(small_run.path), snapshots.read_all(imported.path)
    assert [s.epoch for s in before] == [s.epoch for s in after]
    np.testing.assert_array_equal(before[-1].samples, after[-1].samples)
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_a_shipped_run_is_exported_and_imported_under_a_name_of_its_own(tmp_path: Path) -> None:
    shipped = runs.read(runs.SHIPPED / "map")
    imported = archive.import_zip(io.BytesIO(archive.export(shipped)), tmp_path)
    assert imported.name == "map-imported"
    assert imported.manifest == shipped.manifest


def test_a_name_that_is_taken_gets_a_number(files: Files, tmp_path: Path) -> None:
    names = [archive.import_zip(packed(files), tmp_path).name for _ in range(3)]
    assert names == ["small", "small-2", "small-3"]


def test_a_run_with_a_learned_prior_comes_back_with_it(
    run_with_a_flow: runs.Run, tmp_path: Path
) -> None:
    content = archive.export(run_with_a_flow)
    imported = archive.import_zip(io.BytesIO(content), tmp_path / "runs")
    before, after = (inference.load(path) for path in (run_with_a_flow.path, imported.path))
    z = np.random.default_rng(0).standard_normal((9, 5)).astype(np.float32)
    np.testing.assert_array_equal(after.prior.log_density(z), before.prior.log_density(z))
    np.testing.assert_array_equal(after.decode(z), before.decode(z))
    assert after.run.manifest.model.prior == "flow"
    told = [event for event in runs.read_events(imported.path)[0] if event["event"] == "epoch"]
    assert [event["epoch"] for event in told] == [1, 2]


def test_a_history_with_the_parts_that_the_kl_divergence_of_a_flow_lacks_is_refused(
    run_with_a_flow: runs.Run, tmp_path: Path
) -> None:
    files = unpacked(archive.export(run_with_a_flow))
    name = f"{run_with_a_flow.name}/events.jsonl"
    events = [json.loads(line) for line in files[name].splitlines()]
    for event in events:
        event.pop("crc32")
        event.update({"kl_per_dimension": [1.0]} if event["event"] == "epoch" else {})
    files[name] = b"".join(map(runs.event_line, events))
    with pytest.raises(archive.ArchiveError, match="a model with another latent dimension"):
        archive.import_zip(packed(files), tmp_path / "runs")


@pytest.mark.parametrize("name", runs.FLOW_FILES)
def test_a_learned_prior_that_is_not_whole_is_refused(
    run_with_a_flow: runs.Run, tmp_path: Path, name: str
) -> None:
    files = unpacked(archive.export(run_with_a_flow))
    del files[f"{run_with_a_flow.name}/{name}"]
    with pytest.raises(archive.ArchiveError, match=f"incomplete: {name} is missing"):
        archive.import_zip(packed(files), tmp_path / "runs")


def test_a_run_that_trains_is_exported_as_a_stopped_one(
    small_run: runs.Run, tmp_path: Path
) -> None:
    running = archive.import_zip(io.BytesIO(archive.export(small_run)), tmp_path / "a")
    with runs.locked(running.path):
        runs.write_manifest(running.path, replace(running.manifest, state="training"))
        exported = archive.export(runs.read(running.path))
    imported = archive.import_zip(io.BytesIO(exported), tmp_path / "b")
    assert runs.state(imported) == "stopped"
    assert inference.Model(imported)


def commit_another_epoch(path: Path) -> runs.Manifest:
    """Commit other model files, as a training does after an epoch."""
    (path / "new").mkdir()
    for name in runs.MODEL_FILES:
        (path / "new" / name).write_bytes((path / name).read_bytes() + b"more")
    return runs.commit_files(path, replace(runs.read(path).manifest, best_epoch=99))


def test_a_run_that_has_trained_on_since_it_was_listed_is_exported_as_it_is_now(
    small_run: runs.Run, tmp_path: Path
) -> None:
    listed = archive.import_zip(io.BytesIO(archive.export(small_run)), tmp_path)
    manifest = commit_another_epoch(listed.path)
    exported = unpacked(archive.export(listed))
    assert json.loads(exported["small/manifest.json"]) == json.loads(runs.to_json(manifest))
    for name, sha256 in manifest.files.items():
        assert hashlib.sha256(exported[f"small/{name}"]).hexdigest() == sha256


def test_an_epoch_that_is_committed_during_an_export_is_exported_whole(
    small_run: runs.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = archive.import_zip(io.BytesIO(archive.export(small_run)), tmp_path)
    read, commits = exporting._read, iter([commit_another_epoch])

    def slowly_read(file: Path) -> bytes:
        for commit in commits:
            commit(run.path)
        return read(file)

    monkeypatch.setattr(exporting, "_read", slowly_read)
    exported = unpacked(archive.export(run))
    manifest = json.loads(exported["small/manifest.json"])
    assert manifest["best_epoch"] == 99
    for name, sha256 in manifest["files"].items():
        assert hashlib.sha256(exported[f"small/{name}"]).hexdigest() == sha256


def test_a_damaged_run_is_not_exported(small_run: runs.Run, tmp_path: Path) -> None:
    run = archive.import_zip(io.BytesIO(archive.export(small_run)), tmp_path)
    (run.path / "decoder.tflite").write_bytes(b"other")
    with pytest.raises(runs.RunError, match=r"damaged: decoder.tflite has changed"):
        archive.export(run)


@pytest.mark.parametrize(
    "line",
    [runs.event_line, lambda event: json.dumps(event).encode() + b"\n"],
    ids=["now", "without checksums"],
)
def test_a_history_longer_than_an_import_takes_is_thinned_and_every_epoch_stays(
    small_run: runs.Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: Callable[[dict[str, Any]], bytes],
) -> None:
    run = archive.import_zip(io.BytesIO(archive.export(small_run)), tmp_path / "a")
    events, _ = runs.read_events(run.path)
    allowed = 40 * (run.path / "events.jsonl").stat().st_size
    monkeypatch.setitem(archive.MAX_BYTES, "events.jsonl", allowed)
    progress = next(event for event in events if event["event"] == "progress")
    with (run.path / "events.jsonl").open("ab") as file:
        while file.tell() < 5 * allowed:
            file.write(line(progress))
    imported = archive.import_zip(io.BytesIO(archive.export(run)), tmp_path / "b")
    kept, _ = runs.read_events(imported.path)
    assert [e for e in kept if e["event"] != "progress"] == [
        e for e in events if e["event"] != "progress"
    ]
    assert 0.4 * allowed < (imported.path / "events.jsonl").stat().st_size <= allowed


def test_a_history_of_more_events_than_an_import_checks_keeps_all_but_some_progress(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "MAX_EVENTS", 200)
    before = list(runs.parse_events(io.BytesIO(files["small/events.jsonl"])))
    progress = next(event for event in before if event["event"] == "progress")
    content = files["small/events.jsonl"] + 300 * runs.event_line(progress)
    imported = archive.import_zip(packed(files | {"small/events.jsonl": content}), tmp_path)
    kept, _ = runs.read_events(imported.path)
    assert 50 < len(kept) <= 200
    assert [e["event"] for e in kept if e["event"] != "progress"] == [
        e["event"] for e in before if e["event"] != "progress"
    ]
    too_many = files["small/events.jsonl"] + 300 * runs.event_line({"event": "end"})
    with pytest.raises(archive.ArchiveError, match=r"^its history has 3\d\d lines, more than 200$"):
        archive.import_zip(packed(files | {"small/events.jsonl": too_many}), tmp_path)


def test_a_run_without_a_model_is_not_exported(tmp_path: Path, small_run: runs.Run) -> None:
    manifest = small_run.manifest
    new = runs.Manifest("tiny", manifest.model, manifest.training)
    runs.write_manifest(tmp_path / "new", new)
    with pytest.raises(runs.RunError, match="has no trained model yet"):
        archive.export(runs.read(tmp_path / "new"))


def changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[Files], Any]:
    """Changes the manifest of an export."""

    def apply(files: Files) -> None:
        values = json.loads(files["small/manifest.json"])
        del values[strict_json.SEAL]
        change(values)
        files["small/manifest.json"] = strict_json.to_text(values).encode()

    return apply


def with_model_file(name: str, content: Callable[[Files], bytes]) -> Callable[[Files], Any]:
    """Puts another model file into an export, with its hash in the manifest."""

    def apply(files: Files) -> None:
        files[f"small/{name}"] = content(files)
        sha256 = hashlib.sha256(files[f"small/{name}"]).hexdigest()
        changed(lambda values: values["files"].update({name: sha256}))(files)

    return apply


def keras_file(change: Callable[[dict[str, Any]], Any], **more: bytes) -> Callable[[Files], bytes]:
    """`model.keras` with another config, and more files in it."""

    def content(files: Files) -> bytes:
        inner = unpacked(files["small/model.keras"])
        config = json.loads(inner["config.json"])
        change(config)
        return packed(inner | {"config.json": json.dumps(config).encode()} | more).getvalue()

    return content


def crafted(name: str, change: Callable[[Any], Any]) -> Callable[[Files], Any]:
    """Puts in another network, valid but for one thing."""

    def content(files: Files) -> bytes:
        model: Any = schema.ModelT.InitFromPackedBuf(files[f"small/{name}"], 0)
        change(model)
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    return with_model_file(name, content)


def with_relu6(model: Any) -> None:
    """An activation that LiteRT knows and no decoder of this project has."""
    relu6 = schema.ActivationFunctionType.RELU6
    model.subgraphs[0].operators[0].builtinOptions.fusedActivationFunction = relu6


def with_operation(name: str) -> Callable[[Any], None]:
    """Another operation in place of the first."""

    def change(model: Any) -> None:
        code = model.operatorCodes[model.subgraphs[0].operators[0].opcodeIndex]
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)

    return change


def with_weights(value: float) -> Callable[[Any], None]:
    """One layer whose weights are all the same."""

    def change(model: Any) -> None:
        kernels = [buffer for buffer in model.buffers if len(_bytes(buffer)) > 1000]
        weights = np.full(len(_bytes(kernels[0])) // 4, value, np.float32)
        kernels[0].data = np.frombuffer(weights.tobytes(), np.uint8)

    return change


def _bytes(buffer: Any) -> bytes:
    return b"" if buffer.data is None else bytes(buffer.data)


def backwards(model: Any) -> None:
    """Operations that need what comes after them."""
    model.subgraphs[0].operators.reverse()


SIX_DIMENSIONS = runs.event_line({"event": "end", "kl_per_dimension": [1.0] * 6})
LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": "evil"}}

TAMPERED: dict[str, tuple[Callable[[Files], Any], str]] = {
    "path-traversal": (
        lambda f: f.update({"../evil.py": b"x"}),
        r"^'\.\./evil\.py' does not belong into an exported run$",
    ),
    "absolute": (lambda f: f.update({"/etc/cron": b"x"}), "^'/etc/cron' does not belong"),
    "code": (lambda f: f.update({"small/evil.py": b"x"}), "does not belong"),
    "checkpoint": (lambda f: f.update({"small/checkpoint.npz": b"x"}), "does not belong"),
    "two-folders": (lambda f: f.update({"b/events.jsonl": b""}), "is there twice|2 folders"),
    "no-model": (lambda f: f.pop("small/decoder.tflite"), r"^decoder\.tflite is missing$"),
    "no-keras": (lambda f: f.pop("small/model.keras"), r"^small is incomplete: model\.keras is"),
    "unnamed": (
        changed(lambda v: v["files"].pop("model.keras")),
        r"^model\.keras is not named in the manifest$",
    ),
    "no-manifest": (lambda f: f.pop("small/manifest.json"), r"^manifest\.json is missing$"),
    "large": (
        lambda f: f.update({"small/manifest.json": b" " * 100_001}),
        "^this is not an exported run: 'small/manifest.json' is larger than 100,000 bytes$",
    ),
    "bomb": (
        lambda f: f.update({"small/events.jsonl": b"\n" * 20_000_001}),
        "^this is not an exported run: 'small/events.jsonl' is larger than 20,000,000 bytes$",
    ),
    "many": (
        lambda f: f.update({f"small/snapshots/{i:04}.npz": b"" for i in range(2000, 2100)}),
        r"^this is not an exported run: it has 10\d entries, more than 100$",
    ),
    "snapshot": (lambda f: f.update({"small/snapshots/0009.npz": b"x"}), "is not a snapshot"),
    "drawing": (lambda f: f.update({"small/drawing.npy": b"x"}), "^drawing.npy is no image"),
    "manifest": (lambda f: f.update({"small/manifest.json": b"{"}), "manifest in small cannot be"),
    "entry": (changed(lambda v: v.update(colour=1)), r"unknown entries \['colour'\]"),
    "markup": (changed(lambda v: v["data"].update(source="<b>")), "the text '<b>' has characters"),
    "link": (
        changed(lambda v: v["data"].update(source="![a](http://evil)")),
        "has characters that it should not have",
    ),
    "hash": (
        lambda f: f.update({"small/decoder.tflite": f["small/decoder.tflite"] + b"x"}),
        r"damaged: decoder\.tflite has changed",
    ),
    "other-dimension": (
        changed(lambda v: v["model"].update(latent_dim=3)),
        "its config is not that of the manifest",
    ),
    "no-network": (
        with_model_file("decoder.tflite", lambda f: b"TFL3" + bytes(1000)),
        "^its networks cannot be used: ",
    ),
    "wrong-network": (
        with_model_file("decoder.tflite", lambda f: f["small/encoder.tflite"]),
        "^its networks cannot be used: ",
    ),
    "unknown-to-the-page": (
        crafted("decoder.tflite", with_relu6),
        "FULLY_CONNECTED is followed by RELU6, which the page cannot compute$",
    ),
    "loop": (
        crafted("encoder.tflite", with_operation("WHILE")),
        r"encoder\.tflite uses WHILE, which no network of this program does$",
    ),
    "index": (
        crafted("decoder.tflite", with_operation("GATHER")),
        r"decoder\.tflite uses GATHER, which no network of this program does$",
    ),
    "backwards": (
        crafted("encoder.tflite", backwards),
        r"encoder\.tflite does not compute one thing after the other$",
    ),
    "nan": (
        crafted("encoder.tflite", with_weights(float("nan"))),
        r"encoder\.tflite has weights that are not finite$",
    ),
    "overflow": (
        crafted("encoder.tflite", with_weights(3e38)),
        "^its networks cannot be used: its posteriors are farther out, or wider or narrower",
    ),
    "two-graphs": (
        crafted("decoder.tflite", lambda model: model.subgraphs.append(model.subgraphs[0])),
        r"decoder\.tflite has more than one way to be called$",
    ),
    "no-data": (
        changed(lambda v: v.update(data={})),
        "small is not valid: source, sha256, train, validation, test is missing$",
    ),
    "other-history": (
        lambda f: f.update({"small/events.jsonl": SIX_DIMENSIONS}),
        "^its history is of a model with another latent dimension$",
    ),
    "pickle": (
        with_model_file("model.keras", lambda f: b"cos\nsystem\n(S'true'\ntR."),
        r"^model\.keras is not a model of this program: File is not a zip file$",
    ),
    "lambda": (
        with_model_file("model.keras", keras_file(lambda c: c.update(LAMBDA))),
        "it is of another class",
    ),
    "nested-lambda": (
        with_model_file("model.keras", keras_file(lambda c: c["config"].update(layer=LAMBDA))),
        "its config has more than the options of a model",
    ),
    "compiled": (
        with_model_file("model.keras", keras_file(lambda c: c.update(compile_config=LAMBDA))),
        "its config has more than the options of a model",
    ),
    "asset": (
        with_model_file("model.keras", keras_file(lambda c: None, evil=b"x")),
        r"it holds \['config.json', 'evil', 'metadata.json', 'model.weights.h5'\]",
    ),
}


@pytest.mark.parametrize(("tamper", "text"), TAMPERED.values(), ids=TAMPERED)
def test_what_no_export_would_hold_is_refused_and_leaves_nothing(
    files: Files, tmp_path: Path, tamper: Callable[[Files], Any], text: str
) -> None:
    tampered = dict(files)
    tamper(tampered)
    with pytest.raises(ArchiveError, match=text):
        archive.import_zip(packed(tampered), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_export_made_when_the_model_lay_elsewhere_is_imported(
    files: Files, tmp_path: Path
) -> None:
    older = dict(files)
    earlier = keras_file(lambda config: config.update(module="vae.model"))
    with_model_file("model.keras", earlier)(older)
    imported = archive.import_zip(packed(older), tmp_path)
    assert runs.model_files(imported)["model.keras"].exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all"], ids=str)
def test_what_is_no_zip_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ArchiveError, match=r"^this is not an exported run: "):
        archive.import_zip(io.BytesIO(content), tmp_path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_cut_export_is_refused(files: Files, tmp_path: Path, share: float) -> None:
    whole = packed(files).getvalue()
    with pytest.raises(ArchiveError):
        archive.import_zip(io.BytesIO(whole[: int(share * len(whole))]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_link_or_a_file_that_is_there_twice_is_refused(files: Files, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("small/events.jsonl")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    target = packed({name: files[name] for name in files if name != link.filename})
    with zipfile.ZipFile(target, "a") as zipped:
        zipped.writestr(link, "/etc/passwd")
    with pytest.raises(ArchiveError, match="is not a plain file"):
        archive.import_zip(target, tmp_path)
    twice = packed(files)
    with zipfile.ZipFile(twice, "a") as zipped, pytest.warns(UserWarning, match="Duplicate"):
        zipped.writestr("small/manifest.json", "{}")
    with pytest.raises(ArchiveError, match=r"'small/manifest\.json' is there twice"):
        archive.import_zip(twice, tmp_path)


def test_an_entry_without_a_name_is_refused(files: Files, tmp_path: Path) -> None:
    nameless = packed(files)
    with zipfile.ZipFile(nameless, "a") as zipped:
        zipped.writestr(zipfile.ZipInfo(""), b"x")
    with pytest.raises(ArchiveError, match=r"^'' does not belong into an exported run$"):
        archive.import_zip(nameless, tmp_path)


def test_lines_of_a_history_that_are_no_events_are_left_out(files: Files, tmp_path: Path) -> None:
    lines = files["small/events.jsonl"] + b'{"event": "joke"}\n3\n'
    imported = archive.import_zip(packed(files | {"small/events.jsonl": lines}), tmp_path)
    assert (imported.path / "events.jsonl").read_bytes() == files["small/events.jsonl"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [("a b/", "a-b"), ("../", "imported"), (".hidden/", "hidden"), ("ä" * 90 + "/", "imported")],
    ids=["space", "up", "hidden", "letters"],
)
def test_the_folder_in_the_file_makes_a_safe_name(
    files: Files, tmp_path: Path, folder: str, name: str
) -> None:
    renamed = {path.replace("small/", folder, 1): content for path, content in files.items()}
    imported = archive.import_zip(packed(renamed), tmp_path)
    assert imported.path == tmp_path / name
    assert runs_folder.check_name(imported.name) == name


def test_nobody_sees_an_import_before_it_is_checked(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(folder: Path) -> str:
        assert (folder / "manifest.json").exists()
        seen.append(runs.survey(tmp_path))
        return ""

    monkeypatch.setattr(network_check, "try_networks", look)
    archive.import_zip(packed(files), tmp_path)
    assert seen == [runs.Listing([], {})]
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_one_run_is_imported_at_a_time(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(folder: Path) -> str:
        with pytest.raises(ArchiveError, match=r"^another run is being imported; try again"):
            archive.import_zip(packed(files), tmp_path)
        return "not today"

    monkeypatch.setattr(importing, "PATIENCE", 0.01)
    monkeypatch.setattr(network_check, "try_networks", meanwhile)
    with pytest.raises(ArchiveError, match="not today"):
        archive.import_zip(packed(files), tmp_path)
    monkeypatch.setattr(network_check, "try_networks", lambda folder: "")
    assert archive.import_zip(packed(files), tmp_path).name == "small"


def test_what_a_crash_left_of_an_import_is_removed_later(files: Files, tmp_path: Path) -> None:
    for name, age in (("old", 7200), ("new", 60)):
        folder = tmp_path / archive.UNCHECKED / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").touch()
        then = time.time() - age
        os.utime(folder, (then, then))
    with pytest.raises(ArchiveError):
        archive.import_zip(io.BytesIO(b""), tmp_path)
    assert [path.name for path in (tmp_path / archive.UNCHECKED).iterdir()] == ["new"]
    assert runs.survey(tmp_path) == runs.Listing([], {})
