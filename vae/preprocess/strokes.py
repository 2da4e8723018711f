"""Strokes of the pen -> lines."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from vae.preprocess.pen import Lines

_CURVE_STEPS = 6  # straight pieces to one corner


class Stroke(TypedDict):
    """What the pen did from down to up: its width, and the places (x, y) it was seen at."""

    width: float
    points: list[list[float]]


def lines(drawn: Sequence[Stroke | np.ndarray]) -> Lines:
    """All strokes as lines: (n, 2, 2) in pixels of the drawing."""
    pieces = [np.stack([path[:-1], path[1:]], axis=1) for path in map(_path, drawn) if len(path)]
    return np.concatenate([np.zeros((0, 2, 2)), *pieces])


def _path(stroke: Stroke | np.ndarray) -> np.ndarray:
    """The points of a stroke, (n, 2); a dot ends where it starts."""
    path = np.asarray(stroke) if not isinstance(stroke, dict) else smooth(stroke["points"])
    return path.repeat(2, axis=0) if len(path) == 1 else path


def smooth(points: Sequence[Sequence[float]]) -> np.ndarray:
    """The curve through a pen's places (n, 2), as the board shows it.

    Each place between the first and the last is the control point of a quadratic curve that ends
    in the middle of the way to the next one.
    """
    path = np.array(points, np.float64).reshape(-1, 2)
    if len(path) < 3:
        return path
    middles = (path[1:-1] + path[2:]) / 2
    starts = np.concatenate([path[:1], middles[:-1]])
    t = np.linspace(0, 1, _CURVE_STEPS + 1)[1:, None, None]
    curves = (1 - t) ** 2 * starts + 2 * t * (1 - t) * path[1:-1] + t**2 * middles
    return np.concatenate([path[:1], curves.swapaxes(0, 1).reshape(-1, 2), path[-1:]])
