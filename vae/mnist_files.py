"""MNIST's files as people have them: found in a folder, and read.

Four idx files, packed or not whatever they are called, each in a folder of its own (Kaggle) or all
in `MNIST/raw` (torchvision); or the `mnist.npz` that Keras downloads.
"""

import gzip
import io
import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from vae import zip_files
from vae.mnist import PIXELS

NPZ = "mnist.npz"
NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
_FOLDERS = ("", "raw", "MNIST/raw", "datasets")
_LARGEST = 60_000 * PIXELS + 16  # bytes of an idx file
_LARGEST_NPZ = 60_000_000  # bytes of its arrays; MNIST's take 54,950,000
_PACKED = b"\x1f\x8b"  # how gzip begins
UNREADABLE = (
    *(ValueError, KeyError, IndexError, OSError, EOFError, MemoryError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, RuntimeError),
)
"""What reading a file raises that is none of MNIST's, or damaged."""


class DataError(Exception):
    """The data cannot be had or is not what it should be; the text says what to do."""


def read(place: Path) -> dict[str, np.ndarray]:
    """MNIST's four arrays, by the names that Keras gives them.

    Args:
        place: a folder with MNIST's files, or an `npz` file.

    Raises:
        DataError: they are not there, or one cannot be read; it is named.
    """
    try:
        packed = [place] if place.is_file() else list(_candidates(place, [NPZ]))
        if packed:
            return read_npz(packed[0])
        return {name: _read_idx(_find(place, stem)) for name, stem in NAMES.items()}
    except OSError as error:
        raise DataError(f"{place} cannot be read: {error}") from error


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """MNIST's four arrays from Keras' file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return arrays(file)
    except (*UNREADABLE, AttributeError, TypeError) as error:  # one array has no names
        raise DataError(f"{path.name} in {path.parent} cannot be read as MNIST: {error}") from error


def arrays(file: IO[bytes]) -> dict[str, np.ndarray]:
    """What Keras' file holds.

    Raises:
        ValueError: it unpacks to more than MNIST has. Other damage raises what NumPy raises.
    """
    with zip_files.open_zip(file, 2 * len(NAMES)) as listed:
        size = sum(info.file_size for info in listed.filelist)
    if size > _LARGEST_NPZ:
        raise ValueError(f"it unpacks to {size:,} bytes, more than {_LARGEST_NPZ:,}")
    file.seek(0)
    with np.load(file, allow_pickle=False) as packed:
        return {name: packed[name] for name in NAMES}


def _find(folder: Path, stem: str) -> Path:
    found = next(_candidates(folder, _spellings(stem)), None)
    if found is None:
        raise DataError(
            f"no MNIST in {folder}: neither {NPZ} nor {stem}[.gz] is there; "
            "name another folder with --data or VAE_DATA_DIR, or leave both out"
        )
    return found


def _spellings(stem: str) -> list[str]:
    dotted = stem.replace("-idx", ".idx")
    return [stem, f"{stem}.gz", dotted, f"{dotted}.gz"]


def _candidates(folder: Path, names: list[str]) -> Iterator[Path]:
    """The files of these names, and those in a folder of one of these names."""
    for place in (folder / inner for inner in _FOLDERS):
        for name in names:
            inside = (place / name / other for other in names)
            yield from (file for file in (place / name, *inside) if file.is_file())


def _read_idx(path: Path) -> np.ndarray:
    """One idx file. Source: the format's description on MNIST's page, "THE IDX FILE FORMAT"."""
    try:
        content = _content(path)
        rank = content[3]
        if content[:3] != b"\0\0\x08" or rank not in (1, 3):
            raise ValueError("it does not begin as an idx file of bytes")
        shape = np.frombuffer(content, ">u4", rank, offset=4).tolist()
        if math.prod(shape) != len(content) - 4 - 4 * rank:
            raise ValueError(f"it is to hold {shape}, but has {len(content):,} bytes")
        return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)
    except UNREADABLE as error:
        raise DataError(f"{path.name} in {path.parent} cannot be read as MNIST: {error}") from error


def _content(path: Path) -> bytes:
    """What a file holds, unpacked if it is packed, and no more than it may."""
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if content.startswith(_PACKED):
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            content = packed.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST:,} bytes")
    return content
