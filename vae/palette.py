"""The project's colours, as "#rrggbb". They stand in live/palette.css, once for Python, the page's
scripts and the style sheets; what they are for, and where they come from, is said there."""

import re
from pathlib import Path

from vae.mnist import CLASSES

CSS = (Path(__file__).parent / "live" / "palette.css").read_text(encoding="utf-8")
"""Custom properties, --class-0 and so on, for the style sheet of a page."""

_NAMED = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6}|var\(--[\w-]+\));", CSS))
# A colour may have the name of another in place of its own value.
_COLOURS = {name: _NAMED.get(value[6:-1], value) for name, value in _NAMED.items()}

CLASS_COLOURS = tuple(_COLOURS[f"class-{label}"] for label in CLASSES)
"""Of the ten classes, by label."""
RUN_COLOURS = tuple(_COLOURS[f"run-{i}"] for i in range(6))
"""Of runs that are compared, in their order."""
TRAIN, VALIDATION = _COLOURS["train"], _COLOURS["validation"]
"""Of losses on training and on validation images."""
HEAT = tuple(_COLOURS[f"heat-{i}"] for i in range(4))
"""From nothing to the most there is."""
TOO_MUCH_INK, TOO_LITTLE_INK = _COLOURS["too-much-ink"], _COLOURS["too-little-ink"]
"""Of where a reconstruction differs from its image."""


def light(colour: str) -> tuple[float, float, float]:
    """A colour as red, green and blue in [0, 1]."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255, green / 255, blue / 255
