"""The model files of a run: committed together with the manifest that names their hashes."""

import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vae import atomic, plain_files
from vae.runs.events import append_event
from vae.runs.manifest import ALIVE, Manifest, Run, RunError, model_file_names, read, write_manifest

_LARGEST = 1_000_000_000  # bytes; the largest model that can be trained has a third of that


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
            content = _if_it_is(file, run.manifest.files[name])
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise RunError(f"{run.name} cannot be read: {error}") from error
        found = True
        if content is not None:
            return file, content
    what = f"damaged: {name} has changed" if found else f"incomplete: {name} is missing"
    raise RunError(f"{run.name} is {what}; restore or retrain it")


def _if_it_is(path: Path, committed: str) -> bytes | None:
    """The content of a file, if it is the one with this SHA-256.

    Another one may be of any length: so it is looked through first, piece by piece.
    """
    with plain_files.opened(path) as file:
        if os.fstat(file.fileno()).st_size > _LARGEST:
            return None
        if hashlib.file_digest(file, "sha256").hexdigest() != committed:
            return None
        file.seek(0)
        content = file.read()
    return content if hashlib.sha256(content).hexdigest() == committed else None


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
