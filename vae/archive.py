"""A run as one zip file: exported, and imported with all that could be wrong in it checked.

An archive comes from anybody. So nothing in it is executed or unpickled: names come from a fixed
list, sizes are bounded before and while they are read, every model file has the hash that the
manifest names, `model.keras` has to hold this project's VAE and nothing else, and the networks
are first loaded in a process of their own, which may crash or grow without harm.
"""

import hashlib
import io
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from vae import inference, runs, runs_folder, snapshots
from vae.config import ModelConfig
from vae.mnist import IMAGE

MAX_PACKED = 100_000_000
MAX_BYTES = {
    "manifest.json": 100_000,
    "events.jsonl": 20_000_000,
    snapshots.DRAWING: 10_000,
    **dict.fromkeys(runs.MODEL_FILES, 60_000_000),
}
MAX_FILES = 100
_KERAS_MODULES = ("vae.training.model", "vae.model")  # where VAE is, and where it once was
MAX_MEMORY = 3_000_000_000  # of the process that tries the networks
PATIENCE = 60.0  # seconds that it may take

_DAMAGED = (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, ValueError)
_PLAIN = re.compile(r"[\w ,.:;()+/-]{0,200}")


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
            line
            for line in lines
            if not line.startswith(b'{"event": "progress"') or next(seen) % every == 0
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

    Raises:
        ArchiveError: it is no exported run, or something in it is not as it should be. Nothing is
            left behind.
    """
    root.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(file) as archive:
            name, entries = _entries(archive)
            contents = {entry: _content(archive, info) for entry, info in entries.items()}
    except _DAMAGED as error:
        raise ArchiveError(f"this is not an exported run: {error}") from error
    folder = Path(tempfile.mkdtemp(prefix=".import-", dir=root))
    try:
        for entry, content in contents.items():
            (folder / entry).parent.mkdir(exist_ok=True)
            (folder / entry).write_bytes(content)
        try:
            _check(folder)
        except runs.RunError as error:
            text = str(error).replace(str(folder), name).replace(folder.name, name)
            raise ArchiveError(text) from error
        folder.chmod(0o755)  # temporary ones are made for their owner only
        return runs.read(folder.rename(runs_folder.new_directory(root, name)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _entries(archive: zipfile.ZipFile) -> tuple[str, dict[str, zipfile.ZipInfo]]:
    """The run's name, and what belongs to it by its path in the run directory.

    Raises:
        ArchiveError: something is there that does not belong, or is too large, or missing.
    """
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MAX_FILES or sum(info.compress_size for info in infos) > MAX_PACKED:
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


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """One file, read no further than it may be long."""
    name = PurePosixPath(info.filename).name
    allowed = MAX_BYTES.get(name, snapshots.MAX_BYTES)
    with archive.open(info) as file:
        content = file.read(allowed + 1)
    if len(content) > allowed:
        raise ArchiveError(f"{info.filename!r} is larger than {allowed:,} bytes")
    return content


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
    elif (folder / "model.keras").exists():
        raise ArchiveError("model.keras is not named in the manifest")
    _check_networks(folder)
    for file in snapshots.files(folder).values():
        _check_snapshot(file, manifest.model)
    if (folder / snapshots.DRAWING).exists() and snapshots.read_drawing(folder) is None:
        raise ArchiveError(f"{snapshots.DRAWING} is no image {IMAGE} in [0, 1]")
    events, _ = runs.read_events(folder)
    for text in [manifest.preset, *_texts(manifest.data), *_texts(manifest.versions)]:
        _check_plain(text)
    events = [{name: event[name] for name in event if name != "error"} for event in events]
    for text in _texts(events):
        _check_plain(text)
    (folder / "events.jsonl").unlink(missing_ok=True)
    for event in events:  # without what is no event
        runs.append_event(folder, event)
    state = "finished" if manifest.state == "finished" else "stopped"
    runs.write_manifest(folder, replace(manifest, state=state, error=""))


def _check_keras(file: Path, model: ModelConfig) -> None:
    """`model.keras` may hold the weights of our VAE, and a config that builds nothing else."""
    expected = {"class_name": "VAE", "registered_name": "vae>VAE"}
    try:
        with zipfile.ZipFile(file) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if sorted(sizes) != ["config.json", "metadata.json", "model.weights.h5"]:
                raise ValueError(f"it holds {sorted(sizes)}")
            if sizes["config.json"] > 100_000 or max(sizes.values()) > MAX_BYTES["model.keras"]:
                raise ValueError("it unpacks to more than a model can have")
            config = json.loads(archive.read("config.json"))
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
    except (*_DAMAGED, KeyError, TypeError, RecursionError) as error:
        raise ArchiveError(f"model.keras is not a model of this program: {error}") from error


def _check_snapshot(file: Path, model: ModelConfig) -> None:
    try:
        snapshot = snapshots.read(file)
    except snapshots.SnapshotError as error:
        raise ArchiveError(str(error)) from error
    if snapshot.kl_per_dimension.shape != (model.latent_dim,):
        raise ArchiveError(f"{file.name} is of a model with another latent dimension")


def _texts(value: Any) -> list[str]:
    """All text in a JSON value, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.items() for text in _texts(list(item))]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []


def _check_plain(text: str) -> None:
    """Pages show this: so it may hold neither markup nor links."""
    if not _PLAIN.fullmatch(text) or "//" in text:
        raise ArchiveError(f"the text {text[:40]!r} has characters that it should not have")


def _check_networks(folder: Path) -> None:
    """Load and try both networks in a process of their own."""
    trial = [sys.executable, "-m", "vae.archive", str(folder)]
    try:
        ended = subprocess.run(
            trial,
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise ArchiveError(f"its networks took more than {PATIENCE:.0f} s to try") from None
    if ended.returncode:
        reason = ended.stdout.strip() or f"trying them ended with status {ended.returncode}"
        raise ArchiveError(f"its networks cannot be used: {reason}")


def _try_networks(folder: Path) -> str:
    """What is wrong with the networks of a run, for the server or in the page; empty if nothing."""
    from vae.live import network  # heavy, and only this process tries

    try:
        model = inference.load(folder)
        network.describe(model)
        posterior = model.encode(np.full((3, *IMAGE), 0.5))
        shapes = {
            "mean": posterior.mean.shape,
            "log variance": posterior.log_variance.shape,
            "logits": model.decode_logits(posterior.mean).shape,
        }
    except (runs.RunError, ValueError, RuntimeError, LookupError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    latents = (3, model.latent_dim)
    expected = {"mean": latents, "log variance": latents, "logits": (3, *IMAGE)}
    wrong = [name for name in expected if shapes[name] != expected[name]]
    return ", ".join(f"{name} has shape {shapes[name]}, not {expected[name]}" for name in wrong)


if __name__ == "__main__":
    with suppress(OSError, ValueError):  # where the system has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    found = _try_networks(Path(sys.argv[1]))
    print(found)
    sys.exit(bool(found))
