"""Files are parsed once for each version of them, and never answered for with an earlier one."""

import os
from pathlib import Path

import pytest

from vae import parsed_files


class Parser:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, file: Path) -> str:
        self.asked += 1
        text = file.read_text()
        if "?" in text:
            raise ValueError(f"{file.name} is not clear")
        return text


def written(file: Path, text: str, seconds_ago: float = 60) -> Path:
    """A file that was replaced some time ago."""
    part = file.with_suffix(".part")
    part.write_text(text)
    then = part.stat().st_mtime - seconds_ago
    os.utime(part, (then, then))
    return part.replace(file)


@pytest.fixture
def parser() -> Parser:
    return Parser()


def test_a_file_that_stays_is_parsed_once(parser: Parser, tmp_path: Path) -> None:
    read = parsed_files.parsed_once(kept=2)(parser)
    file = written(tmp_path / "a", "one")
    assert [read(file), read(file)] == ["one", "one"]
    assert parser.asked == 1


def test_another_version_is_parsed_anew(parser: Parser, tmp_path: Path) -> None:
    read = parsed_files.parsed_once(kept=2)(parser)
    file = written(tmp_path / "a", "one")
    assert read(file) == "one"
    written(file, "two")
    assert read(file) == "two"


def test_a_file_of_this_moment_is_parsed_each_time(parser: Parser, tmp_path: Path) -> None:
    """A coarse clock may give its next version the same time, as it may have the same size."""
    read = parsed_files.parsed_once(kept=2)(parser)
    file = written(tmp_path / "a", "one", seconds_ago=0)
    read(file)
    state = file.stat()
    file.write_text("two")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert read(file) == "two"


def test_what_cannot_be_parsed_says_so_each_time(parser: Parser, tmp_path: Path) -> None:
    read = parsed_files.parsed_once(kept=2)(parser)
    file = written(tmp_path / "a", "one?")
    for _ in range(2):
        with pytest.raises(ValueError, match="a is not clear"):
            read(file)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nowhere")


def test_no_more_than_so_many_answers_are_kept(parser: Parser, tmp_path: Path) -> None:
    read = parsed_files.parsed_once(kept=2)(parser)
    files = [written(tmp_path / name, name) for name in "abc"]
    assert [read(file) for file in (*files, *files)] == list("abcabc")
    assert parser.asked == 6
