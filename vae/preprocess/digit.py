"""Ink -> which of it is the one digit, or why there is none."""

from itertools import combinations

import numpy as np
from scipy import ndimage

from vae.preprocess.edge import EDGE, filled_oval, half_widths, to_outside
from vae.preprocess.ink import labelled
from vae.preprocess.placement import Blank

_SPECK = 0.03  # of the largest piece of ink; smaller ones are dirt
_MOST_PIECES = 6  # a digit written in more pieces is noise
TOO_MANY = "That is too many pieces for one digit. Show one digit on plain paper."
_AS_LARGE = 0.7  # of the largest piece; that is a digit of its own,
_APART = 0.1  # if so much of the largest piece's extent lies between them,
_FAR_APART = 0.3  # and what is smaller is one, if so much does,
_LEAST_EXTENT = 0.25  # unless it is so small that it is dirt
_LEAST_LENGTH = 1.25  # of a stroke, in widths; what is shorter is a dot
_WIDEST_DOT = 0.1  # of the picture; a wider one may be a digit whose hole is filled,
_WIDEST_PEN = 0.17  # and what is wider than any pen of the canvas is one,
_ROUND = 1.05  # unless it is no longer than wide
_FINE = 1 / 120  # of the digit's extent
_SOFT = 0.2  # of all ink from pixel to pixel: an edge that is less steep is soft,
_SOFT_EXTENT = 11  # if there are also fewer such steps to the digit's extent,
_OF_RIM = 0.1  # even if only so much of its edge is, and that which runs one way
_EDGE_VARIES = 0.33  # std / mean of the steps along the edge; more is light that ends there,
_EDGE_IS_EVEN = 0.23  # if it varies less, nothing but ink ends there
_PEN_VARIES = 0.42  # and so is more of the half widths along the centre lines
_SURE = 0.7  # of the light is missing: no shadow takes so much away
_SOFT_RIM = 3  # pixels from where ink ends to where there is none
_SURE_CHALK = 0.6  # and the sun seldom brings so much
_PORE = 0.01  # of the picture; what is narrower is no hole
_MOST_HOLES = 4  # MNIST's digits have at most 3
_TALL_HOLE = 0.4  # of the digit's height
_WIDE_HOLE = 0.5  # of the other hole's width
_IN_BOTH_HOLES = 0.4  # of the narrower one; more is one hole, cut by a slanting stroke
UNEVEN_LIGHT = (
    "The light is uneven, or the picture blurred. Crop it to the digit, or take it again."
)
NOTHING = "Nothing is to be seen: no ink stands out from the background."
_DOT = "That is only a dot. Draw a digit."
_BLOT = "That is a dot, or filled all over. Show a digit drawn with a thin line."
_DOTS = "Those are only dots. Draw a digit."
_SEVERAL = "That looks like several digits. Show one at a time."


def one_digit(ink: np.ndarray) -> np.ndarray | Blank:
    """Where the ink of the one digit is (height, width), without dirt."""
    labels = labelled(ink > EDGE, np.ones((3, 3)))
    areas = np.bincount(labels.ravel())[1:]
    if not areas.size:
        return Blank(NOTHING)
    kept = np.flatnonzero(areas >= _SPECK * areas.max())
    if len(kept) > _MOST_PIECES:
        return Blank(TOO_MANY)
    kept = kept[np.argsort(-areas[kept])]
    places = ndimage.find_objects(labels)
    pieces = [labels[places[i]] == i + 1 for i in kept]
    if all(map(_is_dot, pieces)) and not _is_filled_zero(pieces, ink.shape):
        return Blank(_why_dots(ink, np.isin(labels, kept + 1), len(kept)))
    together, apart = _parted([places[i] for i in kept])
    if apart:
        return Blank(UNEVEN_LIGHT if _is_soft(ink, np.isin(labels, kept + 1)) else _SEVERAL)
    digit = np.isin(labels, kept[together] + 1)
    return _why_not(ink, digit) or digit


def _parted(places: list[tuple[slice, slice]]) -> tuple[list[int], bool]:
    """Which pieces make one digit with the first, and whether another digit is among the rest."""
    extents = [max(side.stop - side.start for side in place) for place in places]
    digit, rest = [0], list(range(1, len(places)))
    largest = max(extents)
    for _ in places:  # each may bring others along
        for i in rest[:]:
            for j in digit:
                gap = _gap(places[i], places[j]) / largest
                alike = min(extents[i], extents[j]) >= _AS_LARGE * largest
                if gap < (_APART if alike else _FAR_APART):
                    digit.append(i)
                    rest.remove(i)
                    break
    return digit, any(extents[i] >= _LEAST_EXTENT * largest for i in rest)


def _gap(a: tuple[slice, slice], b: tuple[slice, slice]) -> int:
    """How many pixels lie between two boxes, downwards or sideways; negative if they overlap."""
    return max(max(p.start, q.start) - min(p.stop, q.stop) for p, q in zip(a, b, strict=True))


def _why_not(ink: np.ndarray, digit: np.ndarray) -> Blank | None:
    """Why this shape (height, width) cannot be a digit written with a pen."""
    if _is_soft(ink, digit):
        return Blank(UNEVEN_LIGHT)
    height = int(np.ptp(np.nonzero(digit)[0])) + 1
    found = holes(digit)
    if len(found) > _MOST_HOLES:
        return Blank(TOO_MANY)
    return Blank(_SEVERAL) if _stand_abreast(found, height) else None


