"""Training processes: queued, started, paused, stopped, taken up again. No TensorFlow in here.

Each training is `python -m vae train` in a process of its own, at lower priority. What it does
is read from its run directory, so it survives reruns, page changes, closed tabs and the server.
"""

import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO

import numpy as np

from vae import data, locks, runs, runs_folder, snapshots, training_cost
from vae.config import PRESETS, ModelConfig, TrainingConfig
from vae.limits import Limits

NICENESS = 10  # visitors' pages go first
WATCH_SECONDS = 0.2
_ENDED_AS_ASKED = (0, -signal.SIGTERM, -signal.SIGKILL)  # statuses of a process that was to stop


def command(model: ModelConfig, training: TrainingConfig, preset: str, out: Path) -> list[str]:
    """The arguments after `python` that train this: the preset, and all that differs from it."""
    arguments = ["-m", "vae", "train", "--preset", preset, "--out", str(out)]
    start = PRESETS[preset]
    asked = {**model.to_json(), **training.to_json()}
    given = {**start.model.to_json(), **start.training.to_json()}
    for name, value in asked.items():
        if value != given[name]:
            values = value if isinstance(value, list | tuple) else [value]
            values = ["all" if one is None else one for one in values]
            arguments += [f"--{name.replace('_', '-')}", *map(str, values)]
    return arguments


def command_of(run: runs.Run) -> str:
    """What to type in a terminal to train a run's like from the start, into another directory."""
    preset = run.manifest.preset if run.manifest.preset in PRESETS else next(iter(PRESETS))
    out = Path("runs") / f"{run.name}-again"
    arguments = command(run.manifest.model, run.manifest.training, preset, out)
    return shlex.join(["python", *arguments])


