"""The pen that draws lines into an image, as wide as MNIST's."""

import numpy as np

from vae.mnist import SIDE

PEN_WIDTH = 2.5
"""Width of MNIST's strokes in pixels. `python -m benchmarks.pen_width` measures it."""
_MIDDLES = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1) + 0.5
_TOGETHER = 16  # lines: those that follow each other lie close together

Lines = np.ndarray
"""Straight pieces of the pen's path: (n, 2, 2), start and end, x and y. A dot ends at its start."""


def draw(lines: Lines, width: float = PEN_WIDTH) -> np.ndarray:
    """Lines in image pixels, drawn with a round pen: (28, 28) float32 in [0, 1].

    A pixel is as white as the pen covers it, told by the distance from its middle to the path. Only
    pixels that the lines can reach are looked at, some lines at a time.
    """
    reach = width / 2 + 0.5
    squared = np.full((SIDE, SIDE), reach**2)
    for i in range(0, len(lines), _TOGETHER):
        part = lines[i : i + _TOGETHER]
        points = part.reshape(-1, 2)
        left, top = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int)
        right, bottom = np.minimum(np.ceil(points.max(axis=0) + reach), SIDE).astype(int)
        near = (slice(top, bottom), slice(left, right))
        squared[near] = np.minimum(squared[near], _squared_distance(part, _MIDDLES[near]))
    # a pen thinner than a pixel never covers one whole
    return np.clip(reach - np.sqrt(squared), 0, min(1, width)).astype(np.float32)


def _squared_distance(lines: Lines, places: np.ndarray) -> np.ndarray:
    """From each place (height, width, 2) to the nearest of lines (n, 2, 2): (height, width)."""
    starts, along = lines[:, 0], lines[:, 1] - lines[:, 0]
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    apart = places[:, :, None] - starts  # (height, width, n, 2)
    projected = (apart * along).sum(axis=-1)
    share = np.clip(projected / length, 0, 1)
    nearest = (apart**2).sum(axis=-1) + share * (share * length - 2 * projected)
    return np.maximum(nearest.min(axis=-1), 0)
