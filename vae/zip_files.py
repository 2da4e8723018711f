"""Zip files that anybody may have made or damaged: bounded before they are parsed and while they
are read, and nothing is taken whose checksum is wrong.
"""

import io
import math
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from vae import plain_files

_MAX_DIRECTORY = 70_000
"""Bytes of a list of entries, about 700 of them. A search for its end reads nearly as many."""

_DAMAGED = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,  # encrypted; its subclass NotImplementedError: an unknown compression
    ValueError,
)
_END = b"PK\5\6"  # what follows the list of entries, and says how many there should be
_KNOWN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NPY = re.compile(
    rb"\x93NUMPY\x01\x00(..)\{'descr': '([|<](?:f[248]|[iu][1248]|b1))', "
    rb"'fortran_order': (True|False), 'shape': \(((?:\d{1,9}, ?)*(?:\d{1,9})?)\), \} *\n",
    re.DOTALL,
)


class ZipError(ValueError):
    """A zip file is damaged, or more than it may be; the text says what."""


class _Bounded:
    """A file of which no more than `most` bytes can be had at once: zipfile reads the whole list
    of entries before anybody can count them."""

    def __init__(self, file: IO[bytes]) -> None:
        self.most = _MAX_DIRECTORY
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self._read = file.read

    def read(self, size: int = -1) -> bytes:
        content = self._read(min(size, self.most + 1) if size >= 0 else self.most + 1)
        if len(content) > self.most:
            raise ZipError("it has more entries than it can need")
        return content


def open_zip(file: IO[bytes], most_entries: int) -> zipfile.ZipFile:
    """A zip file, its entries counted; to be closed by the caller, as `file`.

    Raises:
        ZipError: it is none, is damaged, or has more entries than that.
    """
    bounded = _Bounded(file)
    try:
        archive = zipfile.ZipFile(bounded)  # pyright: ignore[reportArgumentType, reportCallIssue]
        file.seek(archive.start_dir + sum(map(_listed, archive.filelist)))
        end = file.read(12)
        if end[:4] != _END or int.from_bytes(end[10:], "little") != len(archive.filelist):
            raise ZipError("its list of entries is not whole")
    except _DAMAGED as error:
        raise ZipError(str(error)) from error
    bounded.most = 2**62
    if len(archive.filelist) > most_entries:
        raise ZipError(f"it has {len(archive.filelist):,} entries, more than {most_entries:,}")
    return archive


def _listed(info: zipfile.ZipInfo) -> int:
    """The bytes that an entry takes in the list of entries."""
    encoding = "utf-8" if info.flag_bits & 0x800 else "cp437"
    return 46 + len(info.orig_filename.encode(encoding)) + len(info.extra) + len(info.comment)


def content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """One entry, read no further than it may be long, its checksum verified.

    Raises:
        ZipError: it is damaged, or longer than `most` bytes.
    """
    if info.compress_type not in _KNOWN:
        raise ZipError(f"{info.filename!r} is packed in a way that is not read here")
    try:
        with archive.open(info) as file:
            found = file.read(most + 1)
    except _DAMAGED as error:
        raise ZipError(f"{info.filename!r} is damaged: {error}") from error
    if len(found) > most:
        raise ZipError(f"{info.filename!r} is larger than {most:,} bytes")
    return found


def arrays(path: Path, most: int, most_entries: int = 700) -> dict[str, np.ndarray]:
    """The arrays that `numpy.savez` wrote, by name. Read-only.

    NumPy's own reader asks for whatever memory a header names, and does not look at the checksum
    of an array whose header says that it ends early.

    Raises:
        OSError: the file cannot be read.
        ZipError: it is damaged, or its arrays take more than `most` bytes.
    """
    found: dict[str, np.ndarray] = {}
    with plain_files.opened(path) as file:
        if file.seek(0, io.SEEK_END) > most:
            raise ZipError(f"it is larger than {most:,} bytes")
        with open_zip(file, most_entries) as archive:
            for info in archive.filelist:
                array = to_array(content(archive, info, most), info.filename)
                most -= array.nbytes
                found[info.filename.removesuffix(".npy")] = array
    return found


def to_array(content: bytes, name: str) -> np.ndarray:
    """The array in a .npy file of numbers.

    Raises:
        ZipError: it is none.
    """
    header = _NPY.match(content)
    if header is None or 10 + int.from_bytes(header[1], "little") != header.end():
        raise ZipError(f"{name!r} is no array of numbers")
    dtype, order = np.dtype(header[2].decode()), "F" if header[3] == b"True" else "C"
    shape = [int(size) for size in header[4].replace(b" ", b"").split(b",") if size]
    if math.prod(shape) * dtype.itemsize != len(content) - header.end():
        raise ZipError(f"{name!r} is not as long as it says")
    return np.frombuffer(content[header.end() :], dtype).reshape(shape, order=order)
