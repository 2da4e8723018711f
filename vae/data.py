"""MNIST, from wherever it can be had, in fixed splits.

Looked for in this order: a folder that the caller names, the Keras cache, a download into that
cache or a temporary folder, the 5,000 digits embedded in this project. The embedded digits are the
first 500 of each class of MNIST's training images; with all of MNIST at hand they are the
validation set, so no model here is ever trained on what the app shows from the start.
"""

import hashlib
import http.client
import io
import os
import re
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from vae import atomic, failures, mnist_files
from vae.mnist import CLASSES, IMAGE
from vae.mnist_files import DataError

EMBEDDED = Path(__file__).parents[1] / "assets" / "digits" / "digits.npz"
URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
SPLITS_SHA256 = "5b518478190408577140c066a3013915cdb4543d06fa1d8f9a46e01eb74f53d2"
"""Of all of MNIST as `load` splits it: what the figures of this project are for."""
TRAIN_IMAGES = 55_000  # of all of MNIST, where the embedded digits are held out
MOST_BYTES, MOST_SECONDS = 20_000_000, 900.0  # of a download; MNIST has 11,490,434 bytes
MOST_SILENCE = 10.0  # seconds of a download without a byte
OTHER_DIGITS = "a folder that is not the MNIST that these figures are for"

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes in all (0 if unknown)."""


@dataclass(frozen=True)
class Digits:
    """Images with labels: uint8 (n, 28, 28) in 0..255, and uint8 (n,) in 0..9."""

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        if self.labels.ndim != 1 or self.labels.dtype.kind not in "iu":
            raise DataError(f"labels are {self.labels.dtype} {self.labels.shape}; expected (n,)")
        n = len(self.labels)
        if self.images.shape != (n, *IMAGE) or self.images.dtype != np.uint8:
            raise DataError(
                f"images are {self.images.dtype} {self.images.shape} for {n} labels; "
                f"expected uint8 {(n, *IMAGE)}"
            )
        if n == 0 or not np.isin(self.labels, CLASSES).all():
            raise DataError("labels must be digits from 0 to 9, at least one")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | np.ndarray) -> "Digits":
        return Digits(self.images[index], self.labels[index])

    @property
    def pixels(self) -> np.ndarray:
        """The images as float32 in [0, 1], computed anew: four times what they take as they are."""
        return (self.images / np.float32(255)).astype(np.float32)


@dataclass(frozen=True)
class Splits:
    """Training, validation and test digits, and in words where they come from.

    `note`: why these and not all of MNIST, say; empty if there is nothing to know.
    """

    train: Digits
    validation: Digits
    test: Digits
    source: str
    note: str = ""

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
    if _is_file(_keras_cache()):
        return "all of MNIST, from the Keras cache"
    if _is_file(_temporary_cache()):
        return "all of MNIST, from a temporary folder"
    return "all of MNIST if it can be downloaded (11 MB, once), else the 5,000 embedded digits"


def embedded() -> Digits:
    """The 5,000 digits that ship with this project, 500 of each class, sorted by class.

    Raises:
        DataError: their file is missing or damaged.
    """
    try:
        with EMBEDDED.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return Digits(arrays["images"], arrays["labels"])
    except (*mnist_files.UNREADABLE, AttributeError, TypeError, DataError) as error:
        raise DataError(
            "the digits that come with this project are missing or damaged; restore "
            f"{'/'.join(EMBEDDED.parts[-3:])}"
        ) from error


def load(
    folder: Path | str | None = None,
    train_images: int | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> Splits:
    """The best data at hand, split.

    Args:
        folder: where MNIST's files lie, see `vae.mnist_files`; without it the environment
            variable VAE_DATA_DIR, else the Keras cache, else a download, else the embedded digits.
        train_images: keep at most so many training images, an equal share of each class's first.
        download: whether the network may be tried.
        progress: told how far a download is.

    Raises:
        DataError: the folder that was named has no MNIST, or a file is damaged.
    """
    named = folder or os.environ.get("VAE_DATA_DIR")
    if named:
        splits = _full(mnist_files.read(Path(named)))
    elif (cache := _keras_cache()) and _is_file(cache):
        splits = _full(mnist_files.read_npz(_verified(cache)))
    elif _is_file(cache := _temporary_cache()) and _sha256(cache) == SHA256:
        splits = replace(_full(mnist_files.read_npz(cache)), note="kept in a temporary folder")
    elif download:
        splits = _downloaded(progress)
    else:
        splits = _embedded_splits()
    return splits if train_images is None else _fewer(splits, train_images)


def _keras_cache() -> Path | None:
    """Where Keras keeps MNIST; None for who has no home."""
    try:
        home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    except RuntimeError:
        return None
    return Path(home) / "datasets" / mnist_files.NPZ


def _temporary_cache() -> Path:
    """Where MNIST is kept instead; whoever finds it there checks it."""
    return Path(tempfile.gettempdir()) / f"latent-digits-{os.getuid()}" / mnist_files.NPZ


def _is_file(path: Path | None) -> bool:
    try:
        return path is not None and path.is_file()
    except OSError:  # in a folder that is somebody else's
        return False


def _downloaded(progress: Progress | None) -> Splits:
    """The downloaded MNIST, or the embedded digits and the reason why."""
    try:
        content = _fetched(progress)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return replace(_embedded_splits(), note=f"the download failed: {_said(error)}")
    splits = _full(mnist_files.arrays(io.BytesIO(content)))
    return replace(splits, note=_keep(content))


def _fetched(progress: Progress | None) -> bytes:
    """The file that Keras would download.

    Raises:
        OSError, http.client.HTTPException: it cannot be had.
        ValueError: something else came.
    """
    content, deadline = bytearray(), time.monotonic() + MOST_SECONDS
    with urllib.request.urlopen(URL, timeout=MOST_SILENCE) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        while chunk := answer.read1(1 << 16):
            content += chunk
            if len(content) > MOST_BYTES or time.monotonic() > deadline:
                raise ValueError("it is longer, or takes longer, than MNIST can")
            if progress:
                progress(len(content), total)
    if len(content) < total:
        raise ValueError(f"it broke off after {len(content):,} of {total:,} bytes")
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise ValueError(
            f"what came is not MNIST (its SHA-256 starts with {found[:12]}, expected "
            f"{SHA256[:12]}); a login page or a filter may be between"
        )
    return bytes(content)


def _keep(content: bytes) -> str:
    """Keep a download for next time, where that can be; what to know about it."""
    reason = "there is no home folder"
    for target in (_keras_cache(), _temporary_cache()):
        try:
            if target is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                with atomic.replaced(target) as file:
                    file.write(content)
                known = target == _keras_cache()
                return "" if known else f"kept in a temporary folder: {reason}"
        except OSError as error:
            reason = f"the cache cannot be written: {_said(error)}"
    return f"not kept for next time: {reason}"


def _said(error: Exception) -> str:
    """What an error says, in plain characters: pages show it, and exported runs carry it."""
    reason = getattr(error, "reason", None)
    known = reason if isinstance(error, urllib.error.URLError) else error
    text = failures.words(known) if isinstance(known, Exception) else str(known or error)
    return re.sub(r"[^\w ,.:;()+-]+", " ", text)[:180].strip()


def _verified(path: Path) -> Path:
    """The file, if it is Keras' own.

    Raises:
        DataError: it is not, or cannot be read.
    """
    found = _sha256(path)
    if found != SHA256:
        raise DataError(
            f"{path.name} in {path.parent} is damaged or not MNIST (its SHA-256 starts with "
            f"{found[:12]}, expected {SHA256[:12]}); delete it and try again"
        )
    return path


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{path.name} in {path.parent} cannot be read: {error}") from error


def _full(arrays: dict[str, np.ndarray]) -> Splits:
    """MNIST with the embedded digits held out for validation."""
    every = Digits(arrays["x_train"], arrays["y_train"])
    is_held_out = _rank_in_class(every.labels) < 500
    held_out = np.flatnonzero(is_held_out)
    validation = every[held_out[np.argsort(every.labels[held_out], kind="stable")]]
    if not np.array_equal(validation.images, embedded().images):
        raise DataError("this is not MNIST: its first 500 images of each class are others")
    test = Digits(arrays["x_test"], arrays["y_test"])
    splits = Splits(every[~is_held_out], validation, test, "MNIST")
    if splits.sha256 == SPLITS_SHA256:
        return splits
    note = f"the SHA-256 of all digits starts with {splits.sha256[:12]}"
    return replace(splits, source=OTHER_DIGITS, note=f"{note}, expected {SPLITS_SHA256[:12]}")


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
    return replace(splits, train=splits.train[chosen])


def _rank_in_class(labels: np.ndarray) -> np.ndarray:
    """For each image, how many of its class come before it."""
    rank = np.empty(len(labels), np.int64)
    for digit in CLASSES:
        members = np.flatnonzero(labels == digit)
        rank[members] = np.arange(len(members))
    return rank
