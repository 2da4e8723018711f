"""Faults that really happen: processes killed, disks full, files cut. Nothing committed is lost.

By default each is tried a few times. `VAE_TEST_KILLS=60 python -m pytest -n0 tests/test_faults.py`
kills sixty times.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from vae import data, history, inference, runs, snapshots
from vae.jobs import endings
from vae.jobs.command import arguments, check_resumable
from vae.presets import PRESETS

ROOT = Path(__file__).parents[1]
KILLS = int(os.environ.get("VAE_TEST_KILLS", "2"))
PATIENCE = 180.0  # seconds; the machine may be busy
EPOCHS = max(3, KILLS // 3)

# Loads TensorFlow once, and forks for each training: so that a kill costs a second, not ten.
# Every best epoch is exported at once, so that kills hit exports, too.
NURSERY = """
import json, os, resource, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import tensorflow
from vae import __main__ as command_line
from vae.training import commits
commits.EXPORT_EVERY_SECONDS = 0.0
print("ready", flush=True)
for line in sys.stdin:
    log, more, *arguments = json.loads(line)
    child = os.fork()
    if child == 0:
        if more:
            pages = int(open("/proc/self/statm").read().split()[0])
            most = pages * resource.getpagesize() + more * 1_000_000
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os._exit(command_line.main(arguments))
    print(child, flush=True)
    _, status, usage = os.wait4(child, 0)
    print(status, usage.ru_utime + usage.ru_stime, flush=True)
"""


class Nursery:
    """Starts trainings, one at a time."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self.log = process, log
        self.child: int | None = None

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def start(self, *arguments: str | Path, megabytes: int = 0) -> int:
        """Begin a training with these arguments of the command line; its process id.

        `megabytes`: of memory, beyond what TensorFlow takes, that it may have; 0: any.
        """
        assert self.process.stdin is not None
        order = [str(self.log), megabytes, "train", *map(str, arguments)]
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        self.child = int(self.line())
        return self.child

    def ended(self) -> tuple[int, float]:
        """Wait for the training's end: its status, and the processor seconds that it took."""
        status, seconds = self.line().split()
        self.child = None
        return int(status), float(seconds)


@pytest.fixture
def nursery(nursery_process: Nursery) -> Iterator[Nursery]:
    """The nursery; no training outlives its test."""
    yield nursery_process
    if nursery_process.child is not None:
        os.kill(nursery_process.child, signal.SIGKILL)
        nursery_process.ended()


@pytest.fixture(scope="module")
def nursery_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    folder = tmp_path_factory.mktemp("nursery")
    (folder / "file").touch()
    environment = {**os.environ, "KERAS_HOME": str(folder / "file"), "TMPDIR": str(folder)}
    environment.pop("VAE_DATA_DIR", None)
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        cwd=ROOT,
        env={**environment, "no_proxy": "", "https_proxy": "http://127.0.0.1:9"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        started = Nursery(process, folder / "log.txt")
        try:
            assert started.line() == "ready\n"
            yield started
        finally:
            process.kill()


def small(path: Path, epochs: int) -> list[str | Path]:
    """The arguments of a training that takes a moment an epoch."""
    sizes = "--encoder-units 16 --decoder-units 16 --decoder-channels 4 4 --batch-size 64"
    return [
        *("--preset", "tiny", "--out", path, "--epochs", str(epochs)),
        *(*sizes.split(), "--train-images", "256", "--learning-rate", "0.02", "--ema-decay", "0.5"),
    ]


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.01)


def losses(path: Path) -> dict[int, float]:
    """The validation loss of each epoch that stands."""
    events = history.effective(runs.read_events(path)[0])
    return {e["epoch"]: e["validation"]["loss"] for e in events if e["event"] == "epoch"}


def check_what_is_left(path: Path) -> None:
    """After a fault: the run is listed as what it is, and its last committed epoch can be used."""
    (run,) = runs.list_runs(path.parent)
    assert runs.state(run) in ("interrupted", "finished", "failed")
    for snapshot in snapshots.files(path).values():
        snapshots.read(snapshot)
    done = run.manifest.epochs_done
    assert set(losses(path)) >= set(range(1, done + 1))
    if run.manifest.usable:
        assert inference.load(path).reconstruct(data.embedded()[:2].pixels).shape == (2, 28, 28)
        assert run.manifest.best_epoch <= done
        best = run.manifest.metrics["validation_loss"]
        assert losses(path)[run.manifest.best_epoch] == pytest.approx(best)


