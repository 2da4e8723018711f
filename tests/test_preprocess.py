"""From a drawing to an image as MNIST's makers would have made it."""

import itertools

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vae.preprocess import Blank, as_drawn, drawing_to_image
from vae.preprocess.strokes import points as stroke_points

CANVAS = 280
TURN = np.linspace(0, 1, 25)
# A one, a seven with its bar, a zero and an L whose mass lies far from its middle.
DRAWINGS = {
    "one": [np.array([[140, 60], [136, 200]])],
    "seven": [np.array([[70, 60], [160, 62], [110, 220]]), np.array([[85, 140], [145, 138]])],
    "zero": [
        np.stack([140 + 40 * np.cos(2 * np.pi * TURN), 140 + 70 * np.sin(2 * np.pi * TURN)], 1)
    ],
    "corner": [np.array([[60, 40], [60, 240], [200, 240]])],
}
each_drawing = pytest.mark.parametrize("strokes", DRAWINGS.values(), ids=DRAWINGS)


def seen(strokes: list, rgba: np.ndarray | None = None) -> np.ndarray:
    image = drawing_to_image(rgba, strokes)
    assert isinstance(image, np.ndarray), image
    return image


def painted(strokes: list, pen: int = 20, light: int = 255, ground: int = 0) -> np.ndarray:
    """The canvas as pixels: uint8 (280, 280, 4), opaque."""
    canvas = Image.new("L", (CANVAS, CANVAS), ground)
    for path in strokes:
        ImageDraw.Draw(canvas).line([tuple(p) for p in path.tolist()], fill=light, width=pen)
    grey = np.asarray(canvas)
    return np.dstack([grey, grey, grey, np.full_like(grey, 255)])


def blank(rgba: np.ndarray | None, strokes: list | None = None) -> Blank:
    found = drawing_to_image(rgba, strokes)
    assert isinstance(found, Blank)
    return found


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    """x and y, counted from the edge of the first pixel, by a plain double loop."""
    total = np.zeros(2)
    for y, x in itertools.product(range(28), range(28)):
        total += image[y, x] * np.array([x + 0.5, y + 0.5])
    return total / image.sum()


def span(image: np.ndarray) -> tuple[int, int]:
    """Columns and rows from the first to the last that has ink."""
    rows, columns = np.nonzero(image)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


@each_drawing
def test_the_image_is_as_the_encoder_wants_it(strokes: list) -> None:
    for image in (seen(strokes), seen([], painted(strokes))):
        assert (image.shape, image.dtype) == ((28, 28), np.float32)
        assert image.min() == 0
        assert 0.9 < image.max() <= 1


def test_without_strokes_and_pixels_nothing_is_drawn() -> None:
    assert blank(None).reason == "Nothing is drawn yet."
    assert blank(None, []).reason == "Nothing is drawn yet."


NOTHING = "Nothing is to be seen: no ink stands out from the background."


@pytest.mark.parametrize("ground", [0, 128, 255])
def test_a_picture_of_one_colour_is_blank(ground: int) -> None:
    assert blank(painted([], ground=ground)).reason == NOTHING


def test_a_transparent_canvas_is_blank() -> None:
    assert blank(np.zeros((CANVAS, CANVAS, 4), np.uint8)).reason == NOTHING


def test_what_is_invisible_is_not_ink() -> None:
    rgba = painted(DRAWINGS["one"])
    rgba[..., 3] = 0
    assert isinstance(drawing_to_image(rgba), Blank)


def test_white_ink_on_a_transparent_canvas_is_seen() -> None:
    rgba = painted(DRAWINGS["one"])
    rgba[..., 3] = rgba[..., 0]
    np.testing.assert_allclose(seen([], rgba), seen([], painted(DRAWINGS["one"])), atol=0.01)


FILLED = "That is filled all over. Clear it and draw a digit with a thin line."


def test_a_canvas_scribbled_full_is_filled() -> None:
    scribble = np.array([[x, y] for y in range(10, 271, 10) for x in (10, 270)])
    assert blank(None, [scribble]).reason == FILLED


def test_one_long_line_stays_a_line() -> None:
    image = seen([np.array([[10, 150], [270, 150]])])
    assert span(image) == (21, 3)
    np.testing.assert_allclose(image[:, 8:20].sum(axis=0), 2.5, atol=0.15)


@pytest.mark.parametrize("points", [[[90, 90]], [[90, 90], [91, 92]]])
def test_a_single_dot_is_not_a_digit(points: list) -> None:
    assert blank(None, [np.array(points)]).reason == "That is only a dot. Draw a digit."


