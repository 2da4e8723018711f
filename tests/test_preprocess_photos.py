"""Photos as phones take them, made here: what is written on paper, boards and screens is read."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from long import first
from PIL import Image, ImageDraw
from scipy import ndimage

from vae.data import embedded
from vae.evaluation import classifier
from vae.preprocess import Blank, doubt, drawing_to_image, photo_files, pixels

HEIGHT, WIDTH = 450, 600
DOWN, ACROSS = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
TURN = 2 * np.pi * np.linspace(0, 1, 60)
SHAPES = {
    "zero": [np.stack([0.5 + 0.32 * np.cos(TURN), 0.5 + 0.5 * np.sin(TURN)], axis=1)],
    "two": [np.array([[0.1, 0.2], [0.4, 0], [0.8, 0.2], [0.65, 0.5], [0.05, 1], [0.9, 0.97]])],
    "four": [np.array([[0.6, 0], [0.1, 0.6], [0.95, 0.62]]), np.array([[0.7, 0.35], [0.68, 1]])],
    "eight": [np.stack([0.5 + 0.3 * np.sin(2 * TURN), 0.5 - 0.5 * np.cos(TURN)], axis=1)],
}
NAVY, PENCIL, PAPER = (30, 30, 70), (110, 110, 110), (235, 233, 228)

Colour = tuple[int, int, int]


def written(shape: str, pen: float = 9, size: float = 270) -> np.ndarray:
    """How much of each pixel a pen covers: (450, 600), 0 to 1."""
    canvas = Image.new("L", (2 * WIDTH, 2 * HEIGHT))
    brush = ImageDraw.Draw(canvas)
    for path in SHAPES[shape]:
        corners = [tuple(2 * ((p - 0.5) * size + (WIDTH / 2, HEIGHT / 2))) for p in path]
        brush.line(corners, fill=255, width=round(2 * pen))
        for x, y in corners:
            brush.ellipse((x - pen, y - pen, x + pen, y + pen), fill=255)
    return np.asarray(canvas.reduce(2), np.float64)[..., None] / 255


def as_strokes(shape: str) -> list[np.ndarray]:
    return [100 * path for path in SHAPES[shape]]


def sheet(colour: Colour = PAPER) -> np.ndarray:
    return np.ones((HEIGHT, WIDTH, 3)) * colour


def on(ground: np.ndarray, ink: np.ndarray, colour: Colour) -> np.ndarray:
    return ground * (1 - ink) + ink * np.array(colour)


def ruled(step: int, colour: Colour, squared: bool = False, turn: float = 0) -> np.ndarray:
    """Paper with lines, turned by so many degrees."""
    slope = np.tan(np.radians(turn))
    lines = (DOWN + slope * ACROSS) % step < 2
    if squared:
        lines |= (ACROSS - slope * DOWN) % step < 2
    return np.where(lines[..., None], np.array(colour, np.float64), sheet())


BOX = (115, 40, 485, 410)
ROW = [(left, 55, left + 240, 395) for left in (-60, 180, 420)]


def boxed(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """A form's boxes, printed in black: left, top, right and bottom of each."""
    paper = Image.fromarray(sheet().astype(np.uint8))
    for box in boxes:
        ImageDraw.Draw(paper).rectangle(box, outline=(40, 40, 40), width=3)
    return np.asarray(paper, np.float64)


def touched(shape: str) -> np.ndarray:
    """A digit that reaches over the left side of its box."""
    ink = written(shape)
    left = int(np.flatnonzero(ink.any(axis=(0, 2)))[0]) + 3
    return on(boxed((left, *BOX[1:])), ink, NAVY)


def in_crayon(shape: str) -> np.ndarray:
    """Wax that sticks to the grain of the paper and leaves half of it white."""
    grain = ndimage.gaussian_filter(np.random.default_rng(0).normal(0, 1, (HEIGHT, WIDTH)), 2)
    wax = np.clip(0.5 + 0.8 * grain / grain.std(), 0, 1)[..., None]
    return on(sheet(), written(shape, 18) * wax, (40, 60, 160))


def shaded(photo: np.ndarray) -> np.ndarray:
    """A shadow falls across."""
    light = np.where(ACROSS + 0.4 * DOWN > 0.6 * WIDTH, 0.55, 1.0)
    return photo * ndimage.gaussian_filter(light, 6)[..., None]


def under_a_hand(photo: np.ndarray) -> np.ndarray:
    """The soft shadow of what holds the camera, its edge bent."""
    hand = ((ACROSS - 330) / 170) ** 2 + ((DOWN - 300) / 150) ** 2 < 1
    return photo * ndimage.gaussian_filter(np.where(hand, 0.5, 1.0), 14)[..., None]