class Jobs:
    """The trainings of one server: a few at a time (one by default), the others wait in order.

    Every training process in the folder counts, also one that an earlier server left behind or
    that a terminal started. A paused one keeps its process, and so its place: it goes on within
    the epoch, at once. Only when others wait and it has paused for `limits.paused_minutes` is it
    stopped; it can be resumed from its last epoch then, through the queue. So there are never
    more than `limits.at_once` processes, however many visitors pause.

    Safe to call from many threads.
    """

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        """New run directories are made in `root`. Without limits, the environment sets them."""
        self.root = root.resolve()
        self.limits = limits or Limits.from_environment()
        self._lock = threading.Lock()
        self._queue: deque[Path] = deque()
        self._running: dict[Path, subprocess.Popen] = {}
        self._places: dict[Path, IO[str]] = {}  # the locks on `waiting`
        self._watching = False
        with self._lock:
            self._watch_if_needed()  # an earlier server may have left a training behind

    def start(
        self,
        model: ModelConfig,
        training: TrainingConfig,
        preset: str,
        drawing: np.ndarray | None = None,
    ) -> Path:
        """Begin a training, or queue it; its run directory is there when this returns.

        Args:
            model: what to build.
            training: how to train it.
            preset: the name of the preset that the configs began as.
            drawing: an image (28, 28) in [0, 1], which each snapshot then shows rebuilt.

        Raises:
            vae.limits.LimitError: it is larger or longer than this server allows.
            vae.runs.RunError: the run directory cannot be written.
        """
        with self._lock:
            self.limits.check(model, training, self.estimate(model, training).seconds)
            self.limits.check_room(len(self._queue), len(runs.list_runs(self.root)))
            # A part that nobody can guess: who names a run, sees it.
            name = f"{preset}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
            manifest = runs.Manifest(preset=preset, model=model, training=training, state="queued")
            path = self.root
            try:
                path = runs_folder.new_directory(self.root, name)
                if drawing is not None:
                    snapshots.write_drawing(path, drawing)
                self._enqueue(path, manifest)
            except OSError as error:
                if path != self.root:
                    shutil.rmtree(path, ignore_errors=True)
                raise runs.RunError(f"the training cannot be started: {error}") from error
        return path

    def pause(self, path: Path) -> None:
        """Let a training rest within its epoch, until it is resumed; it uses no CPU meanwhile.

        One that still starts pauses as soon as it has started. Any other is left alone.
        """
        if self.state(path) in ("starting", "training"):
            runs.request(path, "pause")

    def resume(self, path: Path) -> None:
        """Let a paused training go on; queue one that ended early, to go on from its last epoch.

        One that never began begins. One that waits, trains or is finished is left alone.

        Raises:
            vae.runs.RunError: it cannot go on; the text says why and what to do.
        """
        if runs.requested(path) == "pause":
            runs.clear_request(path)
        with self._lock:
            run = runs.read(path)
            if runs.state(run) in ("stopped", "interrupted", "failed"):
                _check_resumable(run)
                self._enqueue(path, run.manifest)

    def extend(self, path: Path, epochs: int) -> None:
        """Train a finished run for so many epochs more, through the queue.

        The weights, their average and the optimizer's state go on as they are. A cosine schedule
        is laid anew over all epochs: the learning rate, which had fallen to zero, jumps to where
        a training of the new length would have it by now, and falls to zero once more. So the
        losses rise at first, and then fall below what they were. (Where the encoder trained alone
        at the end, that part moves to the new end, too.) A constant rate just goes on.

        Raises:
            ValueError: the epochs are not a whole number from 1, or too many in all.
            vae.limits.LimitError: it is longer than this server allows.
            vae.runs.RunError: the run is not finished, or has nothing to go on from.
        """
        if epochs < 1:
            raise ValueError(f"epochs is {epochs}; give 1 or more")
        with self._lock:
            run = runs.read(path)
            if runs.state(run) != "finished":
                raise runs.RunError(f"{run.name} is {runs.state(run)}; only a finished run grows")
            _check_resumable(run)
            total = run.manifest.epochs_done + epochs
            training = replace(run.manifest.training, epochs=total)
            seconds = self.estimate(run.manifest.model, training).seconds
            self.limits.check(run.manifest.model, training, seconds)
            self._enqueue(path, replace(run.manifest, training=training))

    def stop(self, path: Path) -> None:
        """End a training and keep its best epoch; one that still waits is taken out.

        One that still starts ends at once, and keeps what it had before. One that has ended
        keeps its state.
        """
        with self._lock:
            if path in self._queue:
                self._queue.remove(path)
                self._end(path, "stopped")
            elif self.state(path) in runs.ALIVE and self.state(path) != "stopping":
                with suppress(OSError):  # a full disk: our own process hears the signal
                    runs.request(path, "stop")
                if path in self._running:
                    self._running[path].terminate()

    def discard(self, path: Path) -> runs_folder.Trash:
        """End a training at once and move its run to the trash, whatever it has done.

        Raises:
            vae.runs.RunError: a process of somebody else trains it and does not stop.
        """
        with self._lock:
            if path in self._queue:
                self._queue.remove(path)
                self._end(path, "stopped")
            if path in self._running:
                with suppress(OSError):  # a full disk: it is told as interrupted then
                    runs.request(path, "stop")
                self._running[path].kill()
                self._running[path].wait()
                self._reap()
        run = runs.read(path)
        if runs.state(run) in runs.ALIVE:
            self.stop(path)
            deadline = time.monotonic() + 10
            while runs.state(runs.read(path)) in runs.ALIVE and time.monotonic() < deadline:
                time.sleep(0.1)
        return runs_folder.delete(run)

    def state(self, path: Path) -> runs.State:
        """The true state of a run, whoever trains it."""
        return runs.state(runs.read(path))

    def place(self, path: Path) -> int:
        """How many trainings are before this one in the queue, counting the running ones."""
        with self._lock:
            waiting = list(self._queue)
            return waiting.index(path) + len(self._busy()) if path in waiting else 0

    def estimate(self, model: ModelConfig, training: TrainingConfig) -> training_cost.TrainingCost:
        """What a training will take, judged by those that this folder holds."""
        return training_cost.estimate(model, training, data.TRAIN_IMAGES, runs.list_runs(self.root))

    def _enqueue(self, path: Path, manifest: runs.Manifest) -> None:
        """Put a run at the end of the queue. Called with the lock held."""
        if path in self._running:  # its manifest has an end already, its process is about to
            self._running[path].wait()
            self._reap()
        place = locks.take(path / "waiting")
        if place is None:
            raise runs.RunError(f"{path.name} is in the queue of another server")
        try:
            runs.clear_request(path)
            runs.write_manifest(path, replace(manifest, state="queued", error=""))
        except OSError:
            place.close()
            raise
        self._places[path] = place
        self._queue.append(path)
        self._advance()
        self._watch_if_needed()

    def _busy(self) -> set[Path]:
        """The runs that a process trains now, ours and others'."""
        held = {lock.parent for lock in self.root.glob("*/lock") if locks.is_held(lock)}
        return held | set(self._running)

    def _advance(self) -> None:
        """Start the next trainings if there is room. Called with the lock held."""
        while self._queue and len(self._busy()) < self.limits.at_once:
            path = self._queue.popleft()
            try:
                self._run(path)
            except (runs.RunError, OSError) as error:  # its directory is gone, or the disk is full
                self._end(path, "failed", f"the training process could not be started: {error}")

    def _run(self, path: Path) -> None:
        run = runs.read(path)
        runs.write_manifest(path, replace(run.manifest, state="starting"))
        with (path / "log.txt").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, *_arguments(run)],
                cwd=Path(__file__).parents[1],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C at the server does not reach it
            )
        self._running[path] = process
        _let_others_go_first(process.pid)

    def _watch_if_needed(self) -> None:
        """Let `_watch` run while there is something to do. Called with the lock held."""
        if not self._watching and (self._queue or self._busy()):
            self._watching = True
            threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """In a thread of its own, while anything trains or waits: see to what ends or may start."""
        while True:
            time.sleep(WATCH_SECONDS)
            with self._lock:
                self._reap()
                self._advance()
                self._stop_what_takes_too_long()
                if not self._queue and not self._busy():
                    self._watching = False
                    return

    def _reap(self) -> None:
        """Note how processes ended. Called with the lock held."""
        for path, process in list(self._running.items()):
            status = process.poll()
            if status is None:
                continue
            del self._running[path]
            if runs.requested(path) == "stop" and status in _ENDED_AS_ASKED:
                self._end(path, "stopped")
            elif status == 0:
                self._end(path)
            elif status < 0:  # by a signal, as if the whole machine had stopped
                self._end(path, "interrupted")
            else:
                error = f"the training process ended with status {status}; its log.txt says more"
                self._end(path, "failed", error)

    def _end(self, path: Path, state: runs.State | None = None, error: str = "") -> None:
        """Give up the run's place; note this state if its process did not note an end itself."""
        with suppress(runs.RunError, OSError):  # its directory may be gone, or the disk full
            manifest = runs.read(path).manifest
            if state and manifest.state in runs.ALIVE:
                runs.write_manifest(path, replace(manifest, state=state, error=error))
        self._places.pop(path).close()

    def _stop_what_takes_too_long(self) -> None:
        """Hold trainings to the limits. Called with the lock held."""
        for path in self._busy():
            with suppress(runs.RunError, OSError):
                run = runs.read(path)
                paused = runs.state(run) == "paused" and bool(self._queue)
                if (paused and self.limits.paused_too_long(path)) or self.limits.too_long(
                    run.manifest.seconds
                ):
                    runs.request(path, "stop")


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


def _arguments(run: runs.Run) -> list[str]:
    """The arguments after `python` that begin this run, or go on with it."""
    if (run.path / "checkpoint.npz").exists():
        return ["-m", "vae", "train", "--resume", "--out", str(run.path)]
    return command(run.manifest.model, run.manifest.training, run.manifest.preset, run.path)


def _check_resumable(run: runs.Run) -> None:
    """Raises RunError if this run cannot go on."""
    if run.manifest.diverged:
        raise runs.RunError(
            f"{run.name} cannot go on: {run.manifest.error}; going on would only repeat it"
        )
    if run.manifest.usable and not (run.path / "checkpoint.npz").exists():
        raise runs.RunError(
            f"{run.name} cannot go on: its checkpoint.npz is missing; train from the start with "
            f"{command_of(run)}"
        )
