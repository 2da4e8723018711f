"""From pixels: any size, place, pen and light; and MNIST's own digits drawn again."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from benchmarks import pen_width
from vae import data, inference, runs
from vae.preprocess import Blank, drawing_to_image, pixels
from vae.preprocess.pen import PEN_WIDTH

CANVAS = 280
TURN = 2 * np.pi * np.linspace(0, 1, 40)
SHAPES = {
    "zero": [np.stack([60 + 50 * np.cos(TURN), 80 + 80 * np.sin(TURN)], axis=1)],
    "one": [np.array([[40, 0], [34, 150]])],
    "two": [np.array([[0, 30], [40, 0], [85, 30], [70, 80], [0, 160], [95, 160]])],
    "four": [np.array([[60, 0], [0, 100], [110, 100]]), np.array([[80, 50], [80, 170]])],
    "seven": [np.array([[0, 0], [90, 2], [40, 160]]), np.array([[15, 80], [75, 78]])],
}


def picture_of(strokes: list, pen: float, ink: int = 255, ground: int = 0) -> Image.Image:
    """Strokes drawn with a round pen, anti-aliased, on a canvas of 280 x 280 pixels."""
    fine = 4
    canvas = Image.new("L", (CANVAS * fine, CANVAS * fine), ground)
    brush, radius = ImageDraw.Draw(canvas), pen * fine / 2
    for path in strokes:
        corners = [tuple(point * fine) for point in path]
        brush.line(corners, fill=ink, width=round(2 * radius))
        for x, y in corners:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    return canvas.resize((CANVAS, CANVAS), Image.Resampling.BOX)


def seen(picture: Image.Image) -> np.ndarray:
    image = drawing_to_image(np.asarray(picture.convert("RGBA")))
    assert isinstance(image, np.ndarray), image
    return image


def refused(picture: Image.Image) -> str:
    found = drawing_to_image(np.asarray(picture.convert("RGBA")))
    assert isinstance(found, Blank)
    return found.reason


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def moved(shape: str, size: float, x: float, y: float) -> list:
    return [path * size + (x, y) for path in SHAPES[shape]]


@pytest.mark.parametrize("seed", range(30))
def test_size_place_pen_and_order_of_strokes_do_not_matter(seed: int) -> None:
    generator = np.random.default_rng(seed)
    shape = list(SHAPES)[seed % len(SHAPES)]
    size, pen = generator.uniform(0.5, 1.5), generator.uniform(6, 28)
    pen = min(pen, 40 * size)  # the holes of a digit stay open
    room = CANVAS - 172 * size - pen
    x, y = pen / 2 + generator.uniform(0, 1, 2) * max(room, 0)
    strokes = [path[:: generator.choice([-1, 1])] for path in moved(shape, size, x, y)]
    generator.shuffle(strokes)
    expected = drawing_to_image(None, SHAPES[shape])
    assert isinstance(expected, np.ndarray)
    from_strokes = drawing_to_image(None, strokes)
    assert isinstance(from_strokes, np.ndarray)
    np.testing.assert_allclose(from_strokes, expected, atol=1e-5)
    image = seen(picture_of(strokes, pen))
    assert likeness(image, expected) > 0.94
    assert np.abs(image - expected).mean() < 0.03


@pytest.mark.parametrize("pieces", [2, 5, 12])
def test_the_number_of_strokes_does_not_matter(pieces: int) -> None:
    (path,) = SHAPES["zero"]
    cuts = np.linspace(0, len(path) - 1, pieces + 1).astype(int)
    strokes = [path[a : b + 1] for a, b in itertools.pairwise(cuts)]
    whole, cut = drawing_to_image(None, [path]), drawing_to_image(None, strokes)
    assert isinstance(whole, np.ndarray)
    assert isinstance(cut, np.ndarray)
    np.testing.assert_allclose(cut, whole, atol=1e-9)


def lit(picture: Image.Image, seed: int) -> Image.Image:
    """A photo of it: lit from one corner, a soft shadow across, blurred and noisy."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:CANVAS, 0:CANVAS] / CANVAS
    light = 0.6 + 0.35 * (x * generator.uniform(0, 1) + y * generator.uniform(-0.5, 0.5))
    light *= 1 - 0.3 / (1 + np.exp(-(x + y - generator.uniform(0.5, 1.5)) * 20))
    blurred = np.asarray(picture.filter(ImageFilter.GaussianBlur(1.5)), np.float32) / 255
    noisy = blurred * light + generator.normal(0, 0.02, light.shape)
    return Image.fromarray(np.clip(noisy * 255, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_photo_of_ink_on_paper_gives_the_digit(shape: str) -> None:
    strokes = moved(shape, 1, 70, 40)
    photo = lit(picture_of(strokes, 9, ink=50, ground=255), seed=len(shape))
    assert likeness(seen(photo), seen(picture_of(strokes, 16))) > 0.9


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (60, 180), (230, 40), (150, 60)])
def test_dark_on_light_and_light_on_dark_are_told_apart(ink: int, ground: int) -> None:
    strokes = moved("two", 1, 90, 50)
    expected = seen(picture_of(strokes, 16))
    assert likeness(seen(picture_of(strokes, 16, ink, ground)), expected) > 0.98


