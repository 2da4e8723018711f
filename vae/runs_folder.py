"""A folder of runs: new ones, renamed ones, and deleted ones that can still be brought back."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from vae import runs

TRASH = ".trash"  # in the folder of the runs; what is deleted waits here
TRASH_SECONDS = 24 * 3600.0


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
    return runs.read(run.path.rename(target))


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
    """Move a run to the trash, where `restore` finds it for a day.

    Raises:
        runs.RunError: the run is alive or shipped.
    """
    _check_settled(run, "deleted")
    root = run.path.parent
    empty_trash(root)
    target = new_directory(root / TRASH, f"{int(time.time())}-{run.name}")
    return Trash(run.path.rename(target), run.name)


def deleted(root: Path) -> list[Trash]:
    """What was deleted from `root` within a day, the latest first."""
    empty_trash(root)
    found = sorted((root / TRASH).glob("[0-9]*-*"), reverse=True)
    return [Trash(path, path.name.split("-", 1)[1]) for path in found]


def restore(trash: Trash) -> runs.Run:
    """Bring a deleted run back, under another name if its own is taken by now.

    Raises:
        runs.RunError: it is no longer there.
    """
    if not trash.path.is_dir():
        raise runs.RunError(f"{trash.name} is no longer in the trash; it is kept there for a day")
    target = new_directory(trash.path.parents[1], trash.name)
    return runs.read(trash.path.rename(target))


def empty_trash(root: Path, older_than: float = TRASH_SECONDS) -> None:
    """Remove what was deleted from `root` more than so many seconds ago, for good."""
    for path in (root / TRASH).glob("*-*"):
        deleted = path.name.split("-")[0]
        if deleted.isdecimal() and int(deleted) <= time.time() - older_than:
            shutil.rmtree(path, ignore_errors=True)
