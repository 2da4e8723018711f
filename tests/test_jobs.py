"""Training processes: queued, one at a time, stopped, and told apart when they die."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stand_in import STAND_IN

from vae import failures, runs, runs_folder, snapshots
from vae.__main__ import parser
from vae.commands import train
from vae.config import ModelConfig, Option, TrainingConfig, options
from vae.jobs import Jobs, admission, command_of, endings, process, queue
from vae.jobs.command import arguments, command
from vae.limits import LimitError, Limits
from vae.presets import PRESETS, Preset

ROOT = Path(__file__).parents[1]
PATIENCE = 120.0  # seconds; the machine may be busy
MODEL = ModelConfig(encoder_units=(16,), decoder_units=(16,), decoder_channels=(4, 4))
TRAINING = TrainingConfig(epochs=1, batch_size=64, train_images=64)
DATA = {"source": "MNIST", "sha256": "ab", "train": 64, "validation": 500, "test": 500}


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until this is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)


def until_state(server: Jobs, path: Path, state: runs.State) -> None:
    until(lambda: server.state(path) == state, f"{path.name} is {state}")


def end(path: Path, status: int = 0) -> None:
    """Let the stand-in in this run directory end, now or when it starts."""
    part = path / "end.part"
    part.write_text(str(status))
    part.replace(path / "end")


def process_id(path: Path) -> int:
    return int((path / "pid").read_text())


def started(server: Jobs, n: int) -> list[Path]:
    """So many trainings, asked for one after the other, once the first of them trains."""
    paths = [server.start(MODEL, TRAINING, "tiny") for _ in range(n)]
    until_state(server, paths[0], "training")
    return paths


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """A server whose trainings are stand-ins; the last of them is gone after the test."""
    monkeypatch.setattr(process, "arguments", lambda run: ["-c", STAND_IN, str(run.path)])
    monkeypatch.setattr(queue, "WATCH_SECONDS", 0.02)
    server = Jobs(tmp_path / "runs")
    yield server
    found = [run.path for run in runs.list_runs(server.root)]
    for path in found:
        end(path)
    for path in found:
        until(lambda path=path: server.state(path) not in runs.ALIVE, f"{path.name} has ended")


def test_the_run_is_there_when_start_returns(server: Jobs) -> None:
    path = server.start(MODEL, TRAINING, "tiny")
    manifest = runs.read(path).manifest
    assert path.parent == server.root
    assert (manifest.preset, manifest.model, manifest.training) == ("tiny", MODEL, TRAINING)
    assert server.state(path) in runs.ALIVE
    assert [run.path for run in runs.list_runs(server.root)] == [path]


def test_a_training_is_starting_while_its_process_has_not_said_anything(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "import sys, time; from pathlib import Path; print('here', flush=True)\n"
        "while not Path(sys.argv[1], 'end').exists(): time.sleep(0.02)"
    )
    monkeypatch.setattr(process, "arguments", lambda run: ["-c", program, str(run.path)])
    path = server.start(MODEL, TRAINING, "tiny")
    until(lambda: (path / "log.txt").read_text() != "", "the stand-in runs")
    assert server.state(path) == "starting"
    end(path)
    until_state(server, path, "interrupted")  # it ended, and did nothing


def test_one_trains_and_the_others_wait_in_the_order_in_which_they_came(server: Jobs) -> None:
    paths = started(server, 3)
    assert [server.state(path) for path in paths] == ["training", "queued", "queued"]
    assert [server.place(path) for path in paths] == [0, 1, 2]
    end(paths[0])
    until_state(server, paths[1], "training")
    assert [server.state(path) for path in paths] == ["finished", "training", "queued"]
    assert [server.place(path) for path in paths] == [0, 0, 1]
    end(paths[1])
    until_state(server, paths[2], "training")
    assert [server.place(path) for path in paths] == [0, 0, 0]


def test_a_queued_training_starts_when_the_one_before_it_ends(server: Jobs) -> None:
    first, second = started(server, 2)
    time.sleep(0.3)
    assert not (second / "pid").exists()
    assert not (second / "log.txt").exists()
    end(first)
    until_state(server, second, "training")
    assert runs.state(runs.read(first)) == "finished"


def test_a_training_starts_at_once_when_an_earlier_one_has_long_ended(server: Jobs) -> None:
    (first,) = started(server, 1)
    end(first)
    until_state(server, first, "finished")
    (second,) = started(server, 1)
    assert server.place(second) == 0


def test_a_waiting_training_that_is_stopped_is_taken_out_and_the_rest_still_run(
    server: Jobs,
) -> None:
    first, second, third = started(server, 3)
    server.stop(second)
    assert server.state(second) == "stopped"
    assert [server.place(path) for path in (second, third)] == [0, 1]
    assert server.state(first) == "training"
    end(first)
    until_state(server, third, "training")
    assert server.state(second) == "stopped"
    assert not (second / "pid").exists()


def test_a_waiting_run_whose_directory_is_deleted_does_not_hold_up_the_queue(server: Jobs) -> None:
    first, second, third = started(server, 3)
    shutil.rmtree(second)
    end(first)
    until_state(server, third, "training")


def test_a_training_whose_directory_is_deleted_does_not_hold_up_the_queue(server: Jobs) -> None:
    first, second = started(server, 2)
    number = process_id(first)
    shutil.rmtree(first)
    os.kill(number, signal.SIGKILL)
    until_state(server, second, "training")


def test_a_running_training_is_asked_to_stop_and_the_next_one_starts(server: Jobs) -> None:
    first, second = started(server, 2)
    server.stop(first)
    assert runs.requested(first) == "stop"
    until_state(server, second, "training")
    assert server.state(first) == "stopped"
    assert runs.requested(second) is None


def test_a_training_that_has_ended_keeps_its_state_when_it_is_stopped(server: Jobs) -> None:
    (path,) = started(server, 1)
    end(path)
    until_state(server, path, "finished")
    server.stop(path)
    assert server.state(path) == "finished"


def test_a_process_that_ends_with_an_error_is_told_as_failed_with_its_status_and_log(
    server: Jobs,
) -> None:
    first, second = started(server, 2)
    end(first, status=3)
    until_state(server, first, "failed")
    assert runs.read(first).manifest.error == (
        "the training process ended with status 3; its log.txt says more"
    )
    assert process.printed(first).endswith("\nthe stand-in trains\n")
    until_state(server, second, "training")


def test_a_process_that_is_killed_is_told_as_interrupted_before_and_after_it_is_seen_to(
    server: Jobs,
) -> None:
    (path,) = started(server, 1)
    os.kill(process_id(path), signal.SIGKILL)
    until_state(server, path, "interrupted")
    until(lambda: runs.read(path).manifest.state == "interrupted", "that is noted")
    assert server.state(path) == "interrupted"
    assert runs.read(path).manifest.error == (
        "SIGKILL ended its process, most often as memory ran short: it was expected to take "
        f"661 MB; {failures.LESS_MEMORY}; log.txt in its directory may say more"
    )


def test_a_process_that_never_gets_to_train_is_told_as_failed_and_its_errors_are_in_the_log(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "arguments", lambda _: ["-c", "raise SystemExit('no such luck')"])
    path = server.start(MODEL, TRAINING, "tiny")
    until_state(server, path, "failed")
    assert "ended with status 1; its log.txt" in runs.read(path).manifest.error
    assert process.printed(path).endswith("\nno such luck\n")


def test_what_a_failed_training_said_of_itself_is_kept(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = STAND_IN.split("with runs.locked")[0] + (
        "manifest = replace(runs.read(path).manifest, state='failed', error='the loss is nan')\n"
        "runs.write_manifest(path, manifest)\n"
        "sys.exit(1)"
    )
    monkeypatch.setattr(process, "arguments", lambda run: ["-c", program, str(run.path)])
    first, second = (server.start(MODEL, TRAINING, "tiny") for _ in range(2))
    until_state(server, second, "failed")  # so the end of the first has been seen, too
    assert runs.read(first).manifest.error == "the loss is nan"


def test_trainings_begun_in_the_same_second_have_directories_of_their_own(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noon(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Noon":
            return cls(2025, 2, 3, 12, 0, 0)

    monkeypatch.setattr(queue, "datetime", Noon)
    paths = [server.start(MODEL, TRAINING, preset) for preset in ("map", "map", "map", "tiny")]
    names = [path.name.rsplit("-", 1) for path in paths]
    assert [name for name, _ in names] == [f"{p}-20250203-120000" for p in ("map",) * 3 + ("tiny",)]
    assert len({part for _, part in names}) == 4  # who cannot guess it finds no run of others
    assert all(re.fullmatch("[0-9a-f]{8}", part) for _, part in names)


def test_visitors_who_start_at_once_get_a_run_each_and_still_one_at_a_time(server: Jobs) -> None:
    with ThreadPoolExecutor(6) as visitors:
        asked = [visitors.submit(server.start, MODEL, TRAINING, "tiny") for _ in range(6)]
        paths = [future.result() for future in asked]
    assert len(set(paths)) == 6
    assert sorted(map(server.place, paths)) == [0, 1, 2, 3, 4, 5]
    assert sum((path / "log.txt").exists() for path in paths) == 1


SERVER = """
import sys, time
from pathlib import Path
from vae.presets import PRESETS
from vae.jobs import Jobs, process

