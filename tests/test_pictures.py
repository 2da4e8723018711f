"""Digits as crisp pictures, as arrays and as PNG."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from vae import data, pictures


@pytest.fixture
def greys() -> np.ndarray:
    """Five images, each of one grey value: (5, 28, 28) in [0, 1]."""
    return np.full((5, 28, 28), 1.0) * np.array([1, 2, 3, 4, 5])[:, None, None] / 10


def test_bytes_come_back_as_they_were(digits: data.Digits) -> None:
    some = digits[::500]
    np.testing.assert_array_equal(pictures.to_bytes(some.pixels), some.images)


def test_values_beyond_the_ends_are_held_there() -> None:
    found = pictures.to_bytes(np.array([-3, -0.001, 0, 0.5, 1, 1.001, 40]))
    assert found.dtype == np.uint8
    assert found.tolist() == [0, 0, 0, 128, 255, 255, 255]


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 3)])
def test_every_pixel_becomes_a_square(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    large = pictures.enlarged(picture, 4)
    assert large.shape == (8, 12, *shape[2:])
    for y in range(8):
        for x in range(12):
            np.testing.assert_array_equal(large[y, x], picture[y // 4, x // 4])


def test_a_contact_sheet_reads_row_by_row(greys: np.ndarray) -> None:
    sheet = pictures.contact_sheet(greys, columns=3, gap=2)
    assert (sheet.shape, sheet.dtype) == ((58, 88), np.uint8)
    middles = sheet[[14, 44]][:, [14, 44, 74]]
    assert middles.tolist() == [[26, 51, 76], [102, 128, 0]]  # the last place is empty


def test_gaps_and_empty_places_have_the_colour_of_the_ground(greys: np.ndarray) -> None:
    sheet = pictures.contact_sheet(greys, columns=3, gap=2, ground=200)
    assert (sheet[28:30] == 200).all()
    assert (sheet[:, 28:30] == 200).all()
    assert (sheet[30:, 60:] == 200).all()
    assert (sheet == 200).sum() == sheet.size - 5 * 28 * 28


def test_without_gaps_images_touch(greys: np.ndarray) -> None:
    sheet = pictures.contact_sheet(greys[:4], columns=2, gap=0)
    expected = np.block([[greys[0], greys[1]], [greys[2], greys[3]]])
    np.testing.assert_array_equal(sheet, pictures.to_bytes(expected))


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3)])
def test_a_png_holds_the_picture(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with Image.open(BytesIO(pictures.png(picture))) as read:
        assert read.format == "PNG"
        np.testing.assert_array_equal(np.asarray(read), picture)


def test_a_data_url_holds_the_png() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    start, _, content = pictures.data_url(picture).partition(",")
    assert start == "data:image/png;base64"
    assert base64.b64decode(content, validate=True) == pictures.png(picture, quick=True)


def test_a_gif_holds_every_frame_to_the_last_grey_and_is_the_same_each_time() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)
    frames[2] = frames[1]  # equal ones are not dropped, or the time would be wrong
    content = pictures.gif(pictures.enlarged(frames.transpose(1, 2, 0), 2).transpose(2, 0, 1), 20)
    assert content == pictures.gif(frames.repeat(2, axis=1).repeat(2, axis=2), 20)
    with Image.open(BytesIO(content)) as read:
        shown = []
        for i in range(getattr(read, "n_frames", 1)):
            read.seek(i)
            shown += [np.asarray(read.convert("L"))[::2, ::2]] * (read.info["duration"] // 50)
        assert read.info["loop"] == 0
    np.testing.assert_array_equal(shown, frames)
