"""The history of a run as it grows, read once for all who watch."""

import threading
from pathlib import Path
from typing import Any

from vae import runs


class Followed:
    """The events of one run. Each look reads only what is new. Safe to call from many threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._cursor = 0
        self._events: list[dict[str, Any]] = []

    def events(self) -> list[dict[str, Any]]:
        """All events so far, in a list of the caller's own."""
        with self._lock:
            new, self._cursor = runs.read_events(self._path, self._cursor)
            self._events += new
            return [*self._events]
