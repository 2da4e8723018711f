"""One training's process."""

import os
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from vae import plain_files, runs
from vae.jobs.command import arguments

NICENESS = 10  # visitors' pages go first
LOG = "log.txt"  # in the run directory; what each start printed follows its command
PROMPT = "$ python "
PARENT = "VAE_PARENT"  # the process without which a training ends
TAIL = 20_000  # bytes of a log that are looked at
_TUNABLES, _HUGE_PAGES = "GLIBC_TUNABLES", "glibc.malloc.hugetlb"


def start(run: runs.Run, with_parent: bool = False) -> subprocess.Popen[bytes]:
    """Begin a run, or go on with it, in a process that outlives this one.

    `with_parent`: one that ends with this one.

    Raises:
        OSError: it cannot be started.
    """
    with (run.path / LOG).open("a", encoding="utf-8") as log:
        log.write(f"{PROMPT}{shlex.join(arguments(run))}\n")
        log.flush()
        process = subprocess.Popen(
            [sys.executable, *arguments(run)],
            cwd=Path(__file__).parents[2],
            env={**environment(), PARENT: str(os.getpid()) if with_parent else ""},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the server does not reach it
        )
    _let_others_go_first(process.pid)
    return process


def environment() -> dict[str, str]:
    """The environment of a training's process.

    The C library asks Linux for huge pages: TensorFlow takes and gives back tens of megabytes at
    each step, and looks up their pages all the time. benchmarks/README.md has
    what it brings. Source: https://sourceware.org/glibc/manual/latest/html_node/Tunables.html
    """
    tunables = os.environ.get(_TUNABLES, "")
    if _HUGE_PAGES not in tunables:
        tunables = ":".join(filter(None, [tunables, f"{_HUGE_PAGES}=1"]))
    # What it prints is text in any locale.
    return {**os.environ, _TUNABLES: tunables, "PYTHONUTF8": "1"}


def begin_anew() -> None:
    """Start this command once more in the environment of a training, unless it has that already."""
    if sys.platform == "linux" and _HUGE_PAGES not in os.environ.get(_TUNABLES, ""):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment())


def printed(path: Path) -> str:
    """The end of what the last process of a run printed; nothing where it left no log."""
    try:
        with plain_files.opened(path / LOG) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return text.rpartition(f"\n{PROMPT}")[2]


def _let_others_go_first(process: int) -> None:
    """Give a training the time that no page wants.

    On Linux as an idle process: in runs that were made in turn, a click beside a training took
    1.6 times as long as without, and 2.0 to 2.3 times where it was only nice.
    """
    with suppress(PermissionError):  # a nicer server may not make it less nice than itself
        os.setpriority(os.PRIO_PROCESS, process, NICENESS)
    if sys.platform == "linux":
        with suppress(OSError):  # some sandboxes do not know it
            os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