def aslant(photo: np.ndarray) -> np.ndarray:
    """Not taken from straight above."""
    corners = (20, 10, 35, HEIGHT - 5, WIDTH - 25, HEIGHT - 25, WIDTH - 8, 30)
    image = Image.fromarray(np.clip(photo, 0, 255).astype(np.uint8))
    quad = Image.Transform.QUAD
    return np.asarray(image.transform(image.size, quad, corners, Image.Resampling.BICUBIC), float)


def on_a_screen(photo: np.ndarray, period: float, strength: float) -> np.ndarray:
    """The screen's grid beats with the camera's, in each colour elsewhere: moire."""
    waves = np.sin(2 * np.pi * (0.96 * ACROSS + 0.3 * DOWN) / period)
    waves *= strength * np.sin(2 * np.pi * DOWN / (7 * period))
    return photo + np.stack([np.roll(waves, 2 * i, axis=1) for i in range(3)], axis=-1)


def in_chalk(shape: str) -> np.ndarray:
    """Crumbling white on a board that was wiped."""
    generator = np.random.default_rng(0)
    grain, wiped = (generator.normal(0, 1, (HEIGHT, WIDTH)) for _ in range(2))
    board = sheet((45, 70, 58)) + 250 * ndimage.gaussian_filter(wiped, 25)[..., None]
    chalk = np.clip(0.75 + 1.2 * ndimage.gaussian_filter(grain, 0.8), 0.1, 1)[..., None]
    return on(board, written(shape, 14) * chalk, (235, 235, 225))


def sent(photo: np.ndarray, blur: float = 0.8) -> np.ndarray:
    """Out of focus, noisy, saved as JPEG of quality 30, and opened again."""
    noise = np.random.default_rng(0).normal(0, 3, photo.shape)
    seen = np.clip(ndimage.gaussian_filter(photo, (blur, blur, 0)) + noise, 0, 255)
    buffer = BytesIO()
    Image.fromarray(seen.astype(np.uint8)).save(buffer, "JPEG", quality=30)
    return photo_files.read(buffer.getvalue())


def seen(photo: np.ndarray) -> np.ndarray:
    image = drawing_to_image(photo)
    assert isinstance(image, np.ndarray), image
    return image


def likeness(image: np.ndarray, shape: str) -> float:
    """How alike what is read from a photo and from the strokes themselves are."""
    expected = drawing_to_image(None, as_strokes(shape))
    assert isinstance(expected, np.ndarray)
    # a slight turn or another perspective moves an image by a fraction of a pixel
    first, second = (ndimage.gaussian_filter(i, 0.7).ravel() for i in (image, expected))
    return float(np.corrcoef(first, second)[0, 1])


PHOTOS: dict[str, Callable[[str], np.ndarray]] = {
    "plain": lambda s: on(sheet(), written(s), NAVY),
    "yellow marker on white": lambda s: on(sheet((250, 250, 248)), written(s, 20), (255, 240, 60)),
    "orange marker": lambda s: on(sheet(), written(s, 20), (255, 190, 90)),
    "red pencil on grey": lambda s: on(sheet((110, 110, 110)), written(s, 8), (220, 64, 64)),
    "light blue": lambda s: on(sheet(), written(s), (150, 200, 250)),
    "lined": lambda s: on(ruled(60, (120, 150, 210)), written(s), NAVY),
    "lined in black, turned": lambda s: on(ruled(60, (60, 60, 60), turn=3), written(s), NAVY),
    "squared": lambda s: on(ruled(40, (150, 170, 210), squared=True), written(s), NAVY),
    "squared in grey, turned": lambda s: on(
        ruled(40, (110, 110, 110), squared=True, turn=3), written(s), NAVY
    ),
    "squared, and pencil": lambda s: on(
        ruled(40, (130, 150, 200), squared=True), written(s, 6), PENCIL
    ),
    "lined, aslant, in a shadow": lambda s: shaded(
        aslant(on(ruled(60, (120, 150, 210)), written(s), NAVY))
    ),
    "a box": lambda s: on(boxed(BOX), written(s), NAVY),
    "a row of boxes": lambda s: on(boxed(*ROW), written(s, 9, 190), NAVY),
    "a box, aslant, and pencil": lambda s: aslant(on(boxed(BOX), written(s, 7, 220), PENCIL)),
    "a shadow": lambda s: shaded(on(sheet(), written(s), NAVY)),
    "the shadow of a hand": lambda s: under_a_hand(on(sheet(), written(s), NAVY)),
    "a screen": lambda s: on_a_screen(on(sheet(), written(s), NAVY), 5.3, 18),
    "a screen, closer": lambda s: on_a_screen(on(sheet(), written(s), NAVY), 11, 30),
    "chalk": in_chalk,
    "crayon": in_crayon,
    "a box that it touches": touched,
}


