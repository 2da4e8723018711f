"""One page at a time.

Python computes in one thread at a time whatever is done. Where many pages run at once, each has to
wait for all others at each of Streamlit's locks: with 60 visitors a page took 1.7 s, and the
processor rested meanwhile. Now it takes 0.06 s (`python -m benchmarks.visitors`).
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

LONG = 0.3
"""Seconds after which a page that still runs is waited for no longer: it imports a run, say."""


class Turns:
    """Who is computing now, and since when."""

    def __init__(self) -> None:
        self._begun: dict[int, float] = {}  # by thread
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until nobody else is computing, but for those that take long; a fragment that runs
        within its page is part of that one's turn."""
        me = threading.get_ident()
        if me in self._begun:
            yield
            return
        with self._changed:
            while (seconds := self._ahead()) > 0:
                self._changed.wait(seconds)
            self._begun[me] = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                del self._begun[me]
                self._changed.notify()

    def _ahead(self) -> float:
        """The seconds for which the newest turn may still be waited for."""
        return max(self._begun.values(), default=-LONG) + LONG - time.monotonic()


turn = Turns().turn