process.arguments = lambda run: ["-c", sys.argv[2], str(run.path)]
server = Jobs(Path(sys.argv[1]))
paths = [server.start(PRESETS["tiny"].model, PRESETS["tiny"].training, "tiny") for _ in range(2)]
while server.state(paths[0]) != "training":
    time.sleep(0.02)
print(*paths, flush=True)
time.sleep(1000)
"""


@pytest.fixture
def orphans(server: Jobs) -> tuple[Path, Path]:
    """A training and a queued run whose server was killed."""
    arguments = [sys.executable, "-c", SERVER, str(server.root), STAND_IN]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            running, queued = map(Path, process.stdout.readline().split())
        finally:
            process.kill()
    return running, queued


def test_when_the_server_is_killed_its_training_goes_on_and_what_was_queued_is_interrupted(
    server: Jobs, orphans: tuple[Path, Path]
) -> None:
    running, queued = orphans
    assert server.state(running) == "training"
    assert server.state(queued) == "interrupted"
    assert server.place(queued) == 0


def test_a_restarted_server_waits_for_the_training_that_it_finds_and_can_rule_it(
    server: Jobs, orphans: tuple[Path, Path]
) -> None:
    running, queued = orphans
    server.resume(queued)
    assert server.state(queued) == "queued"
    assert server.place(queued) == 1
    server.pause(running)
    until_state(server, running, "paused")
    server.resume(running)
    until_state(server, running, "training")
    server.stop(running)
    until_state(server, queued, "training")
    assert server.state(running) == "stopped"


def test_a_paused_training_goes_on_where_it_was_and_keeps_its_place(server: Jobs) -> None:
    first, second = started(server, 2)
    number = process_id(first)
    server.pause(first)
    until_state(server, first, "paused")
    time.sleep(0.3)
    assert server.state(second) == "queued"
    server.resume(first)
    until_state(server, first, "training")
    assert process_id(first) == number


def test_a_paused_training_can_be_stopped(server: Jobs) -> None:
    (path,) = started(server, 1)
    server.pause(path)
    until_state(server, path, "paused")
    server.stop(path)
    until_state(server, path, "stopped")


def test_a_paused_training_makes_room_after_a_while_if_others_wait(server: Jobs) -> None:
    server.limits = Limits(paused_minutes=0.01)
    (first,) = started(server, 1)
    server.pause(first)
    until_state(server, first, "paused")
    time.sleep(1.2)
    assert server.state(first) == "paused"  # nobody waits
    second = server.start(MODEL, TRAINING, "tiny")
    until_state(server, second, "training")
    assert server.state(first) == "stopped"


def test_a_paused_training_that_is_killed_is_not_paused_any_more(server: Jobs) -> None:
    (path,) = started(server, 1)
    server.pause(path)
    until_state(server, path, "paused")
    os.kill(process_id(path), signal.SIGKILL)
    until_state(server, path, "interrupted")


def test_what_does_not_train_cannot_be_paused(server: Jobs) -> None:
    first, second = started(server, 2)
    server.pause(second)
    end(first)
    until_state(server, first, "finished")
    server.pause(first)
    until_state(server, second, "training")
    assert [runs.requested(path) for path in (first, second)] == [None, None]


def test_a_training_asked_to_stop_is_stopping_until_it_has(server: Jobs) -> None:
    (path,) = started(server, 1)
    os.kill(process_id(path), signal.SIGSTOP)  # so that it cannot answer
    server.stop(path)
    server.stop(path)  # an impatient visitor changes nothing
    assert server.state(path) == "stopping"
    os.kill(process_id(path), signal.SIGCONT)
    until_state(server, path, "stopped")


def test_a_training_that_still_starts_is_stopped_at_once(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "arguments", lambda _: ["-c", "import time; time.sleep(1000)"])
    path = server.start(MODEL, TRAINING, "tiny")
    assert server.state(path) == "starting"
    server.stop(path)
    until_state(server, path, "stopped")


def test_a_stopped_training_goes_on_through_the_queue(server: Jobs) -> None:
    first, second = started(server, 2)
    server.stop(first)
    until_state(server, second, "training")
    server.resume(first)
    assert (server.state(first), server.place(first)) == ("queued", 1)
    end(second)
    until_state(server, first, "training")


def test_a_run_with_a_checkpoint_is_resumed_and_one_without_begins(tmp_path: Path) -> None:
    path = tmp_path / "run"
    runs.write_manifest(path, runs.Manifest("tiny", MODEL, TRAINING, state="stopped"))
    begins = arguments(runs.read(path))
    assert read_back(begins) == (MODEL, TRAINING)
    assert "--resume" not in begins
    (path / "checkpoint.npz").touch()
    goes_on = arguments(runs.read(path))
    assert goes_on == ["-m", "vae", "train", "--resume", "--out", str(path)]
    assert read_back(goes_on) == (MODEL, TRAINING)


def ended(server: Jobs, **changed: Any) -> Path:
    """A finished run, or what `changed` makes of it; with a checkpoint."""
    path = server.root / "ended"
    manifest = runs.Manifest("tiny", MODEL, TRAINING, "finished", epochs_done=1, data=DATA)
    files = dict.fromkeys(runs.MODEL_FILES, "0")
    runs.write_manifest(path, replace(manifest, files=files, **changed))
    (path / "checkpoint.npz").touch()
    return path


def test_a_finished_run_is_extended_through_the_queue(server: Jobs) -> None:
    path = ended(server)
    server.extend(path, 20)
    until_state(server, path, "training")
    assert runs.read(path).manifest.training == replace(TRAINING, epochs=21)


def test_a_run_is_extended_at_once_while_its_process_still_ends(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = server.start(MODEL, TRAINING, "tiny")
    until_state(server, path, "training")
    monkeypatch.setattr(queue, "WATCH_SECONDS", 2)  # the end is not noted before that
    time.sleep(0.1)
    (path / "checkpoint.npz").touch()
    end(path)
    until_state(server, path, "finished")
    (path / "end").unlink()
    server.extend(path, 20)
    until_state(server, path, "training")


def test_only_a_finished_run_is_extended_and_not_without_end(server: Jobs) -> None:
    path = ended(server, state="stopped")
    with pytest.raises(runs.RunError, match=r"^ended is stopped; only a finished run grows$"):
        server.extend(path, 20)
    path = ended(server)
    with pytest.raises(ValueError, match=r"^epochs is 0; give 1 or more$"):
        server.extend(path, 0)
    with pytest.raises(ValueError, match=r"^epochs is 1001; it must be from 1 to 1000$"):
        server.extend(path, 1000)
    server.limits = Limits(epochs=20)
    with pytest.raises(LimitError, match=r"^this has 21 epochs; this server allows 20$"):
        server.extend(path, 20)
    assert server.state(path) == "finished"


def test_a_run_that_has_diverged_or_lost_its_checkpoint_is_not_resumed(server: Jobs) -> None:
    path = ended(server, state="failed", error="the loss is nan", diverged=True)
    text = "^ended cannot go on: the loss is nan; going on would only repeat it$"
    with pytest.raises(runs.RunError, match=text):
        server.resume(path)
    path = ended(server, state="interrupted")
    (path / "checkpoint.npz").unlink()
    text = "its checkpoint.npz is missing; train from the start with python -m vae train --preset"
    with pytest.raises(runs.RunError, match=text):
        server.resume(path)


@pytest.mark.parametrize("which", [0, 1], ids=["training", "queued"])
def test_a_discarded_training_ends_at_once_and_can_be_brought_back(
    server: Jobs, which: int
) -> None:
    paths = started(server, 2)
    trash = server.discard(paths[which])
    assert [run.path for run in runs.list_runs(server.root)] == [paths[1 - which]]
    until_state(server, paths[1 - which], "training")
    restored = runs_folder.restore(trash)
    assert (restored.path, server.state(restored.path)) == (paths[which], "stopped")


def test_the_training_of_another_server_can_be_discarded(
    server: Jobs, orphans: tuple[Path, Path]
) -> None:
    for path in orphans:
        server.discard(path)
    assert runs.list_runs(server.root) == []


def test_two_trainings_run_at_once_where_the_deployer_says_so(server: Jobs) -> None:
    server.limits = Limits(at_once=2)
    paths = started(server, 3)
    until_state(server, paths[1], "training")
    assert (server.state(paths[2]), server.place(paths[2])) == ("queued", 2)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (Limits(epochs=9), "this has 10 epochs; this server allows 9"),
        (Limits(weights=100_000), "this has 357,557 weights; this server allows 100,000"),
        (Limits(minutes=0.1), "minutes; this server allows 0.1: take fewer epochs, fewer images"),
        (Limits(kept_runs=1), "this server keeps 1 run, and so many are here; delete one for go"),
        (
            Limits(disk=5),
            "all runs on this server may take 5 MB; they take 0, and this needs 12 more: delete a "
            "run for good, or take a smaller model",
        ),
        (Limits(read_only=True), "models are only shown on this server; to make your own, run the"),
    ],
    ids=str.split("epochs weights minutes runs disk read-only"),
)
def test_a_training_beyond_a_limit_is_refused_and_leaves_nothing(
    server: Jobs, limits: Limits, text: str
) -> None:
    path = ended(server)
    server.limits = limits
    with pytest.raises(LimitError, match=text):
        server.start(PRESETS["tiny"].model, PRESETS["tiny"].training, "tiny")
    assert [run.path for run in runs.list_runs(server.root)] == [path]


def test_where_none_may_wait_one_may_still_train(server: Jobs) -> None:
    server.limits = Limits(queue=0)
    assert server.refusal(MODEL, TRAINING) == ""
    (path,) = started(server, 1)
    refused = "another training runs, and more may not wait on this server; come back later"
    assert server.refusal(MODEL, TRAINING) == refused
    with pytest.raises(LimitError, match=f"^{refused}$"):
        server.start(MODEL, TRAINING, "tiny")
    assert [run.path for run in runs.list_runs(server.root)] == [path]


def test_no_more_wait_than_may(server: Jobs) -> None:
    server.limits = Limits(queue=1)
    started(server, 2)
    with pytest.raises(LimitError, match=r"^one training waits already, and more may not"):
        server.start(MODEL, TRAINING, "tiny")


def test_a_stopped_or_finished_run_is_held_to_the_limits_before_it_is_queued(server: Jobs) -> None:
    """Those of today: the run may be older than they are."""
    path = ended(server, seconds=240.0)
    stopped = replace(
        runs.read(path).manifest, state="stopped", training=replace(TRAINING, epochs=3)
    )
    for limits, text in [
        (Limits(epochs=2), r"^this has (3|21) epochs; this server allows 2$"),
        (Limits(weights=10), r"^this has [\d,]+ weights; this server allows 10$"),
        (Limits(minutes=3), r"^this takes about \d minutes; this server allows 3: take fewer"),
        (Limits(disk=1), r"^all runs on this server may take 1 MB"),
        (Limits(read_only=True), "^models are only shown on this server"),
    ]:
        server.limits = limits
        with pytest.raises(LimitError, match=text):
            server.extend(path, 20)
        assert server.state(path) == "finished"
        runs.write_manifest(path, stopped)
        with pytest.raises(LimitError, match=text):
            server.resume(path)
        assert server.state(path) == "stopped"
        runs.write_manifest(path, replace(stopped, state="finished"))


def test_a_server_that_only_shows_leaves_the_trainings_that_it_finds_alone(server: Jobs) -> None:
    """Those of a terminal, say: whatever visitors ask, and however long they take."""
    (path,) = started(server, 1)
    runs.write_manifest(path, replace(runs.read(path).manifest, seconds=61.0))
    allowed, server.limits = server.limits, Limits(minutes=1, read_only=True)
    try:
        for ask in (server.pause, server.resume, server.stop, server.discard):
            with pytest.raises(LimitError, match=r"^models are only shown on this server"):
                ask(path)
        server._hold_to_limits()
        assert runs.requested(path) is None
        assert server.state(path) == "training"
    finally:
        server.limits = allowed


def test_neither_a_stopped_nor_a_finished_run_jumps_over_a_full_queue(server: Jobs) -> None:
    server.limits = Limits(queue=0)
    started(server, 1)
    refused = "another training runs, and more may not wait"
    path = ended(server, state="stopped")
    with pytest.raises(LimitError, match=refused):
        server.resume(path)
    assert server.state(path) == "stopped"
    with pytest.raises(LimitError, match=refused):
        server.extend(ended(server), 2)
    assert server.state(path) == "finished"


def test_what_a_training_prints_is_utf_8_whatever_the_locale(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ended(server)
    monkeypatch.setenv("PYTHONUTF8", "0")
    monkeypatch.setattr(process, "arguments", lambda run: ["-c", "import sys; print(sys.flags)"])
    process.start(runs.read(path)).wait(30)
    assert "utf8_mode=1" in process.printed(path)


@pytest.mark.parametrize(
    ("own", "given"),
    [
        ("", "glibc.malloc.hugetlb=1"),
        ("glibc.malloc.perturb=0", "glibc.malloc.perturb=0:glibc.malloc.hugetlb=1"),
        ("glibc.malloc.hugetlb=0", "glibc.malloc.hugetlb=0"),
    ],
)
def test_a_training_asks_for_huge_pages_unless_the_deployer_has_said_another_thing(
    server: Jobs, monkeypatch: pytest.MonkeyPatch, own: str, given: str
) -> None:
    path = ended(server)
    monkeypatch.setenv("GLIBC_TUNABLES", own)
    told = ["-c", "import os; print('given', os.environ['GLIBC_TUNABLES'])"]
    monkeypatch.setattr(process, "arguments", lambda run: told)
    process.start(runs.read(path)).wait(30)
    assert f"given {given}\n" in process.printed(path)


def test_a_deleted_run_counts_until_it_is_gone_for_good(server: Jobs) -> None:
    path = ended(server)
    (path / "large").write_bytes(bytes(3_000_000))
    trash = server.discard(path)
    server.limits = Limits(kept_runs=1)
    text = (
        r"^this server keeps 1 run, and so many are here \(1 of them deleted, but not for good\);"
    )
    with pytest.raises(LimitError, match=text):
        server.start(MODEL, TRAINING, "tiny")
    server.limits = Limits(disk=5)
    with pytest.raises(LimitError, match="they take 3, and this needs"):
        server.start(MODEL, TRAINING, "tiny")
    runs_folder.delete_for_good(trash)
    server.limits = Limits(kept_runs=1, disk=5)
    assert server.start(MODEL, TRAINING, "tiny").exists()


def test_what_was_in_the_trash_for_long_makes_room_for_a_training(server: Jobs) -> None:
    server.limits = Limits(kept_runs=1, trash_hours=0)
    trash = server.discard(ended(server))
    assert server.start(MODEL, TRAINING, "tiny").exists()
    assert not trash.path.exists()


def test_what_trainings_will_yet_take_of_the_disk_counts(server: Jobs) -> None:
    """Else all that are queued would fit, and together fill the disk."""
    server.limits = Limits(disk=7)
    started(server, 2)  # 2.5 MB each, in the end
    with pytest.raises(LimitError, match="may take 7 MB; they take 5, and this needs 2 more"):
        server.start(MODEL, TRAINING, "tiny")


def test_a_run_to_import_is_held_to_the_limits(server: Jobs) -> None:
    path = ended(server)
    (path / "large").write_bytes(bytes(3_000_000))
    for limits, text in [
        (Limits(upload=1), r"^this file has 2\.0 MB; this server takes 1$"),
        (Limits(kept_runs=1), "^this server keeps 1 run"),
        (Limits(disk=4), "^all runs on this server may take 4 MB; they take 3, and this needs 2 m"),
        (Limits(read_only=True), "^models are only shown on this server"),
    ]:
        with pytest.raises(LimitError, match=text):
            admission.check_import(server.root, limits, 2_000_000)
    admission.check_import(server.root, Limits(upload=2, kept_runs=2, disk=6), 2_000_000)
    with pytest.raises(LimitError, match=r"^all runs on this server may take 2 MB"):
        admission.check_imported(server.root, Limits(disk=2))


def test_runs_that_are_imported_at_once_are_not_too_many_together(server: Jobs) -> None:
    """Each was asked for before the other was there."""
    shutil.copytree(ended(server), server.root / "another")
    with pytest.raises(LimitError, match=r"^this server keeps 1 run, and so many are here; del"):
        admission.check_imported(server.root, Limits(kept_runs=1))
    admission.check_imported(server.root, Limits(kept_runs=2))


def test_visitors_runs_are_kept_so_long_and_then_wait_in_the_trash(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that nobody made in the app, and one that trains, stay."""
    path = ended(server)
    (path / runs.OWNER).touch()
    terminal = Path(shutil.copytree(path, server.root / "from-a-terminal"))
    (terminal / runs.OWNER).unlink()
    limits = Limits(keep_days=7, trash_hours=2)
    now = time.time()
    for days, there in [(6.9, ["ended", "from-a-terminal"]), (7.1, ["from-a-terminal"])]:
        monkeypatch.setattr(time, "time", lambda days=days: now + days * 86400)
        admission.tidy(server.root, limits)
        assert [run.name for run in runs.list_runs(server.root)] == there
    (trash,) = runs_folder.deleted(server.root)
    monkeypatch.setattr(time, "time", lambda: now + 7.1 * 86400 + 7100)
    admission.tidy(server.root, limits)
    assert trash.path.exists()
    monkeypatch.setattr(time, "time", lambda: now + 7.1 * 86400 + 7300)
    admission.tidy(server.root, replace(limits, read_only=True))
    assert trash.path.exists()
    admission.tidy(server.root, limits)
    assert not trash.path.exists()


