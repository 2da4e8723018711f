"""Leases: whose holder says again and again that it lives. They hold across hosts, as locks on
files do not; and unlike a lock, a lease is over only some seconds after its holder has died.

A lease is a file that is touched every second. How old it is tells the clock of the file system
alone, since the clocks of two hosts may disagree.
"""

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EVERY = 1.0  # seconds between two signs of life
PATIENCE = 10.0  # seconds without one, after which the holder counts as dead


def renew(file: Path) -> None:
    """A sign of life; the lease begins with the first."""
    file.touch()


def is_held(file: Path) -> bool:
    """Whether the holder of this lease lives."""
    try:
        then = file.stat().st_mtime
    except FileNotFoundError:
        return False
    # A sign from the future is none: it is from before a clock was set back.
    return abs(_now(file.parent) - then) < PATIENCE


class Lost(threading.Event):
    """Set when somebody else has taken the lease over."""


@contextmanager
def held(file: Path) -> Iterator[Lost]:
    """Hold a lease, whoever held it before, until somebody else takes it.

    It is renewed in a thread of its own.
    """
    name, lost, over = secrets.token_hex(8), Lost(), threading.Event()
    file.write_text(name, encoding="utf-8")

    def live() -> None:
        while not over.wait(EVERY):
            with suppress(OSError):  # a network that comes back
                if file.read_text(encoding="utf-8") != name:
                    lost.set()
                    return
                os.utime(file)

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        over.set()
        thread.join()
        if not lost.is_set():
            file.unlink(missing_ok=True)


def _now(folder: Path) -> float:
    """The time by the clock of the file system that this folder lies on."""
    probe = folder / f".now-{secrets.token_hex(4)}"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()  # of a disk that is full, or can only be read: our own clock is nearest
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
