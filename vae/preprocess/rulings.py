"""The lines that paper has of its own: ruled, squared, or a form's box about the digit."""

import numpy as np
from PIL import Image
from scipy import ndimage

_LOOKED_AT = 256  # pixels
_INK = 0.2  # of the darkest: a line may be lighter than the ink
_THIN = 8  # pixels of 256 across; a wider line was drawn with a pen
_SLOPES = np.linspace(-0.12, 0.12, 33)  # the paper lies as straight as 7 degrees
_WHOLE = 0.8  # of the picture's width; a line that long goes on beyond it
_WIDE_APART = 0.15  # of the picture's height or width; no less has room for a digit
_DARKER = 0.1  # of the darkest ink: less is no pen
_GAP = 0.01  # of the picture; half of what a line may leave of a stroke
_OF_SIDE = 0.7  # of a box; the rest may be worn away, or lie under the digit
_END = 0.15  # of a box; its sides and corners lie within that of its ends
_IN_BOX = 0.15  # of all ink; what a box surrounds has that much


def ruled(ink: np.ndarray) -> np.ndarray:
    """Where ink (height, width) in [0, 1] is a ruled line: bool, none where a pen crosses it."""
    factor = min(1.0, _LOOKED_AT / max(ink.shape))
    height, width = (max(1, round(side * factor)) for side in ink.shape)
    picture = Image.fromarray(ink.astype(np.float32))
    small = np.asarray(picture.resize((width, height), Image.Resampling.BOX))
    level, upright = _across(small, _WHOLE), _across(small.T, _WHOLE)
    lines = level[0] | upright[0].T | _box(small)
    lines |= _between(small, level[1]) | _between(small.T, upright[1]).T
    if not lines.any():
        return np.zeros(ink.shape, bool)
    lines &= ~_opened(small > _INK, (_THIN + 1, _THIN + 1))  # wider in both directions: a pen's
    large = np.asarray(Image.fromarray(lines).resize(ink.shape[::-1], Image.Resampling.NEAREST))
    return large


def mended(ink: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Ink with the gaps closed where lines were taken away that a stroke crosses."""
    gap = 2 * int(_GAP * max(ink.shape)) + 1
    return np.where(lines, ndimage.grey_closing(ink, (gap, gap), mode="nearest"), ink)


def _between(ink: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """The lines that run down from the first to the last of those at some heights (n,).

    A row of boxes has them, two at least; one may be a digit's stroke.
    """
    lines = np.zeros(ink.shape, bool)
    if heights.size and np.ptp(heights) > _WIDE_APART * len(ink):
        inside = np.s_[heights.min() : heights.max() + 1]
        found, places = _across(ink[inside].T, _WHOLE)
        if places.size and np.ptp(places) > _WIDE_APART * ink.shape[1]:
            lines[inside] = found.T
    return lines


def _box(ink: np.ndarray) -> np.ndarray:
    """The four sides of a box that has ink in it; none if there is no such box."""
    mask, nothing = ink > _INK, np.zeros(ink.shape, bool)
    if not mask.any():
        return nothing
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    part = mask[inside]
    if not all(corner.any() for corner in _corners(part)):
        return nothing
    level, upright = (_across(i, _OF_SIDE, outermost=True) for i in (ink[inside], ink[inside].T))
    lines = level[0] | upright[0].T
    height, width = part.shape
    if not (_at_both_ends(level[1], height) and _at_both_ends(upright[1], width)):
        return nothing
    if (part & ~lines).sum() < _IN_BOX * part.sum():
        return nothing
    nothing[inside] = lines
    return nothing


def _corners(mask: np.ndarray) -> list[np.ndarray]:
    height, width = (max(1, round(_END * side)) for side in mask.shape)
    return [
        mask[rows, columns]
        for rows in np.s_[:height, -height:]
        for columns in np.s_[:width, -width:]
    ]


def _at_both_ends(found: np.ndarray, side: int) -> bool:
    """Whether the first and the last of lines lie where the picture begins and ends."""
    return bool(found.size and found.min() < _END * side and found.max() > (1 - _END) * side)


def _across(
    ink: np.ndarray, share: float, outermost: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Where thin lines run from the left to the right, and at which heights: (n,).

    For each slope and height, how much of that line is ink (a Hough transform); of the lines that
    are whole those count that have more ink than all near them. Where one is darker than it is
    elsewhere, a pen has crossed it.
    """
    mask, (height, width) = ink > _INK, ink.shape
    # where a pen crosses a line there is more than the line
    thin = mask & ~_opened(mask, (_THIN + 1, 1))
    if thin.any(axis=0).mean() < share:
        return np.zeros(mask.shape, bool), np.zeros(0, int)
    reach = int(_SLOPES.max() * width / 2) + 1
    rows = ((reach, reach), (0, 0))
    exact = np.pad(thin, rows)
    near = np.pad(_dilated(thin), rows)
    along = np.arange(width)
    down = np.round(_SLOPES[:, None] * (along - width / 2)).astype(int) + reach
    at = np.arange(height)[:, None] + down[:, None]  # (slopes, heights, width)
    near_share = near[at, along].mean(axis=2)
    both = near_share + exact[at, along].mean(axis=2)
    best = (near_share >= share) & (both >= ndimage.maximum_filter(both, (len(_SLOPES), 5)))
    if outermost and best.any():  # what lies between may be a stroke of the digit
        heights = np.flatnonzero(best.any(axis=0))
        best[:, heights[0] + _THIN : heights[-1] + 1 - _THIN] = False
    dark = np.pad(ndimage.maximum_filter(ink, (3, 1)), rows)[at[best], along]
    usual = np.median(dark, axis=1, keepdims=True)
    row, column = np.nonzero(dark <= np.maximum((1 + usual) / 2, usual + _DARKER))
    lines = np.zeros(near.shape, bool)
    lines[at[best][row, column], column] = True
    lines = _dilated(lines) & near
    return lines[reach : reach + height], np.nonzero(best)[1]


def _opened(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Where a box of that shape fits into a mask."""
    return np.asarray(ndimage.binary_opening(mask, np.ones(shape)), bool)


def _dilated(mask: np.ndarray) -> np.ndarray:
    """A mask with the pixels above and below it."""
    return np.asarray(ndimage.binary_dilation(mask, np.ones((3, 1))), bool)
