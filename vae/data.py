"""MNIST, from wherever it can be had, in fixed splits.

Looked for in this order: a folder that the caller names, the Keras cache, a download into that
cache, the 5,000 digits embedded in this project. The embedded digits are the first 500 of each
class of MNIST's training images; with all of MNIST at hand they are the validation set, so no
model here is ever trained on what the app shows from the start.
"""

import gzip
import hashlib
import http.client
import os
import struct
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from vae import atomic
from vae.mnist import CLASSES, IMAGE

EMBEDDED = Path(__file__).parents[1] / "assets" / "digits" / "digits.npz"
URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
TRAIN_IMAGES = 55_000  # of all of MNIST, where the embedded digits are held out
_IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes in all (0 if unknown)."""


class DataError(Exception):
    """The data cannot be had or is not what it should be; the text says what to do."""


@dataclass(frozen=True)
class Digits:
    """Images with labels: uint8 (n, 28, 28) in 0..255, and uint8 (n,) in 0..9."""

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.labels)
        if self.images.shape != (n, *IMAGE) or self.images.dtype != np.uint8:
            raise DataError(
                f"images are {self.images.dtype} {self.images.shape} for {n} labels; "
                f"expected uint8 {(n, *IMAGE)}"
            )
        if n == 0 or self.labels.max() not in CLASSES:
            raise DataError("labels must be digits from 0 to 9, at least one")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | np.ndarray) -> "Digits":
        return Digits(self.images[index], self.labels[index])

    @cached_property
    def pixels(self) -> np.ndarray:
        """The images as float32 in [0, 1]."""
        return (self.images / np.float32(255)).astype(np.float32)


@dataclass(frozen=True)
class Splits:
    """Training, validation and test digits, and in words where they come from."""

    train: Digits
    validation: Digits
    test: Digits
    source: str

    @cached_property
    def sha256(self) -> str:
        """One hash over all images and labels, the same whatever file they came in."""
        digest = hashlib.sha256()
        for digits in (self.train, self.validation, self.test):
            digest.update(np.ascontiguousarray(digits.images).tobytes())
            digest.update(np.ascontiguousarray(digits.labels, dtype=np.uint8).tobytes())
        return digest.hexdigest()


def expected_source() -> str:
    """In words, what `load` without a folder will find; nothing is read or downloaded."""
    if os.environ.get("VAE_DATA_DIR"):
        return "all of MNIST, from the folder in VAE_DATA_DIR"
    if _keras_cache().is_file():
        return "all of MNIST, from the Keras cache"
    return "all of MNIST if it can be downloaded (11 MB, once), else the 5,000 embedded digits"


def embedded() -> Digits:
    """The 5,000 digits that ship with this project, 500 of each class, sorted by class."""
    with np.load(EMBEDDED, allow_pickle=False) as arrays:
        return Digits(arrays["images"], arrays["labels"])


def load(
    folder: Path | str | None = None,
    train_images: int | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> Splits:
    """The best data at hand, split.

    Args:
        folder: where `mnist.npz` or MNIST's four idx files lie; without it the environment
            variable VAE_DATA_DIR, else the Keras cache, else a download, else the embedded digits.
        train_images: keep at most so many training images, an equal share of each class's first.
        download: whether the network may be tried.
        progress: told how far a download is.

    Raises:
        DataError: the folder that was named has no MNIST, or a file is damaged.
    """
    named = folder or os.environ.get("VAE_DATA_DIR")
    if named:
        splits = _full(_read_folder(Path(named)), "MNIST")
    elif (cached := _keras_cache()).is_file():
        splits = _full(_read_npz(_verified(cached)), "MNIST")
    else:
        splits = _downloaded(cached, progress) if download else _embedded_splits()
    return splits if train_images is None else _fewer(splits, train_images)


def _keras_cache() -> Path:
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(home) / "datasets" / "mnist.npz"


def _downloaded(target: Path, progress: Progress | None) -> Splits:
    """The downloaded MNIST, or the embedded digits where the network cannot be reached."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            urllib.request.urlopen(URL, timeout=10) as answer,
            atomic.replaced(target) as file,
        ):
            total, done = int(answer.headers.get("Content-Length") or 0), 0
            while chunk := answer.read(1 << 16):
                file.write(chunk)
                done += len(chunk)
                if progress:
                    progress(done, total)
            if done < total:
                raise ConnectionError(f"the download broke off after {done} of {total} bytes")
            file.flush()
            _verified(Path(file.name))
    except (OSError, http.client.HTTPException):  # no network, or no place for the cache
        return _embedded_splits()
    return _full(_read_npz(target), "MNIST")


def _verified(path: Path) -> Path:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise DataError(
            f"{path.name} in {path.parent} is damaged or not MNIST (its SHA-256 starts with "
            f"{found[:12]}, expected {SHA256[:12]}); delete it and try again"
        )
    return path


def _read_folder(folder: Path) -> dict[str, np.ndarray]:
    if (folder / "mnist.npz").is_file():
        return _read_npz(folder / "mnist.npz")
    arrays = {}
    for name, stem in _IDX_FILES.items():
        found = [p for p in (folder / stem, folder / f"{stem}.gz") if p.is_file()]
        if not found:
            raise DataError(
                f"no MNIST in {folder}: neither mnist.npz nor {stem}[.gz] is there; "
                "name another folder with --data or VAE_DATA_DIR, or leave both out"
            )
        arrays[name] = _read_idx(found[0])
    return arrays


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in _IDX_FILES}
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path.name} in {path.parent} cannot be read as MNIST: {error}") from error


def _read_idx(path: Path) -> np.ndarray:
    """One idx file. Source: the format's description on MNIST's page, "THE IDX FILE FORMAT"."""
    try:
        content = path.read_bytes()
        raw = gzip.decompress(content) if path.suffix == ".gz" else content
        rank = raw[3]
        shape = struct.unpack_from(f">{rank}I", raw, 4)
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)
    except (OSError, EOFError, IndexError, struct.error, ValueError, zlib.error) as error:
        raise DataError(f"{path.name} in {path.parent} cannot be read as MNIST: {error}") from error


def _full(arrays: dict[str, np.ndarray], source: str) -> Splits:
    """MNIST with the embedded digits held out for validation."""
    every = Digits(arrays["x_train"], arrays["y_train"])
    is_held_out = _rank_in_class(every.labels) < 500
    held_out = np.flatnonzero(is_held_out)
    validation = every[held_out[np.argsort(every.labels[held_out], kind="stable")]]
    if not np.array_equal(validation.images, embedded().images):
        raise DataError("this is not MNIST: its first 500 images of each class are others")
    test = Digits(arrays["x_test"], arrays["y_test"])
    return Splits(every[~is_held_out], validation, test, source)


def _embedded_splits() -> Splits:
    digits = embedded()
    rank = _rank_in_class(digits.labels)
    return Splits(
        digits[rank < 400],
        digits[(rank >= 400) & (rank < 450)],
        digits[rank >= 450],
        "the 5,000 embedded MNIST digits",
    )


def _fewer(splits: Splits, n: int) -> Splits:
    chosen = np.sort(np.argsort(_rank_in_class(splits.train.labels), kind="stable")[:n])
    return Splits(splits.train[chosen], splits.validation, splits.test, splits.source)


def _rank_in_class(labels: np.ndarray) -> np.ndarray:
    """For each image, how many of its class come before it."""
    rank = np.empty(len(labels), np.int64)
    for digit in CLASSES:
        members = np.flatnonzero(labels == digit)
        rank[members] = np.arange(len(members))
    return rank
