"""Strokes of the pen, as the canvas gives them -> lines."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from vae.preprocess.pen import Lines

_CURVE_STEPS = 6  # straight pieces to one curve of the canvas
_FEW = 3  # taps; a digit may be dotted with more
_UNKNOWN_PEN = 6.0  # pixels; what is shorter is a tap even if the pen was thinner


def lines(drawn: Sequence[Any]) -> Lines:
    """All strokes as lines: (n, 2, 2) in canvas pixels; none for what is not drawn with the pen.

    Where there are but a few taps, which may have slipped, only a dot of one of them is left:
    enlarged, it would be a figure that nobody drew.
    """
    found = [(stroke, path) for stroke in drawn if len(path := points(stroke))]
    paths = [path for _, path in found]
    if len(found) <= _FEW and all(_is_tap(stroke, path) for stroke, path in found):
        paths = [path[:1] for path in paths[:1]]
    pieces = [np.stack([path[:-1], path[1:]], axis=1) for path in map(_with_end, paths)]
    return np.concatenate([np.zeros((0, 2, 2)), *pieces])


def _is_tap(stroke: Any, path: np.ndarray) -> bool:
    """Whether a stroke is no longer than half the pen's width: small digits are longer."""
    pen = width(stroke) if isinstance(stroke, dict) and "strokeWidth" in stroke else _UNKNOWN_PEN
    return bool(np.ptp(path, axis=0).max() <= pen / 2)


def _with_end(path: np.ndarray) -> np.ndarray:
    """A path of one point is a dot: it ends where it starts."""
    return path if len(path) > 1 else path.repeat(2, axis=0)


def points(stroke: Any) -> np.ndarray:
    """The points of a stroke, (n, 2) x and y: itself if it is an array, else an object's path.

    Curves are cut into straight pieces. Objects not drawn with the pen have no points: (0, 2).
    What is malformed in a path, and points that are not finite, are skipped.
    """
    found = _path_points(stroke) if isinstance(stroke, dict) else np.asarray(stroke, np.float64)
    found = found.reshape(-1, 2)
    return found[np.isfinite(found).all(axis=1)]


def _path_points(stroke: dict[str, Any]) -> np.ndarray:
    found: list[np.ndarray] = []
    for command, *numbers in filter(None, stroke.get("path") or []):
        corners = _corners(numbers)
        if command == "Q" and found and len(corners) == 2:  # a curve: control point, then end
            t = np.linspace(0, 1, _CURVE_STEPS + 1)[1:, None]
            start, (control, end) = found[-1], corners
            found.extend((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)
        elif len(corners):
            found.append(corners[-1])
    return np.array(found, np.float64)


def _corners(numbers: list[Any]) -> np.ndarray:
    """A command's numbers as points: (n, 2), or none if they are no pairs of numbers."""
    try:
        return np.array(numbers, np.float64).reshape(-1, 2)
    except (TypeError, ValueError):
        return np.zeros((0, 2))


def width(stroke: Any) -> float:
    """The width of the pen that drew an object of the canvas, in canvas pixels."""
    return float(stroke["strokeWidth"])


def as_object(points: Sequence[Sequence[float]], width: float) -> dict[str, Any]:
    """A stroke through points (x, y) as an object of the canvas: smooth, with round ends."""
    first, *between, last = [list(point) for point in points]
    middles = [
        [(a + b) / 2 for a, b in zip(*pair, strict=True)] for pair in pairwise([*between, last])
    ]
    curves = [["Q", *corner, *middle] for corner, middle in zip(between, middles, strict=True)]
    return {
        "type": "Path",
        "path": [["M", *first], *curves, ["L", *last]],
        "fill": None,
        "stroke": "#ffffff",
        "strokeWidth": width,
        "strokeLineCap": "round",
        "strokeLineJoin": "round",
    }