@pytest.mark.parametrize("ink", [0, 255])
def test_ink_on_a_transparent_ground_is_seen_whatever_its_colour(ink: int) -> None:
    drawn = picture_of(moved("four", 1, 80, 50), 14)
    clear = Image.merge("LA", (Image.new("L", drawn.size, ink), drawn))
    assert likeness(seen(clear), seen(drawn)) > 0.98


def test_several_digits_are_said_to_be_several() -> None:
    strokes = [*moved("two", 0.8, 30, 60), *moved("zero", 0.8, 160, 60)]
    assert refused(picture_of(strokes, 12)) == "That looks like several digits. Show one at a time."


def test_a_speck_beside_the_digit_is_not_seen() -> None:
    strokes = moved("two", 1, 60, 50)
    dirty = [*strokes, np.array([[250, 20], [251, 20]])]
    difference = np.abs(seen(picture_of(dirty, 6)) - seen(picture_of(strokes, 6)))
    assert difference.max() < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_no_digit(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8)
    assert refused(Image.fromarray(noise)).startswith("That is too many pieces for one digit")


def test_paper_without_ink_is_no_digit() -> None:
    assert refused(lit(Image.new("L", (CANVAS, CANVAS), 255), 0)).startswith(
        "Nothing is to be seen"
    )


def test_shrunk_is_the_whole_picture_as_it_is() -> None:
    picture = np.zeros((56, 112, 4), np.uint8)
    picture[..., 3] = 255
    picture[:, 56:, :3] = 200
    image = pixels.shrunk(picture)
    expected = np.zeros((28, 28))
    expected[7:21, 14:] = 200 / 255
    np.testing.assert_allclose(image, expected, atol=1e-6)


def test_shrunk_takes_the_smallest_pictures_too() -> None:
    assert pixels.shrunk(np.full((1, 1, 4), 255, np.uint8)).min() == 1
    assert pixels.shrunk(np.zeros((0, 3, 4), np.uint8)).max() == 0


@pytest.fixture(scope="module")
def untouched() -> data.Digits:
    """1,000 digits that nothing was trained on: of MNIST's test digits, where there are any."""
    splits = data.load(download=False, train_images=4000)
    images = np.concatenate([splits.test.images[:5000], splits.validation.images[:500]])
    labels = np.concatenate([splits.test.labels[:5000], splits.validation.labels[:500]])
    chosen = np.random.default_rng(0).permutation(min(len(labels), 5000))[:1000]
    return data.Digits(images[chosen], labels[chosen])


