"""Whether a run waits, trains or has ended, and what is asked of its training."""

import shutil
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Literal

from vae import atomic, leases, locks, plain_files
from vae.runs.manifest import ALIVE, Run, RunError, State, read

LEASE, WAITING_LEASE = "lease", "waiting.lease"
TEMPORARY = "temporary"
_LONGEST = 100  # bytes of a request

Request = Literal["stop", "pause"]


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
        with plain_files.opened(path / "request") as file:
            asked = file.read(_LONGEST)
    except (FileNotFoundError, plain_files.NoPlainFileError):
        return None
    return "pause" if asked == b"pause" else "stop"


def clear_request(path: Path) -> None:
    """Forget a request, before training starts or goes on."""
    (path / "request").unlink(missing_ok=True)
