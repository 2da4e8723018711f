"""Run directories: everything about one trained model, in files that explain themselves.

    manifest.json    configs, data, versions, state, metrics, and the SHA-256 of the model files
    model.keras      the weights for Keras; shipped runs go without
    encoder.tflite   the encoder for serving: images -> posterior mean and log variance
    decoder.tflite   the decoder for serving: latents -> logits
    events.jsonl     the history, one JSON object a line, only ever appended to
    snapshots/       what the model drew after chosen epochs, see vae/snapshots.py
    figures.json     how good it is, see vae/results.py; beside it README.md, the model card, with
                     hardest.png
    tensorboard/     the losses for TensorBoard: `tensorboard --logdir runs`
    checkpoint.npz   weights and optimizer after the last epoch, to resume from
    log.txt          what the training process printed, if a server started it
    drawing.npy      a visitor's drawing, which each snapshot then shows rebuilt
    request          present while somebody asks the training to stop or to pause
    owner            whose run it is in the app, if a visitor made it there
    temporary/       temporary files of a training, removed at its end
    reserve          room for the last words of a training that finds the disk full
    lock             locked by the training process as long as it lives
    waiting          locked by the server whose queue this run is in, until its process has ended

New model files are written into `new/` first; then `manifest.json` is replaced by an atomic
rename, which commits them; then they take the place of the earlier ones. A model file is the one
whose hash the manifest names, so a crash at any moment leaves the last committed epoch.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import IO, Any, Literal, get_args

from vae import atomic, history, locks, versions
from vae.config import ModelConfig, TrainingConfig

FORMAT_VERSION = 1
SERVED_FILES = ("encoder.tflite", "decoder.tflite")
MODEL_FILES = ("model.keras", *SERVED_FILES)
TEMPORARY = "temporary"
OWNER = "owner"
SHIPPED = Path(__file__).parents[1] / "assets" / "models"

State = Literal[
    "queued",  # waits for its turn
    "starting",  # its process loads TensorFlow and the data
    "training",
    "paused",  # its process waits to go on; it uses no CPU
    "stopping",  # was asked to stop, and still keeps its best epoch
    "stopped",
    "finished",
    "failed",  # the manifest's `error` says why
    "interrupted",  # its process, or the server in whose queue it was, ended before its time
]
ALIVE: tuple[State, ...] = ("queued", "starting", "training", "paused", "stopping")
"""States that go over into another by themselves, or with a word to the training's process."""

Request = Literal["stop", "pause"]


class RunError(Exception):
    """A run directory is missing, damaged or of another version; the text says what to do."""


@dataclass(frozen=True)
class Manifest:
    """What a run is. Losses are in nats per image."""

    preset: str
    model: ModelConfig
    training: TrainingConfig
    state: State = "starting"
    epochs_done: int = 0
    best_epoch: int = 0
    seconds: float = 0.0
    parameters: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    error: str = ""
    diverged: bool = False  # the loss ran away; going on from the checkpoint would repeat it
    format_version: int = FORMAT_VERSION

    @property
    def usable(self) -> bool:
        """Whether there is a model to serve."""
        return set(SERVED_FILES) <= set(self.files)


@dataclass(frozen=True)
class Run:
    """A run directory and its manifest."""

    path: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """The run's name, that of its directory."""
        return self.path.name


