"""The manifest of a run: what it is, read strictly and replaced as a whole."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from vae import atomic, parsed_files, strict_json
from vae.config import ModelConfig, TrainingConfig
from vae.strict_json import Count, Range, Seconds

FORMAT_VERSION = 2
READABLE_VERSIONS = (1, FORMAT_VERSION)  # 1 is from before a prior could be a flow
SERVED_FILES = ("encoder.tflite", "decoder.tflite")
MODEL_FILES = ("model.keras", *SERVED_FILES)
FLOW_FILES = ("to_base.tflite", "from_base.tflite")  # besides, where the prior is a flow

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
    return (*SERVED_FILES, *FLOW_FILES) if model.has_learned_prior else SERVED_FILES


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


def read(path: Path | str) -> Run:
    """A run, its manifest checked strictly; model files are checked by `model_files`.

    Raises:
        NoRunError: no run is there.
        RunError: its manifest is damaged or of another version.
    """
    return _read(Path(path) / "manifest.json")


@parsed_files.parsed_once(kept=1000)
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
