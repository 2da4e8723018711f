"""A picture -> the centre lines of its ink."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
from PIL import Image
from scipy import ndimage

from vae.preprocess.frame import Blank
from vae.preprocess.pen import SIZE, Lines

_LARGEST = 512  # pixels; a larger picture is shrunk first
_DIGIT = 140  # pixels; each digit is looked at in this size, so that its own size does not matter
_LEAST_CONTRAST = 0.12  # between ink and background; fainter is noise,
_OVER_NOISE = 4  # and so is what is fewer standard deviations of it from the ground's light
_WIDE = 1 / 3  # of the picture; no stroke is so wide, so it is ground,
_NARROW = 1 / 6  # and most strokes are narrower than this
_MOST_NOISE = 0.1  # a picture with more of it shows nothing else
_LEAST_SIDE = 12  # pixels; a smaller picture shows no digit
_LEAST_AREA = 20  # pixels; less ink than this is noise
_SURE = 0.7  # of the light is missing: dark enough for ink that reaches the border
_RIM = 8  # pixels about a shadow that belong to it
_TOUCHING = 0.25  # so much darker than the rest of a border is a stroke that touches it
_EDGE = 0.4  # of the darkest ink: where ink ends
_CREST = 0.45  # slope of the distance to the paper: 1 within a stroke, 0 on its centre line
_SPECK = 0.03  # of the largest piece of ink; smaller ones are dirt
_MOST_PIECES = 6  # a digit written in more pieces is noise
_TOO_MANY = "That is too many pieces for one digit. Show one digit on plain paper."
_AS_LARGE = 0.7  # of the largest piece; that is a digit of its own,
_APART = 0.1  # if so much of the largest piece's extent lies between them,
_FAR_APART = 0.3  # and what is smaller is one, if so much does,
_LEAST_EXTENT = 0.25  # unless it is so small that it is dirt
_LEAST_LENGTH = 1.7  # of a stroke, in widths; what is shorter is a dot
_FINE = 1 / 120  # of the digit's extent
_SOFT = 0.2  # of all ink from pixel to pixel: an edge that is less steep is soft,
_SOFT_EXTENT = 11  # if there are also fewer such steps to the digit's extent
_EDGE_VARIES = 0.33  # std / mean of the steps along the edge; more is light that ends there,
_PEN_VARIES = 0.42  # and so is more of the half widths along the centre lines
_PORE = 0.01  # of the picture; what is narrower is no hole
_MOST_HOLES = 4  # MNIST's digits have at most 3
_TALL_HOLE = 0.4  # of the digit's height
_WIDE_HOLE = 0.5  # of the other hole's width
_UNEVEN_LIGHT = (
    "The light is uneven, or the picture blurred. Crop it to the digit, or take it again."
)
_SEVERAL = "That looks like several digits. Show one at a time."

Reading = Callable[[np.ndarray, float], np.ndarray]
"""From the light (height, width) to what it would be without ink."""


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
    light = _at_most(light, _LARGEST)
    noise = _noise(light)
    if noise > _MOST_NOISE:
        return Blank(_TOO_MANY)
    ink = _ink(light, noise)
    if ink is None:
        return Blank("Nothing is to be seen: no ink stands out from the background.")
    digit = _digit(ink)
    if isinstance(digit, Blank):
        return digit
    if not _is_sure(light, digit) and _is_shadow(ink, digit):
        return Blank(_UNEVEN_LIGHT)
    return lines_of_ink(ink * digit)


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


def _noise(light: np.ndarray) -> float:
    """The standard deviation of its noise, told from neighbours: most are of one kind."""
    return 1.05 * float(np.median(np.abs(np.diff(light))))


def _ink(light: np.ndarray, noise: float) -> np.ndarray | None:
    """How much ink each pixel has, in [0, 1]; None where nothing stands out.

    Ink may be darker or lighter than what it is on. Of both readings that one is right which
    leaves the more even ground: a wrong one leaves the outlines of the strokes in it. Told in
    narrow windows, where the paper about a digit is no stroke; ink is then looked for in wide ones.
    """
    smooth = ndimage.gaussian_filter(light, 0.7, mode="nearest")
    readings: list[Reading] = [_without_darker, _without_lighter]
    readings.sort(key=lambda without: _unevenness(without(smooth, _NARROW)))
    inks = (_contrasted(smooth, without(smooth, _WIDE), noise) for without in readings)
    return next((ink for ink in inks if ink is not None), None)


def _contrasted(light: np.ndarray, ground: np.ndarray, noise: float) -> np.ndarray | None:
    """How much ink (height, width) there is, by how far the light is from that of the ground."""
    gap = np.abs(ground - light)
    gap[gap < _OVER_NOISE * noise] = 0
    # in shares of the light that there is: near white, little light is much of what is missing
    share = gap / np.maximum(np.maximum(ground, light), 0.2)
    if np.sort(share, axis=None)[-_LEAST_AREA] < _LEAST_CONTRAST:
        return None
    darker = (ground - light).max() > (light - ground).max()
    depth = gap / np.maximum(ground if darker else 1 - ground, 0.05)
    ink = np.clip(depth / np.sort(depth, axis=None)[-_LEAST_AREA], 0, 1)
    shadows = _shadows(ink, share)
    if not shadows.any():
        return ink
    return _contrasted(np.where(shadows, ground, light), ground, noise)


def _shadows(ink: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Where pieces of ink reach the border without being as dark as ink: (height, width) bool."""
    labels = _labelled(ink > _EDGE, np.ones((3, 3)))
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    pieces = np.unique(border[border > 0])
    reaching = pieces[np.asarray(ndimage.median(share, labels, pieces)) < _SURE]
    # with the soft rim about them, which would else be what is darkest
    near = ndimage.binary_dilation(np.isin(labels, reaching), iterations=_RIM)
    return np.asarray(near, bool) & (ink > 0)


