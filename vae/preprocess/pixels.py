"""A picture -> the ink of the one digit in it."""

import numpy as np

from vae.preprocess import digit, ink
from vae.preprocess.placement import Blank

_MOST_NOISE = 0.1  # a picture with more of it shows nothing else
_UNSURE = (digit.TOO_MANY, digit.UNEVEN_LIGHT)  # reasons to look a second time
_LEAST_SIDE = 12  # pixels; a smaller picture shows no digit


def ink_of_digit(rgba: np.ndarray) -> np.ndarray | Blank:
    """How much of the digit's ink each pixel has.

    Args:
        rgba: (height, width, 4) uint8; light ink on dark or dark ink on light.

    Returns:
        (height, width) float32 in [0, 1], of the picture as `ink.at_most` shrinks it; or a `Blank`.

    Raises:
        ValueError: another shape or type.
    """
    rgba = ink.at_most(rgba)
    height, width = rgba.shape[:2]
    if min(height, width) < _LEAST_SIDE:
        return Blank(f"A picture of {width} x {height} pixels is too small to show a digit.")
    light = ink.clearest_light(rgba)
    noise = ink.noise(light)
    if noise > _MOST_NOISE:
        return Blank(digit.TOO_MANY)
    found = ink.ink(light, noise)
    if found is None:
        return Blank(digit.NOTHING)
    mask = digit.one_digit(found)
    if not isinstance(mask, Blank) and not digit.is_sure(light, mask):
        mask = Blank(digit.UNEVEN_LIGHT) if digit.is_shadow(found, mask) else mask
    if isinstance(mask, Blank):
        again = _looked_at_again(light, noise, found) if mask.reason in _UNSURE else None
        return mask if again is None else again
    return found * digit.with_rim(found, mask)


def _looked_at_again(light: np.ndarray, noise: float, found: np.ndarray) -> np.ndarray | None:
    """The digit's ink if what hides it was no ink: the bent edge of a shadow, or paper's grain."""
    narrow, whole = ink.ink(light, noise, ink.NARROW), ink.without_grain(found)
    for other, must_be_sure in ((narrow, True), (whole, False)):
        mask = None if other is None else digit.one_digit(other)
        if other is None or mask is None or isinstance(mask, Blank):
            continue
        if digit.is_even(other, mask) and (digit.is_sure(light, mask) or not must_be_sure):
            return other * digit.with_rim(other, mask)
    return None
