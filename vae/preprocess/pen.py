"""The pen that draws lines into an image, as wide as MNIST's."""

import numpy as np

from vae.mnist import SIDE

PEN_WIDTH = 2.5
"""Width of MNIST's strokes in pixels. `python -m benchmarks.pen_width` measures it."""
_MIDDLES = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1).reshape(-1, 2) + 0.5
_AT_ONCE = 500  # lines; memory stays bounded however long a drawing is

Lines = np.ndarray
"""Straight pieces of the pen's path: (n, 2, 2), start and end, x and y. A dot ends at its start."""


def draw(lines: Lines, width: float = PEN_WIDTH) -> np.ndarray:
    """Lines in image pixels, drawn with a round pen: (28, 28) float32 in [0, 1].

    A pixel is as white as the pen covers it, told by the distance from its middle to the path.
    """
    parts = [lines[i : i + _AT_ONCE] for i in range(0, len(lines), _AT_ONCE)]
    squared = np.min([_squared_distance(part) for part in parts], axis=0)
    covered = width / 2 + 0.5 - np.sqrt(squared)
    # a pen thinner than a pixel never covers one whole
    return np.clip(covered, 0, min(1, width)).reshape(SIDE, SIDE).astype(np.float32)


def _squared_distance(lines: Lines) -> np.ndarray:
    """From the middle of each pixel to the nearest of lines (n, 2, 2): (784,)."""
    starts, along = lines[:, 0], lines[:, 1] - lines[:, 0]
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    # |middle - start|^2 and (middle - start) . along, as matrix products: (784, n)
    squared = (_MIDDLES**2).sum(1)[:, None] - 2 * _MIDDLES @ starts.T + (starts**2).sum(1)
    projected = _MIDDLES @ along.T - (starts * along).sum(axis=1)
    share = np.clip(projected / length, 0, 1)
    nearest = (squared + share * (share * length - 2 * projected)).min(axis=1)
    return np.maximum(nearest, 0)
