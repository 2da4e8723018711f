"""How drawings are read: `python -m benchmarks.reading PEN_DIGITS`.

PEN_DIGITS is a file of digits as people wrote them on a tablet: a JSON list, gzipped or not, of
`{"label": 7, "strokes": [[[x, y], ...], ...]}`, coordinates in a unit square, y down. Each is drawn
with a round pen on a canvas of 280 pixels, and read by the small classifier that comes with the
project, trained on MNIST, in three ways: its pixels cropped to 20x20 and centred by mass and
nothing else, its pixels preprocessed, its strokes preprocessed. What is refused is not read.
"""

import argparse
import gzip
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from vae.evaluation import classifier
from vae.preprocess import Blank, drawing_to_image

CANVAS = 280
PENS, SCALES = (10, 14, 20, 28), (0.5, 0.7, 1.0)
READINGS = "crop and centre", "pixels", "strokes"
FINE = 4  # the canvas is drawn so much larger, then shrunk: smooth edges


@dataclass(frozen=True)
class PenDigit:
    """A digit as it was written: its class, and for each stroke its points in a unit square."""

    label: int
    strokes: list[np.ndarray]


def pen_digits(path: Path) -> list[PenDigit]:
    """All digits of a file."""
    content = path.read_bytes()
    content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    return [
        PenDigit(one["label"], [np.array(stroke, np.float64) for stroke in one["strokes"]])
        for one in json.loads(content)
    ]


def on_canvas(digit: PenDigit, scale: float) -> list[np.ndarray]:
    """Its strokes in pixels of the canvas, the square `scale` times as large as that."""
    return [(path - 0.5) * scale * CANVAS + CANVAS / 2 for path in digit.strokes]


def picture(digit: PenDigit, pen: float, scale: float) -> np.ndarray:
    """White on black, as the canvas shows it: (280, 280) uint8."""
    canvas = Image.new("L", (CANVAS * FINE, CANVAS * FINE))
    brush, radius = ImageDraw.Draw(canvas), pen * FINE / 2
    for path in on_canvas(digit, scale):
        corners = [tuple(point) for point in path * FINE]
        brush.line(corners, fill=255, width=round(2 * radius))
        for x, y in corners:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(canvas.reduce(FINE))


def cropped_and_centred(grey: np.ndarray) -> np.ndarray:
    """The plain way: cropped, shrunk to 20x20 keeping its aspect, its mass in the middle."""
    drawn = Image.fromarray(grey)
    drawn = drawn.crop(drawn.getbbox())
    size = [max(1, round(20 * side / max(drawn.size))) for side in drawn.size]
    small = np.asarray(drawn.resize((size[0], size[1]), Image.Resampling.BOX), np.float32) / 255
    corner = [
        int(np.clip(round(14 - middle), 0, 28 - side))
        for middle, side in zip(_middle_of_mass(small), small.shape, strict=True)
    ]
    image = np.zeros((28, 28), np.float32)
    image[corner[0] : corner[0] + small.shape[0], corner[1] : corner[1] + small.shape[1]] = small
    return image


def _middle_of_mass(image: np.ndarray) -> list[float]:
    """Down and across, in pixels from the edge."""
    return [
        float(image.sum(axis=1 - axis) @ (np.arange(side) + 0.5) / image.sum())
        for axis, side in enumerate(image.shape)
    ]


def from_pixels(grey: np.ndarray) -> np.ndarray | Blank:
    """The picture, preprocessed."""
    return drawing_to_image(np.dstack([grey, grey, grey, np.full_like(grey, 255)]))


def from_strokes(digit: PenDigit) -> np.ndarray | Blank:
    """The strokes, preprocessed: whatever pen drew them, at whatever size."""
    return drawing_to_image(None, on_canvas(digit, 1.0))


def share_read(
    judge: classifier.Classifier, digits: Sequence[PenDigit], images: Sequence[np.ndarray | Blank]
) -> float:
    """The share of digits that the classifier reads rightly; what is refused counts as not read."""
    seen = [(d.label, i) for d, i in zip(digits, images, strict=True) if not isinstance(i, Blank)]
    if not seen:
        return 0.0
    labels, shown = zip(*seen, strict=True)
    found = judge.probabilities(np.stack(shown)).argmax(axis=1)
    return float((found == np.array(labels)).sum() / len(digits))


def rows(
    judge: classifier.Classifier,
    digits: Sequence[PenDigit],
    pens: Sequence[float],
    scales: Sequence[float],
) -> Iterator[tuple[float, float, list[float], int]]:
    """For each pen and scale, the share that each of `READINGS` gets right, and the refused."""
    strokes = [from_strokes(digit) for digit in digits]
    for pen, scale in itertools.product(pens, scales):
        pictures = [picture(digit, pen, scale) for digit in digits]
        plain = [cropped_and_centred(grey) for grey in pictures]
        pixels = [from_pixels(grey) for grey in pictures]
        refused = sum(isinstance(image, Blank) for image in pixels)
        yield pen, scale, [share_read(judge, digits, i) for i in (plain, pixels, strokes)], refused


def main() -> None:
    """Print the table, a row for each pen and scale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pen_digits", type=Path, help="the file of digits")
    parser.add_argument("--pens", type=float, nargs="+", default=PENS, help="widths in pixels")
    parser.add_argument("--scales", type=float, nargs="+", default=SCALES)
    parser.add_argument("--digits", type=int, help="only the first so many")
    arguments = parser.parse_args()
    digits = pen_digits(arguments.pen_digits)[: arguments.digits]
    judge = classifier.read()
    print(f"{len(digits):,} pen digits\n")
    print(f"| pen, scale | {' | '.join(READINGS)} | refused |")
    print("|---|" + "---|" * (len(READINGS) + 1))
    for pen, scale, shares, refused in rows(judge, digits, arguments.pens, arguments.scales):
        percent = " | ".join(f"{100 * share:.1f} %" for share in shares)
        print(f"| {pen:g}, {scale:g} | {percent} | {refused} |", flush=True)


if __name__ == "__main__":
    main()
