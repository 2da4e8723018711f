"""A run as one zip file: exported, and imported with all that could be wrong in it checked.

An archive comes from anybody. So nothing in it is executed or unpickled: entries are counted before
they are parsed, names come from a fixed list, sizes are bounded before and while they are read,
every model file has the hash that the manifest names, `model.keras` has to hold this project's VAE
and nothing else, and the networks are first tried in a process of their own
(vae/network_check.py). Until all of that is done, what is unpacked lies where nobody looks.
"""

import hashlib
import io
import re
import shutil
import tempfile
import threading
import time
import zipfile
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import IO, Any

from vae import history, network_check, runs, runs_folder, snapshots, strict_json, zip_files
from vae.config import ModelConfig
from vae.mnist import IMAGE

MAX_PACKED = 100_000_000
MAX_BYTES = {
    "manifest.json": 100_000,
    "events.jsonl": 20_000_000,
    snapshots.DRAWING: 10_000,
    **dict.fromkeys((*runs.MODEL_FILES, *runs.FLOW_FILES), 60_000_000),
}
MAX_FILES = 100
MAX_EVENTS = 100_000
UNCHECKED = ".unchecked"  # in the folder of the runs, on the same disk; no list looks there
PATIENCE = 10.0  # seconds that an import waits for another one
_LEFT_OVER = 3600.0  # seconds after which what was never finished is removed
_KERAS_MODULES = ("vae.training.model", "vae.model")  # where VAE is, and where it once was
_PLAIN = re.compile(r"[\w ,.:;()+/-]{0,200}")
_ONE_AT_A_TIME = threading.Lock()  # each takes memory and a processor, and anybody may ask
_PROGRESS = re.compile(rb'\{("crc32": "[0-9a-f]{8}", )?"event": "progress"')  # a line's beginning


class ArchiveError(runs.RunError):
    """A file is no exported run, or one that cannot be trusted; the text says why."""


def export(run: runs.Run) -> bytes:
    """A run as a zip file: its manifest, model files, history and snapshots, in one folder.

    A training run is exported as it is now, whatever it was when `run` was read, as a stopped one.
    A history that is longer than an import takes loses some of its events of progress.

    Raises:
        vae.runs.RunError: the run has no model yet, or a file is damaged.
    """
    run, files = _read_now(run.path)
    state = runs.state(run)
    settled = replace(run.manifest, state="stopped") if state in runs.ALIVE else run.manifest
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(f"{run.name}/manifest.json", runs.to_json(settled))
        for name, content in files.items():
            archive.writestr(f"{run.name}/{name}", content)
    return packed.getvalue()


def _read_now(path: Path) -> tuple[runs.Run, dict[str, bytes]]:
    """A run and what belongs to it beside its manifest, all of one epoch."""
    while True:
        run = runs.read(path)
        try:
            files = {name: _read(file) for name, file in contents(run).items()}
            found = {name: hashlib.sha256(files[name]).hexdigest() for name in run.manifest.files}
            if found == run.manifest.files:
                return run, files
        except (runs.RunError, FileNotFoundError):
            if runs.read(path).manifest == run.manifest:
                raise
        # The training committed another epoch meanwhile: so take that one.


def _read(file: Path) -> bytes:
    """A file of a run; of a history too long to be imported all but some events of progress."""
    allowed = MAX_BYTES["events.jsonl"]
    if file.name != "events.jsonl" or file.stat().st_size <= allowed:
        return file.read_bytes()
    every = 1 + 2 * file.stat().st_size // allowed  # half as much as allowed, and all other events
    with file.open("rb") as lines:
        seen = count()
        return b"".join(
            line for line in lines if not _PROGRESS.match(line) or next(seen) % every == 0
        )


def contents(run: runs.Run) -> dict[str, Path]:
    """What belongs to a run beside its manifest, by its path in the run directory.

    Raises:
        vae.runs.RunError: the run has no model yet, or a file is damaged.
    """
    others = [run.path / name for name in ("events.jsonl", snapshots.DRAWING)]
    found = [file for file in [*others, *snapshots.files(run.path).values()] if file.exists()]
    return runs.model_files(run) | {str(file.relative_to(run.path)): file for file in found}


