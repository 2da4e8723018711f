"""Files that anybody may have put into a folder: opened only if they are plain files.

Who opens a pipe waits until somebody writes into it, and a device has no end: one of either, in the
place of a file, would hold up whoever reads. Standard library only.
"""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

_WORDS = "it is no plain file"


class NoPlainFileError(OSError):
    """There is something, and it is a folder, a pipe, a socket or a device."""


def opened(path: Path) -> BufferedReader:
    """A file to read, to be closed by the caller. It never waits.

    Raises:
        NoPlainFileError: it is something else.
        OSError: it cannot be opened.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ELOOP):  # a socket, a link to itself
            raise NoPlainFileError(errno.EINVAL, _WORDS, str(path)) from error
        raise
    if stat.S_ISREG(os.fstat(number).st_mode):
        return os.fdopen(number, "rb")
    os.close(number)
    raise NoPlainFileError(errno.EINVAL, _WORDS, str(path))


def content(path: Path, most: int) -> bytes:
    """What a file holds, read no further than it may be long.

    Raises:
        OSError: as of `opened`; or it is longer than `most` bytes.
    """
    with opened(path) as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return found
