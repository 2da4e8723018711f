"""Trainings on other machines: a Dask cluster runs them where its workers have room.

The server submits a task that holds nothing but a run's name. On a worker that task starts the
same process as a server would on its own machine, beside the same folder of runs, and sees it to
its end. Dask knows which worker has room (its resource `training`), and begins a task anew where
a worker has died; the training then goes on from its last checkpoint.

    python -m dask scheduler
    export VAE_RUNS_DIR=/shared/runs
    python -m dask worker tcp://scheduler:8786 --nthreads 1 --resources training=1
"""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from vae import leases, runs
from vae.jobs import endings, process

VARIABLE = "VAE_DASK"
RESOURCE = "training"
KILL = "kill"  # in the run directory: end the process at once
LOOK_SECONDS = 0.2
PATIENCE = 5.0  # seconds in which the scheduler has to answer
SILENCE = 5.0  # seconds for which one that did not is left alone


class ClusterError(runs.RunError):
    """The cluster cannot be reached; the text says which, and what to do."""


def train(name: str) -> int:
    """On a worker: train a run of this folder of runs to its end; its process' exit status."""
    path = runs.own_root().resolve() / name
    with leases.held(path / runs.LEASE) as lost:
        trained = process.start(runs.read(path), with_parent=True)
        while (status := trained.poll()) is None:
            if lost.is_set() or (path / KILL).exists():
                trained.kill()
            time.sleep(LOOK_SECONDS)
    return status


class Remote:
    """A training on a worker, seen from the server as a process of its own machine is."""

    def __init__(self, future: Any, path: Path) -> None:
        self._future, self._path = future, path
        self._given_up: int | None = None

    def poll(self) -> int | None:
        """The exit status of its process; None while it trains or waits for a worker.

        A task that the scheduler has forgotten is over when nobody holds its lease any more.
        """
        match self._future.status:
            case "finished":
                return self._future.result()
            case "error":
                if self._given_up is None:
                    self._given_up = self._give_up()
                return self._given_up
            case "cancelled" | "lost" if not leases.is_held(self._path / runs.LEASE):
                return -signal.SIGTERM
        return None

    def _give_up(self) -> int:
        """What its process would have ended with: Dask gives up what four workers died of. What
        else went wrong, as on a worker that has no such run, is written in the run's log."""
        from distributed import KilledWorker

        error = self._future.exception()
        if isinstance(error, KilledWorker):
            return -signal.SIGKILL
        with suppress(OSError), (self._path / process.LOG).open("a", encoding="utf-8") as log:
            log.write(f"{endings.NO_WORKER}: {error}\n")
        return 1

    def wait(self) -> int:
        """Wait until it has ended; its exit status."""
        while (status := self.poll()) is None:
            time.sleep(LOOK_SECONDS)
        return status

    def terminate(self) -> None:
        """Let it stop: one that has begun reads that in its directory, any other is called off."""
        if not leases.is_held(self._path / runs.LEASE):
            self._future.cancel()

    def kill(self) -> None:
        """End it at once."""
        (self._path / KILL).touch()
        self.terminate()


class Cluster:
    """A Dask cluster that shares this server's folder of runs."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._known: Any = None
        self._silent_until = 0.0

    @classmethod
    def from_environment(cls) -> "Cluster | None":
        """The cluster that the environment names, if it names one."""
        address = os.environ.get(VARIABLE)
        return cls(address) if address else None

    def room(self) -> int:
        """How many trainings its workers take at once.

        One that has just not answered is not asked again at once: whoever asks would wait, and a
        class that opens the Train page would wait for each other.

        Raises:
            ClusterError: it does not answer.
        """
        silent = ClusterError(
            f"the Dask scheduler at {self._address} does not answer; start it, or take {VARIABLE} "
            "away to train on this machine"
        )
        if time.monotonic() < self._silent_until:
            raise silent
        try:
            client = self._client()
            info = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            self._silent_until = time.monotonic() + SILENCE
            raise silent from error
        return sum(int(worker["resources"].get(RESOURCE, 0)) for worker in info["workers"].values())

    def start(self, run: runs.Run) -> Remote:
        """Hand a run over, to begin or go on where there is room.

        Raises:
            OSError: the scheduler does not answer.
        """
        from distributed import fire_and_forget

        (run.path / KILL).unlink(missing_ok=True)
        future = self._client().submit(
            train, run.name, key=f"{run.name}-{time.time_ns()}", resources={RESOURCE: 1}, pure=False
        )
        fire_and_forget(future)  # it outlives this server
        return Remote(future, run.path)

    def _client(self) -> Any:
        """The connection to the scheduler, made when it is first needed and when it was lost."""
        try:
            from distributed import Client
        except ImportError as error:
            raise ClusterError(
                f"{VARIABLE} names a Dask cluster, but Dask is not installed; "
                "pip install -r requirements-cluster.txt"
            ) from error
        if self._known is None or self._known.status not in ("running", "connecting"):
            self._known = Client(self._address, timeout=PATIENCE, set_as_default=False)
        return self._known


Training = subprocess.Popen[bytes] | Remote
