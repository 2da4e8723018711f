"""What an unpacked run has to be before anybody sees it."""

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from vae import embedding, history, network_check, runs, snapshots, strict_json, zip_files
from vae.archive.bounds import MAX_BYTES, MAX_EVENTS, MAX_LINES, ArchiveError
from vae.archive.thinning import thinned
from vae.config import ModelConfig
from vae.mnist import IMAGE

_KERAS_MODULES = ("vae.training.model", "vae.model")  # where VAE is, and where it once was
_PLAIN = re.compile(r"[\w ,.:;()+/-]{0,200}")


def check(folder: Path) -> None:
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
    _check_embedding(folder / embedding.FILE, run)
    for text in [manifest.preset, *_texts(manifest.data), *_texts(manifest.versions)]:
        _check_plain(text)
    _settle_events(folder / "events.jsonl", manifest.model)
    state = "finished" if manifest.state == "finished" else "stopped"
    runs.write_manifest(folder, replace(manifest, state=state, error=""))


def _settle_events(file: Path, model: ModelConfig) -> None:
    """Keep what is an event, and of that what is read of one; of many events of progress some.

    Raises:
        ArchiveError: there are too many, or they are of another model, or they hold markup.
    """
    if not file.exists():
        return
    content = file.read_bytes()
    if MAX_EVENTS < (lines := content.count(b"\n")) <= MAX_LINES:
        content = thinned(io.BytesIO(content), 1 + 2 * lines // MAX_EVENTS)
    if (lines := content.count(b"\n")) > MAX_EVENTS:
        raise ArchiveError(f"its history has {lines:,} lines, more than {MAX_EVENTS:,}")
    dimensions = _kl_dimensions(model)
    events = runs.parse_events(io.BytesIO(content))  # one at a time: all take 200 MB
    file.write_bytes(b"".join(runs.event_line(_settled(event, dimensions)) for event in events))


def _settled(event: dict[str, Any], dimensions: int) -> dict[str, Any]:
    """What is read of an event, all of it plain."""
    known = {name: event[name] for name in event if name in history.KNOWN - {"error"}}
    if not _is_plain(known.get("note", "")):  # an error's text, say
        del known["note"]
    if len(known.get("kl_per_dimension", range(dimensions))) != dimensions:
        raise ArchiveError("its history is of a model with another latent dimension")
    for value in known.values():
        if isinstance(value, str):
            _check_plain(value)
    return known


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


def _check_embedding(file: Path, run: runs.Run) -> None:
    if not file.exists():
        return
    try:
        embedding.check(file, run)
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{file.name} is not that of this run: {error}") from error


def _kl_dimensions(model: ModelConfig) -> int:
    """Parts of the KL divergence that its history tells: with a flow there are none."""
    return 0 if model.has_learned_prior else model.latent_dim


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
