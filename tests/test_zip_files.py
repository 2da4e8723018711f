"""Zip files: what NumPy wrote is read back; what is damaged or too much is refused."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from vae import zip_files
from vae.zip_files import ZipError

ARRAYS = {
    "flat": np.arange(6, dtype=np.float16),
    "square": np.arange(6.0).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(2, 3)),
    "number": np.array(7),
    "nothing": np.zeros((0, 3), np.float32),
    "one/with a path": np.ones((1, 1, 1), np.int32),
}


@pytest.fixture(params=[np.savez, np.savez_compressed], ids=["stored", "compressed"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    request.param(tmp_path / "arrays.npz", **ARRAYS)
    return tmp_path / "arrays.npz"


def test_what_numpy_wrote_is_read_back(file: Path) -> None:
    found = zip_files.arrays(file, 100_000)
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_more_than_is_allowed_is_refused(file: Path) -> None:
    size = file.stat().st_size
    with pytest.raises(ZipError, match=f"^it is larger than {size - 1:,} bytes$"):
        zip_files.arrays(file, size - 1)
    with pytest.raises(ZipError, match=r"^it has 6 entries, more than 5$"):
        zip_files.arrays(file, 100_000, 5)


def test_every_changed_byte_is_noticed_or_changes_nothing(file: Path) -> None:
    """NumPy's own reader takes an array that says it is shorter."""
    content = file.read_bytes()
    for i in range(len(content)):
        file.write_bytes(content[:i] + bytes([content[i] ^ 1]) + content[i + 1 :])
        try:
            found = zip_files.arrays(file, 100_000)
        except ZipError:
            continue
        assert {name: array.tobytes() for name, array in found.items()} == {
            name: array.tobytes() for name, array in ARRAYS.items()
        }, f"byte {i}"


def test_an_array_that_would_take_all_memory_is_refused() -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 999), }"
    content = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n"
    with pytest.raises(ZipError, match=r"^'x' is not as long as it says$"):
        zip_files.to_array(content, "x")
    with pytest.raises(ZipError, match=r"^'x' is no array of numbers$"):
        zip_files.to_array(content.replace(b"<f8", b"|O8"), "x")


@pytest.mark.parametrize("kind", ["<f1", "|b4", "<b8"])
def test_a_kind_of_numbers_that_there_is_not_is_refused(kind: str) -> None:
    content = io.BytesIO()
    np.save(content, np.zeros(4, np.uint8))
    with pytest.raises(ZipError, match=r"^'x' is no array of numbers$"):
        zip_files.to_array(content.getvalue().replace(b"|u1", kind.encode()), "x")


@pytest.mark.parametrize("entries", [1000, 60_000])
def test_entries_are_bounded_before_they_are_parsed(entries: int) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        for i in range(entries):
            zipped.writestr(zipfile.ZipInfo(f"a folder with a rather long name {i}/"), b"")
    with pytest.raises(ZipError, match=r"^it has more entries than it can need$"):
        zip_files.open_zip(content, 2 * entries)


def test_entries_are_counted() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i in range(11):
            archive.writestr(str(i), b"")
    with zip_files.open_zip(file, 11) as archive:
        assert len(archive.filelist) == 11
    with pytest.raises(ZipError, match="it has 11 entries, more than 10"):
        zip_files.open_zip(file, 10)


def test_an_entry_is_read_no_further_than_it_may_be_long() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("zeros", bytes(1_000_000))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_LZMA) as zipped:
        zipped.writestr("odd", b"x")
    with zip_files.open_zip(file, 2) as archive:
        zeros, odd = archive.infolist()
        assert zip_files.content(archive, zeros, 1_000_000) == bytes(1_000_000)
        with pytest.raises(ZipError, match=r"^'zeros' is larger than 999,999 bytes$"):
            zip_files.content(archive, zeros, 999_999)
        with pytest.raises(ZipError, match=r"^'odd' is packed in a way that is not read here$"):
            zip_files.content(archive, odd, 10)