@pytest.mark.parametrize("shape", first(1, SHAPES))
@pytest.mark.parametrize("photo", PHOTOS.values(), ids=PHOTOS)
def test_a_photo_is_read_as_what_was_written(
    photo: Callable[[str], np.ndarray], shape: str
) -> None:
    image = seen(sent(photo(shape)))
    assert likeness(image, shape) > 0.85
    assert max(SHAPES, key=lambda other: likeness(image, other)) == shape


@pytest.mark.parametrize("blur", [2, 4, 8, 12, 16, 24])
@pytest.mark.parametrize("shape", ["zero", "eight"])
def test_a_blurred_digit_keeps_its_loops_or_is_refused(shape: str, blur: float) -> None:
    photo = sent(on(sheet(), written(shape, 12), NAVY), blur)
    found = drawing_to_image(photo)
    if isinstance(found, Blank):
        assert blur >= 8
        assert found.reason.startswith("The light is uneven, or the picture blurred")
    else:
        assert likeness(found, shape) > 0.9


@pytest.mark.parametrize("shape", ["zero", "two"])
@pytest.mark.parametrize("moved", [8, 44])
def test_what_a_hand_that_moved_has_blurred_is_read_or_refused_with_the_reason(
    moved: int, shape: str
) -> None:
    photo = ndimage.uniform_filter1d(on(sheet(), written(shape, 12), NAVY), moved, axis=1)
    found = drawing_to_image(sent(photo))
    if isinstance(found, Blank):
        assert moved == 44
        assert found.reason.startswith("The light is uneven, or the picture blurred")
    else:
        assert likeness(found, shape) > 0.9


def test_paper_with_lines_and_no_digit_shows_none() -> None:
    for squared in (False, True):
        found = drawing_to_image(sent(ruled(40, (120, 150, 210), squared)))
        assert isinstance(found, Blank)


def doubted(picture: Image.Image) -> bool:
    found = pixels.ink_of_digit(np.asarray(picture.convert("RGBA")))
    assert isinstance(found, np.ndarray), found
    return bool(doubt.of(found))


@pytest.mark.parametrize(("overlap", "lean"), [(0, 0), (1, 0), (9, 0), (0, 30), (6, 30)])
def test_a_ten_whose_digits_touch_is_doubted(overlap: int, lean: int) -> None:
    canvas = Image.new("L", (280, 280))
    brush = ImageDraw.Draw(canvas)
    brush.line([(80 + lean, 60), (80, 220)], fill=255, width=12)
    left = 86 + 1 - overlap
    brush.ellipse((left, 60, left + 110, 220), outline=255, width=12)
    assert doubted(canvas)


@pytest.mark.parametrize("turn", [0, 40])
def test_a_filled_oval_is_read_as_a_zero_and_doubted(turn: float) -> None:
    canvas = Image.new("L", (WIDTH, HEIGHT), 230)
    ImageDraw.Draw(canvas).ellipse((250, 140, 350, 290), fill=30)
    photo = sent(np.asarray(canvas.rotate(turn, fillcolor=230).convert("RGB"), np.float64))
    found = pixels.ink_of_digit(photo)
    assert isinstance(found, np.ndarray)
    assert doubt.of(found).startswith("It is filled all over, as a 0 is by a thick pen")
    assert classifier.read().probabilities(seen(photo)[None]).argmax() == 0


def test_what_is_much_wider_than_high_is_doubted() -> None:
    canvas = Image.new("L", (280, 280))
    ImageDraw.Draw(canvas).line([(40, 120), (110, 160), (180, 110), (240, 150)], 255, 10)
    assert doubted(canvas)


def test_single_digits_are_seldom_doubted() -> None:
    images = embedded().images[::50]
    pictures = [Image.fromarray(i).resize((196, 196), Image.Resampling.BICUBIC) for i in images]
    assert sum(map(doubted, pictures)) <= 0.04 * len(pictures)


def test_a_huge_picture_is_read_in_little_memory() -> None:
    import tracemalloc

    huge = np.zeros((4000, 4000, 4), np.uint8)
    huge[1000:3000, 1800:2100] = 255
    tracemalloc.start()
    try:
        assert isinstance(drawing_to_image(huge), np.ndarray)
        assert tracemalloc.get_traced_memory()[1] < 40e6
    finally:
        tracemalloc.stop()
