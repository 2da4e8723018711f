"""A digit that may as well be something else, and the words that say so."""

import numpy as np

from vae.preprocess.digit import holes
from vae.preprocess.edge import EDGE, filled_oval

_WIDEST = 1.6  # times as wide as high; of MNIST's digits one in a thousand is
_SLANTS = (-0.25, -0.12, 0, 0.12, 0.25)  # tangents; two digits that touch may lean so
_NECK = 0.35  # of the height, at most, is ink on it, if they touch in one place,
_AS_TALL = 0.9  # of the height, at least, is each of them,
_LEAST_WIDTH = 0.7  # of the height, at least, are both,
_NECK_FROM_END = 0.15  # of the height: what joins them at its end is a stroke
_STEM = 0.9  # of the height, at least, is ink on it, if it is all of a 1
_TALL_RING = 0.75  # of the height, at least, is the hole of the 0 beside it
_FILLED = "It is filled all over, as a 0 is by a thick pen. If it is none, draw with a thinner one."
_TWO = "If that is two digits which touch, choose one of them."


def of(ink: np.ndarray) -> str:
    """Words on a digit's ink (height, width) that may as well be something else, else "".

    Two digits touch along whole strokes, and a few in a thousand of MNIST's single digits are as
    wide, or hang together at one place only. Of a filled oval nothing tells what was drawn.
    """
    digit = ink > EDGE
    if filled_oval(digit):
        return _FILLED
    height, width = np.ptp(np.nonzero(digit), axis=1) + 1
    return _TWO if width > _WIDEST * height or _touch(digit) else ""


def _touch(digit: np.ndarray) -> bool:
    """Whether it looks like two digits side by side."""
    rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
    shape = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = shape.shape
    return width >= _LEAST_WIDTH * height and any(
        _has_neck(leaning) or _has_stem(leaning)
        for leaning in (_leaning(shape, slant) for slant in _SLANTS)
    )


def _leaning(shape: np.ndarray, slant: float) -> np.ndarray:
    """Each row moved sideways."""
    by = np.round(slant * (np.arange(len(shape)) - len(shape) / 2)).astype(int)
    room = int(np.abs(by).max())
    wide = np.pad(shape, ((0, 0), (room, room)))
    return np.take_along_axis(wide, (np.arange(wide.shape[1]) + by[:, None]) % wide.shape[1], 1)


def _has_neck(shape: np.ndarray) -> bool:
    """Whether there is little ink in one of its columns, in one place, and much on both sides."""
    height = len(shape)
    ink, first, last = shape.sum(axis=0), shape.argmax(axis=0), height - shape[::-1].argmax(axis=0)
    empty = ink == 0
    first, last = np.where(empty, height, first), np.where(empty, 0, last)
    tall = [
        (np.maximum.accumulate(last[::way]) - np.minimum.accumulate(first[::way]))[::way]
        for way in (1, -1)
    ]
    before, after = np.append(0, tall[0][:-1]), np.append(tall[1][1:], 0)
    from_end = np.minimum(first + last, 2 * height - first - last) / 2
    narrow = (ink == last - first) & (ink > 0) & (ink <= _NECK * height)
    parts = np.minimum(before, after) >= _AS_TALL * height
    return bool((narrow & parts & (from_end > _NECK_FROM_END * height)).any())


def _has_stem(shape: np.ndarray) -> bool:
    """Whether a straight stroke from top to bottom stands beside a tall hole, as in 10."""
    stem = np.flatnonzero(shape.mean(axis=0) >= _STEM)
    tall = [x for y, x in holes(shape) if y.stop - y.start >= _TALL_RING * len(shape)]
    # holes are counted from one pixel outside
    beside = (stem[0] < x.start - 1 or stem[-1] >= x.stop - 1 for x in tall)
    return bool(stem.size) and any(beside)