def _without_lighter(light: np.ndarray, share: float) -> np.ndarray:
    return 1 - _without_darker(1 - light, share)


def _without_darker(light: np.ndarray, share: float) -> np.ndarray:
    """The light when all that is dark and narrower than a share of the picture is painted over.

    Each pixel becomes as light as the lightest one in that square around it where this is
    darkest (a morphological closing), so that every edge of a shadow or a desk stays where it is.
    """
    reach = round(max(light.shape) * share)
    window = 2 * (reach // 2) + 1
    around = light.copy()
    for side in (around[0], around[-1], around[:, 0], around[:, -1]):
        _paint_over_touching(side)
    closed = ndimage.grey_closing(np.pad(around, window, mode="edge"), window)
    return closed[window:-window, window:-window]


def _paint_over_touching(side: np.ndarray) -> None:
    """Lighten one side of a picture, (n,), where a stroke touches it.

    Beyond the border all goes on as it ends there, so a strip of desk is wide and not ink. But
    what is much darker than two other places of the side that it lies between does not go on.
    """
    from_one, from_other = (np.maximum.accumulate(side[::step]) for step in (1, -1))
    lighter = np.minimum(from_one, from_other[::-1])
    np.copyto(side, lighter, where=lighter - side > _TOUCHING)


def _unevenness(light: np.ndarray) -> float:
    """How much the light changes from pixel to pixel, in all, in logarithms."""
    logarithm = np.log(0.1 + light)
    return float(sum(np.abs(np.diff(logarithm, axis=axis)).sum() for axis in (0, 1)))


def _digit(ink: np.ndarray) -> np.ndarray | Blank:
    """Where the ink of the one digit is (height, width), without dirt."""
    labels = _labelled(ink > _EDGE, np.ones((3, 3)))
    areas = np.bincount(labels.ravel())[1:]
    kept = np.flatnonzero(areas >= _SPECK * areas.max())
    if len(kept) > _MOST_PIECES:
        return Blank(_TOO_MANY)
    kept = kept[np.argsort(-areas[kept])]
    places = ndimage.find_objects(labels)
    together, apart = _parted([places[i] for i in kept])
    if apart:
        return Blank(_SEVERAL)
    digit = np.isin(labels, kept[together] + 1)
    return _why_not(ink, digit) or digit


def _labelled(mask: np.ndarray, neighbours: np.ndarray | None = None) -> np.ndarray:
    """Its pieces numbered from 1: (height, width) int32."""
    labels = np.zeros(mask.shape, np.int32)
    ndimage.label(mask, neighbours, output=labels)
    return labels


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
    rows, columns = np.nonzero(digit)
    height = int(np.ptp(rows)) + 1
    extent = max(height, int(np.ptp(columns)) + 1)
    # without the noise, which would be steep, but as sharp as the digit's image can show it
    steepness = _steepness(ndimage.gaussian_filter(ink, _FINE * extent))
    edge = np.median(steepness[_rim(digit)])
    if edge < _SOFT and edge * extent < _SOFT_EXTENT:
        return Blank(_UNEVEN_LIGHT)
    across = 2 * np.max(_to_outside(np.pad(digit, 1)))
    if extent < _LEAST_LENGTH * across:
        return Blank("That is only a dot. Draw a digit.")
    holes = _holes(digit)
    if len(holes) > _MOST_HOLES:
        return Blank(_TOO_MANY)
    return Blank(_SEVERAL) if _stand_abreast(holes, height) else None


def _holes(digit: np.ndarray) -> list[tuple[slice, slice]]:
    """The boxes of the places that ink surrounds, without its pores."""
    labels = _labelled(~np.pad(digit, 1))
    boxes = ndimage.find_objects(labels)[1:]  # the first is what is around the digit
    least = _PORE * max(digit.shape)
    return [box for box in boxes if min(side.stop - side.start for side in box) > least]


def _stand_abreast(holes: list[tuple[slice, slice]], height: int) -> bool:
    """Whether two tall holes stand side by side, as in 00; those of an 8 stand on each other."""
    tall = [(y, x) for y, x in holes if y.stop - y.start >= _TALL_HOLE * height]
    return any(
        min(a.stop, b.stop) - max(a.start, b.start) >= _TALL_HOLE / 2 * height
        and _as_wide(across, other)
        for (a, across), (b, other) in combinations(tall, 2)
    )


def _as_wide(a: slice, b: slice) -> bool:
    """Whether both are holes of their own, and none a sliver between strokes of a 0."""
    narrow, wide = sorted((a.stop - a.start, b.stop - b.start))
    return narrow >= _WIDE_HOLE * wide


def _cropped(ink: np.ndarray) -> tuple[np.ndarray, float]:
    """The ink with a free rim, in the size in which digits are looked at, and by what factor."""
    rows, columns = (np.flatnonzero((ink > _EDGE).any(axis=axis)) for axis in (1, 0))
    around = np.pad(ink, 2)[rows[0] : rows[-1] + 5, columns[0] : columns[-1] + 5]
    factor = _DIGIT / max(around.shape)
    return _resized(around.astype(np.float32), factor), factor


def _is_sure(light: np.ndarray, digit: np.ndarray) -> bool:
    """Whether so much light lies between the digit and the rest that no shadow takes it away."""
    dark, bright = sorted((np.median(light[digit]), np.median(light[~digit])))
    return bool(bright - dark > _SURE * bright)


def _is_shadow(ink: np.ndarray, digit: np.ndarray) -> bool:
    """Whether its edge is sharp here and soft there, or its strokes are of many widths."""
    edge = _steepness(ink)[_rim(digit)]
    return _variation(edge) > _EDGE_VARIES or _variation(_half_widths(ink * digit)) > _PEN_VARIES


def _rim(digit: np.ndarray) -> np.ndarray:
    """The outermost pixels of a digit, but for those where the picture ends."""
    return digit & ~np.asarray(ndimage.binary_erosion(digit, border_value=1), bool)


def _half_widths(ink: np.ndarray) -> np.ndarray:
    """From each place of the centre lines to the edge of the stroke: (n,)."""
    digit = _cropped(ink)[0] > _EDGE
    return _to_outside(digit)[_crest(digit)]


def _variation(values: np.ndarray) -> float:
    """Their standard deviation in shares of their mean; 0 of none."""
    return float(values.std() / values.mean()) if values.size else 0.0


def _steepness(values: np.ndarray) -> np.ndarray:
    """By how much values (height, width) change from one pixel to the next."""
    down, right = np.gradient(values)
    return np.hypot(down, right)


def _to_outside(mask: np.ndarray) -> np.ndarray:
    """How far each pixel is from the nearest outside the mask."""
    return np.asarray(ndimage.distance_transform_edt(mask))


def _crest(mask: np.ndarray) -> np.ndarray:
    """The centre lines of a mask: where the distance to its outside has no slope.

    Source: Siddiqi et al. 2002, "Hamilton-Jacobi Skeletons", in its simplest form. Unlike
    thinning, a wavy outline gives no spurs, and a stroke ends where the middle of the pen did.
    """
    distance = ndimage.gaussian_filter(_to_outside(mask), 0.7)
    return mask & (_steepness(distance) < _CREST)
