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
WIDE = 1 / 3  # of the picture; no stroke is so wide, so it is ground,
NARROW = 1 / 6  # and most strokes are narrower than this
_LEAST_AREA = 20  # pixels; less ink than this is noise
_GRAIN = 0.04  # of the extent of all ink; what paper shows through is narrower
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


def light(rgba: np.ndarray, colour: int | None = None) -> np.ndarray:
    """How light each pixel is, in one of its three colours or all: (height, width) float32."""
    if not rgba.size:
        return np.zeros(rgba.shape[:2], np.float32)
    all_colours = colour is None
    values = np.asarray(Image.fromarray(rgba).convert("L")) if all_colours else rgba[..., colour]
    return _before_ground(values, rgba[..., 3])


def clearest_light(rgba: np.ndarray) -> np.ndarray:
    """The light, of all colours or of that one of red, green and blue which shows the ink best.

    Yellow on white is dark in blue only, and red on grey in green and blue.
    """
    if not rgba.size or (rgba[..., :2] == rgba[..., 1:3]).all():  # grey: all show the same
        return light(rgba)
    glance = Image.fromarray(rgba)
    glance.thumbnail((_GLANCE, _GLANCE), Image.Resampling.BOX)
    small = np.asarray(glance)
    single = [_contrast(light(small, colour)) for colour in range(3)]
    best = int(np.argmax(single))
    return light(rgba, best if single[best] > _CLEARER * _contrast(light(small)) else None)


def _before_ground(values: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Values 0 to 255 as float32 in [0, 1]; through transparent places shows the ground."""
    grey = values / np.float32(255)
    if alpha.min() == 255:
        return grey
    opaque = alpha / np.float32(255)
    return grey * opaque + _behind(grey[opaque > 0.5]) * (1 - opaque)


def _behind(seen: np.ndarray) -> np.float32:
    """What lies behind transparent places, told by the values (n,) of those that are opaque.

    That is what ink stands out from; but where it came with its paper, it is more of that.
    """
    if not seen.size:
        return np.float32(0)
    darkest, middle, lightest = np.quantile(seen, (0.01, 0.5, 0.99))
    is_on_paper = lightest - darkest > _LEAST_CONTRAST
    return np.float32(middle if is_on_paper else middle < 0.5)


def _contrast(light: np.ndarray) -> float:
    """By how much what is narrow stands out from what is about it."""
    gaps = (abs(without(light, NARROW) - light) for without in (_without_darker, _without_lighter))
    return max(map(_darkest, gaps))


def _darkest(depth: np.ndarray) -> float:
    """How dark ink is, but for some pixels which noise makes darker still."""
    values = depth.ravel()
    return float(np.partition(values, -_LEAST_AREA)[-_LEAST_AREA])


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


def ink(light: np.ndarray, noise: float, widest: float = WIDE) -> np.ndarray | None:
    """How much ink each pixel has, in [0, 1]; None where nothing stands out.

    Ink may be darker or lighter than what it is on. Of both readings that one is right which
    leaves the more even ground: a wrong one leaves the outlines of the strokes in it. Told in
    narrow windows, where the paper about a digit is no stroke; ink is then looked for in wide ones:
    a stroke may be up to `widest` of the picture. In narrow ones fewer bent shadows pass for ink.
    """
    smooth = ndimage.gaussian_filter(light, 0.7, mode="nearest")
    readings: list[Reading] = [_without_darker, _without_lighter]
    readings.sort(key=lambda without: _unevenness(without(smooth, NARROW)))
    inks = (_contrasted(smooth, without(smooth, widest), noise) for without in readings)
    return next((ink for ink in inks if ink is not None), None)


def _contrasted(light: np.ndarray, ground: np.ndarray, noise: float) -> np.ndarray | None:
    """How much ink (height, width) there is, by how far the light is from that of the ground."""
    gap = np.abs(ground - light)
    gap[gap < _OVER_NOISE * noise] = 0
    # in shares of the light that there is: near white, little light is much of what is missing
    share = gap / np.maximum(np.maximum(ground, light), 0.2)
    if _darkest(share) < _LEAST_CONTRAST:
        return None
    darker = (ground - light).max() > (light - ground).max()
    depth = gap / np.maximum(ground if darker else 1 - ground, 0.05)
    ink = np.clip(depth / _darkest(depth), 0, 1)
    lines = ruled(ink)
    taken_away = lines if lines.any() else _shadows(ink, share)
    if not taken_away.any():
        return ink
    rest = _contrasted(np.where(taken_away, ground, light), ground, noise)
    return rest if rest is None else mended(rest, lines)


def without_grain(ink: np.ndarray) -> np.ndarray:
    """Ink (height, width) with the paper covered that shows through crayon or chalk."""
    rows, columns = np.nonzero(ink > EDGE)
    window = round(_GRAIN * max(np.ptp(rows), np.ptp(columns))) + 1
    closed = ndimage.grey_closing(ink, (window, window), mode="nearest")
    return ndimage.gaussian_filter(closed, window / 4)


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
    half = window // 2
    closed = ndimage.grey_closing(np.pad(around, half, mode="edge"), window, mode="nearest")
    return closed[half : half + len(light), half : half + light.shape[1]]


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
