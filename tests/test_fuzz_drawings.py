"""Drawings as anybody may send them: strokes of a canvas, or pixels. Never a crash, never a nan."""

from typing import Any

import numpy as np
import pytest
from fuzz import bounded, json_values, numbers
from hypothesis import given
from hypothesis import strategies as some

from vae.preprocess import Blank, as_drawn, drawing_to_image, strokes

places = some.integers(-50, 330) | some.floats(-50, 330)
commands = some.sampled_from(["M", "L", "Q", "C", "Z", ""]) | json_values
steps = some.builds(
    lambda command, values: [command, *values],
    commands,
    some.lists(places | numbers | json_values, max_size=8) | some.lists(places, max_size=6),
)
objects = some.fixed_dictionaries(
    {"path": some.lists(steps | json_values, max_size=20) | json_values},
    optional={"strokeWidth": numbers | json_values, "type": json_values},
)
drawings = some.lists(objects | json_values, max_size=6) | json_values


def is_seen(image: np.ndarray | Blank) -> bool:
    if isinstance(image, Blank):
        return bool(image.reason)
    return image.shape == (28, 28) and image.min() >= 0 and image.max() <= 1


@given(drawings)
def test_any_objects_of_a_canvas_are_a_digit_or_blank(drawn: Any) -> None:
    with bounded():
        for image in (
            drawing_to_image(None, drawn),
            drawing_to_image(None, drawn, upright=True),
            as_drawn(drawn, 280),
        ):
            assert is_seen(image)


@given(drawings)
def test_what_was_read_once_is_read_again_as_it_is(drawn: Any) -> None:
    found = strokes.read(drawn)
    again = strokes.read(found)
    assert [strokes.points(stroke).tolist() for stroke in again] == [
        strokes.points(stroke).tolist() for stroke in found
    ]


@pytest.mark.long
@given(some.integers(1, 100_000), some.integers(1, 2000))
def test_any_number_of_points_costs_no_more_than_a_drawing(points: int, strokes: int) -> None:
    around = np.linspace(0, 6, max(2, points // strokes)).tolist()
    path = [["L", 140 + 100 * x, 140 + 70 * (x * 7 % 3)] for x in around]
    with bounded():
        assert is_seen(drawing_to_image(None, [{"path": path}] * strokes))
        assert is_seen(as_drawn([{"path": path}] * strokes, 280))


def picture(height: int, width: int, grain: int, ink: int, seed: int) -> np.ndarray:
    """Noise of some grain, with dark or light bars across it: (height, width, 4) uint8."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (height // grain + 1, width // grain + 1, 4), np.uint8)
    rgba = coarse.repeat(grain, axis=0).repeat(grain, axis=1)[:height, :width].copy()
    for _ in range(generator.integers(0, 5)):
        top, left = generator.integers(0, (height + 1, width + 1))
        tall, wide = generator.integers(0, (height + 1, width + 1))
        rgba[top : top + tall, left : left + wide] = ink
    return rgba


pictures = some.builds(
    picture,
    some.integers(0, 400),
    some.integers(0, 400),
    some.integers(1, 400),
    some.integers(0, 255),
    some.integers(0, 2**32),
)


@given(pictures, some.booleans())
def test_any_pixels_are_a_digit_or_blank(rgba: np.ndarray, upright: bool) -> None:
    with bounded():
        assert is_seen(drawing_to_image(rgba, upright=upright))