def _is_dot(piece: np.ndarray) -> bool:
    """Whether a piece is hardly longer than it is wide, as a tap of the pen is that slipped."""
    return _elongation(piece) < _LEAST_LENGTH


def _elongation(piece: np.ndarray) -> float:
    """How many times as long as wide a piece is."""
    oval = filled_oval(piece)
    across = np.max(to_outside(np.pad(piece, 1)))
    length, width = oval or (max(piece.shape) / 2, across)
    return length / width


def _is_filled_zero(pieces: list[np.ndarray], picture: tuple[int, ...]) -> bool:
    """Whether all there is is a filled 0: too large for a tap of the pen, too long for a disc."""
    extent = max(pieces[0].shape)
    return (
        len(pieces) == 1 and extent > _WIDEST_PEN * max(picture) and _elongation(pieces[0]) > _ROUND
    )


def _why_dots(ink: np.ndarray, dots: np.ndarray, count: int) -> str:
    if _is_soft(ink, dots):
        return UNEVEN_LIGHT
    if count > 1:
        return _DOTS
    extent = max(np.ptp(np.nonzero(dots), axis=1)) + 1
    return _BLOT if extent > _WIDEST_DOT * max(dots.shape) else _DOT


def _is_soft(ink: np.ndarray, digit: np.ndarray) -> bool:
    """Whether its edge is so blurred that loops may have closed, or is the edge of a light."""
    extent = max(np.ptp(np.nonzero(digit), axis=1)) + 1
    # without the noise, which would be steep, but as sharp as the digit's image can show it
    down, right = np.gradient(ndimage.gaussian_filter(ink, _FINE * extent))
    rim = _rim(digit)
    steepness = np.hypot(down, right)[rim]
    # a hand that moves blurs only what it moves across
    way = np.round(np.arctan2(down, right)[rim] / (np.pi / 4)) % 4
    edges = [steepness[way == i] for i in range(4)]
    edge = min(np.median(e) for e in edges if e.size >= _OF_RIM * steepness.size)
    return bool(edge < _SOFT and edge * extent < _SOFT_EXTENT)


def holes(digit: np.ndarray) -> list[tuple[slice, slice]]:
    """The boxes of the places that ink surrounds, without its pores."""
    labels = labelled(~np.pad(digit, 1))
    boxes = ndimage.find_objects(labels)[1:]  # the first is what is around the digit
    least = _PORE * max(digit.shape)
    return [box for box in boxes if min(side.stop - side.start for side in box) > least]


def _stand_abreast(holes: list[tuple[slice, slice]], height: int) -> bool:
    """Whether two tall holes stand side by side, as in 00; those of an 8 stand on each other."""
    tall = [(y, x) for y, x in holes if y.stop - y.start >= _TALL_HOLE * height]
    return any(
        min(a.stop, b.stop) - max(a.start, b.start) >= _TALL_HOLE / 2 * height
        and _as_wide(across, other)
        and _overlap(across, other) <= _IN_BOTH_HOLES
        for (a, across), (b, other) in combinations(tall, 2)
    )


def _as_wide(a: slice, b: slice) -> bool:
    """Whether both are holes of their own, and none a sliver between strokes of a 0."""
    narrow, wide = sorted((a.stop - a.start, b.stop - b.start))
    return narrow >= _WIDE_HOLE * wide


def _overlap(a: slice, b: slice) -> float:
    """What two ranges share, in shares of the narrower one."""
    shared = min(a.stop, b.stop) - max(a.start, b.start)
    return shared / min(a.stop - a.start, b.stop - b.start)


def is_sure(light: np.ndarray, digit: np.ndarray) -> bool:
    """Whether so much light lies between the digit and the rest that no shadow takes it away."""
    inked, rest = np.median(light[digit]), np.median(light[~digit])
    sure = _SURE if inked < rest else _SURE_CHALK
    return bool(abs(inked - rest) > sure * max(inked, rest))


def is_shadow(ink: np.ndarray, digit: np.ndarray) -> bool:
    """Whether its edge is sharp here and soft there, or its strokes are of many widths."""
    edge = _steepness(ink)[_rim(digit)]
    return _variation(edge) > _EDGE_VARIES or _variation(half_widths(ink * digit)) > _PEN_VARIES


def is_even(ink: np.ndarray, digit: np.ndarray) -> bool:
    """Whether it is no shadow for certain: its edge is as sharp all around."""
    edge = _steepness(ink)[_rim(digit)]
    return _variation(edge) < _EDGE_IS_EVEN and not is_shadow(ink, digit)


def with_rim(ink: np.ndarray, digit: np.ndarray) -> np.ndarray:
    """The digit and the soft edge about it, which is no other ink's: (height, width) bool."""
    other = np.asarray(ndimage.binary_dilation((ink > EDGE) & ~digit, iterations=_SOFT_RIM), bool)
    return digit | (np.asarray(ndimage.binary_dilation(digit, iterations=_SOFT_RIM), bool) & ~other)


def _rim(digit: np.ndarray) -> np.ndarray:
    """The outermost pixels of a digit, but for those where the picture ends."""
    return digit & ~np.asarray(ndimage.binary_erosion(digit, border_value=1), bool)


def _variation(values: np.ndarray) -> float:
    """Their standard deviation in shares of their mean; 0 of none."""
    return float(values.std() / values.mean()) if values.size else 0.0


def _steepness(values: np.ndarray) -> np.ndarray:
    """By how much values (height, width) change from one pixel to the next."""
    down, right = np.gradient(values)
    return np.hypot(down, right)
