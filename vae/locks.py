"""Locks on files. The operating system lets go when their holder ends, however it ends.

Files are opened for writing even to look: network file systems make byte-range locks of these, and
an exclusive one needs that. Where a file system cannot lock, nobody holds a lock there.
"""

import errno
import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PATIENCE = 1.0  # seconds; whoever looks holds a shared lock for an instant
_BETWEEN = 0.002
_HELD = (errno.EWOULDBLOCK, errno.EACCES)
_CANNOT = (errno.ENOLCK, errno.EBADF, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ESTALE)
_NO_FILE = (errno.EISDIR, errno.ENXIO, errno.ELOOP)  # a folder, a socket, a link to itself


class LockError(OSError):
    """A file system cannot lock files; the text names the folder and what to do."""


def take(file: Path) -> IO[bytes] | None:
    """Take the lock on a file (made if missing) until the answer is closed.

    None if somebody else, of this process or another, holds it.

    Raises:
        LockError: the file system cannot lock files.
        OSError: the file cannot be written.
    """
    handle = file.open("a+b")
    deadline = time.monotonic() + _PATIENCE
    try:
        while not _locks(handle, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                handle.close()
                return None
            time.sleep(_BETWEEN)
    except OSError as error:
        handle.close()
        if error.errno not in _CANNOT:
            raise
        raise LockError(
            f"the file system of {file.parent} cannot lock files ({error.strerror}); let "
            "VAE_RUNS_DIR name a folder on a local disk"
        ) from error
    return handle


@contextmanager
def held(file: Path, refusal: Exception) -> Iterator[None]:
    """Hold the lock on a file (made if missing).

    Raises:
        refusal: somebody else holds it.
        LockError: the file system cannot lock files.
    """
    handle = take(file)
    if handle is None:
        raise refusal
    with handle:
        yield


def is_held(file: Path) -> bool:
    """Whether somebody holds the lock on this file now.

    Looking takes a shared lock: so many may look at once, and none takes another for a holder.
    """
    try:
        with _opened(file) as handle:
            return not _locks(handle, fcntl.LOCK_SH)
    except OSError as error:
        if error.errno in (*_NOT_THERE, *_NO_FILE, *_CANNOT):
            return False
        raise


def _opened(file: Path) -> IO[bytes]:
    try:
        return file.open("r+b")
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        return file.open("rb")  # somebody else's, or of a disk that can only be read


def _locks(handle: IO[bytes], kind: int) -> bool:
    """Whether this lock could be had at once."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _HELD:
            raise
        return False
    return True
