"""Trainings on a Dask cluster: a scheduler and two workers as processes of their own, killed at
random moments. `VAE_TEST_KILLS=20 pytest -n0 -m long tests/test_cluster.py` kills twenty times.

Who waits, who is asked and what is told is tested with stand-ins for trainings: those begin at
once, where TensorFlow takes seconds. What goes on from where it was, real ones show.
"""

import errno
import importlib.util
import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import dask.config
import pytest
import yaml
from chromium import ROOT, eventually, free_port
from conftest import SMALL_MODEL, SMALL_TRAINING

from vae import leases, runs
from vae.jobs import Jobs, cluster, endings
from vae.limits import Limits

KILLS = int(os.environ.get("VAE_TEST_KILLS", "1"))
SHORT = replace(SMALL_TRAINING, epochs=2, train_images=500, ema_decay=0.0)
LONG = replace(SHORT, epochs=1000)
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SCHEDULER = COMPOSE["services"]["server-1"]["environment"][cluster.VARIABLE]
STAND_INS = """
from stand_in import STAND_IN
from vae.jobs import process

process.arguments = lambda run: ["-c", STAND_IN, str(run.path)]
"""

pytestmark = [
    pytest.mark.timeout(180 + 60 * KILLS),
    pytest.mark.skipif(
        importlib.util.find_spec("distributed") is None, reason="Dask is not installed"
    ),
]


class Machines:
    """A scheduler and two workers, which share a folder of runs."""

    def __init__(self, folder: Path, preload: str = "") -> None:
        self.folder, self.runs, self._preload = folder, folder / "runs", preload
        self.runs.mkdir()
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler = self.start_scheduler()
        self.workers = [self.start_worker(), self.start_worker()]

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        return self._start("scheduler", f"--port={self.port}", "--host=127.0.0.1")

    def start_worker(self) -> subprocess.Popen[bytes]:
        options = ["--no-nanny", f"--local-directory={self.folder}"]
        options += [f"--preload={self._preload}"] if self._preload else []
        return self._start("worker", *options)

    def _start(self, service: str, *options: str) -> subprocess.Popen[bytes]:
        """What compose.yaml starts, here."""
        command = COMPOSE["services"][service]["command"].replace(SCHEDULER, self.address)
        python, *arguments = shlex.split(command)
        assert python == "python"
        environment = os.environ | {"VAE_RUNS_DIR": str(self.runs), "KERAS_HOME": str(self.folder)}
        environment |= {"PYTHONPATH": str(ROOT / "tests"), "VAE_DATA_DIR": ""}
        with (self.folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments, *options],
                cwd=ROOT, env=environment, stdout=log, stderr=log,
            )  # fmt: skip

    def end(self) -> None:
        for machine in (*self.workers, self.scheduler):
            machine.kill()
            machine.wait()


class Network:
    """What lies between a server and its scheduler, and can be cut."""

    def __init__(self, port: int) -> None:
        self._scheduler = ("127.0.0.1", port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._door.getsockname()[1]}"
        self._ends: list[socket.socket] = []
        self._whole = threading.Event()
        self._whole.set()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):  # the door is closed
            while True:
                near, far = self._door.accept()[0], socket.create_connection(self._scheduler)
                self._ends += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError), one:
            while content := one.recv(1 << 16):
                self._whole.wait()
                other.sendall(content)
            other.shutdown(socket.SHUT_WR)

    def cut(self, silently: bool) -> None:
        """Nothing comes through any more; both sides are told, or are not."""
        self._whole.clear()
        if not silently:
            self._end_connections()

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self.mend()
        self._door.close()
        self._end_connections()

    def _end_connections(self) -> None:
        for end in self._ends:
            with suppress(OSError):  # it has ended already
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    machines = Machines(tmp_path)
    monkeypatch.setenv(cluster.VARIABLE, machines.address)
    yield machines
    machines.end()


@pytest.fixture(scope="module")
def with_stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    machines = machines_with_stand_ins(tmp_path_factory.mktemp("machines"))
    yield machines
    machines.end()


def machines_with_stand_ins(folder: Path) -> Machines:
    preload = folder / "stand_ins.py"
    preload.write_text(STAND_INS)
    return Machines(folder, str(preload))


