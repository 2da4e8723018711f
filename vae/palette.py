"""The project's colours, as "#rrggbb". They stand in live/palette.css, once for Python, the page's
scripts and the style sheets; what they are for, and how they were found, is said there."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vae.mnist import CLASSES

CSS = (Path(__file__).parent / "live" / "palette.css").read_text(encoding="utf-8")
"""Custom properties, --class-0 and so on, for the style sheet of a page."""

_COLOURS = dict(re.findall(r"--([\w-]+): ([^;]+);", CSS))

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Palette:
    """The colours of a theme.

    `classes` are of the ten classes by label, `runs` of runs that are compared, in their order;
    `train` and `validation` of losses on these images; `unused` of latent dimensions.
    """

    classes: tuple[str, ...]
    runs: tuple[str, ...]
    train: str
    validation: str
    unused: str


def _of(theme: Theme) -> Palette:
    def colour(name: str) -> str:
        return re.findall("#[0-9a-f]{6}", _COLOURS[name])[theme == "dark"]

    return Palette(
        tuple(colour(f"class-{label}") for label in CLASSES),
        tuple(colour(f"run-{i}") for i in range(6)),
        *map(colour, ("train", "validation", "unused")),
    )


PALETTES: dict[Theme, Palette] = {"light": _of("light"), "dark": _of("dark")}
DOT_COVER = 0.85
"""How much a dot of the map covers of what is under it."""
MARK_COVER = float(_COLOURS["mark-cover"].removesuffix("%")) / 100
"""How much a faint mark does, in the colour of text: a ring, a draw, a bar that tells nothing."""
TOO_MUCH_INK, TOO_LITTLE_INK = _COLOURS["too-much-ink"], _COLOURS["too-little-ink"]
"""Of where a reconstruction differs from its image."""


def light(colour: str) -> tuple[float, float, float]:
    """A colour as red, green and blue in [0, 1]."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255, green / 255, blue / 255
