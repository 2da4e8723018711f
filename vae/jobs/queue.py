"""The trainings of one server: who waits, who trains, who has to end."""

import logging
import secrets
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO

import numpy as np

from vae import failures, leases, locks, runs, runs_folder, snapshots, training_cost
from vae.config import ModelConfig, TrainingConfig
from vae.jobs import admission, cluster, endings, process
from vae.jobs.command import check_resumable
from vae.limits import Limits

WATCH_SECONDS = 0.2
_LOG = logging.getLogger(__name__)


class Jobs:
    """The trainings of one server: a few at a time (one by default), the others wait in order.

    Every training process in the folder counts, also one that an earlier server left behind or
    that a terminal started. A paused one keeps its process, and so its place: it goes on within
    the epoch, at once. Only when others wait and it has paused for `limits.paused_minutes` is it
    stopped; it can be resumed from its last epoch then, through the queue. So there are never
    more than `limits.at_once` processes, however many visitors pause.

    Safe to call from many threads. `trouble` says what keeps the queue from its work, if anything.
    """

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        """New run directories are made in `root`. Without limits, the environment sets them.

        Raises:
            ValueError: the environment sets a limit that is none.
        """
        self.root = root.resolve()
        self.limits = limits or Limits.from_environment()
        self.trouble = ""
        self._lock = threading.Lock()
        self._queue: deque[Path] = deque()
        self._cluster = cluster.Cluster.from_environment()
        self._running: dict[Path, cluster.Training] = {}
        self._places: dict[Path, IO[bytes]] = {}  # the locks on `waiting`
        self._watching = False
        if not self.limits.read_only:
            _clear_up(self.root)
        with self._lock:
            self._watch_if_needed()  # an earlier server may have left a training behind

    def start(
        self,
        model: ModelConfig,
        training: TrainingConfig,
        preset: str,
        drawing: np.ndarray | None = None,
        claim: Callable[[Path], None] = lambda path: None,
    ) -> Path:
        """Begin a training, or queue it; its run directory is there when this returns.

        Args:
            model: what to build.
            training: how to train it.
            preset: the name of the preset that the configs began as.
            drawing: an image (28, 28) in [0, 1], which each snapshot then shows rebuilt.
            claim: called with the run directory before anything else is in it.

        Raises:
            vae.limits.LimitError: it is larger or longer than this server allows.
            vae.runs.RunError: the run directory cannot be written.
        """
        admission.tidy(self.root, self.limits)
        with self._lock:
            self._check_start(model, training)
            # A part that nobody can guess: who names a run, sees it.
            name = f"{preset}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
            manifest = runs.Manifest(preset=preset, model=model, training=training, state="queued")
            path = self.root
            try:
                path = runs_folder.new_directory(self.root, name)
                claim(path)
                if drawing is not None:
                    snapshots.write_drawing(path, drawing)
                self._enqueue(path, manifest)
            except (OSError, ValueError, runs.RunError) as error:
                if path != self.root:
                    shutil.rmtree(path, ignore_errors=True)
                if not isinstance(error, OSError):
                    raise
                text = f"the training cannot be started: {failures.words(error)}"
                raise runs.RunError(text) from error
        return path

    def refusal(self, model: ModelConfig, training: TrainingConfig) -> str:
        """Why `start` would not take this now; empty if it would."""
        try:
            with self._lock:
                self._check_start(model, training)
        except (ValueError, cluster.ClusterError) as error:
            return str(error)
        return ""

    def pause(self, path: Path) -> None:
        """Let a training rest within its epoch, until it is resumed; it uses no CPU meanwhile.

        One that still starts pauses as soon as it has started. Any other is left alone.

        Raises:
            vae.limits.LimitError: nothing may be changed on this server.
        """
        self.limits.check_open()
        if self.state(path) in ("starting", "training"):
            runs.request(path, "pause")

    def resume(self, path: Path) -> None:
        """Let a paused training go on; queue one that ended early, to go on from its last epoch.

        One that never began begins. One that waits, trains or is finished is left alone.

        Raises:
            vae.limits.LimitError: what is left of it is more than this server allows.
            vae.runs.RunError: it cannot go on; the text says why and what to do.
        """
        self.limits.check_open()
        if runs.requested(path) == "pause":
            runs.clear_request(path)
        with self._lock:
            run = runs.read(path)
            if runs.state(run) in ("stopped", "interrupted", "failed"):
                check_resumable(run)
                self._check_queue()
                admission.check_more(self.root, self.limits, run, run.manifest.training)
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
            check_resumable(run)
            total = run.manifest.epochs_done + epochs
            training = replace(run.manifest.training, epochs=total)
            self._check_queue()
            admission.check_more(self.root, self.limits, run, training)
            self._enqueue(path, replace(run.manifest, training=training))

    def stop(self, path: Path) -> None:
        """End a training and keep its best epoch; one that still waits is taken out.

        One that still starts ends at once, and keeps what it had before. One that has ended
        keeps its state.

        Raises:
            vae.limits.LimitError: nothing may be changed on this server.
        """
        self.limits.check_open()
        with self._lock:
            if self._take_out(path):
                return
            if self.state(path) in runs.ALIVE and self.state(path) != "stopping":
                with suppress(OSError):  # a full disk: our own process hears the signal
                    runs.request(path, "stop")
                if path in self._running:
                    self._running[path].terminate()

    def discard(self, path: Path) -> runs_folder.Trash:
        """End a training at once and move its run to the trash, whatever it has done.

        Raises:
            vae.limits.LimitError: nothing may be changed on this server.
            vae.runs.RunError: a process of somebody else trains it and does not stop.
        """
        self.limits.check_open()
        with self._lock:
            self._take_out(path)
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
            self._watch_if_needed()
            waiting = list(self._queue)
            return waiting.index(path) + len(self._busy()) if path in waiting else 0

    def estimate(self, model: ModelConfig, training: TrainingConfig) -> training_cost.TrainingCost:
        """What a training will take, judged by those that this folder holds."""
        return admission.estimate(self.root, model, training)

    def _check_start(self, model: ModelConfig, training: TrainingConfig) -> None:
        """Raises: LimitError: this may not be trained now. Called with the lock held."""
        admission.check_new(self.root, self.limits, model, training)
        self._check_queue()

    def _check_queue(self) -> None:
        """Raises: LimitError: it would have to wait, and may not. Called with the lock held."""
        if self._queue or len(self._busy()) >= self._room():
            self.limits.check_queue(len(self._queue))

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
        self._survived(self._advance)
        self._watch_if_needed()

    def _busy(self) -> set[Path]:
        """The runs that a process trains now, ours and others'."""
        held = {lock.parent for lock in runs.matching(self.root, "*/lock") if locks.is_held(lock)}
        elsewhere = {lease.parent for lease in runs.matching(self.root, f"*/{runs.LEASE}")}
        elsewhere = {path for path in elsewhere if leases.is_held(path / runs.LEASE)}
        return held | elsewhere | set(self._running)

    def _room(self) -> int:
        """How many trainings may run at once: what the cluster has room for, if there is one."""
        return self._cluster.room() if self._cluster else self.limits.at_once

    def _advance(self) -> None:
        """Start the next trainings if there is room. Called with the lock held."""
        while self._queue and len(self._busy()) < self._room():
            path = self._queue.popleft()
            error = self._survived(self._run, path)
            if error is not None:  # its directory is gone, or the disk is full, or worse
                words = failures.words(error)
                self._end(path, "failed", f"the training process could not be started: {words}")

    def _run(self, path: Path) -> None:
        run = runs.read(path)
        runs.write_manifest(path, replace(run.manifest, state="starting"))
        self._running[path] = self._cluster.start(run) if self._cluster else process.start(run)

    def _watch_if_needed(self) -> None:
        """Let `_watch` run while there is something to do. Called with the lock held."""
        if not self._watching and (self._queue or self._busy()):
            watch = threading.Thread(target=self._watch, daemon=True)
            self._watching = self._survived(watch.start) is None

    def _watch(self) -> None:
        """In a thread of its own, while anything trains or waits: see to what ends or may start.

        It ends when there is nothing to do, and for no other reason.
        """
        while True:
            time.sleep(WATCH_SECONDS)
            with self._lock:
                steps = (
                    self._reap,
                    self._advance,
                    self._hold_to_limits,
                    self._say_who_waits,
                    self._note_idleness,
                )
                met = [error for error in map(self._survived, steps) if error is not None]
                if not met:
                    self.trouble = ""
                if not self._watching:
                    return

    def _say_who_waits(self) -> None:
        """Tell servers on other hosts, which cannot see our locks, what is in our queue."""
        if self._cluster:
            for path in self._places:
                leases.renew(path / runs.WAITING_LEASE)

    def _note_idleness(self) -> None:
        self._watching = bool(self._queue or self._busy())

    def _survived(self, step: Callable[..., object], *arguments: Path) -> Exception | None:
        """Do this; what it raises is answered, and told in the log and in `trouble`.

        A fault that nobody thought of must not end the thread that starts what waits.
        """
        try:
            step(*arguments)
        except Exception as error:
            # The system's words: no training has failed here, whose networks could be made smaller
            trouble = f"{type(error).__name__}: {failures.plain(str(error))}"
            if trouble != self.trouble:  # once, not five times a second
                _LOG.exception("the queue of trainings met an error and goes on")
            self.trouble = trouble
            return error
        return None

    def _reap(self) -> None:
        """Note how processes ended. Called with the lock held."""
        for path, ended in list(self._running.items()):
            status = ended.poll()
            if status is None:
                continue
            del self._running[path]
            try:
                _note(path, *self._ending(path, status))
            finally:
                self._leave(path)

    def _ending(self, path: Path, status: int) -> tuple[runs.State | None, str]:
        """What to note of a run whose process ended with this status."""
        if runs.requested(path) == "stop" and endings.as_asked(status):
            return "stopped", ""
        if status == 0:
            return None, ""
        with suppress(runs.RunError):
            m = runs.read(path).manifest
            expected = self.estimate(m.model, m.training).megabytes
            return endings.of(status, process.printed(path), expected)
        return None, ""  # its directory is gone

    def _take_out(self, path: Path) -> bool:
        """Take a run out of the queue; whether it was there. Called with the lock held."""
        if path not in self._queue:
            return False
        self._queue.remove(path)
        self._end(path, "stopped")
        return True

    def _end(self, path: Path, state: runs.State, error: str = "") -> None:
        """Give up the place of a run that waited. Called with the lock held."""
        try:
            _note(path, state, error)
        finally:
            self._leave(path)

    def _leave(self, path: Path) -> None:
        """Give up the place of a run. Called with the lock held."""
        (path / runs.WAITING_LEASE).unlink(missing_ok=True)
        self._places.pop(path).close()

    def _hold_to_limits(self) -> None:
        """Ask what takes too long to stop. Called with the lock held."""
        if self.limits.read_only:
            return
        for path in self._busy():
            with suppress(runs.RunError, OSError):
                run = runs.read(path)
                paused = runs.state(run) == "paused" and bool(self._queue)
                if (paused and self.limits.paused_too_long(path)) or self.limits.too_long(
                    run.manifest.seconds
                ):
                    runs.request(path, "stop")


def _note(path: Path, state: runs.State | None, error: str) -> None:
    """Note the state of a run whose process did not note an end itself, and clear up after it."""
    with suppress(runs.RunError, OSError):  # its directory may be gone, or the disk full
        manifest = runs.read(path).manifest
        if state and manifest.state in runs.ALIVE:
            runs.write_manifest(path, replace(manifest, state=state, error=error))
        runs.clear_temporary(path)


def _clear_up(root: Path) -> None:
    """Remove what killed trainings of an earlier server left."""
    for folder in runs.matching(root, f"*/{runs.TEMPORARY}"):
        runs.clear_temporary(folder.parent)
