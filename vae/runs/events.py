"""The history of a run as a file: one JSON object a line, only ever appended to."""

import io
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from vae import history, plain_files, strict_json

_PREFIX = b'{"crc32": "%08x", '  # then what it is the checksum of, up to the end of the line
_BEGINNINGS = (b'{"crc32": "', b'{"event": ')  # earlier histories have no checksums
_MAX_LINE = 20_000
_AT_ONCE = 100_000_000  # bytes; the longest training writes a fifth of that


def append_event(path: Path, event: dict[str, Any]) -> None:
    """Add one event to the run's history, on a line of its own even after one cut by a crash."""
    with (path / "events.jsonl").open("ab+") as file:
        if file.tell() and not _ends_a_line(file):
            file.write(b"\n")
        file.write(event_line(event))


def event_line(event: dict[str, Any]) -> bytes:
    """An event as a line of a history."""
    content = strict_json.line(event).encode()[1:]
    return _PREFIX % zlib.crc32(content) + content + b"\n"


def _ends_a_line(file: IO[bytes]) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def read_events(path: Path, start: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Events from byte `start` on, and the byte to go on from. A half-written line waits.

    Raises:
        OSError: there is a history, and it cannot be read.
    """
    try:
        with plain_files.opened(path / "events.jsonl") as file:
            file.seek(start)
            content = file.read(_AT_ONCE)
    except FileNotFoundError:
        return [], start
    complete = content[: content.rfind(b"\n") + 1]
    return list(parse_events(io.BytesIO(complete))), start + len(complete)


def parse_events(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Events from the lines of a history, one at a time; lines that hold none are left out."""
    for ended in lines:
        line = ended.removesuffix(b"\n")
        if len(line) > _MAX_LINE or line == ended or not line.startswith(_BEGINNINGS):
            continue
        try:
            event = strict_json.parse(line)
        except ValueError:
            continue  # a line cut by a crash
        said = event.pop("crc32", None)
        content = line[len(_PREFIX % 0) :]
        if said is not None and line != _PREFIX % zlib.crc32(content) + content:
            continue
        if history.is_event(event):
            yield event
