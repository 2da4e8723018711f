"""Files as anybody may upload them for a picture: read, or refused with words."""

import zlib
from io import BytesIO

import numpy as np
import pytest
from fuzz import bounded
from hypothesis import example, given
from hypothesis import strategies as some
from PIL import Image

from vae.preprocess import photo_files

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
            return photo_files.read(content)
        except photo_files.UploadError as error:
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


CAMERA = Image.Exif()
CAMERA.update({0x0112: 6, 0x010F: "a camera", 0x011A: 72.0})


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # of what is odd in it
@given(changes)
@example([(17 / 74, b"\0")])  # its name is a number
def test_whatever_a_camera_says_of_a_photo_the_photo_is_read(
    changed: list[tuple[float, bytes]],
) -> None:
    file = BytesIO()
    Image.new("RGB", (40, 30)).save(file, "JPEG", exif=damaged(CAMERA.tobytes(), changed, 1.0))
    found = outcome(file.getvalue())
    assert isinstance(found, np.ndarray)
    assert {*found.shape[:2]} == {30, 40}


said = some.tuples(
    some.sampled_from(b"iCCP tEXt zTXt iTXt pHYs eXIf acTL fcTL tRNS gAMA PLTE IHDR IDAT".split()),
    some.binary(max_size=30),
)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(some.lists(said, min_size=1, max_size=3), some.sampled_from([b"IDAT", b"IEND"]))
@example([(b"iCCP", b"")], b"IEND")
def test_whatever_is_said_beside_the_pixels_of_a_png_it_is_read_or_refused(
    chunks: list[tuple[bytes, bytes]], before: bytes
) -> None:
    file, added = BytesIO(), b""
    Image.new("LA", (40, 30)).save(file, "PNG")
    content = file.getvalue()
    for name, said in chunks:
        checksum = zlib.crc32(name + said).to_bytes(4)
        added += len(said).to_bytes(4) + name + said + checksum
    place = content.index(before) - 4
    assert is_read_or_refused(content[:place] + added + content[place:])


marks = some.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF", b"<svg", b""])


@given(marks, some.binary(max_size=300))
def test_any_bytes_are_read_or_refused(mark: bytes, content: bytes) -> None:
    assert is_read_or_refused(mark + content)