def to_json(manifest: Manifest) -> str:
    """A manifest as text, as `read` reads it."""
    return json.dumps(asdict(manifest), indent=2)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Commit: replace the manifest atomically, after the files that it names."""
    path.mkdir(parents=True, exist_ok=True)
    atomic.write_text(path / "manifest.json", to_json(manifest), durable=True)


def commit_files(path: Path, manifest: Manifest) -> Manifest:
    """Commit the model files in `new/` with this manifest, and put them in their place."""
    for name in MODEL_FILES:
        with (path / "new" / name).open("rb") as file:
            os.fsync(file.fileno())  # before the manifest that names it
    manifest = replace(manifest, files={name: sha256(path / "new" / name) for name in MODEL_FILES})
    write_manifest(path, manifest)
    settle_files(path)
    return manifest


def settle_files(path: Path) -> None:
    """Put committed model files in their place, where a crash left them in `new/`."""
    files = read(path).manifest.files
    for name, committed in files.items():
        new = path / "new" / name
        if new.is_file() and sha256(new) == committed:
            new.replace(path / name)
    if (path / "new").is_dir() and not any((path / "new").iterdir()):
        (path / "new").rmdir()


def note_failure(path: Path, error: str) -> None:
    """Remove what is half written, and note that the run failed if it has not ended yet."""
    (path / "reserve").unlink(missing_ok=True)
    clear_leftovers(path)
    try:
        settle_files(path)
        manifest = read(path).manifest
    except RunError:
        return  # nothing was ever committed
    shutil.rmtree(path / "new", ignore_errors=True)
    if manifest.state in ALIVE:
        with suppress(OSError):  # not even that: then it is told as interrupted
            write_manifest(path, replace(manifest, state="failed", error=error))
            append_event(path, {"event": "end", "state": "failed", "error": error})


def clear_leftovers(path: Path) -> None:
    """Remove what a training that was killed had half written. Only who trains here may do it."""
    for name in ("manifest.json", "checkpoint.npz", "snapshots/*.npz"):
        atomic.clear_leftovers(path / name)


def read(path: Path | str) -> Run:
    """A run, its manifest checked strictly; model files are checked by `model_files`.

    Raises:
        RunError: no run is there, or its manifest is damaged or of another version.
    """
    return _read(Path(path) / "manifest.json")


@versions.parsed_once(kept=1000)
def _read(file: Path) -> Run:
    path = file.parent
    try:
        values = json.loads(file.read_text())
    except FileNotFoundError:
        raise RunError(f"no run in {path}: manifest.json is missing") from None
    except (OSError, ValueError) as error:
        raise RunError(f"the manifest in {path} cannot be read: {error}") from error
    try:
        return Run(path, _manifest(values))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"the manifest in {path} is not valid: {error}") from error


_KINDS: dict[str, type] = {
    **dict.fromkeys(("preset", "error"), str),
    **dict.fromkeys(("epochs_done", "best_epoch", "parameters"), int),
    **dict.fromkeys(("data", "versions", "metrics", "files"), dict),
    "seconds": float,
    "diverged": bool,
}


def _manifest(values: dict[str, Any]) -> Manifest:
    version = values["format_version"]
    if version != FORMAT_VERSION:
        raise ValueError(f"format version {version}, but this program reads {FORMAT_VERSION}")
    unknown = set(values) - {f.name for f in fields(Manifest)}
    if unknown:
        raise ValueError(f"unknown entries {sorted(unknown)}")
    if values.get("state", "finished") not in get_args(State):
        raise ValueError(f"state {values['state']!r} is none of {', '.join(get_args(State))}")
    for name, kind in _KINDS.items():
        if not isinstance(values.get(name, kind()), kind | int if kind is float else kind):
            raise ValueError(f"{name} is {values[name]!r}")
    for name, kind in (("metrics", int | float), ("files", str), ("versions", str)):
        if not all(isinstance(value, kind) for value in values.get(name, {}).values()):
            raise ValueError(f"{name} is {values[name]!r}")
    model = ModelConfig.from_json(values["model"])
    training = TrainingConfig.from_json(values["training"])
    return Manifest(**{**values, "model": model, "training": training})


def model_files(run: Run) -> dict[str, Path]:
    """Where the run's model files are, by name, each verified to be the one that was committed.

    Raises:
        RunError: there is no model yet, or a file is missing or has changed.
    """
    if not run.manifest.usable:
        raise RunError(f"{run.name} has no trained model yet; wait for its first epoch")
    return {name: _committed(run, name) for name in MODEL_FILES if name in run.manifest.files}


def _committed(run: Run, name: str) -> Path:
    # A file may move from `new/` to its place while we look: so look there once more.
    places = [run.path / name, run.path / "new" / name, run.path / name]
    found = [file for file in places if file.is_file()]
    for file in found:
        if sha256(file) == run.manifest.files[name]:
            return file
    what = f"damaged: {name} has changed" if found else f"incomplete: {name} is missing"
    raise RunError(f"{run.name} is {what}; restore or retrain it")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def own_root() -> Path:
    """Where this machine's own runs lie: VAE_RUNS_DIR, else `runs` in the working directory."""
    return Path(os.environ.get("VAE_RUNS_DIR") or "runs")


