"""Locks on files. The operating system lets go when their holder ends, however it ends."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PATIENCE = 20  # tries; `is_held` may hold a lock for an instant


def take(file: Path) -> IO[str] | None:
    """Take the lock on a file (made if missing) until the answer is closed.

    None if somebody else, of this process or another, holds it.
    """
    handle = file.open("w")
    for _ in range(_PATIENCE):
        if _try(handle):
            return handle
        time.sleep(0.05)
    handle.close()
    return None


@contextmanager
def held(file: Path, refusal: Exception) -> Iterator[None]:
    """Hold the lock on a file (made if missing).

    Raises:
        refusal: somebody else holds it.
    """
    handle = take(file)
    if handle is None:
        raise refusal
    with handle:
        yield


def is_held(file: Path) -> bool:
    """Whether somebody holds the lock on this file now."""
    try:
        with file.open("r") as handle:
            return not _try(handle)
    except FileNotFoundError:
        return False


def _try(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
