"""What one visitor's messages may do to the others: a real server, its real WebSocket."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from test_jobs import STAND_IN, end, until
from websocket import Visitor

from vae import runs

ROOT = Path(__file__).parents[1]

# The app as `streamlit run` starts it, but that trainings are stand-ins.
PROGRAM = """
import sys
from streamlit.web import cli
from vae.jobs import process
stand_in, *options = sys.argv[1:]
process.arguments = lambda run: ["-c", stand_in, str(run.path)]
cli.main(["run", "streamlit_app.py", *options])
"""


class Server:
    """The app with stand-ins for trainings, in a process of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address, self.runs = f"http://127.0.0.1:{port}", folder / "runs"
        self.log = folder / "log.txt"
        options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
        known = {"VAE_RUNS_DIR": str(self.runs), "KERAS_HOME": str(folder / "keras")}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, STAND_IN, *options],
                cwd=ROOT,
                env={**os.environ, **known, **environment},
                stdout=log,
                stderr=log,
            )

    def visit(self, page: str = "", query: str = "") -> Visitor:
        """A new visitor, as soon as the server answers."""
        until(self._answers, "the server answers")
        return Visitor(self.address, page, query)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """End it, and its trainings."""
        self.process.terminate()
        self.process.wait(20)
        for run in runs.list_runs(self.runs):
            end(run.path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path)
    yield started
    started.close()


def states(server: Server) -> list[str]:
    return sorted(runs.state(run) for run in runs.list_runs(server.runs))


@pytest.mark.timeout(180)
def test_a_visitor_who_empties_the_caches_leaves_the_queue_of_all_as_it_was(server: Server) -> None:
    """Today's browsers send it from the developer's menu; anybody can send it from a script."""
    with server.visit("train") as visitor, server.visit() as stranger:
        visitor.run()
        for _ in range(3):
            visitor.press("Train a small model now")
        until(lambda: states(server) == ["queued", "queued", "training"], "one trains, two wait")
        waits = "Waiting for 2 other trainings"
        assert waits in visitor.texts()
        for _ in range(20):
            stranger.send(BackMsg(clear_cache=True))
        stranger.run()
        visitor.run()
        assert waits in visitor.texts()
        visitor.press("Train a small model now")
        until(lambda: states(server) == ["queued"] * 3 + ["training"], "three wait")
        assert "Waiting for 3 other trainings" in visitor.texts()
        (trains,) = [r for r in runs.list_runs(server.runs) if runs.state(r) == "training"]
        end(trains.path)
        until(lambda: states(server) == ["finished", "queued", "queued", "training"], "one more")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("VAE_MAX_RUNS", "five", "VAE_MAX_RUNS is 'five'; give a number of runs that are kept"),
        ("VAE_PUBLIC", "yes", "VAE_PUBLIC is 'yes'; give 1 for yes, or leave it out"),
    ],
)
def test_a_limit_that_is_none_ends_the_server_at_its_start(
    tmp_path: Path, variable: str, value: str, text: str
) -> None:
    server = Server(tmp_path, **{variable: value})
    try:
        assert server.process.wait(50) not in (0, -signal.SIGTERM)
    finally:
        server.process.kill()
        server.process.wait()
    said = server.log.read_text()
    assert f"error: {text}" in said
    assert "Traceback" not in said
