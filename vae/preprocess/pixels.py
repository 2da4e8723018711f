"""A picture -> the ink of the one digit in it."""

import numpy as np

from vae.preprocess import digit, ink
from vae.preprocess.placement import Blank

_MOST_NOISE = 0.1  # a picture with more of it shows nothing else
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
        return Blank("Nothing is to be seen: no ink stands out from the background.")
    mask = digit.one_digit(found)
    if isinstance(mask, Blank):
        return mask
    if not digit.is_sure(light, mask) and digit.is_shadow(found, mask):
        return Blank(digit.UNEVEN_LIGHT)
    return found * digit.with_rim(found, mask)
