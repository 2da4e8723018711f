"""Locks on files: true whoever looks, and words where a file system has none."""

import errno
import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import pytest

from vae import locks, runs
from vae.jobs import Jobs
from vae.presets import PRESETS

ROOT = Path(__file__).parents[1]
LOOKS = """
import sys
from pathlib import Path
from vae import locks
print(sum(locks.is_held(Path(sys.argv[1])) for _ in range(3000)))
"""


def flock_like(refuses: Callable[[IO[str], int], int]) -> Callable[[IO[str], int], None]:
    """A file system's `flock` that raises the error that is answered, 0 being none."""
    real = fcntl.flock

    def flock(handle: IO[str], kind: int) -> None:
        error = refuses(handle, kind)
        if error:
            raise OSError(error, os.strerror(error))
        real(handle, kind)

    return flock


def like_nfs(handle: IO[str], kind: int) -> int:
    """Source: flock(2), NOTES, NFS details: to place an exclusive lock, a file must be open for
    writing, to place a shared lock, for reading."""
    opened = fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE
    writes, reads = opened in (os.O_WRONLY, os.O_RDWR), opened in (os.O_RDONLY, os.O_RDWR)
    allowed = writes if kind & fcntl.LOCK_EX else reads
    return 0 if allowed else errno.EBADF


def without_a_daemon(handle: IO[str], kind: int) -> int:
    return errno.ENOLCK


def test_a_lock_is_held_until_its_answer_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    assert not locks.is_held(file)
    handle = locks.take(file)
    assert handle is not None
    assert locks.is_held(file)
    handle.close()
    assert not locks.is_held(file)


def test_those_who_only_look_never_take_each_other_for_a_holder(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    file.touch()
    arguments = [sys.executable, "-c", LOOKS, str(file)]
    others = [
        subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    with ThreadPoolExecutor(6) as threads:
        seen = list(threads.map(lambda _: locks.is_held(file), range(6000)))
    assert sum(seen) == 0
    assert [process.communicate()[0] for process in others] == ["0\n", "0\n"]


def test_a_lock_is_taken_while_many_look_and_everyone_then_sees_it(tmp_path: Path) -> None:
    file, done = tmp_path / "lock", threading.Event()
    file.touch()

    def look() -> None:
        while not done.is_set():
            locks.is_held(file)

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(look)
        try:
            for _ in range(50):
                handle = locks.take(file)
                assert handle is not None
                assert locks.is_held(file)
                handle.close()
        finally:
            done.set()


def test_a_network_file_system_that_wants_files_open_for_writing_is_locked_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", flock_like(like_nfs))
    file = tmp_path / "lock"
    handle = locks.take(file)
    assert handle is not None
    assert locks.is_held(file)
    handle.close()
    assert not locks.is_held(file)


def test_where_nothing_can_be_locked_the_folder_is_named_and_nobody_holds_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", flock_like(without_a_daemon))
    file = tmp_path / "lock"
    with pytest.raises(locks.LockError) as caught:
        locks.take(file)
    assert str(caught.value) == (
        f"the file system of {tmp_path} cannot lock files (No locks available); let VAE_RUNS_DIR "
        "name a folder on a local disk"
    )
    assert file.exists()
    assert not locks.is_held(file)


def test_where_nothing_can_be_locked_runs_are_served_and_a_training_is_refused_with_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", flock_like(without_a_daemon))
    (tmp_path / "run").symlink_to(runs.SHIPPED / "map")
    server, preset = Jobs(tmp_path), PRESETS["tiny"]
    with pytest.raises(runs.RunError, match=r"cannot lock files .*; let VAE_RUNS_DIR name"):
        server.start(preset.model, preset.training, "tiny")
    assert [runs.state(run) for run in runs.list_runs(tmp_path)] == ["finished"]


def test_a_lock_that_is_somebody_elses_file_can_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may open everything, so that is told by hand."""
    file, real = tmp_path / "lock", Path.open
    handle = locks.take(file)

    def opened(self: Path, mode: str = "r", *rest: Any) -> Any:
        if mode != "rb":
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return real(self, mode, *rest)

    monkeypatch.setattr(Path, "open", opened)
    assert handle is not None
    assert locks.is_held(file)
    handle.close()
    assert not locks.is_held(file)


def test_a_server_out_of_file_handles_does_not_take_a_training_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(self: Path, *_: Any) -> Any:
        raise OSError(errno.EMFILE, "Too many open files", str(self))

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(OSError, match="Too many open files"):
        locks.is_held(tmp_path / "lock")
