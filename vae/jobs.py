"""Training processes: started, queued, watched and stopped. Never imports TensorFlow.

Each training is `python -m vae train` in a process of its own, at lower priority. What it does
is read from its run directory, so it survives reruns, page changes and closed tabs.
"""

import os
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from vae import runs
from vae.config import ModelConfig, TrainingConfig

NICENESS = 10  # visitors' pages go first


def command(model: ModelConfig, training: TrainingConfig, preset: str, out: Path) -> list[str]:
    """The arguments after `python` that train this, for a process or for a terminal."""
    arguments = ["-m", "vae", "train", "--preset", preset, "--out", str(out)]
    for name, value in {**model.to_json(), **training.to_json()}.items():
        values = value if isinstance(value, list | tuple) else ["all" if value is None else value]
        arguments += [f"--{name.replace('_', '-')}", *map(str, values)]
    return arguments


class Jobs:
    """The trainings that one server runs: one at a time, the others wait in order.

    Safe to call from many threads.
    """

    def __init__(self, root: Path) -> None:
        """`root` is the folder in which new run directories are made."""
        self.root = root.resolve()
        self._lock = threading.Lock()
        self._queue: deque[Path] = deque()
        self._running: tuple[Path, subprocess.Popen] | None = None

    def start(self, model: ModelConfig, training: TrainingConfig, preset: str) -> Path:
        """Begin a training, or queue it; its run directory is there when this returns."""
        with self._lock:
            path = self._new_directory(preset)
            manifest = runs.Manifest(preset=preset, model=model, training=training, state="queued")
            runs.write_manifest(path, manifest)
            self._queue.append(path)
            self._advance()
        return path

    def stop(self, path: Path) -> None:
        """Ask a training to stop and keep its best epoch; one that still waits is taken out."""
        with self._lock:
            if path in self._queue:
                self._queue.remove(path)
                runs.write_manifest(path, replace(runs.read(path).manifest, state="stopped"))
            else:
                runs.request_stop(path)

    def state(self, path: Path) -> runs.State:
        """The true state of a run, also of one whose queue was lost with an earlier server."""
        found = runs.state(runs.read(path))
        with self._lock:
            running = self._running is not None and self._running[0] == path
            if found in ("queued", "interrupted") and running:
                return "starting"
            if found == "queued" and path not in self._queue:
                return "interrupted"
        return found

    def place(self, path: Path) -> int:
        """How many trainings are before this one in the queue, counting the running one."""
        with self._lock:
            waiting = list(self._queue)
            return waiting.index(path) + (self._running is not None) if path in waiting else 0

    def _new_directory(self, preset: str) -> Path:
        """A directory named after the preset and the time, numbered where that is taken."""
        stem = f"{preset}-{datetime.now():%Y%m%d-%H%M%S}"
        for name in [stem, *(f"{stem}-{i}" for i in range(2, 1000))]:
            try:
                (self.root / name).mkdir(parents=True)
            except FileExistsError:
                continue
            return self.root / name
        raise runs.RunError(f"too many runs named {stem}; try again in a second")

    def _advance(self) -> None:
        """Start the next training if none is running. Called with the lock held."""
        while self._running is None and self._queue:
            with suppress(runs.RunError, OSError):  # its directory is gone: on to the next
                self._run(self._queue.popleft())

    def _run(self, path: Path) -> None:
        manifest = runs.read(path).manifest
        arguments = command(manifest.model, manifest.training, manifest.preset, path)
        with (path / "log.txt").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=Path(__file__).parents[1],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C at the server does not reach it
            )
        self._running = (path, process)
        with suppress(PermissionError):  # a nicer server may not make it less nice than itself
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        threading.Thread(target=self._wait, args=self._running, daemon=True).start()

    def _wait(self, path: Path, process: subprocess.Popen) -> None:
        """In a thread of its own: when the process ends, note a failure and start the next."""
        status = process.wait()
        with self._lock:
            with suppress(runs.RunError, OSError):  # its directory may be gone
                self._note_failure(path, status)
            self._running = None
            self._advance()

    def _note_failure(self, path: Path, status: int) -> None:
        manifest = runs.read(path).manifest
        if status != 0 and manifest.state in ("queued", "starting", "training"):
            error = f"the training process ended with status {status}; see log.txt in {path}"
            runs.write_manifest(path, replace(manifest, state="failed", error=error))
