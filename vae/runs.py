"""Run directories: everything about one trained model, in files that explain themselves.

    manifest.json    configs, data, versions, state, metrics, and the SHA-256 of the model files
    model.keras      the weights for Keras; shipped runs go without
    encoder.tflite   the encoder for serving: images -> posterior mean and log variance
    decoder.tflite   the decoder for serving: latents -> logits
    to_base.tflite, from_base.tflite
                     where the prior is a flow: the encoder's z -> latents, and back
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
    lease            renewed by a cluster's worker as long as it trains this run
    waiting.lease    renewed by the server that holds `waiting`, for servers on other hosts
    waiting          locked by the server whose queue this run is in, until its process has ended

New model files are written into `new/` first; then `manifest.json` is replaced by an atomic
rename, which commits them; then they take the place of the earlier ones. A model file is the one
whose hash the manifest names, so a crash at any moment leaves the last committed epoch.
"""

import hashlib
import io
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Annotated, Any, Literal

from vae import atomic, history, leases, locks, strict_json, versions
from vae.config import ModelConfig, TrainingConfig
from vae.strict_json import Count, Range, Seconds

FORMAT_VERSION = 2
READABLE_VERSIONS = (1, FORMAT_VERSION)  # 1 is from before a prior could be a flow
LEASE, WAITING_LEASE = "lease", "waiting.lease"
SERVED_FILES = ("encoder.tflite", "decoder.tflite")
MODEL_FILES = ("model.keras", *SERVED_FILES)
FLOW_FILES = ("to_base.tflite", "from_base.tflite")  # besides, where the prior is a flow
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


class NoRunError(RunError):
    """There is no run at all where one was asked for."""


@dataclass(frozen=True)
class _Data:
    """What a manifest says of the data, once a training has loaded it."""

    source: str
    sha256: str
    train: Annotated[int, Range(1, 10**9)]
    validation: Count
    test: Count


@dataclass(frozen=True)
class Manifest:
    """What a run is. Losses are in nats per image."""

    preset: str
    model: ModelConfig
    training: TrainingConfig
    state: State = "starting"
    epochs_done: Count = 0
    best_epoch: Count = 0
    seconds: Seconds = 0.0
    parameters: Count = 0
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
        return set(served_files(self.model)) <= set(self.files)


@dataclass(frozen=True)
class Run:
    """A run directory and its manifest."""

    path: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """The run's name, that of its directory."""
        return self.path.name


def served_files(model: ModelConfig) -> tuple[str, ...]:
    """The names of the files that serve such a model."""
    return SERVED_FILES if model.prior == "standard" else (*SERVED_FILES, *FLOW_FILES)


def model_file_names(model: ModelConfig) -> tuple[str, ...]:
    """The same with the weights for Keras, which a run may go without."""
    return ("model.keras", *served_files(model))


def to_json(manifest: Manifest) -> str:
    """A manifest as text, as `read` reads it."""
    return strict_json.to_text(asdict(manifest))


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Commit: replace the manifest atomically, after the files that it names."""
    path.mkdir(parents=True, exist_ok=True)
    atomic.write_text(path / "manifest.json", to_json(manifest), durable=True)


def commit_files(path: Path, manifest: Manifest) -> Manifest:
    """Commit the model files in `new/` with this manifest, and put them in their place."""
    names = model_file_names(manifest.model)
    for name in names:
        with (path / "new" / name).open("rb") as file:
            os.fsync(file.fileno())  # before the manifest that names it
    manifest = replace(manifest, files={name: sha256(path / "new" / name) for name in names})
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
    error = error[:10_000].encode("utf-8", "backslashreplace").decode("utf-8")  # of a path, say
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
        NoRunError: no run is there.
        RunError: its manifest is damaged or of another version.
    """
    return _read(Path(path) / "manifest.json")


@versions.parsed_once(kept=1000)
def _read(file: Path) -> Run:
    path = file.parent
    try:
        values = strict_json.read(file)
    except (FileNotFoundError, NotADirectoryError):
        raise NoRunError(f"no run in {path}: manifest.json is missing") from None
    except (OSError, ValueError) as error:
        raise RunError(f"the manifest in {path} cannot be read: {error}") from error
    try:
        return Run(path, _manifest(values))
    except ValueError as error:
        raise RunError(f"the manifest in {path} is not valid: {error}") from error


def _manifest(values: Any) -> Manifest:
    said = strict_json.unsealed(values)
    version = said.pop("format_version", None)
    if version not in READABLE_VERSIONS:
        known = " and ".join(map(str, READABLE_VERSIONS))
        raise ValueError(f"format version {version}, but this program reads {known}")
    manifest = Manifest(**strict_json.entries(Manifest, said))
    if manifest.data or manifest.usable:  # pages say what a model was trained on
        strict_json.typed(_Data, manifest.data, "data")
    if unknown := sorted(set(manifest.files) - set(model_file_names(manifest.model))):
        raise ValueError(f"files names {unknown}")
    strict_json.check_seal(values)
    return manifest


def model_files(run: Run) -> dict[str, Path]:
    """Where the run's model files are, by name, each verified to be the one that was committed.

    Raises:
        RunError: there is no model yet, or a file is missing or has changed.
    """
    _check_usable(run)
    names = model_file_names(run.manifest.model)
    return {name: _committed(run, name)[0] for name in names if name in run.manifest.files}