def test_a_run_is_its_visitors_before_anything_begins_and_not_begun_if_it_cannot_be(
    server: Jobs,
) -> None:
    found: list[list[Path]] = []
    server.start(MODEL, TRAINING, "tiny", None, lambda path: found.append(list(path.iterdir())))
    assert found == [[]]

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device", str(path / "owner"))

    with pytest.raises(runs.RunError) as caught:
        server.start(MODEL, TRAINING, "tiny", None, full)
    assert str(caught.value) == (
        "the training cannot be started: No space left on device; free some space there, or "
        "delete a run for good"
    )
    assert len(list(server.root.iterdir())) == 1


def by_a_signal(name: str) -> str:
    return (
        f"{name} ended its process, most often as memory ran short: it was expected to take 900 "
        f"MB; {failures.LESS_MEMORY}; log.txt in its directory may say more"
    )


AVX = "instructions, but these aren't available on your machine."  # as TensorFlow says it
NO_AVX = (
    "this machine's processor lacks instructions that TensorFlow needs (AVX); train on another "
    "machine and import the run here"
)


@pytest.mark.parametrize(
    ("status", "log", "state", "said"),
    [
        (-9, "", "interrupted", by_a_signal("SIGKILL")),
        (-6, "", "interrupted", by_a_signal("SIGABRT")),
        (-11, "", "interrupted", by_a_signal("SIGSEGV")),
        (-7, "", "interrupted", by_a_signal("SIGBUS")),
        (137, "", "interrupted", by_a_signal("SIGKILL")),
        (134, "", "interrupted", by_a_signal("SIGABRT")),
        (-4, "", "failed", NO_AVX),
        (132, "", "failed", NO_AVX),
        (-6, AVX, "failed", NO_AVX),
        (-15, "", "interrupted", ""),
        (-1, "", "interrupted", ""),
        (1, "", "failed", "the training process ended with status 1; its log.txt says more"),
        (200, "", "failed", "the training process ended with status 200; its log.txt says more"),
    ],
)
def test_the_end_of_a_process_is_told_with_what_to_do(
    status: int, log: str, state: runs.State, said: str
) -> None:
    assert endings.of(status, log, 900.0) == (state, said)