def tap(x: float, y: float, slip: float, pen: int = 20) -> dict:
    return {"path": [["M", x, y], ["L", x + slip, y + slip / 2]], "strokeWidth": pen}


def test_a_tap_that_slips_by_half_the_pen_is_a_dot() -> None:
    dot = "That is only a dot. Draw a digit."
    assert blank(None, [tap(50, 50, 4)]).reason == dot
    assert blank(None, [tap(50, 50, 10)]).reason == dot
    assert blank(None, [tap(50, 50, 4), tap(200, 180, 0.1)]).reason == dot
    assert blank(None, [np.array([[50, 50]]), np.array([[200, 180]])]).reason == dot
    assert isinstance(seen([tap(50, 50, 30)]), np.ndarray)
    assert isinstance(seen([tap(50, 50, 10, pen=6)]), np.ndarray)


def test_a_disc_filled_by_strokes_is_filled() -> None:
    turns = np.linspace(0, 40 * np.pi, 3000)
    disc = np.stack([140 + turns * np.cos(turns), 140 + turns * np.sin(turns)], axis=1)
    assert blank(None, [disc]).reason == FILLED


def test_a_wide_zigzag_is_too_many_lines_and_not_filled() -> None:
    rows = enumerate(range(5, 276, 40))
    zigzag = np.array([[x, y] for i, y in rows for x in ((5, 275), (275, 5))[i % 2]])
    reason = "Those are too many lines for one digit. Clear it and draw one digit."
    assert blank(None, [zigzag]).reason == reason


def test_a_single_pixel_is_not_a_digit() -> None:
    rgba = painted([])
    rgba[100:102, 50:52] = 255
    assert blank(rgba).reason == NOTHING


@each_drawing
def test_place_and_size_do_not_matter(strokes: list) -> None:
    expected = seen(strokes)
    for size, x, y in itertools.product((0.3, 0.77, 1, 1.5), (-50, 0, 33.3), (0, 17.7)):
        moved = seen([path * size + (x, y) for path in strokes])
        np.testing.assert_allclose(moved, expected, atol=1e-6)


@each_drawing
def test_the_pen_of_the_canvas_does_not_matter(strokes: list) -> None:
    thin, fat = (seen(strokes, painted(strokes, pen)) for pen in (4, 40))
    np.testing.assert_array_equal(thin, fat)


def test_a_stroke_may_be_an_object_of_the_canvas() -> None:
    straight = {"type": "Path", "path": [["M", 70, 60], ["L", 160, 62], ["L", 110, 220]]}
    np.testing.assert_array_equal(
        seen([straight, DRAWINGS["seven"][1]]), seen(list(DRAWINGS["seven"]))
    )


def test_a_curve_of_the_canvas_runs_through_its_parabola() -> None:
    curve = {"type": "Path", "path": [["M", 80, 60], ["Q", 90, 60, 100, 80], ["L", 120, 60]]}
    points = stroke_points(curve)
    np.testing.assert_array_equal(points[[0, -2, -1]], [[80, 60], [100, 80], [120, 60]])
    x, y = points[:-1].T
    # with these corners x = 80 + 20 t and y = 60 + 20 t^2
    np.testing.assert_allclose(y, 60 + 20 * ((x - 80) / 20) ** 2, rtol=1e-12)
    assert np.diff(x).max() < 4  # so fine that no corner shows


def test_objects_without_a_path_are_no_strokes() -> None:
    assert stroke_points({"type": "Rect", "width": 40}).shape == (0, 2)
    assert isinstance(drawing_to_image(None, [{"type": "Rect", "width": 40}]), Blank)


@pytest.mark.parametrize("broken", [["M", 1], ["Q", 1, 2], ["L", "here", None], [], ["Z"]])
def test_what_is_malformed_in_a_path_is_skipped(broken: list) -> None:
    path = [["M", 70, 60], ["L", 160, 62], broken, ["L", 110, 220]]
    points = stroke_points({"type": "Path", "path": path})
    assert len(points) >= 3
    np.testing.assert_array_equal(points[[0, 1, -1]], [[70, 60], [160, 62], [110, 220]])
    assert np.isfinite(seen([{"type": "Path", "path": path}])).all()
    assert blank(None, [{"path": [broken]}]).reason.startswith(("Nothing is drawn", "That is only"))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_points_that_are_not_finite_are_skipped(wrong: float) -> None:
    (line,) = DRAWINGS["one"]
    torn = np.array([line[0], [wrong, 100], line[1]])
    np.testing.assert_array_equal(seen([torn]), seen([line]))
    assert blank(None, [np.full((2, 2), wrong)]).reason == "Nothing is drawn yet."


