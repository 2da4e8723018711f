"""Files that never change, for browsers to keep: scripts, networks, maps, pictures.

Each is named after what is in it. The server hands them out over HTTP (`server/files.py`) and
browsers ask for each once, however often they come. Where the app runs without that server, or
something between it and a browser lets none through, everything travels over the WebSocket.
"""

import gzip
import hashlib
import logging
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable
from typing import Literal, NamedTuple

import streamlit as st

FOLDER = "files"  # in addresses
Kind = Literal["js", "json", "bin", "png"]
MOST = 48_000_000
"""Bytes that are kept; those that were wanted longest ago are made anew when wanted again."""
_LATE = 1000  # files of which it is known how to make them again

_LEVEL = 6
_COMPRESSED = ("bin", "png")  # already; bundles are unzipped by the page's own script


class File(NamedTuple):
    """A file under its name, compressed unless its kind is."""

    name: str
    kind: Kind
    content: bytes

    @property
    def is_zipped(self) -> bool:
        """Whether `content` is what gzip made."""
        return self.kind not in _COMPRESSED


class Files:
    """What is offered to browsers. Safe to use from many threads."""

    def __init__(self, most: int = MOST) -> None:
        self.is_served = False  # until a request comes through the server that hands them out
        self._most = most
        self._kept: OrderedDict[Hashable, File] = OrderedDict()
        self._names: dict[str, File] = {}
        self._late: OrderedDict[str, tuple[Hashable, Kind, Callable[[], bytes]]] = OrderedDict()
        self._lock = threading.Lock()
        self._making: defaultdict[Hashable, threading.Lock] = defaultdict(threading.Lock)

    def offer(self, key: Hashable, kind: Kind, make: Callable[[], bytes]) -> File:
        """The file for a key, made if it is not kept. The same key is always the same content."""
        with self._making[key]:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            content = make()
            if kind not in _COMPRESSED:
                content = gzip.compress(content, _LEVEL, mtime=0)
            file = File(f"{hashlib.sha256(content).hexdigest()[:32]}.{kind}", kind, content)
            with self._lock:
                self._keep(key, file)
        return file

    def offer_late(self, key: Hashable, kind: Kind, make: Callable[[], bytes]) -> File:
        """The same for a file that a browser may ask for long after it was named.

        `make` is held, so it must be light.
        """
        file = self.offer(key, kind, make)
        with self._lock:
            self._late[file.name] = (key, kind, make)
            self._late.move_to_end(file.name)
            if len(self._late) > _LATE:
                self._late.popitem(last=False)
        return file

    def make_again(self, name: str) -> File | None:
        """A late file of this name, made once more; None if that gives another, or none."""
        with self._lock:
            offered = self._late.get(name)
        try:
            file = self.offer(*offered) if offered else None
        except Exception:  # what it was made of is gone, as a run that was deleted
            logging.getLogger(__name__).exception("%s cannot be made again", name)
            return None
        return file if file and file.name == name else None

    def find(self, name: str) -> File | None:
        """The file of this name, if it is kept."""
        with self._lock:
            return self._names.get(name)

    def _keep(self, key: Hashable, file: File) -> None:
        self._kept[key] = self._names[file.name] = file
        size = sum(len(kept.content) for kept in self._names.values())
        while size > self._most and len(self._kept) > 1:
            oldest, gone = self._kept.popitem(last=False)
            self._making.pop(oldest, None)
            if gone not in self._kept.values():
                del self._names[gone.name]
                size -= len(gone.content)


FILES = Files()
"""Those of this server, as long as it lives."""


def are_served() -> bool:
    """Whether this visitor's browser gets files over HTTP."""
    return FILES.is_served and not st.session_state.get("unserved")


def give_up() -> None:
    """This visitor's browser got none: from now on all comes over the WebSocket."""
    st.session_state["unserved"] = True


def content(key: Hashable, kind: Kind, make: Callable[[], bytes]) -> bytes:
    """What is in a file, as it was made: to send it another way."""
    file = FILES.offer(key, kind, make)
    return gzip.decompress(file.content) if file.is_zipped else file.content


def address(key: Hashable, kind: Kind, make: Callable[[], bytes]) -> str:
    """Where a browser finds a file, seen from the app's first page."""
    return f"{FOLDER}/{FILES.offer(key, kind, make).name}"


def late_address(key: Hashable, kind: Kind, make: Callable[[], bytes]) -> str:
    """The same for a file that the browser may fetch long after; `make` is held."""
    return f"{FOLDER}/{FILES.offer_late(key, kind, make).name}"
