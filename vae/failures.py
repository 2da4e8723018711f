"""What went wrong, in words for people: one line, what to do, and no folder of the server.

A visitor reads these; the whole of an error belongs into the log.
"""

import errno
import os
import re

LONGEST = 300  # characters; TensorFlow's errors may be thousands
LESS_MEMORY = "lower the batch size, the training images, or the units and channels of the networks"
_PATH = re.compile(r"(?<![\w.:/])/(?:[^\s/'\"]+/)*([^\s/'\",:;)]*)")
_OUT_OF_MEMORY = re.compile(
    r"MemoryError|bad_alloc|[Oo]ut of memory|OOM when allocating|Cannot allocate memory"
    r"|[FfUu]\w+ to allocate|ould not allocate|failed to map segment|ResourceExhausted"
    r"|exception: ?Status: 1,|can't start new thread|pthread_create"  # the first: oneDNN's word
)
_CHROME = re.compile(r"\x1b\[\d*m|Exception encountered when calling .*")  # Keras' own
_REMEDIES = {
    errno.ENOSPC: "free some space there, or delete a run for good",
    errno.EDQUOT: "free some space there, or delete a run for good",
    errno.EROFS: "let VAE_RUNS_DIR name a folder that can be written",
    errno.EACCES: "let VAE_RUNS_DIR name a folder that can be written",
    errno.EPERM: "let VAE_RUNS_DIR name a folder that can be written",
    errno.EIO: "the disk may be failing",
    errno.EMFILE: "the server has too many files open; try again later",
}


def words(error: BaseException) -> str:
    """What an error says, in one line of at most `LONGEST` characters, without folders."""
    if is_memory(error):
        return f"memory ran short; {LESS_MEMORY}"
    number = disk_error(error)
    if number is None:
        return plain(str(error) or type(error).__name__)
    remedy = _REMEDIES.get(number)
    return os.strerror(number) + (f"; {remedy}" if remedy else "")


def plain(text: str) -> str:
    """The first line of a text, shortened, with only the last part of each absolute path."""
    lines = (_CHROME.sub("", line).strip() for line in text.splitlines())
    first = next((line for line in lines if line), "")
    line = _PATH.sub(lambda path: path[1], first)
    return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."


def disk_error(error: BaseException) -> int | None:
    """The number of what the system said against reading or writing; None if it is no such error.

    TensorFlow, NumPy and h5py put the system's words into errors of their own.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    known = [number for number in _REMEDIES if os.strerror(number) in str(error)]
    return known[0] if known else None


def is_memory(error: BaseException | None) -> bool:
    """Whether memory ran short, here or in an error that this one took the place of.

    Keras puts its own errors in place of those that end within a layer.
    """
    while error is not None:
        if is_out_of_memory(f"{type(error).__name__}: {error}"):
            return True
        error = error.__cause__ or error.__context__
    return False


def is_out_of_memory(text: str) -> bool:
    """Whether an error, or the end of a log, tells that memory ran short."""
    full = os.strerror(errno.ENOSPC) in text  # TensorFlow calls a full disk an exhausted resource
    return bool(_OUT_OF_MEMORY.search(text)) and not full
