"""A picture -> how much ink each pixel has, whatever light it was taken in."""

from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage

from vae.mnist import SIDE
from vae.preprocess.edge import EDGE
from vae.preprocess.rulings import mended, ruled

LARGEST = 512  # pixels; a larger picture is shrunk first
_GLANCE = 128  # pixels; enough to see which colour shows the ink
_CLEARER = 1.5  # times; a single colour shows the ink if its contrast is that much more
_LEAST_CONTRAST = 0.12  # between ink and background; fainter is noise,
_OVER_NOISE = 4  # and so is what is fewer standard deviations of it from the ground's light
_WIDE = 1 / 3  # of the picture; no stroke is so wide, so it is ground,
_NARROW = 1 / 6  # and most strokes are narrower than this
_LEAST_AREA = 20  # pixels; less ink than this is noise
_SURE = 0.7  # of the light is missing: dark enough for ink that reaches the border
_RIM = 8  # pixels about a shadow that belong to it
_TOUCHING = 0.25  # so much darker than the rest of a border is a stroke that touches it

Reading = Callable[[np.ndarray, float], np.ndarray]
"""From the light (height, width) to what it would be without ink."""


def at_most(rgba: np.ndarray) -> np.ndarray:
    """A picture (height, width, 4) uint8, shrunk if a side is longer than `LARGEST`.

    Raises:
        ValueError: another shape or type.
    """
    if rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.dtype != np.uint8:
        raise ValueError(f"rgba is {rgba.dtype} {rgba.shape}; expected uint8 (height, width, 4)")
    if not rgba.size or max(rgba.shape) <= LARGEST:
        return rgba
    picture = Image.fromarray(rgba)
    picture.thumbnail((LARGEST, LARGEST), Image.Resampling.BOX)
    return np.asarray(picture)


def light(rgba: np.ndarray) -> np.ndarray:
    """How light each pixel is, (height, width) float32 in [0, 1]."""
    if not rgba.size:
        return np.zeros(rgba.shape[:2], np.float32)
    return _before_ground(np.asarray(Image.fromarray(rgba).convert("L")), rgba[..., 3])


def clearest_light(rgba: np.ndarray) -> np.ndarray:
    """The light, of all colours or of that one of red, green and blue which shows the ink best.

    Yellow on white is dark in blue only, and red on grey in green and blue.
    """
    lights = [light(rgba), *(_before_ground(rgba[..., i], rgba[..., 3]) for i in range(3))]
    contrasts = [_contrast(one) * (1 if i == 0 else 1 / _CLEARER) for i, one in enumerate(lights)]
    return lights[int(np.argmax(contrasts))]


def _before_ground(values: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Values 0 to 255 as float32 in [0, 1]; through transparent places shows the ground."""
    opaque, grey = alpha / np.float32(255), values / np.float32(255)
    # behind transparent places lies what the ink stands out from
    behind = np.float32(opaque.any() and (grey * opaque).sum() < 0.5 * opaque.sum())
    return grey * opaque + behind * (1 - opaque)


def _contrast(light: np.ndarray) -> float:
    """By how much what is narrow stands out from what is about it."""
    picture = Image.fromarray(light)
    picture.thumbnail((_GLANCE, _GLANCE), Image.Resampling.BOX)
    small = np.asarray(picture)
    gaps = (abs(without(small, _NARROW) - small) for without in (_without_darker, _without_lighter))
    return max(float(np.sort(gap, axis=None)[-_LEAST_AREA:][0]) for gap in gaps)


def shrunk(rgba: np.ndarray) -> np.ndarray:
    """The whole picture as it is, made square with black and shrunk: (28, 28) float32 in [0, 1]."""
    whole = light(at_most(rgba))
    side = max(*whole.shape, 1)
    above, left = ((side - length) // 2 for length in whole.shape)
    square = np.zeros((side, side), np.float32)
    square[above : above + whole.shape[0], left : left + whole.shape[1]] = whole
    picture = Image.fromarray(square).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.clip(np.asarray(picture), 0, 1)


def noise(light: np.ndarray) -> float:
    """The standard deviation of its noise, told from neighbours: most are of one kind."""
    return 1.05 * float(np.median(np.abs(np.diff(light))))


def ink(light: np.ndarray, noise: float) -> np.ndarray | None:
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
    lines = ruled(ink)
    taken_away = lines if lines.any() else _shadows(ink, share)
    if not taken_away.any():
        return ink
    rest = _contrasted(np.where(taken_away, ground, light), ground, noise)
    return rest if rest is None else mended(rest, lines)


def _shadows(ink: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Where pieces of ink reach the border without being as dark as ink: (height, width) bool."""
    labels = labelled(ink > EDGE, np.ones((3, 3)))
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


def labelled(mask: np.ndarray, neighbours: np.ndarray | None = None) -> np.ndarray:
    """Its pieces numbered from 1: (height, width) int32."""
    labels = np.zeros(mask.shape, np.int32)
    ndimage.label(mask, neighbours, output=labels)
    return labels