def test_a_process_whose_log_ends_for_want_of_memory_is_told_so() -> None:
    state, said = endings.of(1, "MemoryError: Unable to allocate", 900.0)
    assert state == "failed"
    assert said.startswith("memory ran short: it was expected to take 900 MB; lower the batch size")


def test_only_what_the_last_process_of_a_run_printed_counts(server: Jobs) -> None:
    path = ended(server, state="stopped")
    (path / process.LOG).write_text("$ python -m vae\nMemoryError\n")
    server.resume(path)
    until_state(server, path, "training")
    end(path, status=1)
    until_state(server, path, "failed")
    assert runs.read(path).manifest.error.startswith("the training process ended with status 1")


def test_temporary_files_of_a_killed_training_are_removed(server: Jobs) -> None:
    (path,) = started(server, 1)
    (path / runs.TEMPORARY).mkdir()
    (path / runs.TEMPORARY / "__autograph_generated_file1.py").touch()
    Jobs(server.root)  # another server leaves those of one that lives
    assert (path / runs.TEMPORARY).exists()
    os.kill(process_id(path), signal.SIGKILL)
    until(lambda: not (path / runs.TEMPORARY).exists(), "they are gone")


def test_temporary_files_that_outlived_their_server_are_removed_by_the_next(
    tmp_path: Path,
) -> None:
    (tmp_path / "run" / runs.TEMPORARY / "folder").mkdir(parents=True)
    Jobs(tmp_path, Limits(read_only=True))
    assert (tmp_path / "run" / runs.TEMPORARY).exists()
    Jobs(tmp_path)
    assert not (tmp_path / "run" / runs.TEMPORARY).exists()


