"""A picture -> the centre lines of its ink."""

from itertools import pairwise

import numpy as np
from PIL import Image
from scipy import ndimage

from vae.preprocess.frame import Blank
from vae.preprocess.pen import SIZE, Lines

_LARGEST = 512  # pixels; a larger picture is shrunk first
_SMALL = 128  # pixels; fine enough to see how a picture is lit
_DIGIT = 140  # pixels; each digit is looked at in this size, so that its own size does not matter
_LEAST_CONTRAST = 0.25  # between ink and background; fainter is noise
_LEAST_SIDE = 12  # pixels; a smaller picture shows no digit
_LEAST_AREA = 20  # pixels; less ink than this is noise
_EDGE = 0.4  # of the darkest ink: where ink ends
_CREST = 0.45  # slope of the distance to the paper: 1 within a stroke, 0 on its centre line
_SPECK = 0.03  # of the largest piece of ink; smaller ones are dirt
_MOST_PIECES = 6  # a digit written in more pieces is noise
_AS_TALL = 0.6  # of the tallest piece; side by side with it, that is a digit of its own,
_APART = 0.1  # if so much of the tallest piece's height lies between them


def centre_lines(rgba: np.ndarray) -> Lines | Blank:
    """Where the pen went: one dot for each pixel of the ink's centre lines.

    Args:
        rgba: (height, width, 4) uint8; light ink on dark or dark ink on light.

    Raises:
        ValueError: another shape or type.
    """
    light = _light(rgba)
    if min(light.shape) < _LEAST_SIDE:
        height, width = light.shape
        return Blank(f"A picture of {width} x {height} pixels is too small to show a digit.")
    ink = _ink(_at_most(light, _LARGEST))
    if ink is None:
        return Blank("Nothing is to be seen: no ink stands out from the background.")
    pieces = _pieces(ink > _EDGE)
    if isinstance(pieces, Blank):
        return pieces
    return lines_of_ink(ink * pieces)


def shrunk(rgba: np.ndarray) -> np.ndarray:
    """The whole picture as it is, made square with black and shrunk: (28, 28) float32 in [0, 1]."""
    light = _light(rgba)
    side = max(*light.shape, 1)
    above, left = ((side - length) // 2 for length in light.shape)
    square = np.zeros((side, side), np.float32)
    square[above : above + light.shape[0], left : left + light.shape[1]] = light
    picture = Image.fromarray(square).resize((SIZE, SIZE), Image.Resampling.BOX)
    return np.clip(np.asarray(picture), 0, 1)


def lines_of_ink(ink: np.ndarray) -> Lines:
    """The centre lines of ink (height, width) float32 in [0, 1], one dot for each pixel of them."""
    digit, scale = _cropped(ink)
    rows, columns = np.nonzero(_crest(digit > _EDGE))
    dots = (np.stack([columns, rows], axis=1)[::2] + 0.5) / scale  # they lie close
    return np.stack([dots, dots], axis=1)


def _light(rgba: np.ndarray) -> np.ndarray:
    """How light each pixel is, (height, width) float32 in [0, 1]."""
    if rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.dtype != np.uint8:
        raise ValueError(f"rgba is {rgba.dtype} {rgba.shape}; expected uint8 (height, width, 4)")
    if not rgba.size:
        return np.zeros(rgba.shape[:2], np.float32)
    grey = np.asarray(Image.fromarray(rgba).convert("L"), np.float32) / 255
    opaque = rgba[..., 3] / np.float32(255)
    # behind transparent places lies what the ink stands out from
    behind = np.float32(opaque.any() and (grey * opaque).sum() < 0.5 * opaque.sum())
    return grey * opaque + behind * (1 - opaque)


def _at_most(light: np.ndarray, largest: int) -> np.ndarray:
    factor = largest / max(light.shape)
    return light if factor >= 1 else _resized(light, factor)


def _resized(values: np.ndarray, factor: float) -> np.ndarray:
    height, width = (max(1, round(side * factor)) for side in values.shape)
    kind = Image.Resampling.BOX if factor < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(values).resize((width, height), kind))


def _ink(light: np.ndarray) -> np.ndarray | None:
    """How much ink each pixel has, in [0, 1]; None where nothing stands out.

    The rim tells whether ink is darker or lighter than the background. Background is what is left
    when everything narrower than half the picture is painted over, so shadows stay in it.
    """
    small = ndimage.gaussian_filter(_at_most(light, _SMALL), 0.7, mode="nearest")
    deviation = small - _surface_through_rim(small)
    if deviation.max() > -deviation.min():
        light, small = 1 - light, 1 - small
    ground = ndimage.grey_closing(small, max(small.shape) // 2, mode="nearest")
    height, width = light.shape
    ground = np.asarray(Image.fromarray(ground).resize((width, height), Image.Resampling.BICUBIC))
    ink = ndimage.gaussian_filter((ground - light) / np.maximum(ground, 0.05), 0.7)
    contrast = np.sort(ink, axis=None)[-_LEAST_AREA]
    return None if contrast < _LEAST_CONTRAST else np.clip(ink / contrast, 0, 1)


def _surface_through_rim(light: np.ndarray) -> np.ndarray:
    """What the light would be without ink, told from the rim: a quadratic surface."""
    y, x = np.indices(light.shape) / max(light.shape)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    rim = np.ones(light.shape, bool)
    rim[2:-2, 2:-2] = False
    weights, *_ = np.linalg.lstsq(terms[rim], light[rim])
    return terms @ weights


def _pieces(mask: np.ndarray) -> np.ndarray | Blank:
    """The ink (height, width) that belongs to the digit, without dirt."""
    labels = np.zeros(mask.shape, np.int32)
    ndimage.label(mask, np.ones((3, 3)), output=labels)
    areas = np.bincount(labels.ravel())[1:]
    kept = np.flatnonzero(areas >= _SPECK * areas.max()) + 1
    if len(kept) > _MOST_PIECES:
        return Blank("That is too many pieces for one digit. Show one digit on plain paper.")
    places = ndimage.find_objects(labels)
    if _stand_apart([places[i - 1] for i in kept]):
        return Blank("That looks like several digits. Show one at a time.")
    return np.isin(labels, kept)


def _stand_apart(places: list[tuple[slice, slice]]) -> bool:
    """Whether two pieces of about the same height stand side by side with room between."""
    tallest = max(rows.stop - rows.start for rows, _ in places)
    tall = sorted(
        (columns.start, columns.stop)
        for rows, columns in places
        if rows.stop - rows.start >= _AS_TALL * tallest
    )
    return any(right[0] - left[1] >= _APART * tallest for left, right in pairwise(tall))


def _cropped(ink: np.ndarray) -> tuple[np.ndarray, float]:
    """The ink with a free rim, in the size in which digits are looked at, and by what factor."""
    rows, columns = (np.flatnonzero((ink > _EDGE).any(axis=axis)) for axis in (1, 0))
    around = np.pad(ink, 2)[rows[0] : rows[-1] + 5, columns[0] : columns[-1] + 5]
    factor = _DIGIT / max(around.shape)
    return _resized(around.astype(np.float32), factor), factor


def _crest(mask: np.ndarray) -> np.ndarray:
    """The centre lines of a mask: where the distance to its outside has no slope.

    Source: Siddiqi et al. 2002, "Hamilton-Jacobi Skeletons", in its simplest form. Unlike
    thinning, a wavy outline gives no spurs, and a stroke ends where the middle of the pen did.
    """
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 0.7)
    down, right = np.gradient(distance)
    return mask & (np.hypot(down, right) < _CREST)
