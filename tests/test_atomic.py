"""Files that are replaced as a whole."""

from pathlib import Path

import pytest

from vae import atomic


def test_who_reads_sees_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    atomic.write_text(file, "old")
    with atomic.replaced(file, durable=True) as new:
        new.write(b"new")
        new.flush()
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


def test_after_an_error_the_old_file_is_there_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    atomic.write_text(file, "old")

    def broken_off() -> None:
        with atomic.replaced(file) as new:
            new.write(b"ne")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        broken_off()
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


def test_two_who_write_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    file = tmp_path / "request"
    with atomic.replaced(file) as first, atomic.replaced(file) as second:
        first.write(b"pause")
        second.write(b"stop")
    assert file.read_text() == "pause"  # the outer one ends last


def test_what_a_killed_writer_left_is_cleared_and_its_neighbours_stay(tmp_path: Path) -> None:
    for name in ("one.npz", "one.npz.0123abcd.part", "two.npz.0123abcd.part"):
        (tmp_path / name).touch()
    atomic.clear_leftovers(tmp_path / "one.npz")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.npz", "two.npz.0123abcd.part"]
