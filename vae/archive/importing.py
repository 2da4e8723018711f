"""An exported run unpacked where nobody looks, checked, and put among the others."""

import re
import shutil
import tempfile
import threading
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from vae import runs, runs_folder, snapshots, zip_files
from vae.archive import checks
from vae.archive.bounds import MAX_BYTES, MAX_FILES, MAX_PACKED, ArchiveError

UNCHECKED = ".unchecked"  # in the folder of the runs, on the same disk; no list looks there
PATIENCE = 10.0  # seconds that an import waits for another one
_LEFT_OVER = 3600.0  # seconds after which what was never finished is removed
_ONE_AT_A_TIME = threading.Lock()  # each takes memory and a processor, and anybody may ask


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
        checks.check(folder)
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
