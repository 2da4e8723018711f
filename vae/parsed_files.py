"""Files that are read again and again, parsed once for each version of them."""

import time
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")
SETTLED_SECONDS = 2.0
"""Clocks of file systems are coarse: a file as young as this may change unnoticed."""


def parsed_once(kept: int) -> Callable[[Callable[[Path], Answer]], Callable[[Path], Answer]]:
    """Let a function of a file answer from memory as long as the file is the same.

    The answer is shared by all callers, who must not change it. What the function raises is not
    kept, and neither is what it makes of a file that was written a moment ago. Safe to call from
    many threads.

    Args:
        kept: answers in memory at most; those that were asked for longest ago go.
    """

    def decorate(parse: Callable[[Path], Answer]) -> Callable[[Path], Answer]:
        @lru_cache(maxsize=kept)
        def of_version(file: Path, time_ns: int, size: int, number: int) -> Answer:
            return parse(file)

        @wraps(parse)
        def answer(file: Path) -> Answer:
            try:
                found = file.stat()
            except OSError:
                return parse(file)  # which says what is wrong
            if time.time() - found.st_mtime < SETTLED_SECONDS:
                return parse(file)
            return of_version(file, found.st_mtime_ns, found.st_size, found.st_ino)

        return answer

    return decorate
