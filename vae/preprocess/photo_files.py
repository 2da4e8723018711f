"""An uploaded file -> a picture, or an error that says what is wrong with the file."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

MOST_BYTES = 10_000_000
MOST_PIXELS = 25_000_000
MOST_JPEG_PIXELS = 110_000_000  # shrunk while decoded that is little; phones take 108
LONGEST_SIDE = 12_000
_KEPT = 512  # pixels; a digit needs no more
_DAMAGED = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError),
    *(ArithmeticError, AttributeError, struct.error, zlib.error),
)
"""What Pillow raises of files that are damaged, here or there."""
_START_OF_SCAN = 0xDA  # a JPEG's marker
_ORIENTATION = 0x0112  # among what a camera says of a picture, a key of _TURNS
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_OTHERS = {  # bytes 4 to 12 or the first ones -> the name of the format
    b"ftypheic": "HEIC",
    b"ftypheix": "HEIC",
    b"ftyphevc": "HEIC",
    b"ftypmif1": "HEIC",
    b"ftypmsf1": "HEIC",
    b"ftypavif": "AVIF",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}


class UploadError(Exception):
    """A file that cannot be used; the text says why and what to do."""


def read(content: bytes) -> np.ndarray:
    """The picture in a PNG or JPEG file, upright: (height, width, 4) uint8, at most 512 a side.

    What the file claims to be is checked before it is decoded, so memory stays bounded.

    Raises:
        UploadError: it is too large, damaged, animated, or no such picture.
    """
    if len(content) > MOST_BYTES:
        raise UploadError(
            f"The file has {len(content) / 1e6:.0f} MB; the limit is {MOST_BYTES / 1e6:.0f} MB. "
            "Save it smaller."
        )
    try:
        with _opened(content) as image:
            return _decoded(image)
    except _DAMAGED as error:
        raise UploadError("The file is damaged or cut short. Save or send it again.") from error


def _opened(content: bytes) -> Image.Image:
    """The file, its size checked, nothing decoded yet."""
    try:
        image = _jpeg(content) or Image.open(BytesIO(content), formats=["PNG"])
    except UnidentifiedImageError as error:
        raise UploadError(_not_a_picture(content)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UploadError(f"The picture is far too large: {_limit(MOST_PIXELS)}.") from error
    most = MOST_JPEG_PIXELS if _is_decoded_small(image, content) else MOST_PIXELS
    if max(image.size) > LONGEST_SIDE or image.width * image.height > most:
        size = f"{image.width:,} x {image.height:,}"
        raise UploadError(f"The picture has {size} pixels; {_limit(most)}.")
    if getattr(image, "is_animated", False):
        raise UploadError("The picture is animated. Save one frame of it as PNG.")
    return image


def _jpeg(content: bytes) -> JpegImageFile | None:
    """The file if it is a JPEG.

    Not by `Image.open`, which warns of sizes that are no danger here, and takes a photo that
    brings a second picture along (a depth map, a thumbnail) for an animation.
    """
    return JpegImageFile(BytesIO(content)) if content.startswith(b"\xff\xd8\xff") else None


def _is_decoded_small(image: Image.Image, content: bytes) -> bool:
    """Whether the decoder never holds the whole picture.

    It does not of a JPEG that it shrinks while it reads it, to a quarter or less; but if a file
    comes in several scans, it keeps what all of them say of the whole picture.
    """
    if not isinstance(image, JpegImageFile) or min(image.size) < 4 * _KEPT:
        return False
    return not image.info.get("progressive") and _colours_in_first_scan(content) == image.layers


def _colours_in_first_scan(content: bytes) -> int:
    """How many of a JPEG's colours its first scan brings; 0 if there is none."""
    at = 2
    while content[at : at + 1] == b"\xff" and at + 4 < len(content):
        if content[at + 1] == _START_OF_SCAN:
            return content[at + 4]
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return 0


def _limit(most: int) -> str:
    return f"the limit is {LONGEST_SIDE:,} a side and {most / 1e6:.0f} million in all"


def _not_a_picture(content: bytes) -> str:
    name = _format(content)
    if name == "HEIC":
        return (
            "This is a HEIC photo, as iPhones take them. Send a screenshot of it, or choose "
            "Settings > Camera > Formats > Most Compatible and take it again."
        )
    if name:
        what = "one frame" if name == "GIF" else "the picture"
        return f"{name} files are not read. Save {what} as PNG."
    if b"<svg" in content[:1000].lower():
        return "An SVG describes shapes, not pixels. Export it as PNG."
    return "This is neither a PNG nor a JPEG, whatever its name says. Save the picture as PNG."


def _format(content: bytes) -> str | None:
    return next(
        (
            name
            for mark, name in _OTHERS.items()
            if content.startswith(mark) or content[4:12] == mark
        ),
        None,
    )


def _decoded(image: Image.Image) -> np.ndarray:
    image.draft("RGB", (_KEPT, _KEPT))  # a JPEG is decoded no larger than needed
    if image.mode.startswith("I"):  # 16 bits a pixel; Pillow would cut them off, not scale them
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    elif image.mode not in ("L", "RGB", "RGBA", "CMYK"):
        image = image.convert("RGBA")
    image.thumbnail((_KEPT, _KEPT), Image.Resampling.BOX)
    return np.asarray(_upright(image).convert("RGBA"))


def _upright(image: Image.Image) -> Image.Image:
    """The picture turned as its camera says; as it is where that cannot be read.

    Pillow's own `exif_transpose` writes anew all that a camera said, and fails where any of it is
    odd.
    """
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except _DAMAGED:
        return image
    return image if turn is None else image.transpose(turn)