@pytest.fixture(scope="module")
def classify() -> Callable[[np.ndarray], np.ndarray]:
    """A small classifier, trained here in seconds: images (n, 28, 28) -> labels (n,)."""
    import keras  # slow to load
    from keras import layers

    keras.utils.set_random_seed(0)
    train = data.load(download=False, train_images=36_000).train
    images = [train.pixels]
    if len(train) < 36_000:  # few digits, but many hands
        shifts = [(1, 0), (-1, 0), (0, 1), (0, -1)]
        moved = [np.roll(train.pixels, shift, axis=(1, 2)) for shift in shifts]
        fatter = [np.maximum(train.pixels, other) for other in moved[::2]]
        thinner = [np.minimum(train.pixels, other) for other in moved[::2]]
        images += [*moved, *fatter, *thinner]
    model = keras.Sequential(
        [
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(16, 5, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(2e-3), loss)
    labels = np.tile(train.labels, len(images))
    model.fit(np.concatenate(images), labels, batch_size=64, epochs=4, verbose="0")
    return lambda images: model.predict(images, verbose="0").argmax(axis=1)


def on_canvas(image: np.ndarray, size: float, generator: np.random.Generator) -> Image.Image:
    """A digit drawn again at 140 x size pixels, in one of the canvas' corners."""
    side = round(140 * size)
    grey = Image.fromarray(np.round(image * 255).astype(np.uint8))
    canvas = Image.new("L", (CANVAS, CANVAS))
    left, top = (int(generator.choice([0, CANVAS - side])) for _ in range(2))
    canvas.paste(grey.resize((side, side), Image.Resampling.BICUBIC), (left, top))
    return canvas


def as_strokes(image: np.ndarray, size: float, generator: np.random.Generator) -> list:
    """A digit's centre lines as pen strokes on the canvas: from each dot on to the nearest."""
    left = [*pixels.lines_of_ink(image)[:, 0]]
    path = [left.pop(0)]
    strokes = [path]
    while left:
        distance = np.linalg.norm(np.array(left) - path[-1], axis=1)
        dot = left.pop(int(distance.argmin()))
        if distance.min() > 0.6:  # pixels of the digit: the pen was lifted
            path = []
            strokes.append(path)
        path.append(dot)
    place = generator.uniform(0, 100, 2)
    return [np.array(path) * 5 * size + place for path in strokes]


@pytest.fixture(scope="module", params=["pixels", "strokes"])
def redrawn(request: pytest.FixtureRequest, untouched: data.Digits) -> np.ndarray:
    """The same digits, drawn again at 0.3 to 1.5 times the size, and seen again."""
    generator = np.random.default_rng(1)
    images = []
    for image in untouched.pixels:
        size = generator.uniform(0.3, 1.5)
        if request.param == "strokes":
            found = drawing_to_image(None, as_strokes(image, size, generator))
        else:
            canvas = on_canvas(image, size, generator)
            found = drawing_to_image(np.asarray(canvas.convert("RGBA")))
        assert isinstance(found, np.ndarray), found
        images.append(found)
    return np.stack(images)


@pytest.mark.parametrize("name", ["map", "best"])
def test_digits_drawn_again_are_rebuilt_as_well_as_the_untouched(
    name: str, untouched: data.Digits, redrawn: np.ndarray
) -> None:
    model = inference.load(runs.SHIPPED / name)
    before, after = (
        model.terms(images, model.encode(images))[0].mean()
        for images in (untouched.pixels, redrawn)
    )
    assert abs(after / before - 1) < 0.1
    print(f"{name}: {before:.1f} -> {after:.1f} nats, {100 * (after / before - 1):+.1f} %")


def test_digits_drawn_again_are_still_recognised(
    untouched: data.Digits, redrawn: np.ndarray, classify: Callable[[np.ndarray], np.ndarray]
) -> None:
    before, after = (
        (classify(images) == untouched.labels).mean() for images in (untouched.pixels, redrawn)
    )
    assert before > 0.9
    assert after > before - 0.02
    print(f"accuracy {100 * before:.1f} -> {100 * after:.1f} %")


def test_the_pen_is_as_wide_as_mnists(digits: data.Digits) -> None:
    some = digits.pixels[::5]
    assert np.median([pen_width.by_ink(image) for image in some]) == pytest.approx(
        PEN_WIDTH, abs=0.15
    )
    assert np.median([pen_width.by_outline(image) for image in some]) == pytest.approx(
        PEN_WIDTH, abs=0.2
    )
