"""An uploaded file -> a picture, or an error that says what is wrong with the file."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 10_000_000
MOST_PIXELS = 25_000_000
LONGEST_SIDE = 12_000
_KEPT = 512  # pixels; a digit needs no more
_FORMATS = ("PNG", "JPEG")


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
    except (OSError, SyntaxError, ValueError) as error:
        raise UploadError("The file is damaged or cut short. Save or send it again.") from error


def _opened(content: bytes) -> Image.Image:
    try:
        image = Image.open(BytesIO(content), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise UploadError(_not_a_picture(content)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UploadError(f"The picture is far too large: {_LIMIT}.") from error
    if max(image.size) > LONGEST_SIDE or image.width * image.height > MOST_PIXELS:
        raise UploadError(f"The picture has {image.width:,} x {image.height:,} pixels; {_LIMIT}.")
    if getattr(image, "is_animated", False):
        raise UploadError("The picture is animated. Save one frame of it as PNG.")
    return image


_LIMIT = f"the limit is {LONGEST_SIDE:,} a side and {MOST_PIXELS / 1e6:.0f} million in all"


def _not_a_picture(content: bytes) -> str:
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF files are not read. Save one frame as PNG."
    if b"<svg" in content[:1000].lower():
        return "An SVG describes shapes, not pixels. Export it as PNG."
    return "This is neither a PNG nor a JPEG, whatever its name says. Save the picture as PNG."


def _decoded(image: Image.Image) -> np.ndarray:
    image.draft("RGB", (_KEPT, _KEPT))  # a JPEG is decoded no larger than needed
    if image.mode.startswith("I"):  # 16 bits a pixel; Pillow would cut them off, not scale them
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    elif image.mode not in ("L", "RGB", "RGBA", "CMYK"):
        image = image.convert("RGBA")
    image.thumbnail((_KEPT, _KEPT), Image.Resampling.BOX)
    return np.asarray(ImageOps.exif_transpose(image).convert("RGBA"))