def import_zip(file: Path | IO[bytes], root: Path) -> runs.Run:
    """Check an exported run and add it to the folder `root`, numbered if its name is taken.

    One at a time in each process.

    Raises:
        ArchiveError: it is no exported run, or something in it is not as it should be, or another
            import takes long. Nothing is left behind.
    """
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return import_zip(opened, root)
    if not _ONE_AT_A_TIME.acquire(timeout=PATIENCE):
        raise ArchiveError("another run is being imported; try again in a minute")
    try:
        folder = _private_folder(root)
        try:
            return _checked_in(file, folder, root)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # another server may import into this folder, too
                folder.parent.rmdir()
    finally:
        _ONE_AT_A_TIME.release()


def _private_folder(root: Path) -> Path:
    """A new folder on the disk of `root`; what a crash left there long ago is removed."""
    unchecked = root / UNCHECKED
    unchecked.mkdir(parents=True, exist_ok=True)
    for left in unchecked.iterdir():
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - _LEFT_OVER:
                shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=unchecked))


def _checked_in(file: IO[bytes], folder: Path, root: Path) -> runs.Run:
    """Unpack into the private folder, check, and move into the folder of the runs."""
    try:
        with zip_files.open_zip(file, MAX_FILES) as archive:
            name, entries = _entries(archive)
            for entry, info in entries.items():
                content = zip_files.content(
                    archive, info, MAX_BYTES.get(entry, snapshots.MAX_BYTES)
                )
                (folder / entry).parent.mkdir(exist_ok=True)
                (folder / entry).write_bytes(content)
    except zip_files.ZipError as error:
        raise ArchiveError(f"this is not an exported run: {error}") from error
    try:
        _check(folder)
    except runs.RunError as error:
        text = str(error).replace(str(folder), name).replace(folder.name, name)
        raise ArchiveError(text) from error
    folder.chmod(0o755)  # temporary ones are made for their owner only
    return runs.read(folder.rename(runs_folder.new_directory(root, name)))


def _entries(archive: zipfile.ZipFile) -> tuple[str, dict[str, zipfile.ZipInfo]]:
    """The run's name, and what belongs to it by its path in the run directory.

    Raises:
        ArchiveError: something is there that does not belong, or is too large, or missing.
    """
    infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    if sum(info.compress_size for info in infos) > MAX_PACKED:
        raise ArchiveError("it holds more than an exported run can")
    found: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for info in infos:
        folder, _, name = info.filename.partition("/")
        folders.add(folder)
        if name not in MAX_BYTES and not re.fullmatch(r"snapshots/[0-9]{4}\.npz", name):
            raise ArchiveError(f"{info.filename!r} does not belong into an exported run")
        if name in found:
            raise ArchiveError(f"{info.filename!r} is there twice")
        if (info.external_attr >> 16) & 0o170000 not in (0, 0o100000):
            raise ArchiveError(f"{info.filename!r} is not a plain file")
        found[name] = info
    missing = [name for name in ("manifest.json", *runs.SERVED_FILES) if name not in found]
    if missing:
        raise ArchiveError(f"{', '.join(missing)} is missing")
    if len(folders) != 1:
        raise ArchiveError(f"it holds {len(folders)} folders instead of one")
    return _name(folders.pop()), found


