"""Lines of any size anywhere -> a digit placed as MNIST's are."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from vae.mnist import SIDE
from vae.preprocess.pen import PEN_WIDTH, Lines, draw

BOX = 20
CENTRE = 14.5  # where MNIST's centre of mass lies, counted from the edge of the first pixel
_SMALLEST = 3.0  # pixels of the drawing; anything smaller is a dot
_BLOT = 4.0  # pixels from ink to paper; in MNIST's digits, drawn so, it is at most 3.2
_THIN_PEN = 1.0  # what is filled by this one too is filled all over
_MOST_INK = 260.0  # pixels; a third of the image: a face or a letter has less
MOST_SLANT = 1.0  # tangent; nobody writes at more than 45 degrees
_TOO_MUCH = "Those are too many lines for one digit. Clear it and draw one digit."
_ALONG = np.arange(SIDE) + 0.5


@dataclass(frozen=True)
class Blank:
    """There is no digit in the drawing; `reason` says why, in words for the person who drew."""

    reason: str


def placed(lines: Lines, upright: bool = False) -> np.ndarray | Blank:
    """Fit lines into the box, draw them with MNIST's pen, and centre them by mass.

    Args:
        lines: at least one, in pixels of the drawing.
        upright: take the slant away first.

    Returns:
        (28, 28) float32 in [0, 1], or a `Blank`.
    """
    if _extent(lines).max() < _SMALLEST:
        return Blank("That is only a dot. Draw a digit.")
    within = fitted(lines)
    if upright:
        within = fitted(_sheared(within, slant(draw(within))))
    image = draw(within)
    if _is_blot(image):
        if _is_blot(draw(within, _THIN_PEN)):
            return Blank("That is filled all over. Clear it and draw a digit with a thin line.")
        return Blank(_TOO_MUCH)
    if image.sum() > _MOST_INK:
        return Blank(_TOO_MUCH)
    shift = CENTRE - centre_of_mass(image)
    room = (SIDE - PEN_WIDTH - _extent(within)) / 2  # to where ink would be cut off
    return draw(within + np.clip(shift, -room, room))


def _extent(lines: Lines) -> np.ndarray:
    """Width and height: (2,)."""
    return np.ptp(lines.reshape(-1, 2), axis=0)


def fitted(lines: Lines) -> Lines:
    """The lines in the middle of the image, their ink as large as the box."""
    points = lines.reshape(-1, 2)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    return (lines - middle) * ((BOX - PEN_WIDTH) / _extent(lines).max()) + SIDE / 2


def slant(image: np.ndarray) -> float:
    """By how many pixels the ink moves to the right for each pixel down."""
    x, y = centre_of_mass(image)
    down = _ALONG - y
    together = down @ image @ (_ALONG - x)
    return float(np.clip(together / max(image.sum(axis=1) @ down**2, 1e-6), -1, 1) * MOST_SLANT)


def _sheared(lines: Lines, slant: float) -> Lines:
    """Each point moved sideways, so that what leaned by `slant` stands upright."""
    return np.stack([lines[..., 0] - slant * (lines[..., 1] - SIDE / 2), lines[..., 1]], axis=-1)


def _is_blot(image: np.ndarray) -> bool:
    """Whether ink covers a place larger than any stroke or crossing of strokes does."""
    return bool(np.max(np.asarray(ndimage.distance_transform_edt(image > 0.5))) > _BLOT)


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    """x and y of an image (height, width), in pixels from the edge of the first one: (2,)."""
    down, along = (np.arange(side) + 0.5 for side in image.shape)
    return np.array([image.sum(axis=0) @ along, image.sum(axis=1) @ down]) / image.sum()
