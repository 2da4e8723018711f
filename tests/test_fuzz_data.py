"""Files of MNIST and settings of a server, as nobody would write them: refused in words."""

import gzip
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from fuzz import bounded, texts
from hypothesis import given
from hypothesis import strategies as st

from vae import data, mnist_files
from vae.limits import Limits

HEAD = b"\0\0\x08\x01"
contents = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda sizes, rest: HEAD[:3] + sizes + rest, st.binary(max_size=17), st.binary()),
    st.binary(max_size=200).map(lambda content: gzip.compress(content, 1)),
    st.binary(max_size=200).map(lambda content: gzip.compress(content, 1)[:-5] + b"\xff"),
    st.binary(max_size=300).map(lambda content: b"PK\x03\x04" + content),
)
packed = "raw/t10k-labels-idx1-ubyte.gz"
names = st.sampled_from([mnist_files.NPZ, *mnist_files.NAMES.values(), packed])
REFUSED = r"cannot be read as MNIST|no MNIST in|labels|images"


@given(files=st.dictionaries(names, contents, min_size=1, max_size=5))
def test_a_folder_of_any_files_is_refused_by_name(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder, bounded():
        for name, content in files.items():
            file = Path(folder) / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        with pytest.raises(data.DataError, match=REFUSED):
            data.load(folder)


@given(variable=st.sampled_from(["VAE_MAX_EPOCHS", "VAE_MAX_DISK", "VAE_PUBLIC"]), text=texts)
def test_a_setting_of_any_text_is_a_limit_or_named(variable: str, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch, bounded():
        try:
            patch.setenv(variable, text)
        except (ValueError, UnicodeEncodeError):
            return  # no environment can hold it
        with suppress(_Named):
            _read(variable)


class _Named(Exception):
    """The setting was refused, and named."""


def _read(variable: str) -> None:
    try:
        Limits.from_environment()
    except ValueError as error:
        if str(error).startswith(f"{variable} is "):
            raise _Named from error
        raise
