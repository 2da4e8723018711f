"""A folder of runs: new ones, renamed ones, and deleted ones that can still be brought back."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vae import runs

TRASH = ".trash"  # in the folder of the runs; what is deleted waits here


def new_directory(root: Path, name: str) -> Path:
    """Make a directory of this name in `root`, with a number where the name is taken."""
    for free in [name, *(f"{name}-{i}" for i in range(2, 1000))]:
        try:
            (root / free).mkdir(parents=True)
        except FileExistsError:
            continue
        return root / free
    raise runs.RunError(f"there are too many runs named {name}; choose another name")


def check_name(name: str) -> str:
    """The name, if a run may have it.

    Raises:
        runs.RunError: it could not be a directory everywhere, or is that of a shipped run.
    """
    if not runs.NAME.fullmatch(name):
        raise runs.RunError(
            f"{name!r} cannot be the name of a run; take 1 to 60 letters, digits, dots, hyphens "
            "and underscores, the first of them a letter or a digit"
        )
    if (runs.SHIPPED / name).exists():
        raise runs.RunError(f"{name} is the name of a shipped run; choose another")
    return name


def rename(run: runs.Run, name: str) -> runs.Run:
    """Give a run another name; one that is alive keeps its own.

    Raises:
        runs.RunError: the name is not allowed or taken, or the run is alive or shipped.
    """
    check_name(name)
    _check_settled(run, "renamed")
    target = run.path.parent / name
    try:
        target.mkdir()  # so that nobody else takes it
    except FileExistsError:
        raise runs.RunError(f"there is a run named {name} already; choose another name") from None
    return runs.read(_moved(run.path, target))


def _moved(path: Path, target: Path) -> Path:
    """A directory in the place of an empty one that was made for it."""
    try:
        return path.rename(target)
    except OSError:
        target.rmdir()
        raise


def _check_settled(run: runs.Run, what: str) -> None:
    if run.path.parent.resolve() == runs.SHIPPED.resolve():
        raise runs.RunError(f"{run.name} is a shipped run; it cannot be {what}")
    if runs.state(run) in runs.ALIVE:
        raise runs.RunError(f"{run.name} is {runs.state(run)}; stop it before it can be {what}")


@dataclass(frozen=True)
class Trash:
    """A deleted run, and where it waits to be restored."""

    path: Path
    name: str


def delete(run: runs.Run) -> Trash:
    """Move a run to the trash, where `restore` finds it until the trash is emptied.

    Raises:
        runs.RunError: the run is alive or shipped.
    """
    _check_settled(run, "deleted")
    target = new_directory(run.path.parent / TRASH, f"{int(time.time())}-{run.name}")
    return Trash(_moved(run.path, target), run.name)


def deleted(root: Path) -> list[Trash]:
    """What was deleted from `root` and is still there, the latest first."""
    found = sorted(runs.matching(root / TRASH, "[0-9]*-*"), reverse=True)
    return [Trash(path, path.name.split("-", 1)[1]) for path in found]


def restore(trash: Trash) -> runs.Run:
    """Bring a deleted run back, under another name if its own is taken by now.

    Raises:
        runs.RunError: it is no longer there.
    """
    if not trash.path.is_dir():
        raise runs.RunError(f"{trash.name} is no longer in the trash; it is kept there for a time")
    target = new_directory(trash.path.parents[1], trash.name)
    run = runs.read(_moved(trash.path, target))
    (run.path / "manifest.json").touch()  # it is kept as long as a new one
    return run


def delete_for_good(trash: Trash) -> None:
    """Remove a deleted run.

    Raises:
        OSError: it cannot be removed.
    """
    with suppress(FileNotFoundError):  # somebody was faster
        shutil.rmtree(trash.path)


def empty_trash(root: Path, older_than: float) -> None:
    """Remove what was deleted from `root` more than so many seconds ago, for good."""
    for trash in deleted(root):
        when = trash.path.name.split("-")[0]
        if when.isdecimal() and int(when) <= time.time() - older_than:
            shutil.rmtree(trash.path, ignore_errors=True)


def delete_old(root: Path, older_than: float) -> None:
    """Move visitors' runs to the trash that ended more than so many seconds ago.

    Those that nobody made in the app stay: whoever put them there knows why.
    """
    for run in runs.list_runs(root):
        with suppress(runs.RunError, OSError):
            ended = (run.path / "manifest.json").stat().st_mtime
            if (run.path / runs.OWNER).exists() and ended <= time.time() - older_than:
                delete(run)


def count(root: Path) -> tuple[int, int]:
    """How many runs are in `root`, and how many in its trash; damaged ones count, too."""
    files = runs.matching(root, "*/manifest.json")
    kept = [file for file in files if not file.parent.name.startswith(".")]
    return len(kept), len(deleted(root))


def megabytes(path: Path) -> float:
    """What all files below `path` take, those in the trash too."""
    return sum(_sizes(path)) / 1e6


def _sizes(path: Path) -> Iterator[int]:
    folders = [os.fspath(path)]  # and no recursion, which ends where folders lie too deep
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as entries:  # it may go while we count
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        yield entry.stat(follow_symlinks=False).st_size
