"""Ink -> a digit placed as MNIST's are: the ink's own outline, moved until the pen is MNIST's.

Unlike centre lines, drawn anew, this keeps what the outline still tells where a fat pen has filled
a loop or a bend.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

from vae.mnist import SIDE
from vae.preprocess.pen import PEN_WIDTH, Lines
from vae.preprocess.placement import BOX, CENTRE, MOST_SLANT, centre_of_mass, slant

EDGE = 0.4  # of the darkest ink: where ink ends
_LOOKED_AT = 200
"""Pixels; each digit is enlarged or shrunk to this, so that its size does not matter."""

_LEVELS = (0.3, 0.5, 0.7)  # of ink; each has an outline of its own, so grey stays grey
_OF_ALL_WIDTHS = 0.1  # so many of the half widths are smaller than the pen's: it is no blot's
_OVAL = 0.994  # of the ellipse that is spread as widely; nothing but a filled 0 has so much ink,
_LONGEST_OVAL = 2.2  # times as long as wide; a 1 is longer
_MOVED = 0.75  # of the way from the pen's edge to that of MNIST's
_HOLLOW = 0.8  # of the ink that no stroke need have covered: there a fat pen fills a loop
_CREST = 0.45  # slope of the distance to the paper: 1 within a stroke, 0 on its centre line
_FREE = 2  # pixels about cropped ink


def redrawn(ink: np.ndarray, upright: bool = False) -> np.ndarray:
    """Ink as if MNIST's pen had drawn it, fitted into the box and centred by mass.

    How far the outline is moved, and how the result was measured, says
    `python -m benchmarks.reading`.

    Args:
        ink: (height, width) float32 in [0, 1], of one digit, somewhere more than `EDGE`.
        upright: take the slant away first.

    Returns:
        (28, 28) float32 in [0, 1].
    """
    image = _placed(*_moved(ink))
    return _placed(*_moved(_sheared(cropped(ink)[0], slant(image)))) if upright else image


def half_widths(ink: np.ndarray) -> np.ndarray:
    """From each place of the centre lines to the edge of the stroke: (n,), in pixels of 200."""
    return _half_widths(cropped(ink)[0] > EDGE)


def filled_oval(mask: np.ndarray) -> tuple[float, float] | None:
    """Half the length and width of a mask that is an ellipse all over, as a dot or a filled 0 is.

    Of all shapes that are spread as widely about their middle an ellipse has the largest area.
    """
    spread = np.cov(np.nonzero(mask)) + np.eye(2) / 12  # a pixel is a square, and no point
    width, length = 2 * np.sqrt(np.linalg.eigvalsh(spread))
    is_oval = length < _LONGEST_OVAL * width and mask.sum() > _OVAL * np.pi * length * width
    return (length, width) if is_oval else None


def to_outside(mask: np.ndarray) -> np.ndarray:
    """How far each pixel is from the nearest outside the mask."""
    return np.asarray(ndimage.distance_transform_edt(mask))


def centre_lines(ink: np.ndarray) -> Lines:
    """The centre lines of ink (height, width) in [0, 1], one dot for each pixel of them."""
    large, factor, corner = cropped(ink)
    rows, columns = np.nonzero(_crest(large > EDGE))
    dots = (np.stack([columns, rows], axis=1)[::2] + 0.5) / factor + corner  # they lie close
    return np.stack([dots, dots], axis=1)


def cropped(ink: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """The ink with a free rim, by what factor it is larger, and where its corner was, x and y."""
    rows, columns = (np.flatnonzero((ink > EDGE).any(axis=axis)) for axis in (1, 0))
    free = 2 * _FREE + 1
    around = np.pad(ink, _FREE)[rows[0] : rows[-1] + free, columns[0] : columns[-1] + free]
    factor = _LOOKED_AT / max(around.shape)
    height, width = (max(1, round(side * factor)) for side in around.shape)
    kind = Image.Resampling.BOX if factor < 1 else Image.Resampling.BICUBIC
    large = Image.fromarray(around.astype(np.float32)).resize((width, height), kind)
    return np.asarray(large), factor, np.array([columns[0], rows[0]]) - _FREE


def _moved(ink: np.ndarray) -> tuple[np.ndarray, float]:
    """Ink with its outline moved, enlarged, and by what it is to be scaled to fill the box.

    A pixel is as white as the share of levels whose outline, moved, lies beyond it.
    """
    large = cropped(ink)[0]
    mask = large > EDGE
    extent = max(np.ptp(np.nonzero(mask), axis=1)) + 1
    pen = _half_pen(mask)
    # of the middle of the pen, MNIST's digits fill so much of the box
    wanted = PEN_WIDTH / 2 * max(extent - 2 * pen, 1) / (BOX - PEN_WIDTH)
    inward = _MOVED * (pen - wanted)
    large = np.pad(large, _FREE + max(0, round(-inward)))
    edges = [_signed_distance(large > level, inward > 0) - inward for level in _LEVELS]
    coverage = np.mean([_drawn(edge, pen - inward) for edge in edges], axis=0)
    return coverage.astype(np.float32), BOX / (extent - 2 * inward)


def _half_pen(mask: np.ndarray) -> float:
    """Half the width of the pen that drew a shape, in its pixels.

    Where it has filled a 0, the thinnest one that does.
    """
    oval = filled_oval(mask)
    return oval[1] / 2 if oval else np.quantile(_half_widths(mask), _OF_ALL_WIDTHS) - 0.5


def _drawn(within: np.ndarray, half_width: float) -> np.ndarray:
    """How much ink a pen leaves where pixels lie so far within an edge, in [0, 1].

    Along the edge the middle of the pen runs half its width within it, and so it reaches no
    farther than its whole width: what is deeper, ink that has run together hides.
    """
    beyond = (within - 2 * half_width) / half_width
    return np.clip(within + 0.5, 0, 1) * (1 - _HOLLOW * np.clip(beyond + 0.5, 0, 1))


def _signed_distance(mask: np.ndarray, inside: bool) -> np.ndarray:
    """How far each pixel is within the edge of a mask; only true inside or only outside of it."""
    return to_outside(mask) - 0.5 if inside else 0.5 - to_outside(~mask)


def _placed(coverage: np.ndarray, scale: float) -> np.ndarray:
    """Scaled down to (28, 28), its mass where MNIST's is unless ink would be cut off."""
    side, (rows, columns) = SIDE / scale, np.nonzero(coverage)
    corner = centre_of_mass(coverage) - CENTRE / scale
    first = np.array([columns.min(), rows.min()])
    last = np.array([columns.max(), rows.max()]) + 1
    x, y = np.clip(corner, last - side, np.maximum(first, last - side))
    free = int(np.ceil(side))
    large = Image.fromarray(np.pad(coverage, free))
    box = (x + free, y + free, x + free + side, y + free + side)
    return np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX, box))


def _sheared(ink: np.ndarray, slant: float) -> np.ndarray:
    """Each row moved sideways, so that what leaned by `slant` stands upright."""
    reach = int(np.ceil(MOST_SLANT * len(ink) / 2))
    wide = np.pad(ink, ((0, 0), (reach, reach)))
    back = np.array([[1, 0, 0], [slant, 1, -slant * len(ink) / 2], [0, 0, 1]])
    return ndimage.affine_transform(wide, back, order=1)


def _half_widths(mask: np.ndarray) -> np.ndarray:
    crest = _crest(mask)
    return to_outside(mask)[crest if crest.any() else mask]


def _crest(mask: np.ndarray) -> np.ndarray:
    """The centre lines of a mask: where the distance to its outside has no slope.

    Source: Siddiqi et al. 2002, "Hamilton-Jacobi Skeletons", in its simplest form. Unlike
    thinning, a wavy outline gives no spurs, and a stroke ends where the middle of the pen did.
    """
    distance = ndimage.gaussian_filter(to_outside(mask), 0.7)
    down, right = np.gradient(distance)
    return mask & (np.hypot(down, right) < _CREST)
