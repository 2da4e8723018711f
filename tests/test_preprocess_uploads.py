"""Files that people send: what is read, and what is said of those that cannot be."""

import resource
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PIL.JpegImagePlugin import JpegImageFile

from vae.preprocess import Blank, drawing_to_image, photo_files


def a_seven(mode: str = "RGB", size: int = 400) -> Image.Image:
    """A dark seven on light paper."""
    image = Image.new("L", (size, size), 235)
    corners = [(0.3, 0.2), (0.7, 0.2), (0.4, 0.8)]
    ImageDraw.Draw(image).line(
        [(x * size, y * size) for x, y in corners], 30, size // 16, joint="curve"
    )
    return image.convert(mode)


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def digit(content: bytes) -> np.ndarray:
    image = drawing_to_image(photo_files.read(content))
    assert not isinstance(image, Blank), image
    return image


def refusal(content: bytes) -> str:
    with pytest.raises(photo_files.UploadError) as error:
        photo_files.read(content)
    return str(error.value)


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize(
    "content",
    [
        saved(a_seven("L")),
        saved(a_seven().convert("1", dither=Image.Dither.NONE)),
        saved(a_seven("P")),
        saved(a_seven("RGBA")),
        saved(a_seven("RGB"), "JPEG", quality=60),
        saved(a_seven("CMYK"), "JPEG"),
        saved(Image.fromarray(np.asarray(a_seven("L")).astype(np.uint16) * 257)),
        saved(a_seven("L", 3000), "JPEG"),
    ],
    ids=["grey", "1 bit", "palette", "alpha", "JPEG", "CMYK", "16 bits", "9 million pixels"],
)
def test_every_kind_of_png_and_jpeg_shows_the_same_digit(content: bytes) -> None:
    picture = photo_files.read(content)
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 4
    assert max(picture.shape) <= 512
    assert likeness(digit(content), digit(saved(a_seven()))) > 0.95


def test_a_photo_that_says_it_was_taken_sideways_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to the right to see it upright
    content = saved(a_seven().rotate(90), "JPEG", exif=exif)
    assert likeness(digit(content), digit(saved(a_seven()))) > 0.95


def test_a_photo_with_a_second_picture_in_it_is_one_picture() -> None:
    content = saved(a_seven(), "MPO", save_all=True, append_images=[a_seven("RGB", 100)])
    assert likeness(digit(content), digit(saved(a_seven()))) > 0.95


def test_a_photo_of_108_megapixels_is_read_and_never_decoded_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sheet = Image.new("L", (12_000, 9_000), 225)
    corners = [(4000, 2000), (7500, 2000), (5000, 7500)]
    ImageDraw.Draw(sheet).line(corners, 40, 400, joint="curve")
    decoded = []
    monkeypatch.setattr(JpegImageFile, "load_prepare", recording(decoded))
    assert likeness(digit(saved(sheet, "JPEG")), digit(saved(a_seven()))) > 0.8
    assert decoded == [(1500, 1125)]


def recording(sizes: list) -> Callable[[JpegImageFile], None]:
    """What prepares a picture to be decoded, and notes in what size."""
    prepare = JpegImageFile.load_prepare

    def recorded(image: JpegImageFile) -> None:
        sizes.append(image.size)
        prepare(image)

    return recorded


def in_several_scans(content: bytes) -> bytes:
    """A JPEG whose first scan claims to bring one of its three colours."""
    at = content.index(b"\xff\xda")
    return content[: at + 4] + b"\x01" + content[at + 5 :]


def huge_png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size; what follows is a few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def with_a_long_text(content: bytes) -> bytes:
    """A PNG in which a comment of 2 MB is packed into 2 kB."""
    data = b"zTXtComment\0\0" + zlib.compress(bytes(2_000_000))
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return content[:33] + chunk + content[33:]  # after its header


LIMIT = "the limit is 12,000 a side and 25 million in all."
BAD = {
    "20 MB": (bytes(20_000_000), "The file has 20 MB; the limit is 10 MB. Save it smaller."),
    "wide": (huge_png(30_000, 10), f"The picture has 30,000 x 10 pixels; {LIMIT}"),
    "large": (huge_png(8_000, 8_000), f"The picture has 8,000 x 8,000 pixels; {LIMIT}"),
    "huge": (huge_png(11_000, 11_000), f"The picture is far too large: {LIMIT}"),
    "bomb": (huge_png(30_000, 30_000), f"The picture is far too large: {LIMIT}"),
    "animated": (
        saved(a_seven("L"), save_all=True, append_images=[a_seven("L").rotate(9)]),
        "The picture is animated. Save one frame of it as PNG.",
    ),
    "GIF": (saved(a_seven("P"), "GIF"), "GIF files are not read. Save one frame as PNG."),
    "HEIC": (
        b"\0\0\0\x18ftypheic" + bytes(100),
        "This is a HEIC photo, as iPhones take them. Send a screenshot of it, or choose "
        "Settings > Camera > Formats > Most Compatible and take it again.",
    ),
    "WebP": (saved(a_seven(), "WEBP"), "WebP files are not read. Save the picture as PNG."),
    "BMP": (saved(a_seven(), "BMP"), "BMP files are not read. Save the picture as PNG."),
    "TIFF": (saved(a_seven(), "TIFF"), "TIFF files are not read. Save the picture as PNG."),
    "huge JPEG": (
        saved(Image.new("L", (11_000, 10_500), 200), "JPEG"),
        "The picture has 11,000 x 10,500 pixels; the limit is 12,000 a side "
        "and 110 million in all.",
    ),
    "progressive JPEG": (
        saved(Image.new("L", (6_000, 5_000), 200), "JPEG", progressive=True),
        f"The picture has 6,000 x 5,000 pixels; {LIMIT}",
    ),
    "several scans": (
        in_several_scans(saved(Image.new("RGB", (6_000, 5_000)), "JPEG")),
        f"The picture has 6,000 x 5,000 pixels; {LIMIT}",
    ),
    "a long text": (
        with_a_long_text(saved(a_seven())),
        "The file is damaged or cut short. Save or send it again.",
    ),
    "truncated PNG": (
        saved(a_seven())[:300],
        "The file is damaged or cut short. Save or send it again.",
    ),
    "truncated JPEG": (
        saved(a_seven(), "JPEG")[:3000],
        "The file is damaged or cut short. Save or send it again.",
    ),
    "text": (
        b"To whom it may concern",
        "This is neither a PNG nor a JPEG, whatever its name says. Save the picture as PNG.",
    ),
    "empty": (
        b"",
        "This is neither a PNG nor a JPEG, whatever its name says. Save the picture as PNG.",
    ),
    "SVG": (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>',
        "An SVG describes shapes, not pixels. Export it as PNG.",
    ),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_a_bad_file_is_told_what_is_wrong_in_little_memory(content: bytes, message: str) -> None:
    tracemalloc.start()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        assert refusal(content) == message
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 5e6
    # Pillow's own buffers, which tracemalloc does not see: the process' highest mark, in kB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000
