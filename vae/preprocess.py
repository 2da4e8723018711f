"""From what a person draws to an image as MNIST's makers would have made it.

MNIST's digits were fitted into 20x20 pixels keeping their aspect, and centred by mass in 28x28
(source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits"). Where the pen
strokes are known they are drawn again with MNIST's own pen width, so that neither the size, the
place nor the pen of a drawing changes what the model sees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

SIZE = 28
BOX = 20
PEN_WIDTH = 2.5
"""Width of MNIST's strokes in pixels: the median of 2 x area / outline over 1,000 training images
(half of them lie between 2.1 and 2.8)."""
_CENTRE = 14.5  # where MNIST's centre of mass lies, counted from the edge of the first pixel
_MIDDLES = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), axis=-1).reshape(-1, 2) + 0.5
_CURVE_STEPS = 8  # straight pieces to one curve of the canvas
_LEAST_INK = 0.1  # fainter pixels are background
_SMALLEST = 3.0  # canvas pixels; anything smaller is a dot


@dataclass(frozen=True)
class Blank:
    """There is no digit in the drawing; `reason` says why, in words for the person who drew."""

    reason: str


Stroke = np.ndarray
"""The points of one pen stroke, (n, 2) x and y in canvas pixels."""


def drawing_to_image(
    rgba: np.ndarray | None, strokes: Sequence[Any] | None = None
) -> np.ndarray | Blank:
    """What the model sees of a drawing.

    Args:
        rgba: the canvas, (height, width, 4) uint8; only looked at where there are no strokes.
            Light ink on a dark background or dark ink on a light one.
        strokes: the pen's paths, each an (n, 2) array of points or an object of the canvas'
            `json_data["objects"]`.

    Returns:
        (28, 28) float32 in [0, 1], white ink on black as in MNIST, or a `Blank`.

    Raises:
        ValueError: `rgba` has another shape or type.
    """
    paths = [path for path in map(stroke_points, strokes or []) if len(path)]
    if paths:
        return _from_strokes(paths)
    if rgba is None:
        return Blank("Nothing is drawn yet.")
    return _from_ink(_ink(rgba))


def stroke_points(stroke: Any) -> Stroke:
    """The points of a stroke: itself if it is an array, else a canvas object's path, curves cut up.

    Objects that are not drawn with the pen have no points: (0, 2).
    """
    if not isinstance(stroke, dict):
        return np.asarray(stroke, np.float64).reshape(-1, 2)
    points: list[np.ndarray] = []
    for command, *numbers in stroke.get("path") or []:
        corners = np.array(numbers, np.float64).reshape(-1, 2)
        if command == "Q" and points:  # a quadratic curve: control point, then end
            t = np.linspace(0, 1, _CURVE_STEPS + 1)[1:, None]
            start, (control, end) = points[-1], corners
            points.extend((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)
        elif len(corners):
            points.append(corners[-1])
    return np.array(points, np.float64).reshape(-1, 2)


def _from_strokes(paths: list[Stroke]) -> np.ndarray | Blank:
    """Fit the pen's path into the box, and draw it with MNIST's pen."""
    points = np.concatenate(paths)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = (high - low).max()
    if extent < _SMALLEST:
        return Blank("That is only a dot. Draw a digit.")
    scale = (BOX - PEN_WIDTH) / extent
    middle = (low + high) / 2
    fitted = [(path - middle) * scale + SIZE / 2 for path in paths]
    shift = _CENTRE - _centre_of_mass(_draw(fitted))
    room = SIZE / 2 - PEN_WIDTH / 2 - (high - low) * scale / 2  # to where ink would be cut off
    return _draw([path + np.clip(shift, -room, room) for path in fitted])


def _draw(paths: list[Stroke]) -> np.ndarray:
    """Strokes in image pixels, drawn with a round pen: (28, 28) float32 in [0, 1].

    A pixel is as white as the pen covers it, told by the distance from its middle to the path.
    """
    starts = np.concatenate([path[:-1] if len(path) > 1 else path for path in paths])
    ends = np.concatenate([path[1:] if len(path) > 1 else path for path in paths])
    distance = _distance(_MIDDLES, starts, ends).reshape(SIZE, SIZE)
    return np.clip(PEN_WIDTH / 2 + 0.5 - distance, 0, 1).astype(np.float32)


def _distance(points: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """From each of points (p, 2) to the nearest of the segments (s, 2): (p,)."""
    along = ends - starts
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    # |point - start|^2 and (point - start) . along, as matrix products: (p, s)
    squared = (points**2).sum(1)[:, None] - 2 * points @ starts.T + (starts**2).sum(1)
    projected = points @ along.T - (starts * along).sum(axis=1)
    share = np.clip(projected / length, 0, 1)
    nearest = (squared + share * (share * length - 2 * projected)).min(axis=1)
    return np.sqrt(np.maximum(nearest, 0))


def _ink(rgba: np.ndarray) -> np.ndarray:
    """How much ink each pixel has, (height, width) in [0, 1]; the rim tells the background."""
    if rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.dtype != np.uint8:
        raise ValueError(f"rgba is {rgba.dtype} {rgba.shape}; expected uint8 (height, width, 4)")
    light = rgba[..., :3].astype(np.float32).mean(axis=2) / 255 * (rgba[..., 3] / np.float32(255))
    rim = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    return np.abs(light - np.median(rim))


def _from_ink(ink: np.ndarray) -> np.ndarray | Blank:
    """Crop to the ink, fit into the box, and centre by mass."""
    rows, columns = (np.flatnonzero((ink > _LEAST_INK).any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return Blank("Nothing is drawn yet.")
    cropped = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if max(cropped.shape) < _SMALLEST:
        return Blank("That is only a dot. Draw a digit.")
    if cropped.min() > _LEAST_INK and cropped.shape == ink.shape:
        return Blank("The whole canvas is filled. Clear it and draw a digit.")
    height, width = (max(1, round(side * BOX / max(cropped.shape))) for side in cropped.shape)
    picture = Image.fromarray(np.clip(cropped / cropped.max() * 255, 0, 255).astype(np.uint8))
    small = np.asarray(picture.resize((width, height), Image.Resampling.BOX), np.float32) / 255
    image = np.zeros((SIZE, SIZE), np.float32)
    top, left = (SIZE - height) // 2, (SIZE - width) // 2
    image[top : top + height, left : left + width] = small
    x, y = np.round(_CENTRE - _centre_of_mass(image)).astype(int)
    x = int(np.clip(x, -left, SIZE - width - left))
    y = int(np.clip(y, -top, SIZE - height - top))
    return np.roll(image, (y, x), axis=(0, 1))


def _centre_of_mass(image: np.ndarray) -> np.ndarray:
    """x and y in pixels from the edge of the first one: (2,)."""
    along = np.arange(SIZE) + 0.5
    return np.array([image.sum(axis=0) @ along, image.sum(axis=1) @ along]) / image.sum()
