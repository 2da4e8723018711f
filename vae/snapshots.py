"""Snapshots: what a model draws after chosen epochs, small enough to scrub through in a page.

One file an epoch, `snapshots/0007.npz`. Everything is drawn by the averaged model, from digits
that no model here is trained on, so that the snapshots of all runs can be laid side by side.
"""

import io
import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from vae import atomic, data, parsed_files, pictures, plain_files, zip_files
from vae.latents import Plane, sample_prior, turn
from vae.mnist import CLASSES, IMAGE

FOLDER = "snapshots"
REBUILT, SAMPLES, POINTS = 16, 25, 1000
# Dense where a latent space forms, sparse where it only settles: 25 at most, whatever the run.
KEPT = (
    *(0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80),
    *(100, 150, 200, 300, 500, 700, 1000),
)
MAX_BYTES = 200_000  # of one snapshot, unpacked; honest ones take 40 kB
DRAWING = "drawing.npy"
_CHECKSUM = 4  # bytes of CRC-32, after the array in it
_DRAWING_BYTES = 128 + 4 * IMAGE[0] * IMAGE[1]
_ALWAYS = ("rebuilt", "samples", "points", "kl_per_dimension")


class SnapshotError(Exception):
    """A snapshot is damaged or not one; the text says which and why."""


@dataclass(frozen=True)
class Snapshot:
    """What one model draws after one epoch (0: untrained).

    `rebuilt` (16, 28, 28) and `samples` (25, 28, 28) are uint8 images; `points` (1000, 2) float16
    are posterior means, for more than two latent dimensions on the plane of their two strongest
    principal components; `kl_per_dimension` (latent_dim,) float16 is in nats, and empty (0,) where
    the prior is a flow. `drawing` (28, 28) uint8 is a visitor's drawing, rebuilt, if the run has
    one.
    """

    epoch: int
    rebuilt: np.ndarray
    samples: np.ndarray
    points: np.ndarray
    kl_per_dimension: np.ndarray
    drawing: np.ndarray | None = None


@cache
def mapped_digits() -> data.Digits:
    """The 1,000 digits on the map: the last 100 embedded ones of each class, class by class."""
    return data.embedded()[np.arange(5000).reshape(len(CLASSES), -1)[:, 400:].ravel()]