@each_drawing
def test_the_mass_lies_in_the_middle_unless_ink_would_be_cut_off(strokes: list) -> None:
    for image in (seen(strokes), seen([], painted(strokes))):
        off = 14.5 - centre_of_mass(image)
        for axis in (0, 1):
            ink = np.flatnonzero(image.any(axis=axis))
            at_the_border = ink[0] == 0 if off[axis] < 0 else ink[-1] == 27
            assert abs(off[axis]) <= 0.5 or at_the_border


def test_a_digit_with_its_mass_in_a_corner_stops_at_the_border() -> None:
    block = [
        np.array([[40, y], [100, y]]) for y in range(40, 100, 4)
    ]  # a mass, and a speck far from it
    strokes = [*block, np.array([[238, 238], [240, 240]])]
    image = seen(strokes)
    assert image[:, -1].any()
    assert image[-1].any()
    assert min(span(image)) >= 20  # moved, not cut
    assert (centre_of_mass(image) < 14).all()  # the middle would be better, but not whole


@each_drawing
def test_a_digit_fills_a_box_of_20_pixels(strokes: list) -> None:
    # strokes are placed between whole pixels: 20 pixels' width may touch 21 of them
    assert 19 <= max(span(seen(strokes))) <= 21
    assert 19 <= max(span(seen([], painted(strokes)))) <= 21


@each_drawing
def test_the_ink_is_as_much_as_the_path_and_the_pen_give(strokes: list) -> None:
    points = np.concatenate(strokes)
    scale = 17.5 / np.ptp(points, axis=0).max()  # the path's box: 20 pixels less the pen
    outlines = (np.linalg.norm(np.diff(path, axis=0), axis=1).sum() * scale for path in strokes)
    length = sum(outlines)
    width = seen(strokes).sum() / length
    # 2.5 pixels, and round ends add to it where crossings take away
    assert 2.3 < width < 3.0


def test_an_upright_line_is_two_and_a_half_pixels_wide() -> None:
    image = seen([np.array([[140, 60], [140, 200]])])
    np.testing.assert_allclose(image[10:18].sum(axis=1), 2.5, atol=0.15)


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1), (2, 2), (1, 500), (11, 40)])
def test_a_picture_of_a_few_pixels_is_told_to_be_too_small(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 4), dtype=np.uint8)
    size = f"{shape[1]} x {shape[0]} pixels"
    assert blank(noise).reason == f"A picture of {size} is too small to show a digit."


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 3), (4,)])
def test_pixels_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ValueError, match=r"rgba is uint8 \(.*\); expected uint8 \(height, width, 4"
    ):
        drawing_to_image(np.zeros(shape, np.uint8))


def leaning(strokes: list, slant: float) -> list:
    return [path @ np.array([[1, 0], [-slant, 1]]) + (80, 0) for path in strokes]


@pytest.mark.parametrize("slant", [-0.4, 0.25, 0.5])
@each_drawing
def test_slant_goes_only_when_asked(strokes: list, slant: float) -> None:
    upright = drawing_to_image(None, strokes, upright=True)
    lean = leaning(strokes, slant)
    straightened = drawing_to_image(None, lean, upright=True)
    assert isinstance(upright, np.ndarray)
    assert isinstance(straightened, np.ndarray)
    alike = np.corrcoef(upright.ravel(), straightened.ravel())[0, 1]
    assert alike > 0.93
    assert np.corrcoef(upright.ravel(), seen(lean).ravel())[0, 1] < alike


def test_as_drawn_is_the_canvas_shrunk_and_nothing_more() -> None:
    stroke = {"path": [["M", 20, 140], ["L", 100, 140]], "strokeWidth": 20}
    image = as_drawn([stroke], CANVAS)
    assert isinstance(image, np.ndarray)
    rows, columns = np.nonzero(image)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (13, 14, 1, 10)
    np.testing.assert_allclose(image[:, 3:9].sum(axis=0), 2.0, atol=1e-5)
    assert as_drawn([], CANVAS) == Blank("Nothing is drawn yet.")


def test_a_drawing_of_ten_thousand_points_is_one_more_drawing() -> None:
    turns = np.linspace(10 * np.pi, 14 * np.pi, 10_000)
    spiral = np.stack([140 + turns * np.cos(turns), 140 + turns * np.sin(turns)], axis=1)
    assert seen([spiral]).shape == (28, 28)


def test_pixels_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rgba is float64 .* expected uint8"):
        drawing_to_image(np.zeros((28, 28, 4)))