class _Unforeseen(Exception):
    """Nobody thought of this one."""


@pytest.mark.parametrize("step", ["_reap", "_advance", "_hold_to_limits", "_note_idleness"])
def test_an_unexpected_error_is_told_and_what_waits_still_starts(
    server: Jobs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    first, second = started(server, 2)

    def breaks() -> None:
        raise _Unforeseen("at /srv/secret/place")

    with monkeypatch.context() as broken:
        broken.setattr(server, step, breaks)
        until(lambda: server.trouble != "", "it is told")
        assert server.trouble == "_Unforeseen: at place"
        end(first)
        time.sleep(0.2)
    until_state(server, second, "training")
    until(lambda: server.trouble == "", "that is over")
    told = [r for r in caplog.records if r.exc_info and r.exc_info[0] is _Unforeseen]
    assert len(told) == 1  # not at every look


def test_a_run_that_cannot_be_begun_for_an_unexpected_reason_fails_and_the_next_one_trains(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = started(server, 3)
    usual = process.start

    def start(run: runs.Run) -> Any:
        if run.path == second:
            raise _Unforeseen("no")
        return usual(run)

    monkeypatch.setattr(process, "start", start)
    end(first)
    until_state(server, third, "training")
    assert server.state(second) == "failed"
    assert runs.read(second).manifest.error == "the training process could not be started: no"
    assert not runs.is_waiting(second)


def test_an_end_that_cannot_be_noted_still_gives_up_the_place(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = started(server, 2)

    def breaks(*_: Any) -> Any:
        raise _Unforeseen("no")

    monkeypatch.setattr(endings, "of", breaks)
    end(first, status=3)
    until_state(server, second, "training")
    assert not runs.is_waiting(first)
    assert server.state(first) == "interrupted"


def test_a_watch_that_cannot_begin_is_told_and_tried_again(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(self: Any) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as broken:
        broken.setattr(threading.Thread, "start", start)
        first, second = started(server, 2)
        assert server.trouble == "RuntimeError: can't start new thread"
    end(first)
    assert server.place(second) == 1  # a page looks, and so it is tried again
    until_state(server, second, "training")


def test_a_training_that_takes_longer_than_allowed_is_stopped(server: Jobs) -> None:
    (path,) = started(server, 1)
    server.limits = Limits(minutes=1)
    runs.write_manifest(path, replace(runs.read(path).manifest, seconds=61.0))
    until_state(server, path, "stopped")


def test_a_restarted_server_holds_the_training_that_it_finds_to_its_limits(
    orphans: tuple[Path, Path],
) -> None:
    running, _ = orphans
    restarted = Jobs(running.parent, Limits(minutes=1))
    runs.write_manifest(running, replace(runs.read(running).manifest, seconds=61.0))
    until_state(restarted, running, "stopped")


def test_a_drawing_waits_in_the_run_directory_for_its_training(server: Jobs) -> None:
    drawing = np.random.default_rng(0).random((28, 28), np.float32)
    path = server.start(MODEL, TRAINING, "tiny", drawing)
    np.testing.assert_array_equal(snapshots.read_drawing(path), drawing)
    with pytest.raises(ValueError, match=r"^the drawing has shape \(28,\)"):
        server.start(MODEL, TRAINING, "tiny", drawing[0])
    assert len(runs.list_runs(server.root)) == 1


def test_a_full_disk_is_said_when_a_training_is_to_start(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs, "write_manifest", full)
    with pytest.raises(runs.RunError, match=r"cannot be started: .*No space left on device"):
        server.start(MODEL, TRAINING, "tiny")
    assert list(server.root.iterdir()) == []


def test_another_server_can_ask_a_running_training_to_stop(server: Jobs) -> None:
    (path,) = started(server, 1)
    later = Jobs(server.root)
    later.stop(path)
    until_state(later, path, "stopped")


def test_a_training_gives_way_to_the_pages_and_ctrl_c_at_the_server_does_not_reach_it(
    server: Jobs,
) -> None:
    (path,) = started(server, 1)
    number = process_id(path)
    assert os.getpriority(os.PRIO_PROCESS, number) >= process.NICENESS > 0
    if sys.platform == "linux":
        assert os.sched_getscheduler(number) == os.SCHED_IDLE
    assert os.getsid(number) == number != os.getsid(0)


def read_back(arguments: list[str]) -> tuple[ModelConfig, TrainingConfig]:
    """What the command line makes of the arguments after `python`."""
    assert arguments[:3] == ["-m", "vae", "train"]
    return train._configs(parser().parse_args(arguments[2:]))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_command_trains_what_it_was_made_from(preset: str) -> None:
    model, training = PRESETS[preset].model, PRESETS[preset].training
    typed = command(model, training, preset, Path("/runs/one"))
    assert read_back(typed) == (model, training)
    parsed = parser().parse_args(typed[2:])
    assert (parsed.preset, parsed.out) == (preset, Path("/runs/one"))


def others(config: ModelConfig | TrainingConfig) -> dict[str, Any]:
    """For each option some value that is not this config's."""

    def other(value: Any, option: Option) -> Any:
        if option.choices:
            return next(choice for choice in option.choices if choice != value)
        if isinstance(value, tuple):
            return tuple(option.high for _ in value)
        return option.high if value != option.high else option.low

    return {name: other(getattr(config, name), o) for name, o in options(type(config)).items()}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_command_carries_every_option_that_differs_from_the_preset(preset: str) -> None:
    model = replace(PRESETS[preset].model, **others(PRESETS[preset].model))
    training = replace(PRESETS[preset].training, **others(PRESETS[preset].training))
    assert read_back(command(model, training, preset, Path("out"))) == (model, training)


def test_a_command_can_say_that_a_training_takes_all_images() -> None:
    few, everything = TrainingConfig(train_images=64), TrainingConfig(train_images=None)
    with_few = Preset("", ModelConfig(), few)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "tiny", with_few)
        assert read_back(command(MODEL, everything, "tiny", Path("out"))) == (MODEL, everything)


def test_a_command_for_a_terminal_is_short_and_trains_the_same_elsewhere(tmp_path: Path) -> None:
    training = replace(PRESETS["tiny"].training, epochs=3, train_images=None)
    run = runs.Run(tmp_path / "mine", runs.Manifest("tiny", PRESETS["tiny"].model, training))
    typed = command_of(run)
    assert typed == (
        "python -m vae train --preset tiny --out runs/mine-again --epochs 3 --train-images all"
    )
    assert read_back(shlex.split(typed)[1:]) == (PRESETS["tiny"].model, training)
    unknown = replace(run.manifest, preset="of another version")
    typed = command_of(runs.Run(run.path, unknown))
    assert read_back(shlex.split(typed)[1:]) == (PRESETS["tiny"].model, training)


@pytest.mark.parametrize("number", [1e-6, 0.1, 1 / 30, 0.01 + 0.02])
def test_a_command_carries_numbers_exactly(number: float) -> None:
    training = TrainingConfig(learning_rate=number)
    _, found = read_back(command(MODEL, training, "baseline", Path("out")))
    assert found.learning_rate == number


def test_watching_trainings_needs_no_tensorflow() -> None:
    program = (
        "import sys, vae.jobs; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


@pytest.mark.long
@pytest.mark.timeout(180)
def test_a_training_begun_by_the_server_ends_with_a_model_and_a_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("VAE_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # no cache, nor a network
    server = Jobs(tmp_path / "runs")
    path = server.start(MODEL, TRAINING, "tiny")
    until(lambda: server.state(path) not in runs.ALIVE, "the training ends")
    until(lambda: not runs.is_locked(path), "the training lets go of its run")
    log = (path / "log.txt").read_text()
    assert server.state(path) == "finished", log
    run = runs.read(path)
    assert (run.manifest.model, run.manifest.training) == (MODEL, TRAINING)
    assert run.manifest.data["source"] == "the 5,000 embedded MNIST digits"
    assert run.manifest.data["train"] == 64
    assert set(runs.model_files(run)) == set(runs.MODEL_FILES)
    events, _ = runs.read_events(path)
    assert [event["event"] for event in events] == ["start", "progress", "epoch", "end"]
    assert events[-1]["state"] == "finished"
    assert "epoch   1/1" in log
