"""Digits as pictures: enlarged by whole pixels so that they stay crisp, as arrays and as PNG."""

from base64 import b64encode
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vae.mnist import SIDE


def to_bytes(images: np.ndarray) -> np.ndarray:
    """Images in [0, 1], any shape -> uint8 in 0..255."""
    return np.round(np.clip(images, 0, 1) * 255).astype(np.uint8)


def enlarged(image: np.ndarray, factor: int) -> np.ndarray:
    """Each pixel of (height, width, ...) as a square of factor x factor pixels."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def contact_sheet(images: np.ndarray, columns: int, gap: int = 2, ground: int = 0) -> np.ndarray:
    """Images (n, 28, 28) in [0, 1], side by side in rows: uint8 (height, width).

    Args:
        images: row by row, as one reads.
        columns: images in a row.
        gap: pixels between two images.
        ground: grey value of gaps and of places left empty.
    """
    rows = -(-len(images) // columns)
    cell = SIDE + gap
    sheet = np.full((rows * cell - gap, columns * cell - gap), ground, np.uint8)
    for i, image in enumerate(to_bytes(images)):
        top, left = cell * (i // columns), cell * (i % columns)
        sheet[top : top + SIDE, left : left + SIDE] = image
    return sheet


def named_rows(sheet: np.ndarray, names: list[str], width: int) -> np.ndarray:
    """A uint8 sheet of as many rows as there are names, with these to the left of it.

    Args:
        sheet: (height, n).
        names: from the top.
        width: pixels for the names.
    """
    margin = Image.new("L", (width, sheet.shape[0]))
    pen = ImageDraw.Draw(margin)
    row = sheet.shape[0] / len(names)
    font = ImageFont.load_default(size=row / 3)
    for i, name in enumerate(names):
        pen.text((width / 2, (i + 0.5) * row), name, fill=200, font=font, anchor="mm")
    return np.concatenate([np.asarray(margin), sheet], axis=1)


def png(picture: np.ndarray, quick: bool = False) -> bytes:
    """A uint8 picture, grey (height, width) or colour (height, width, 3), as a PNG file.

    Of digits, a quick one is 2 % larger and made in a twentieth of the time.
    """
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", optimize=not quick)
    return buffer.getvalue()


def gif(frames: np.ndarray, frames_per_second: int) -> bytes:
    """Grey uint8 frames (n, height, width) as a GIF file that repeats for ever.

    GIF counts time in hundredths of a second, so a rate that divides 100 is kept exactly. The same
    frames give the same bytes.
    """
    buffer = BytesIO()
    first, *others = [Image.fromarray(frame) for frame in frames]
    first.save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=others,
        duration=1000 // frames_per_second,
        loop=0,
        optimize=False,  # it would leave greys out
    )
    return buffer.getvalue()


def data_url(picture: np.ndarray) -> str:
    """A picture as a PNG inside a URL, for figures."""
    if picture.size > SIDE * SIDE:
        return _url(picture)
    return _url_of_digit(picture.tobytes(), picture.shape)


@lru_cache(maxsize=1000)  # 2 MB; the same few digits lie near most drawings
def _url_of_digit(content: bytes, shape: tuple[int, ...]) -> str:
    return _url(np.frombuffer(content, np.uint8).reshape(shape))


def _url(picture: np.ndarray) -> str:
    return "data:image/png;base64," + b64encode(png(picture, quick=True)).decode()
