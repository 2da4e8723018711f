"""Files as anybody may upload them for a picture: read, or refused with words."""

from io import BytesIO

import numpy as np
import pytest
from fuzz import bounded
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from vae.preprocess import uploads

MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


def encoded(mode: str, size: tuple[int, int], kind: str, progressive: bool) -> bytes:
    file = BytesIO()
    image = Image.effect_noise(size, 80).convert(mode if mode != "I;16" else "I").convert(mode)
    image.save(file, kind, **({"progressive": True} if progressive and kind == "JPEG" else {}))
    return file.getvalue()


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    """Sound files of every kind that is read, and of some that are not."""
    sound = [encoded(mode, (40, 30), "PNG", False) for mode in MODES]
    sound += [encoded(m, (40, 30), "JPEG", p) for m in ("L", "RGB", "CMYK") for p in (True, False)]
    return sound + [
        encoded("RGB", (40, 30), kind, False) for kind in ("GIF", "BMP", "TIFF", "WEBP")
    ]


changes = some.lists(some.tuples(some.floats(0, 1), some.binary(max_size=6)), max_size=8)


def damaged(file: bytes, changed: list[tuple[float, bytes]], keep: float) -> bytes:
    """The file with some bytes put in place of others, cut off after a share of it."""
    content = bytearray(file)
    for place, put in changed:
        start = int(place * len(content))
        content[start : start + len(put)] = put
    return bytes(content[: round(keep * len(content))])


def outcome(content: bytes) -> np.ndarray | str:
    """The picture, or what the visitor is told."""
    with bounded():
        try:
            return uploads.read(content)
        except uploads.UploadError as error:
            return str(error)


def is_read_or_refused(content: bytes) -> bool:
    found = outcome(content)
    if isinstance(found, str):
        return found.endswith(".")
    return found.dtype == np.uint8 and found.ndim == 3 and max(found.shape) <= 512


@given(some.integers(0, 17), changes, some.just(1.0) | some.floats(0, 1))
def test_any_damaged_file_is_read_or_refused(
    files: list[bytes], which: int, changed: list[tuple[float, bytes]], keep: float
) -> None:
    assert is_read_or_refused(damaged(files[which % len(files)], changed, keep))


marks = some.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF", b"<svg", b""])


@given(marks, some.binary(max_size=300))
def test_any_bytes_are_read_or_refused(mark: bytes, content: bytes) -> None:
    assert is_read_or_refused(mark + content)
