"""Something else in the place of a file, as a folder of runs may hold it: never fatal, never waited
for."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from vae import plain_files


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made, pytest.MonkeyPatch.context() as patch:
        patch.chdir(path.parent)  # a socket's address is short
        made.bind(path.name)


def endless(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(6_000_000_000)


ODD: dict[str, Callable[[Path], None]] = {
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "a socket": bound,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a device without an end": lambda path: path.symlink_to("/dev/zero"),
    "a file that is far too long": endless,
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_plain_file_or_too_long_is_an_error_at_once(tmp_path: Path, odd: str) -> None:
    ODD[odd](tmp_path / "file")
    with pytest.raises(OSError, match="file"):
        plain_files.content(tmp_path / "file", 1000)


def test_a_plain_file_is_read_up_to_its_bound_and_through_links(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1234")
    (tmp_path / "link").symlink_to("file")
    assert plain_files.content(tmp_path / "link", 4) == b"1234"
    with pytest.raises(OSError, match="too large"):
        plain_files.content(tmp_path / "file", 3)