@pytest.fixture
def jobs(with_stand_ins: Machines, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """A server whose trainings are stand-ins on the machines; they are gone after the test."""
    monkeypatch.setenv(cluster.VARIABLE, with_stand_ins.address)
    with server(with_stand_ins) as jobs:
        yield jobs


@contextmanager
def server(machines: Machines) -> Iterator[Jobs]:
    """A server that stops what it trains before it ends."""
    jobs = jobs_of(machines)
    yield jobs
    for run in runs.list_runs(machines.runs):
        jobs.stop(run.path)
    eventually(lambda: jobs._busy() == set(), 60)


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


def test_as_many_trainings_run_as_the_workers_have_room_for(jobs: Jobs) -> None:
    paths = [jobs.start(SMALL_MODEL, SHORT, "tiny") for _ in range(3)]
    assert [jobs.state(path) for path in paths[2:]] == ["queued"]
    assert jobs.place(paths[2]) == 2
    for path in paths:
        eventually(lambda path=path: jobs.state(path) == "training", 60)
        (path / "end").write_text("0")
    eventually(lambda: all(jobs.state(path) == "finished" for path in paths), 60)
    eventually(lambda: not any((path / runs.LEASE).exists() for path in paths), 60)


def test_the_readme_starts_scheduler_and_workers_as_compose_does() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for service in ("scheduler", "worker"):
        command = COMPOSE["services"][service]["command"].removesuffix(" --no-dashboard")
        assert command.replace(SCHEDULER, "tcp://SCHEDULER:8786") in readme


def test_what_goes_wrong_on_a_worker_is_in_the_log_and_is_not_taken_for_a_lack_of_memory(
    with_stand_ins: Machines,
) -> None:
    path = with_stand_ins.runs / "no-manifest"
    path.mkdir()
    shipped = runs.read(runs.SHIPPED / "map")
    remote = cluster.Cluster(with_stand_ins.address).start(replace(shipped, path=path))
    assert remote.wait() == 1
    log = (path / "log.txt").read_text(encoding="utf-8")
    assert log.startswith(endings.NO_WORKER)
    assert "no-manifest" in log
    assert remote.poll() == 1
    assert (path / "log.txt").read_text(encoding="utf-8") == log  # it is said once
    state, words = endings.of(1, log, megabytes=700)
    assert (state, words) == (
        "failed",
        "no worker of the cluster could train it; its log.txt says why",
    )


def test_a_remote_training_is_paused_resumed_and_stopped(jobs: Jobs) -> None:
    path = jobs.start(SMALL_MODEL, LONG, "tiny")
    eventually(lambda: jobs.state(path) == "training", 60)
    jobs.pause(path)
    eventually(lambda: jobs.state(path) == "paused", 60)
    jobs.resume(path)
    eventually(lambda: jobs.state(path) == "training", 60)
    jobs.stop(path)
    eventually(lambda: jobs.state(path) == "stopped", 60)


def test_a_remote_training_is_discarded_at_once(jobs: Jobs) -> None:
    path = jobs.start(SMALL_MODEL, LONG, "tiny")
    eventually(lambda: jobs.state(path) == "training", 60)
    jobs.discard(path)
    assert not path.exists()
    eventually(lambda: jobs._busy() == set(), 60)


@pytest.mark.long
def test_a_restarted_server_sees_what_the_cluster_trains(
    jobs: Jobs, with_stand_ins: Machines
) -> None:
    path = jobs.start(SMALL_MODEL, LONG, "tiny")
    eventually(lambda: jobs.state(path) == "training", 60)
    again = jobs_of(with_stand_ins)
    assert again.state(path) == "training"
    again.stop(path)
    eventually(lambda: again.state(path) == "stopped", 60)


@pytest.mark.long
@pytest.mark.parametrize("silently", [False, True], ids=["told to both sides", "in silence"])
def test_a_network_that_is_cut_ends_no_training_and_makes_nobody_wait(
    with_stand_ins: Machines, monkeypatch: pytest.MonkeyPatch, silently: bool
) -> None:
    network = Network(with_stand_ins.port)
    monkeypatch.setenv(cluster.VARIABLE, network.address)
    monkeypatch.setattr(cluster, "PATIENCE", 2.0)
    with server(with_stand_ins) as jobs:
        path = jobs.start(SMALL_MODEL, LONG, "tiny")
        eventually(lambda: jobs.state(path) == "training", 60)

        network.cut(silently)
        refused = r"^the Dask scheduler at tcp://.* does not answer"
        with pytest.raises(runs.RunError, match=refused):
            jobs.start(SMALL_MODEL, LONG, "tiny")
        began = time.monotonic()
        assert "does not answer" in jobs.refusal(SMALL_MODEL, LONG)
        assert time.monotonic() - began < 1
        assert jobs.state(path) == "training"

        network.mend()
        eventually(lambda: room(jobs) == 2, 60)
        other = jobs.start(SMALL_MODEL, LONG, "tiny")
        eventually(lambda: jobs.state(other) == "training", 60)
        assert jobs.state(path) == "training"
    assert [jobs.state(each) for each in (path, other)] == ["stopped", "stopped"]
    network.close()


@pytest.mark.long
def test_where_a_worker_dies_another_goes_on_from_the_last_epoch(machines: Machines) -> None:
    jobs = jobs_of(machines)
    lasting = replace(LONG, train_images=4000)  # for as long as there are kills
    path = jobs.start(SMALL_MODEL, lasting, "tiny")
    seen, allowed = 0, dask.config.get("distributed.scheduler.allowed-failures")
    for kill in range(1, KILLS + 1):
        eventually(lambda seen=seen: epochs(path) > seen, 90)
        time.sleep(random.uniform(0, 3))
        seen = epochs(path)
        holder = next(i for i, worker in enumerate(machines.workers) if trains(worker))
        machines.workers[holder].send_signal(signal.SIGKILL)
        machines.workers[holder].wait()
        machines.workers[holder] = machines.start_worker()
        if kill % (1 + allowed) == 0:  # Dask gives up a task whose workers die again and again
            eventually(lambda: jobs.state(path) == "interrupted", 90)
            jobs.resume(path)
        eventually(lambda seen=seen: epochs(path) > seen, 90)
        assert jobs.state(path) in ("starting", "training")
    jobs.stop(path)
    eventually(lambda: jobs.state(path) == "stopped", 90)
    assert epochs(path) > seen
    assert runs.read(path).manifest.usable
    eventually(lambda: not (path / runs.LEASE).exists(), 60)


def trains(worker: subprocess.Popen[bytes]) -> bool:
    """Whether a process of this worker trains."""
    children = Path(f"/proc/{worker.pid}/task").glob("*/children")
    return any(children_of.read_text().strip() for children_of in children)


@pytest.mark.long
def test_what_a_restarted_scheduler_has_forgotten_is_interrupted_and_goes_on_when_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = machines_with_stand_ins(tmp_path)
    monkeypatch.setenv(cluster.VARIABLE, machines.address)
    monkeypatch.setattr(leases, "PATIENCE", 4.0)
    with server(machines) as jobs:
        path = jobs.start(SMALL_MODEL, LONG, "tiny")
        eventually(lambda: jobs.state(path) == "training", 60)
        machines.scheduler.kill()
        time.sleep(1)
        assert jobs.state(path) == "training"  # Dask's workers then end within 30 seconds:
        machines.end()  # sooner here
        eventually(lambda: jobs.state(path) == "interrupted", 60)
        machines.scheduler = machines.start_scheduler()
        machines.workers = [machines.start_worker()]
        eventually(lambda: room(jobs) == 1, 60)
        jobs.resume(path)
        eventually(lambda: jobs.state(path) == "training", 60)
    assert jobs.state(path) == "stopped"
    machines.end()


def test_without_the_scheduler_a_training_is_refused_with_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, f"tcp://127.0.0.1:{free_port()}")
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with pytest.raises(runs.RunError, match=r"^the Dask scheduler at tcp://.* does not answer"):
        Jobs(tmp_path, Limits()).start(SMALL_MODEL, SHORT, "tiny")
    assert runs.list_runs(tmp_path) == []


def test_on_a_disk_that_is_full_a_lease_is_judged_by_our_own_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of the file system can only be read by a new file there."""
    leases.renew(tmp_path / "lease")

    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "touch", full)
    assert leases.is_held(tmp_path / "lease")
    os.utime(tmp_path / "lease", (0, 0))
    assert not leases.is_held(tmp_path / "lease")


def test_a_lease_from_before_a_clock_was_set_back_is_nobodys(tmp_path: Path) -> None:
    leases.renew(tmp_path / "lease")
    later = time.time() + 3600
    os.utime(tmp_path / "lease", (later, later))
    assert not leases.is_held(tmp_path / "lease")


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