def _name(folder: str) -> str:
    """A name that a run may have, close to the folder's."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder).lstrip("._-")[:50] or "imported"
    return f"{name}-imported" if (runs.SHIPPED / name).exists() else name


def _check(folder: Path) -> None:
    """Check an unpacked run, and settle what is only text.

    Raises:
        vae.runs.RunError: something is wrong.
    """
    run = runs.read(folder)
    manifest = run.manifest
    named = runs.model_files(run)
    if "model.keras" in named:
        _check_keras(folder / "model.keras", manifest.model)
    for name in {*runs.MODEL_FILES, *runs.FLOW_FILES} - set(named):
        if (folder / name).exists():
            raise ArchiveError(f"{name} is not named in the manifest")
    wrong = network_check.try_networks(folder)
    if wrong:
        raise ArchiveError(f"its networks cannot be used: {wrong}")
    for file in snapshots.files(folder).values():
        _check_snapshot(file, manifest.model)
    if (folder / snapshots.DRAWING).exists() and snapshots.read_drawing(folder) is None:
        raise ArchiveError(f"{snapshots.DRAWING} is no image {IMAGE} in [0, 1]")
    for text in [manifest.preset, *_texts(manifest.data), *_texts(manifest.versions)]:
        _check_plain(text)
    _settle_events(folder / "events.jsonl", manifest.model)
    state = "finished" if manifest.state == "finished" else "stopped"
    runs.write_manifest(folder, replace(manifest, state=state, error=""))


def _settle_events(file: Path, model: ModelConfig) -> None:
    """Keep what is an event, and of that what is read of one.

    Raises:
        ArchiveError: there are too many, or they are of another model, or they hold markup.
    """
    if not file.exists():
        return
    lines = file.read_bytes().count(b"\n")
    if lines > MAX_EVENTS:
        raise ArchiveError(f"its history has {lines:,} lines, more than {MAX_EVENTS:,}")
    events = [
        {name: event[name] for name in event if name in history.KNOWN - {"error"}}
        for event in runs.read_events(file.parent)[0]
    ]
    dimensions = _kl_dimensions(model)
    for event in events:
        if not _is_plain(event.get("note", "")):  # an error's text, say
            del event["note"]
        if len(event.get("kl_per_dimension", range(dimensions))) != dimensions:
            raise ArchiveError("its history is of a model with another latent dimension")
        for text in filter(lambda value: isinstance(value, str), event.values()):
            _check_plain(text)
    file.write_bytes(b"".join(map(runs.event_line, events)))


def _check_keras(file: Path, model: ModelConfig) -> None:
    """`model.keras` may hold the weights of our VAE, and a config that builds nothing else."""
    expected = {"class_name": "VAE", "registered_name": "vae>VAE"}
    try:
        with file.open("rb") as opened, zip_files.open_zip(opened, 10) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if sorted(sizes) != ["config.json", "metadata.json", "model.weights.h5"]:
                raise ValueError(f"it holds {sorted(sizes)}")
            if max(sizes.values()) > MAX_BYTES["model.keras"]:
                raise ValueError("it unpacks to more than a model can have")
            content = zip_files.content(archive, archive.getinfo("config.json"), 100_000)
        config = strict_json.parse(content)
        if {name: config[name] for name in expected} != expected:
            raise ValueError("it is of another class")
        if config["module"] not in _KERAS_MODULES:
            raise ValueError(f"it is of the module {config['module']!r}")
        known = {"module", "config", "compile_config", "build_config"}
        if set(config) - set(expected) - known:
            raise ValueError(f"its config has the entries {sorted(config)}")
        if set(config["config"]) != {"config"} or config.get("compile_config"):
            raise ValueError("its config has more than the options of a model")
        if ModelConfig.from_json(config["config"]["config"]) != model:
            raise ValueError("its config is not that of the manifest")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveError(f"model.keras is not a model of this program: {error}") from error


def _check_snapshot(file: Path, model: ModelConfig) -> None:
    try:
        snapshot = snapshots.read(file)
    except snapshots.SnapshotError as error:
        raise ArchiveError(str(error)) from error
    if snapshot.kl_per_dimension.shape != (_kl_dimensions(model),):
        raise ArchiveError(f"{file.name} is of a model with another latent dimension")


def _kl_dimensions(model: ModelConfig) -> int:
    """Parts of the KL divergence that its history tells: with a flow there are none."""
    return model.latent_dim if model.prior == "standard" else 0


def _texts(value: Any) -> list[str]:
    """All text in a JSON value, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.items() for text in _texts(list(item))]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and "//" not in text


def _check_plain(text: str) -> None:
    """Pages show this: so it may hold neither markup nor links."""
    if not _is_plain(text):
        raise ArchiveError(f"the text {text[:40]!r} has characters that it should not have")
