"""A drawing becomes the same image in the page as in Python."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from node import evaluate, needs_node

from pages.shared import canvas
from vae import preprocess
from vae.preprocess import Blank, strokes

SIZE = 280
SEEN = """
    const { drawingToImage } = await live("preprocess/drawing.js");
    return input.drawings.map((drawn) => {
        const image = drawingToImage(drawn, input.reading);
        return image && [...image];
    });
"""
WRITTEN = Path(os.environ.get("VAE_PEN_DIGITS", "/nonexistent"))
"""Digits that people wrote with a pen, as {"label", "strokes"}: digits.json.gz, which the project
does not have."""

pytestmark = needs_node
Drawing = list[dict[str, Any]]


def compare(drawings: list[Drawing], placed: bool = True, upright: bool = False) -> int:
    """Fail if the page sees anything else than Python; how many of the drawings are digits."""
    reading = {"placed": placed, "upright": upright, "canvas": SIZE}
    seen = evaluate(SEEN, {"drawings": drawings, "reading": reading})
    digits = 0
    for drawn, by_page in zip(drawings, seen, strict=True):
        image = (
            preprocess.drawing_to_image(None, drawn, upright)
            if placed
            else preprocess.as_drawn(drawn, SIZE)
        )
        assert isinstance(image, Blank) == (by_page is None)
        if not isinstance(image, Blank):
            assert np.abs(np.reshape(by_page, (28, 28)) - image).max() < 1e-4
            digits += 1
    return digits


def ready(scale: float = 1, pen: float = canvas.PEN, lean: float = 0) -> list[Drawing]:
    """The app's ready drawings, in another size, with another pen, leaning."""

    def placed(x: float, y: float) -> list[float]:
        return [140 + scale * (x - 140 + lean * (y - 140)), 140 + scale * (y - 140)]

    return [
        [strokes.as_object([placed(*point) for point in stroke], pen) for stroke in drawn]
        for drawn in canvas.READY.values()
    ]


def scribbles(n: int) -> list[Drawing]:
    """Strokes at random: small and large, short and long, from one to six."""
    generator = np.random.default_rng(0)

    def stroke(reach: float) -> dict[str, Any]:
        points = np.clip(generator.normal(140, reach, (generator.integers(2, 12), 2)), 0, SIZE)
        return strokes.as_object(points.tolist(), float(generator.integers(6, 40)))

    return [
        [stroke(generator.uniform(0.5, 90)) for _ in range(generator.integers(1, 7))]
        for _ in range(n)
    ]


@pytest.mark.parametrize("upright", [False, True], ids=["as it stands", "upright"])
def test_ready_drawings_are_seen_alike_in_any_size_with_any_pen_and_slant(upright: bool) -> None:
    drawings = [*ready(), *ready(0.4, 6), *ready(1.1, 40), *ready(0.8, 20, 0.6), *ready(0.8, 9, -1)]
    assert compare(drawings, upright=upright) == len(drawings)


def test_a_drawing_is_seen_alike_without_being_placed() -> None:
    drawings = [*ready(), *ready(0.4, 6), *scribbles(40)]
    assert compare(drawings, placed=False) == len(drawings)


def test_scribbles_are_digits_for_both_or_for_neither() -> None:
    drawings = scribbles(300)
    assert 30 < compare(drawings) < 270


def test_taps_dots_blots_and_endless_strokes_are_seen_alike() -> None:
    def stroke(points: list[list[float]], pen: float = 20) -> dict[str, Any]:
        return strokes.as_object(points, pen)

    tap, slipped = stroke([[9, 9], [9, 9]]), stroke([[80, 80], [86, 84]])
    blot = stroke([[x, y] for x in range(60, 200, 8) for y in (60, 220)], 30)
    turns = np.linspace(0, 60, 2500)
    endless = np.stack([140 + turns * np.cos(turns), 140 + turns * np.sin(turns)], axis=1)
    line = stroke([[60, 60], [200, 220]])
    drawings = [
        [tap], [slipped], [tap, slipped], [tap] * 4, [blot], [stroke(endless.tolist())],
        [line, tap], [line] * 120, [stroke([[0, 0], [280, 280]])],
    ]  # fmt: skip
    assert compare(drawings) >= 3


@pytest.mark.parametrize("n", [2, 3, 9])
def test_a_stroke_of_the_page_is_the_one_that_the_canvas_makes(n: int) -> None:
    points = np.random.default_rng(n).uniform(0, SIZE, (n, 2)).tolist()
    script = """
        const { strokeThrough } = await live("preprocess/strokes.js");
        return strokeThrough(input, 20);
    """
    stroke = strokes.as_object(points, 20)
    made = evaluate(script, points)
    assert [step[0] for step in made["path"]] == [step[0] for step in stroke["path"]]
    for ours, theirs in zip(made["path"], stroke["path"], strict=True):
        np.testing.assert_allclose(ours[1:], theirs[1:])


@pytest.mark.skipif(not WRITTEN.exists(), reason="VAE_PEN_DIGITS names no file")
def test_what_people_wrote_is_seen_alike() -> None:
    written = json.loads(gzip.decompress(WRITTEN.read_bytes()))[::7]
    drawings = [
        [
            strokes.as_object([[20 + 240 * x, 20 + 240 * y] for x, y in stroke], 20)
            for stroke in digit["strokes"]
            if len(stroke) > 1
        ]
        for digit in written
    ]
    assert compare(drawings) > 0.9 * len(drawings)
    compare(drawings, upright=True)