def rebuilt_digits() -> data.Digits:
    """The 16 digits that are rebuilt, one or two of each class."""
    i = np.arange(REBUILT)
    return mapped_digits()[100 * (i * len(CLASSES) // REBUILT) + 60 + i]


def take(
    epoch: int,
    encode: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    decode: Callable[[np.ndarray], np.ndarray],
    before: Snapshot | None = None,
    drawing: np.ndarray | None = None,
) -> Snapshot:
    """What a model draws now.

    Args:
        epoch: after which this is.
        encode: images (n, 28, 28) in [0, 1] -> the latents of their posterior means
            (n, latent_dim), and the KL divergence of each dimension (n, latent_dim), in nats.
        decode: latents (n, latent_dim) -> images (n, 28, 28) in [0, 1].
        before: the snapshot whose map this one is turned to, so that the map does not jump.
        drawing: an image (28, 28) in [0, 1] to rebuild, too.
    """
    mean, kls = encode(mapped_digits().pixels)
    points = Plane.through(mean).project(mean)
    if before is not None and mean.shape[1] > 2:
        points = points @ turn(points, before.points.astype(np.float32))
    latents = encode(rebuilt_digits().pixels)[0]
    limit = float(np.finfo(np.float16).max)
    return Snapshot(
        epoch,
        pictures.to_bytes(decode(latents)),
        pictures.to_bytes(decode(sample_prior(SAMPLES, mean.shape[1], seed=0))),
        np.clip(points, -limit, limit).astype(np.float16),
        np.minimum(kls.mean(axis=0), limit).astype(np.float16),
        None if drawing is None else pictures.to_bytes(decode(encode(drawing[None])[0]))[0],
    )


def write(path: Path, snapshot: Snapshot) -> None:
    """Add a snapshot to the run directory `path`; earlier ones that are not chosen go."""
    folder = path / FOLDER
    folder.mkdir(exist_ok=True)
    arrays = {name: getattr(snapshot, name) for name in (*_ALWAYS, "drawing")}
    with atomic.replaced(folder / f"{snapshot.epoch:04}.npz") as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            **{name: array for name, array in arrays.items() if array is not None},
        )
    for epoch, file in files(path).items():
        if epoch < snapshot.epoch and epoch not in KEPT:
            file.unlink()


def files(path: Path) -> dict[int, Path]:
    """The snapshot files of the run directory `path` by epoch, ascending."""
    found = (path / FOLDER).glob("*.npz")
    return {int(f.stem): f for f in sorted(found) if re.fullmatch(r"[0-9]{4}", f.stem)}


@parsed_files.parsed_once(kept=100)
def read(file: Path) -> Snapshot:
    """One snapshot, checked strictly.

    Raises:
        SnapshotError: it is missing or damaged, or no snapshot at all.
    """
    try:
        arrays = zip_files.arrays(file, MAX_BYTES)
        if {*arrays} - {"drawing"} != {*_ALWAYS}:
            raise ValueError(f"it holds {sorted(arrays)}")
        snapshot = Snapshot(int(file.stem), **arrays)
        _check(snapshot)
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{file.name} is not a snapshot: {error}") from error
    return snapshot


def _check(snapshot: Snapshot) -> None:
    latent_dim = len(np.atleast_1d(snapshot.kl_per_dimension))
    expected = {
        "rebuilt": (np.uint8, (REBUILT, *IMAGE)),
        "samples": (np.uint8, (SAMPLES, *IMAGE)),
        "points": (np.float16, (POINTS, 2)),
        "kl_per_dimension": (np.float16, (latent_dim,)),
        "drawing": (np.uint8, IMAGE),
    }
    for name, (dtype, shape) in expected.items():
        found = getattr(snapshot, name)
        if found is None:
            continue
        if (found.dtype, found.shape) != (dtype, shape):
            raise ValueError(f"{name} is {found.dtype} {found.shape}, not {shape}")
        if not np.isfinite(found).all():
            raise ValueError(f"{name} has values that are not finite")


def read_all(path: Path) -> list[Snapshot]:
    """The snapshots of the run directory `path`, by epoch.

    Left out are damaged ones, and those of another size of latent than the first: what is left
    still tells the story.
    """
    found: list[Snapshot] = []
    for file in files(path).values():
        with suppress(SnapshotError):
            found.append(read(file))
    return [one for one in found if len(one.kl_per_dimension) == len(found[0].kl_per_dimension)]


def write_drawing(path: Path, image: np.ndarray) -> None:
    """Keep a drawing in the run directory `path`, before it is trained, to see it rebuilt.

    Args:
        path: the run directory.
        image: (28, 28) in [0, 1].

    Raises:
        ValueError: it is no such image.
    """
    image = np.asarray(image, np.float32)
    if image.shape != IMAGE or not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(f"the drawing has shape {image.shape}; give {IMAGE} in [0, 1]")
    file = io.BytesIO()
    np.save(file, image, allow_pickle=False)
    content = file.getvalue()
    (path / DRAWING).write_bytes(content + zlib.crc32(content).to_bytes(_CHECKSUM, "little"))


def read_drawing(path: Path) -> np.ndarray | None:
    """The drawing (28, 28) in [0, 1] of the run directory `path`; None if it has none."""
    file = path / DRAWING
    try:
        content = plain_files.content(file, MAX_BYTES)
        if len(content) > _DRAWING_BYTES:  # earlier drawings have no checksum
            content, checksum = content[:-_CHECKSUM], content[-_CHECKSUM:]
            if zlib.crc32(content) != int.from_bytes(checksum, "little"):
                return None
        image = zip_files.to_array(content, DRAWING)
    except (OSError, ValueError):
        return None  # none, or a damaged one: the training does without
    is_image = image.shape == IMAGE and image.dtype == np.float32
    return image if is_image and image.min() >= 0 and image.max() <= 1 else None