def list_runs(*roots: Path) -> list[Run]:
    """The readable runs in these folders, each folder's sorted by name."""
    found = []
    for root in roots:
        for manifest in sorted(root.glob("*/manifest.json")):
            try:
                found.append(read(manifest.parent))
            except RunError:
                continue  # a damaged run is not offered; `read` says why when it is asked for
    return found


def append_event(path: Path, event: dict[str, Any]) -> None:
    """Add one event to the run's history, on a line of its own even after a line cut by a crash."""
    with (path / "events.jsonl").open("ab+") as file:
        if file.tell() and not _ends_a_line(file):
            file.write(b"\n")
        file.write(json.dumps(event).encode() + b"\n")


def _ends_a_line(file: IO[bytes]) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def read_events(path: Path, start: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Events from byte `start` on, and the byte to go on from. A half-written line waits."""
    try:
        with (path / "events.jsonl").open("rb") as file:
            file.seek(start)
            content = file.read()
    except FileNotFoundError:
        return [], start
    complete = content[: content.rfind(b"\n") + 1]
    return list(_parsed(complete)), start + len(complete)


def _parsed(lines: bytes) -> Iterator[dict[str, Any]]:
    for line in lines.split(b"\n"):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue  # a line cut by a crash
        if history.is_event(event):
            yield event


def locked(path: Path) -> AbstractContextManager[None]:
    """Hold a run directory (made if missing): one process at a time trains in it.

    The operating system lets go when the process ends, however it ends.

    Raises:
        RunError: another process trains there.
    """
    path.mkdir(parents=True, exist_ok=True)
    refusal = RunError(f"{path} is being trained by another process; stop it first")
    return locks.held(path / "lock", refusal)


def clear_temporary(path: Path) -> None:
    """Remove the temporary files of a training that was killed; those of one that lives stay."""
    if not (path / TEMPORARY).exists():
        return
    with suppress(RunError, OSError), locked(path):
        shutil.rmtree(path / TEMPORARY, ignore_errors=True)


def is_locked(path: Path) -> bool:
    """Whether a process trains in this directory now."""
    return locks.is_held(path / "lock")


def is_waiting(path: Path) -> bool:
    """Whether a server has this run in its queue, or runs it."""
    return locks.is_held(path / "waiting")


def state(run: Run) -> State:
    """The run's true state: what its manifest says, unless who would change it is dead."""
    said = run.manifest.state
    if said not in ALIVE:
        return said
    if is_locked(run.path):
        said = "starting" if said == "queued" else said
    elif said not in ("queued", "starting") or not is_waiting(run.path):
        # Its end may have come between the two looks: so look once more.
        again = read(run.path).manifest.state
        return "interrupted" if again in ALIVE else again
    return "stopping" if said != "queued" and requested(run.path) == "stop" else said


def request(path: Path, what: Request) -> None:
    """Ask the training in this directory to stop and keep what it has, or to pause."""
    atomic.write_text(path / "request", what)


def requested(path: Path) -> Request | None:
    """What somebody asked of the training in this directory, if anything."""
    try:
        return "pause" if (path / "request").read_text() == "pause" else "stop"
    except FileNotFoundError:
        return None


def clear_request(path: Path) -> None:
    """Forget a request, before training starts or goes on."""
    (path / "request").unlink(missing_ok=True)
