"""Bundles: plain values and named arrays in one piece of bytes, for the browser.

    4 bytes     length of the header, little-endian
    header      JSON, padded with spaces to a multiple of 4 bytes
    arrays      one after the other, little-endian, each padded to a multiple of 4 bytes

The header is `{"values": ..., "arrays": {name: {"type", "shape", "start"}}}`; `start` counts bytes
from the end of the header. `unpack` in bundle.js reads them.
"""

import json
from typing import Any

import numpy as np

TYPES = ("uint8", "int32", "float16", "float32")


def pack(values: Any, arrays: dict[str, np.ndarray]) -> bytes:
    """Values that JSON can hold, and arrays of the TYPES, as a bundle. The same gives the same.

    Raises:
        ValueError: an array has another type, or a value is nan or infinite.
    """
    entries, blocks, start = {}, [], 0
    for name, array in arrays.items():
        if array.dtype.name not in TYPES:
            raise ValueError(f"{name} is {array.dtype}; make it one of {', '.join(TYPES)}")
        entries[name] = {"type": array.dtype.name, "shape": array.shape, "start": start}
        blocks.append(_padded(array.astype(array.dtype.newbyteorder("<")).tobytes(), b"\0"))
        start += len(blocks[-1])
    text = json.dumps({"values": values, "arrays": entries}, allow_nan=False)
    header = _padded(text.encode(), b" ")
    return b"".join([len(header).to_bytes(4, "little"), header, *blocks])


def _padded(content: bytes, filler: bytes) -> bytes:
    return content + filler * (-len(content) % 4)
