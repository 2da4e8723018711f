"""The lines that paper has of its own: ruled, squared, or a form's box about the digit."""

import numpy as np
from PIL import Image
from scipy import ndimage

_LOOKED_AT = 256  # pixels
_INK = 0.2  # of the darkest: a line may be lighter than the ink
_THIN = 8  # pixels of 256 across; a wider line was drawn with a pen
_SLOPES = np.linspace(-0.12, 0.12, 33)  # the paper lies as straight as 7 degrees
_WHOLE = 0.8  # of the picture's width; a line that long goes on beyond it
_SIDE = 0.7  # of a box; the rest may be worn away, or lie under the digit
_IN_BOX = 0.15  # of all ink; what a box surrounds has that much


def ruled(ink: np.ndarray) -> np.ndarray:
    """Where ink (height, width) in [0, 1] is a ruled line: bool, none where a pen crosses it."""
    factor = min(1.0, _LOOKED_AT / max(ink.shape))
    height, width = (max(1, round(side * factor)) for side in ink.shape)
    picture = Image.fromarray(ink.astype(np.float32))
    small = np.asarray(picture.resize((width, height), Image.Resampling.BOX)) > _INK
    lines = _across(small, _WHOLE)[0] | _across(small.T, _WHOLE)[0].T
    lines |= _box(small & ~lines)
    if not lines.any():
        return np.zeros(ink.shape, bool)
    lines = np.asarray(ndimage.binary_dilation(lines, np.ones((3, 3)))) & ~_wide(small)
    large = Image.fromarray(lines).resize(ink.shape[::-1], Image.Resampling.NEAREST)
    return np.asarray(large)


def _box(mask: np.ndarray) -> np.ndarray:
    """The four sides of a box that has ink in it; none if there is no such box."""
    nothing = np.zeros(mask.shape, bool)
    if not mask.any():
        return nothing
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    part = mask[inside]
    level, upright = _across(part, _SIDE), _across(part.T, _SIDE)
    lines = level[0] | upright[0].T
    height, width = part.shape
    if not (_at_both_ends(level[1], height) and _at_both_ends(upright[1], width)):
        return nothing
    if (part & ~lines).sum() < _IN_BOX * part.sum():
        return nothing
    nothing[inside] = lines
    return nothing


def _at_both_ends(found: np.ndarray, side: int) -> bool:
    """Whether the first and the last of lines lie where the picture begins and ends."""
    return bool(found.size and found.min() < 0.15 * side and found.max() > 0.85 * side)


def _across(mask: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Where thin lines run from the left to the right, and at which heights: (n,)."""
    height, width = mask.shape
    # where a pen crosses a line there is more than the line
    thin = mask & ~np.asarray(ndimage.binary_opening(mask, np.ones((_THIN + 1, 1))))
    reach = int(_SLOPES.max() * width / 2) + 1
    near = np.pad(ndimage.binary_dilation(thin, np.ones((3, 1))), ((reach, reach), (0, 0)))
    along = np.arange(width)
    lines, heights = np.zeros(mask.shape, bool), []
    for slope in _SLOPES:
        down = np.round(slope * (along - width / 2)).astype(int)
        at = np.arange(height)[:, None] + down + reach
        whole = np.flatnonzero(near[at, along].mean(axis=1) >= share)
        heights.extend(whole)
        y = (at[whole] - reach).ravel()
        x = np.tile(along, len(whole))
        inside = (y >= 0) & (y < height)
        lines[y[inside], x[inside]] = True
    return lines & near[reach : reach + height], np.array(heights)


def _wide(mask: np.ndarray) -> np.ndarray:
    """Where ink is wider than a line in both directions: a pen's."""
    return np.asarray(ndimage.binary_opening(mask, np.ones((_THIN + 1, _THIN + 1))))