@pytest.fixture(scope="module")
def undisturbed(nursery_process: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that nothing happened to. Do not change it."""
    path = tmp_path_factory.mktemp("undisturbed") / "run"
    nursery_process.start(*small(path, EPOCHS))
    assert nursery_process.ended()[0] == 0, nursery_process.log.read_text()
    return path


@pytest.mark.long
@pytest.mark.timeout(PATIENCE + 60 * KILLS)
def test_a_training_killed_at_random_moments_ends_with_the_history_of_one_never_killed(
    nursery: Nursery, undisturbed: Path, tmp_path: Path
) -> None:
    generator = random.Random(KILLS)
    kills, generation, found = 0, 0, set()
    while kills < KILLS:
        generation += 1
        path = tmp_path / str(generation) / "run"
        path.parent.mkdir()
        while kills < KILLS:
            resumed = ["--resume"] if (path / "checkpoint.npz").exists() else []
            arguments = ["--resume", "--out", path] if resumed else small(path, EPOCHS)
            child = nursery.start(*arguments)
            # Half at any moment; half soon after an epoch began to be written.
            if generator.random() < 0.5:
                time.sleep(generator.uniform(0, 6))
            else:
                told = len(runs.read_events(path)[0])
                deadline = time.monotonic() + 20
                while len(runs.read_events(path)[0]) < told + 2 and time.monotonic() < deadline:
                    time.sleep(0.002)
                time.sleep(generator.uniform(0, 0.3))
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            status, _ = nursery.ended()
            assert status in (0, signal.SIGKILL), nursery.log.read_text()
            kills += status == signal.SIGKILL
            if (path / "manifest.json").exists():
                check_what_is_left(path)
                found.add((runs.read(path).manifest.epochs_done, (path / "new").exists()))
            if status == 0:
                break
        if not (path / "checkpoint.npz").exists():
            continue  # killed before anything was there; it would begin anew
        nursery.start("--resume", "--out", path)
        assert nursery.ended()[0] == 0, nursery.log.read_text()
        (run,) = runs.list_runs(path.parent)
        assert runs.state(run) == "finished"
        expected = losses(undisturbed)
        assert losses(path) == pytest.approx(expected, rel=1e-5)
        model, other = inference.load(path), inference.load(undisturbed)
        pixels = data.embedded()[::500].pixels
        np.testing.assert_allclose(model.reconstruct(pixels), other.reconstruct(pixels), atol=1e-3)
    print(f"{kills} kills; (epochs done, export under way) when killed: {sorted(found)}")


def processor_seconds(process: int) -> float:
    """What a process has taken. Source: proc(5), fields 14 and 15 of stat."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.timeout(PATIENCE)
def test_a_paused_training_uses_no_processor_and_a_stopped_one_ends_within_two_seconds(
    nursery: Nursery, tmp_path: Path
) -> None:
    """Seconds of the processor, not of the clock: others may be busy on this machine."""
    path = tmp_path / "run"
    child = nursery.start(*small(path, 1000))
    until(lambda: bool(losses(path)), "the first epoch is done")
    before = processor_seconds(child)
    runs.request(path, "pause")
    until(lambda: runs.state(runs.read(path)) == "paused", "it has paused")
    paused = processor_seconds(child)
    assert paused - before < 2
    time.sleep(0.5)  # threads that waited for work busily go to sleep
    resting = processor_seconds(child)
    time.sleep(1)
    assert processor_seconds(child) - resting <= 0.03
    epochs = len(losses(path))
    runs.clear_request(path)
    until(lambda: len(losses(path)) > epochs, "it has gone on")
    assert runs.state(runs.read(path)) == "training"
    before = processor_seconds(child)
    runs.request(path, "stop")
    status, seconds = nursery.ended()
    assert status == 0, nursery.log.read_text()
    assert seconds - before < 2
    (run,) = runs.list_runs(tmp_path)
    assert runs.state(run) == "stopped"
    assert runs.model_files(run)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Makes disks of so many bytes."""
    made: list[Path] = []

    def make(size: int) -> Path:
        path = tmp_path / f"disk-{len(made)}"
        path.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
        if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("only root can mount a small disk")
        made.append(path)
        return path

    yield make
    for path in made:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize(
    ("share", "epochs_done"),
    [pytest.param(0.4, 0, id="start", marks=pytest.mark.long), pytest.param(1.45, 1, id="later")],
)
def test_a_training_that_finds_the_disk_full_says_so_and_goes_on_once_there_is_room(
    nursery: Nursery,
    undisturbed: Path,
    disk: Callable[[int], Path],
    share: float,
    epochs_done: int,
) -> None:
    """Room for a share of what a run takes; while it writes it takes more than at its end."""
    used = sum(file.stat().st_size for file in undisturbed.rglob("*") if file.is_file())
    root = disk(int(share * used) + 65536)
    path = root / "run"
    nursery.start(*small(path, EPOCHS))
    assert nursery.ended()[0] == 256, "it ends with an error"
    assert "Traceback" not in nursery.log.read_text()
    (run,) = runs.list_runs(root)
    assert (runs.state(run), run.manifest.epochs_done) == ("failed", epochs_done)
    assert run.manifest.error == (
        "run cannot be written: No space left on device; free some space there, or delete a run "
        "for good; then resume; the last committed epoch is kept"
    )
    assert not list(path.rglob("*.part"))
    check_what_is_left(path)
    if not epochs_done and KILLS < 10:
        return  # to begin anew takes seconds, and shows little
    subprocess.run(["mount", "-o", f"remount,size={10 * used}", str(root)], check=True)
    check_resumable(run)
    nursery.start(*arguments(run)[3:])
    assert nursery.ended()[0] == 0, nursery.log.read_text()
    assert losses(path) == pytest.approx(losses(undisturbed), rel=1e-5)


@pytest.mark.timeout(PATIENCE)
def test_what_a_killed_training_wrote_for_itself_lies_in_its_run_and_can_be_removed(
    nursery: Nursery, tmp_path: Path
) -> None:
    """AutoGraph writes a file for each function that TensorFlow traces."""
    path, outside = tmp_path / "run", nursery.log.parent
    child = nursery.start(*small(path, 1000))
    until(lambda: bool(losses(path)), "the first epoch is done")
    os.kill(child, signal.SIGKILL)
    nursery.ended()
    assert list((path / runs.TEMPORARY).glob("__autograph_generated_file*"))
    assert not list(outside.rglob("__autograph_generated_file*"))
    runs.clear_temporary(path)
    assert not (path / runs.TEMPORARY).exists()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize("megabytes", [40, 120, 250])
def test_a_training_that_memory_ends_is_told_so_however_it_ends(
    nursery: Nursery, tmp_path: Path, megabytes: int
) -> None:
    """It may notice by itself; or the first to notice is a library, which aborts."""
    path = tmp_path / "run"
    large = ("--preset", "best", "--batch-size", "2048", "--train-images", "4000", "--out", path)
    manifest = runs.Manifest("best", PRESETS["best"].model, PRESETS["best"].training)
    runs.write_manifest(path, manifest)  # as a server leaves it
    log = nursery.log.stat().st_size if nursery.log.exists() else 0
    nursery.start(*large, megabytes=megabytes)
    status = os.waitstatus_to_exitcode(nursery.ended()[0])
    assert status != 0
    printed = nursery.log.read_text()[log:]
    said = runs.read(path).manifest.error or endings.of(status, printed, 900)[1]
    assert "memory ran short" in said, (status, printed[-2000:])
    assert "lower the batch size" in said
    assert len(said) <= 400
    assert "/" not in said


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_cut_or_garbled_the_list_stays_true_and_the_rest_is_served(
    small_run: runs.Run, tmp_path: Path, seed: int
) -> None:
    generator = random.Random(seed)
    path = shutil.copytree(small_run.path, tmp_path / "run")
    file = generator.choice(sorted(f for f in path.rglob("*") if f.is_file() and f.stat().st_size))
    content = file.read_bytes()
    cut = generator.randrange(len(content))
    garbage = generator.randbytes(min(50, len(content) - cut)) if generator.random() < 0.5 else b""
    file.write_bytes(content[:cut] + garbage)
    listed = runs.list_runs(tmp_path)
    if file.name == "manifest.json":
        with pytest.raises(runs.RunError, match=r"manifest in .* (cannot be read|is not valid)"):
            runs.read(path)
        assert listed == []
        return
    assert [runs.state(run) for run in listed] == ["finished"]
    history.progress(runs.read_events(path)[0])
    snapshots.read_all(path)
    if file.name in runs.MODEL_FILES:
        with pytest.raises(runs.RunError, match=f"damaged: {file.name} has changed"):
            inference.load(path)
    else:
        assert inference.load(path).reconstruct(data.embedded()[:1].pixels).shape == (1, 28, 28)
