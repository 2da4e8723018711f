"""Trainings on a Dask cluster: a scheduler and two workers as processes of their own, killed at
random moments. `VAE_TEST_KILLS=20 pytest -n0 -s tests/test_cluster.py` kills twenty times.
"""

import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import ROOT, eventually, free_port
from conftest import SMALL_MODEL, SMALL_TRAINING

from vae import leases, runs
from vae.jobs import Jobs, cluster
from vae.limits import Limits

KILLS = int(os.environ.get("VAE_TEST_KILLS", "1"))
SHORT = replace(SMALL_TRAINING, epochs=2, train_images=500, ema_decay=0.0)
LONG = replace(SHORT, epochs=1000)

pytestmark = [
    pytest.mark.timeout(180 + 60 * KILLS),
    pytest.mark.skipif(
        importlib.util.find_spec("distributed") is None, reason="Dask is not installed"
    ),
]


class Machines:
    """A scheduler and two workers, which share a folder of runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs = folder, folder / "runs"
        self.runs.mkdir()
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler = self.start_scheduler()
        self.workers = [self.start_worker(), self.start_worker()]

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        return self._start("scheduler", f"--port={self.port}", "--host=127.0.0.1", "--no-dashboard")

    def start_worker(self) -> subprocess.Popen[bytes]:
        options = ["--nthreads=1", "--resources=training=1", "--no-dashboard", "--no-nanny"]
        return self._start("worker", self.address, *options, f"--local-directory={self.folder}")

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {"VAE_RUNS_DIR": str(self.runs), "PYTHONPATH": str(ROOT)}
        environment |= {"KERAS_HOME": str(self.folder), "VAE_DATA_DIR": ""}
        with (self.folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
                cwd=ROOT, env=environment, stdout=log, stderr=log,
            )  # fmt: skip

    def end(self) -> None:
        for machine in (*self.workers, self.scheduler):
            machine.kill()
            machine.wait()


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    machines = Machines(tmp_path)
    monkeypatch.setenv(cluster.VARIABLE, machines.address)
    yield machines
    machines.end()


def jobs_of(machines: Machines) -> Jobs:
    jobs = Jobs(machines.runs, Limits())
    eventually(lambda: room(jobs) == 2, 60)
    return jobs


def room(jobs: Jobs) -> int:
    """How many trainings the cluster takes; 0 while its scheduler still starts."""
    try:
        return jobs._room()
    except cluster.ClusterError:
        return 0


def epochs(path: Path) -> int:
    return runs.read(path).manifest.epochs_done


def test_as_many_trainings_run_as_the_workers_have_room_for(machines: Machines) -> None:
    jobs = jobs_of(machines)
    paths = [jobs.start(SMALL_MODEL, SHORT, "tiny") for _ in range(3)]
    assert [jobs.state(path) for path in paths] == ["starting", "starting", "queued"]
    assert jobs.place(paths[2]) == 2
    eventually(lambda: all(jobs.state(path) == "finished" for path in paths), 120)
    assert [epochs(path) for path in paths] == [2, 2, 2]
    assert all(runs.read(path).manifest.usable for path in paths)
    eventually(lambda: not any((path / runs.LEASE).exists() for path in paths))


def test_a_remote_training_is_paused_resumed_and_stopped(machines: Machines) -> None:
    jobs = jobs_of(machines)
    path = jobs.start(SMALL_MODEL, LONG, "tiny")
    eventually(lambda: epochs(path) >= 1, 90)
    jobs.pause(path)
    eventually(lambda: jobs.state(path) == "paused", 20)
    done = epochs(path)
    jobs.resume(path)
    eventually(lambda: epochs(path) > done, 30)
    jobs.stop(path)
    eventually(lambda: jobs.state(path) == "stopped", 30)
    assert runs.read(path).manifest.usable


def test_a_remote_training_is_discarded_at_once(machines: Machines) -> None:
    jobs = jobs_of(machines)
    path = jobs.start(SMALL_MODEL, LONG, "tiny")
    eventually(lambda: jobs.state(path) == "training", 90)
    jobs.discard(path)
    assert not path.exists()
    eventually(lambda: jobs._busy() == set())


def test_where_a_worker_dies_another_goes_on_from_the_last_epoch(machines: Machines) -> None:
    jobs = jobs_of(machines)
    path = jobs.start(SMALL_MODEL, LONG, "tiny")
    seen = 0
    for _ in range(KILLS):
        eventually(lambda: epochs(path) > seen, 90)  # noqa: B023  # asked within this turn
        time.sleep(random.uniform(0, 3))
        seen = epochs(path)
        holder = next(i for i, worker in enumerate(machines.workers) if trains(worker))
        machines.workers[holder].send_signal(signal.SIGKILL)
        machines.workers[holder].wait()
        machines.workers[holder] = machines.start_worker()
        eventually(lambda: epochs(path) > seen, 90)  # noqa: B023
        assert jobs.state(path) in ("starting", "training")
    jobs.stop(path)
    eventually(lambda: jobs.state(path) == "stopped", 30)
    assert epochs(path) > seen


def trains(worker: subprocess.Popen[bytes]) -> bool:
    """Whether a process of this worker trains."""
    children = Path(f"/proc/{worker.pid}/task").glob("*/children")
    return any(children_of.read_text().strip() for children_of in children)


def test_a_restarted_server_sees_what_the_cluster_trains(machines: Machines) -> None:
    path = jobs_of(machines).start(SMALL_MODEL, LONG, "tiny")
    eventually(lambda: epochs(path) >= 1, 90)
    again = jobs_of(machines)
    assert again.state(path) == "training"
    again.stop(path)
    eventually(lambda: again.state(path) == "stopped", 30)


def test_what_a_restarted_scheduler_has_forgotten_is_interrupted_and_goes_on_when_resumed(
    machines: Machines,
) -> None:
    jobs = jobs_of(machines)
    path = jobs.start(SMALL_MODEL, LONG, "tiny")
    eventually(lambda: epochs(path) >= 1, 90)
    machines.scheduler.kill()
    machines.scheduler.wait()
    eventually(lambda: jobs.state(path) == "interrupted", 60)
    machines.scheduler = machines.start_scheduler()
    for worker in machines.workers:
        worker.kill()
        worker.wait()
    machines.workers = [machines.start_worker()]
    eventually(lambda: room(jobs) == 1, 60)
    done = epochs(path)
    jobs.resume(path)
    eventually(lambda: epochs(path) > done, 90)
    jobs.stop(path)


def test_without_the_scheduler_a_training_is_refused_with_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, f"tcp://127.0.0.1:{free_port()}")
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with pytest.raises(runs.RunError, match=r"^the Dask scheduler at tcp://.* does not answer"):
        Jobs(tmp_path, Limits()).start(SMALL_MODEL, SHORT, "tiny")
    assert runs.list_runs(tmp_path) == []


def test_a_lease_is_held_while_its_holder_lives_and_taken_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "EVERY", 0.05)
    monkeypatch.setattr(leases, "PATIENCE", 0.5)
    file = tmp_path / "lease"
    with leases.held(file) as lost:
        time.sleep(0.7)
        assert leases.is_held(file)
        assert not lost.is_set()
        with leases.held(file) as later:
            assert lost.wait(5)
            assert not later.is_set()
    file.touch()
    assert leases.is_held(file)
    time.sleep(0.7)
    assert not leases.is_held(file)
