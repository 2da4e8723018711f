"""The app, served in a process of its own, and what that process uses. Linux only."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Server:
    """A running server and its process."""

    address: str
    process: int
    runs: Path

    def cpu_seconds(self) -> float:
        """What its process has used of the processors so far, without its trainings."""
        clock = (~self.process << 3) | 2  # what clock_getcpuclockid(3) gives for a process
        return time.clock_gettime(clock)

    def megabytes(self) -> float:
        """The memory that its process holds now, without its trainings."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1e6


@contextmanager
def serving(runs: Path, script: Path = ROOT / "streamlit_app.py") -> Iterator[Server]:
    """The app, or another script, with its runs in `runs`; its log lies beside them."""
    port = free_port()
    runs.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    with (runs.parent / "server.txt").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env=os.environ | {"VAE_RUNS_DIR": str(runs), "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process)
        yield Server(f"http://127.0.0.1:{port}", process.pid, runs)
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until_healthy(
    address: str, process: subprocess.Popen[bytes], patience: float = 60
) -> None:
    """Wait until the app answers.

    Raises:
        RuntimeError: it does not, or its process has ended.
    """
    end = time.monotonic() + patience
    while time.monotonic() < end and process.poll() is None:
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start within {patience:.0f} s")
