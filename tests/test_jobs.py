"""Training processes: queued, one at a time, stopped, and told apart when they die."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from vae import __main__ as command_line
from vae import jobs, runs
from vae.config import PRESETS, ModelConfig, Option, Preset, TrainingConfig, options
from vae.jobs import Jobs, command

ROOT = Path(__file__).parents[1]
PATIENCE = 120.0  # seconds; the machine may be busy
GOING = ("queued", "starting", "training")
MODEL = ModelConfig(encoder_units=(16,), decoder_units=(16,), decoder_channels=(4, 4))
TRAINING = TrainingConfig(epochs=1, batch_size=64, train_images=64)

# In place of a training: locks its run and says "training", as the real one does, then waits for
# a stop request or for a file `end`, which holds the status to exit with.
STAND_IN = f"""
import os, sys, time
from dataclasses import replace
from pathlib import Path
from vae import runs

path = Path(sys.argv[1])

def say(state):
    runs.write_manifest(path, replace(runs.read(path).manifest, state=state))

with runs.locked(path):
    (path / "pid").write_text(str(os.getpid()))
    say("training")
    print("the stand-in trains", flush=True)
    deadline = time.monotonic() + {PATIENCE}
    while time.monotonic() < deadline:
        time.sleep(0.02)
        if runs.stop_requested(path):
            say("stopped")
            break
        if (path / "end").exists():
            status = int((path / "end").read_text())
            if status == 0:
                say("finished")
            sys.exit(status)
"""


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
    monkeypatch.setattr(jobs, "command", lambda *arguments: ["-c", STAND_IN, str(arguments[-1])])
    server = Jobs(tmp_path / "runs")
    yield server
    found = [run.path for run in runs.list_runs(server.root)]
    for path in found:
        end(path)
    for path in found:
        until(lambda path=path: server.state(path) not in GOING, f"{path.name} has ended")


def test_the_run_is_there_when_start_returns(server: Jobs) -> None:
    path = server.start(MODEL, TRAINING, "tiny")
    manifest = runs.read(path).manifest
    assert path.parent == server.root
    assert (manifest.preset, manifest.model, manifest.training) == ("tiny", MODEL, TRAINING)
    assert server.state(path) in GOING
    assert [run.path for run in runs.list_runs(server.root)] == [path]


def test_a_training_is_starting_while_its_process_has_not_said_anything(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "import sys, time; from pathlib import Path; print('here', flush=True)\n"
        "while not Path(sys.argv[1], 'end').exists(): time.sleep(0.02)"
    )
    monkeypatch.setattr(jobs, "command", lambda *arguments: ["-c", program, str(arguments[-1])])
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
    process = process_id(first)
    shutil.rmtree(first)
    os.kill(process, signal.SIGKILL)
    until_state(server, second, "training")


def test_a_running_training_is_asked_to_stop_and_the_next_one_starts(server: Jobs) -> None:
    first, second = started(server, 2)
    server.stop(first)
    assert runs.stop_requested(first)
    until_state(server, second, "training")
    assert server.state(first) == "stopped"
    assert not runs.stop_requested(second)


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
        f"the training process ended with status 3; see log.txt in {first}"
    )
    assert (first / "log.txt").read_text() == "the stand-in trains\n"
    until_state(server, second, "training")


def test_a_process_that_is_killed_is_told_as_failed_with_the_signal(server: Jobs) -> None:
    (path,) = started(server, 1)
    os.kill(process_id(path), 9)
    until_state(server, path, "failed")
    assert "ended with status -9; see log.txt" in runs.read(path).manifest.error


def test_a_process_that_never_gets_to_train_is_told_as_failed_and_its_errors_are_in_the_log(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "command", lambda *_: ["-c", "raise SystemExit('no such luck')"])
    path = server.start(MODEL, TRAINING, "tiny")
    until_state(server, path, "failed")
    assert "ended with status 1; see log.txt" in runs.read(path).manifest.error
    assert (path / "log.txt").read_text() == "no such luck\n"


def test_what_a_failed_training_said_of_itself_is_kept(
    server: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = STAND_IN.split("with runs.locked")[0] + (
        "manifest = replace(runs.read(path).manifest, state='failed', error='the loss is nan')\n"
        "runs.write_manifest(path, manifest)\n"
        "sys.exit(1)"
    )
    monkeypatch.setattr(jobs, "command", lambda *arguments: ["-c", program, str(arguments[-1])])
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

    monkeypatch.setattr(jobs, "datetime", Noon)
    paths = [server.start(MODEL, TRAINING, preset) for preset in ("map", "map", "map", "tiny")]
    assert [path.name for path in paths] == [
        "map-20250203-120000",
        "map-20250203-120000-2",
        "map-20250203-120000-3",
        "tiny-20250203-120000",
    ]


def test_visitors_who_start_at_once_get_a_run_each_and_still_one_at_a_time(server: Jobs) -> None:
    with ThreadPoolExecutor(6) as visitors:
        asked = [visitors.submit(server.start, MODEL, TRAINING, "tiny") for _ in range(6)]
        paths = [future.result() for future in asked]
    assert len(set(paths)) == 6
    assert sorted(map(server.place, paths)) == [0, 1, 2, 3, 4, 5]
    assert sum((path / "log.txt").exists() for path in paths) == 1


def test_a_queued_run_whose_server_is_gone_is_interrupted_but_a_running_one_goes_on(
    server: Jobs,
) -> None:
    running, queued = started(server, 2)
    later = Jobs(server.root)
    assert server.state(queued) == "queued"
    assert later.state(queued) == "interrupted"
    assert later.state(running) == "training"
    assert later.place(queued) == 0


def test_another_server_can_ask_a_running_training_to_stop(server: Jobs) -> None:
    (path,) = started(server, 1)
    later = Jobs(server.root)
    later.stop(path)
    until_state(later, path, "stopped")


def test_a_training_gives_way_to_the_pages_and_ctrl_c_at_the_server_does_not_reach_it(
    server: Jobs,
) -> None:
    (path,) = started(server, 1)
    process = process_id(path)
    assert os.getpriority(os.PRIO_PROCESS, process) >= jobs.NICENESS > 0
    assert os.getsid(process) == process != os.getsid(0)


def read_back(arguments: list[str]) -> tuple[ModelConfig, TrainingConfig]:
    """What the command line makes of the arguments after `python`."""
    assert arguments[:3] == ["-m", "vae", "train"]
    return command_line._configs(command_line._parser().parse_args(arguments[2:]))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_command_trains_what_it_was_made_from(preset: str) -> None:
    model, training = PRESETS[preset].model, PRESETS[preset].training
    arguments = command(model, training, preset, Path("/runs/one"))
    assert read_back(arguments) == (model, training)
    parsed = command_line._parser().parse_args(arguments[2:])
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


@pytest.mark.timeout(180)
def test_a_training_begun_by_the_server_ends_with_a_model_and_a_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("VAE_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))  # no cache, nor place to download to
    server = Jobs(tmp_path / "runs")
    path = server.start(MODEL, TRAINING, "tiny")
    until(lambda: server.state(path) not in GOING, "the training ends")
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
