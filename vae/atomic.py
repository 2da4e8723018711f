"""Files that are replaced as a whole: who reads sees the old or the new. Standard library only."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replaced(path: Path, durable: bool = False) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of `path` by a rename when all is written.

    Until then it lies beside it under a name of its own, which ends in `.part`; so several may
    write at once, and the last one stays. After an error it is removed and `path` is as it was.

    Args:
        path: the file to replace, or to make.
        durable: whether the content has to be on the disk before the rename, so that a power cut
            leaves the old file or the new one, and never an empty one.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str, durable: bool = False) -> None:
    """Replace the file `path` by this text, see `replaced`."""
    with replaced(path, durable) as file:
        file.write(text.encode())


def clear_leftovers(path: Path) -> None:
    """Remove what writers that were killed left beside `path`, where nobody writes it now."""
    for part in path.parent.glob(f"{path.name}.*.part"):
        part.unlink(missing_ok=True)
