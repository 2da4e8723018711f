"""Errors told to people: one line, what to do, no folder of the server."""

import errno
import os

import pytest

from vae import failures
from vae.locks import LockError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/srv/app/runs/x/request"),
            "No space left on device; free some space there, or delete a run for good",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "/srv/app/runs/x"),
            "Read-only file system; let VAE_RUNS_DIR name a folder that can be written",
        ),
        (FileNotFoundError(errno.ENOENT, "No such file", "/srv/x"), "No such file or directory"),
        # as h5py says it
        (
            OSError(errno.ENOSPC, "Can't write data (filename = '/srv/x', errno = 28" + "," * 900),
            "No space left on device; free some space there, or delete a run for good",
        ),
        # as TensorFlow says it
        (
            RuntimeError("/srv/runs/x/tensorboard/events.1; No space left on device\n  trace"),
            "No space left on device; free some space there, or delete a run for good",
        ),
        (
            ImportError("libtensorflow_cc.so.2: failed to map segment from shared object"),
            f"memory ran short; {failures.LESS_MEMORY}",
        ),
        (MemoryError(), f"memory ran short; {failures.LESS_MEMORY}"),
        (ValueError("no run in /srv/my/runs/x: it is gone"), "no run in x: it is gone"),
        (ValueError("see https://a.org/b, 3/4 or a/b"), "see https://a.org/b, 3/4 or a/b"),
        (LockError("the file system of /mnt/nfs/runs cannot"), "the file system of runs cannot"),
        (ValueError(), "ValueError"),
    ],
)
def test_an_error_is_told_in_one_line_without_folders(error: Exception, said: str) -> None:
    assert failures.words(error) == said


def test_an_error_that_took_the_place_of_one_for_memory_tells_that_one() -> None:
    """As Keras does, which leaves out the first."""

    def layer() -> None:
        try:
            raise MemoryError((1568, 384))
        except MemoryError:
            raise RuntimeError("Exception encountered when calling Dense.call().") from None

    with pytest.raises(RuntimeError) as caught:
        layer()
    assert failures.words(caught.value) == f"memory ran short; {failures.LESS_MEMORY}"


def test_what_keras_wraps_around_an_error_is_left_out() -> None:
    error = ValueError(
        "Exception encountered when calling A.call().\n\n\x1b[1mit is odd\x1b[0m\n\nArg"
    )
    assert failures.words(error) == "it is odd"


def test_a_long_error_is_cut() -> None:
    said = failures.words(RuntimeError("\n\n  it is " + "long " * 1000 + "\n/srv/more"))
    assert len(said) == failures.LONGEST
    assert said.startswith("it is long long")
    assert said.endswith("...")


@pytest.mark.parametrize(
    "text",
    [
        "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 2.30 MiB for an array",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "ImportError: libtensorflow_cc.so.2: failed to map segment from shared object",
        "OOM when allocating tensor with shape[512,1568]",
        "Operation received an exception:Status: 1, message: could not create a memory object",
        "RuntimeError: can't start new thread",
    ],
)
def test_what_memory_running_short_looks_like_is_known(text: str) -> None:
    assert failures.is_out_of_memory(text)


def test_a_full_disk_is_not_taken_for_memory_running_short() -> None:
    full = f"ResourceExhaustedError: /srv/x; {os.strerror(errno.ENOSPC)}"
    assert not failures.is_out_of_memory(full)
    assert failures.disk_error(RuntimeError(full)) == errno.ENOSPC
