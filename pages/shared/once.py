"""What happens once a server, however many visitors come and whatever their browsers send."""

import ctypes
import functools
import gc
import importlib
import os
import pkgutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

# One BLAS thread: with more, matrix products of several visitors at once wait for each other, and
# one takes three times as much of the processors. NumPy asks once, when it is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_PARTS = Path(__file__).parents[1] / "parts"
_MMAP_THRESHOLD = -3  # in malloc.h
_Made = TypeVar("_Made")


class Once(Generic[_Made]):
    """Calls a function once a server, whoever asks first, and answers the same ever after."""

    def __init__(self, make: Callable[[], _Made]) -> None:
        functools.update_wrapper(self, make)
        self._made = functools.cache(make)
        self._lock = threading.RLock()

    def __call__(self) -> _Made:
        with self._lock:
            return self._made()

    def forget(self) -> None:
        """Begin anew, as another server would; for tests."""
        self._made.cache_clear()


@Once
def load() -> None:
    """Import all that pages import, and pandas, which Streamlit's elements import when first used.

    Two threads that import modules which import one another may find one of them half made: of two
    first visitors at the same moment both got an error, from SciPy. So no session begins before
    (`server/loading.py`).
    """
    for module in pkgutil.walk_packages([str(_PARTS)], "pages.parts."):
        importlib.import_module(module.name)
    importlib.import_module("pandas")


@Once
def settle() -> None:
    """Once, after the imports: look for garbage where it arises, and give memory back at once.

    What is loaded by now lives on, so collections spare it. Whole collections, which all visitors
    wait for, come five times as seldom as usual. (After each run, as Streamlit would have it, they
    took two thirds of the server's time; `.streamlit/config.toml` turns that off.) The C library
    would learn from the first large arrays to keep room for the next: 25 MB.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 50)
    with suppress(AttributeError):  # another C library than Linux's usual one
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 2**18)