def model_content(run: Run, name: str) -> bytes:
    """The very bytes of a model file that were verified.

    Raises:
        RunError: as of `model_files`.
    """
    _check_usable(run)
    return _committed(run, name)[1]


def _check_usable(run: Run) -> None:
    if not run.manifest.usable:
        raise RunError(f"{run.name} has no trained model yet; wait for its first epoch")


def _committed(run: Run, name: str) -> tuple[Path, bytes]:
    # A file may move from `new/` to its place while we look: so look there once more.
    places = [run.path / name, run.path / "new" / name, run.path / name]
    found = False
    for file in places:
        try:
            content = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise RunError(f"{run.name} cannot be read: {error}") from error
        found = True
        if hashlib.sha256(content).hexdigest() == run.manifest.files[name]:
            return file, content
    what = f"damaged: {name} has changed" if found else f"incomplete: {name} is missing"
    raise RunError(f"{run.name} is {what}; restore or retrain it")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def own_root() -> Path:
    """Where this machine's own runs lie: VAE_RUNS_DIR, else `runs` in the working directory."""
    return Path(os.environ.get("VAE_RUNS_DIR") or "runs")


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
"""What a run may be called: a directory everywhere, and nothing that is hidden."""


@dataclass(frozen=True)
class Listing:
    """What is in some folders: the readable runs, and why others are passed over, by place."""

    found: list[Run]
    passed_over: dict[str, str]


def survey(*roots: Path) -> Listing:
    """The runs in these folders, each folder's sorted by name. One bad entry hides no other."""
    listing = Listing([], {})
    for root in roots:
        try:
            names = sorted(path.name for path in root.iterdir())
        except FileNotFoundError:
            continue
        except OSError as error:
            listing.passed_over[str(root)] = f"the folder cannot be read: {error}"
            continue
        for name in names:
            try:
                _take(root / name, listing)
            except RunError as error:
                shown = str(root / name).encode("utf-8", "backslashreplace").decode("utf-8")
                listing.passed_over[shown] = str(error)
    return listing


def _take(path: Path, listing: Listing) -> None:
    if path.name.startswith("."):
        return  # hidden, as the trash is
    with suppress(NoRunError):
        run = read(path)
        if not NAME.fullmatch(path.name):
            raise RunError("a run cannot have this name; rename the folder")
        listing.found.append(run)


def list_runs(*roots: Path) -> list[Run]:
    """The readable runs in these folders; `survey` also says what is passed over."""
    return survey(*roots).found


def identity(path: Path) -> int:
    """What tells this run directory from another that had its path before; 0 if there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def append_event(path: Path, event: dict[str, Any]) -> None:
    """Add one event to the run's history, on a line of its own even after one cut by a crash."""
    with (path / "events.jsonl").open("ab+") as file:
        if file.tell() and not _ends_a_line(file):
            file.write(b"\n")
        file.write(event_line(event))


def event_line(event: dict[str, Any]) -> bytes:
    """An event as a line of a history."""
    content = strict_json.line(event).encode()[1:]
    return _PREFIX % zlib.crc32(content) + content + b"\n"


_PREFIX = b'{"crc32": "%08x", '  # then what it is the checksum of, up to the end of the line
_BEGINNINGS = (b'{"crc32": "', b'{"event": ')  # earlier histories have no checksums
_MAX_LINE = 20_000


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
    for ended in io.BytesIO(lines):
        line = ended[:-1]
        if len(line) > _MAX_LINE or not line.startswith(_BEGINNINGS):
            continue
        try:
            event = strict_json.parse(line)
        except ValueError:
            continue  # a line cut by a crash
        said = event.pop("crc32", None)
        content = line[len(_PREFIX % 0) :]
        if said is not None and line != _PREFIX % zlib.crc32(content) + content:
            continue
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
    """Whether a process trains in this directory now, on this host or on another."""
    return locks.is_held(path / "lock") or leases.is_held(path / LEASE)


def is_waiting(path: Path) -> bool:
    """Whether a server has this run in its queue, or runs it."""
    return locks.is_held(path / "waiting") or leases.is_held(path / WAITING_LEASE)


def state(run: Run) -> State:
    """The run's true state: what its manifest says, unless who would change it is dead."""
    said = run.manifest.state
    if said not in ALIVE:
        return said
    if is_locked(run.path):
        said = "starting" if said == "queued" else said
    elif said not in ("queued", "starting") or not is_waiting(run.path):
        # Its end may have come between the two looks: so look once more.
        try:
            again = read(run.path).manifest.state
        except RunError:
            return "interrupted"  # somebody removes it
        return "interrupted" if again in ALIVE else again
    return "stopping" if said != "queued" and requested(run.path) == "stop" else said


def request(path: Path, what: Request) -> None:
    """Ask the training in this directory to stop and keep what it has, or to pause."""
    atomic.write_text(path / "request", what)


def requested(path: Path) -> Request | None:
    """What somebody asked of the training in this directory, if anything."""
    try:
        return "pause" if (path / "request").read_bytes() == b"pause" else "stop"
    except FileNotFoundError:
        return None


def clear_request(path: Path) -> None:
    """Forget a request, before training starts or goes on."""
    (path / "request").unlink(missing_ok=True)
