"""Strokes of the pen, as the canvas gives them -> lines.

A browser may send anything in place of strokes: `read` leaves out what is none, and bounds the
rest.
"""

import math
from collections.abc import Sequence
from itertools import pairwise, repeat
from typing import Any

import numpy as np

from vae.preprocess.pen import Lines

_T = np.linspace(0, 1, 7)[1:, None]  # where a curve of the canvas is cut into straight pieces
_CURVE = (1 - _T) ** 2, 2 * _T * (1 - _T), _T**2  # start, control point and end
_FEW = 3  # taps; a digit may be dotted with more
_UNKNOWN_PEN = 6.0  # pixels; what is shorter is a tap even if the pen was thinner
_WIDEST_PEN = 1000.0  # pixels
_MOST_STROKES = 100
_MOST_STEPS = 1000  # of the pen, in all strokes; a digit that is drawn slowly has a few hundred
_MOST_NUMBERS = 6  # of one step
_FARTHEST = 1e5  # pixels from the corner of the canvas


def read(drawn: Any) -> list[Any]:
    """The strokes among what the canvas sent as its objects, or among (n, 2) arrays of points.

    Malformed steps of a path are left out, as are points that are not finite or far away, strokes
    of which nothing is left, and all after the first 100. If the pen made more than 1,000 steps,
    only every second counts, or every third, and so on.
    """
    strokes = drawn[:_MOST_STROKES] if isinstance(drawn, list) else []
    every = max(1, math.ceil(sum(map(_steps, strokes)) / _MOST_STEPS))
    clean = [
        _clean_object(stroke, every) if isinstance(stroke, dict) else _clean_array(stroke, every)
        for stroke in strokes
    ]
    return [stroke for stroke in clean if _steps(stroke)]


def _steps(stroke: Any) -> int:
    steps = stroke.get("path") if isinstance(stroke, dict) else stroke
    return len(steps) if isinstance(steps, list | np.ndarray) else 0


def _clean_object(stroke: dict[str, Any], every: int) -> dict[str, Any]:
    path = stroke.get("path")
    thinned = [*path[:-1:every], *path[-1:]] if isinstance(path, list) else []
    clean = {**stroke, "path": [step for step in thinned if _is_step(step)]}
    pen = clean.get("strokeWidth")
    if pen is None or not _is_number(pen, _WIDEST_PEN) or pen <= 0:
        clean.pop("strokeWidth", None)
    return clean


def _is_step(step: Any) -> bool:
    """Whether it is a command, and points to go to: x, y, x, y ..."""
    if not isinstance(step, list) or not 3 <= len(step) <= 1 + _MOST_NUMBERS or not len(step) % 2:
        return False
    return isinstance(step[0], str) and all(map(_is_number, step[1:], repeat(_FARTHEST)))


def _is_number(value: Any, most: float) -> bool:
    return isinstance(value, int | float) and abs(value) <= most


def _clean_array(stroke: Any, every: int) -> np.ndarray:
    try:
        points = np.asarray(stroke, np.float64).reshape(-1, 2)
    except (TypeError, ValueError, OverflowError):
        return np.zeros((0, 2))
    points = np.concatenate([points[:-1:every], points[-1:]])
    return points[(np.abs(points) <= _FARTHEST).all(axis=1)]


def lines(drawn: Any) -> Lines:
    """The strokes that `read` finds as lines: (n, 2, 2) in canvas pixels.

    Where there are but a few taps, which may have slipped, only a dot of one of them is left:
    enlarged, it would be a figure that nobody drew.
    """
    found = [(stroke, _points(stroke)) for stroke in read(drawn)]
    paths = [path for _, path in found]
    if len(found) <= _FEW and all(_is_tap(stroke, path) for stroke, path in found):
        paths = [path[:1] for path in paths[:1]]
    pieces = [np.stack([path[:-1], path[1:]], axis=1) for path in map(_with_end, paths)]
    return np.concatenate([np.zeros((0, 2, 2)), *pieces])


def _is_tap(stroke: Any, path: np.ndarray) -> bool:
    """Whether a stroke is no longer than half the pen's width: small digits are longer."""
    return bool(np.ptp(path, axis=0).max() <= width(stroke) / 2)


def _with_end(path: np.ndarray) -> np.ndarray:
    """A path of one point is a dot: it ends where it starts."""
    return path if len(path) > 1 else path.repeat(2, axis=0)


def points(stroke: Any) -> np.ndarray:
    """The points of a stroke, (n, 2) x and y, curves cut into straight pieces; (0, 2) of none."""
    return np.concatenate([np.zeros((0, 2)), *map(_points, read([stroke]))])


def _points(stroke: Any) -> np.ndarray:
    """The same of a stroke that is read."""
    if isinstance(stroke, np.ndarray):
        return stroke
    found: list[np.ndarray] = []
    for command, *numbers in stroke["path"]:
        corners = np.array(numbers, np.float64).reshape(-1, 2)
        if command == "Q" and found and len(corners) == 2:  # a curve: control point, then end
            found.extend(_CURVE[0] * found[-1] + _CURVE[1] * corners[0] + _CURVE[2] * corners[1])
        else:
            found.append(corners[-1])
    return np.array(found)


def width(stroke: Any) -> float:
    """The width in canvas pixels of the pen that drew a stroke that is read."""
    return float(
        stroke.get("strokeWidth", _UNKNOWN_PEN) if isinstance(stroke, dict) else _UNKNOWN_PEN
    )


def as_object(points: Sequence[Sequence[float]], width: float) -> dict[str, Any]:
    """A stroke through points (x, y) as an object of the canvas: smooth, with round ends."""
    first, *between, last = [list(point) for point in points]
    middles = [
        [(a + b) / 2 for a, b in zip(*pair, strict=True)] for pair in pairwise([*between, last])
    ]
    curves = [["Q", *corner, *middle] for corner, middle in zip(between, middles, strict=True)]
    return along([["M", *first], *curves, ["L", *last]], width)


def along(path: list[list[Any]], width: float) -> dict[str, Any]:
    """A stroke along the steps of a path as an object of the canvas, with nothing else in it."""
    return {
        "type": "Path",
        "path": path,
        "fill": None,
        "stroke": "#ffffff",
        "strokeWidth": width,
        "strokeLineCap": "round",
        "strokeLineJoin": "round",
    }
