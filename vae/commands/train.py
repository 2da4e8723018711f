"""`train`: a model into a run directory, with what is heard from it on the way."""

import argparse
import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from vae import data, failures, runs, training_cost
from vae.commands import progress
from vae.config import ModelConfig, TrainingConfig, options
from vae.jobs import process
from vae.presets import PRESETS


def add_to(commands: Any) -> None:
    """Add the command, with a flag for each option."""
    train = commands.add_parser("train", help="train a model into a run directory")
    train.add_argument("--out", type=Path, required=True, help="the run directory")
    train.add_argument("--preset", choices=PRESETS, default="map", help="default: map")
    train.add_argument("--data", type=Path, help="a folder with MNIST")
    train.add_argument(
        "--resume",
        action="store_true",
        help="go on from the last epoch in --out; with more --epochs a cosine schedule is laid "
        "anew over all of them, so the learning rate first rises again",
    )
    train.add_argument(
        "--dry-run",
        action="store_true",
        help="only print the config and what it will take; nothing is read, trained or written",
    )
    for config in (ModelConfig, TrainingConfig):
        for name, option in options(config).items():
            train.add_argument(
                f"--{name.replace('_', '-')}", help=option.help, **_kind(config, name)
            )
    train.set_defaults(run_command=_train)


def _kind(config: type, name: str) -> dict[str, Any]:
    """How argparse reads one option."""
    option = options(config)[name]
    if option.choices:
        return {"choices": option.choices}
    kind = float if isinstance(option.low, float) else int
    declared = next(f for f in fields(config) if f.name == name)
    if declared.default is None:
        return {"type": _count_or_all, "metavar": "N|all"}
    if not isinstance(declared.default, tuple):
        return {"type": kind}
    return {"type": kind, "nargs": "+" if declared.default else "*"}  # none where none is allowed


def _count_or_all(text: str) -> int | str:
    if text == "all" or text.isdecimal():
        return text if text == "all" else int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number nor all")


def _configs(parsed: argparse.Namespace) -> tuple[ModelConfig, TrainingConfig]:
    """The preset, or with --resume the run's own configs, with what the command line changes."""
    manifest = runs.read(parsed.out).manifest if parsed.resume else None
    start = manifest or PRESETS[parsed.preset]
    base_model, base_training = start.model, start.training
    model = replace(base_model, **_given(parsed, ModelConfig))
    training = replace(base_training, **_given(parsed, TrainingConfig))
    if manifest is not None:
        _check_resumption(manifest, model, training)
    return model, training


def _check_resumption(
    manifest: runs.Manifest, model: ModelConfig, training: TrainingConfig
) -> None:
    if manifest.diverged:
        raise ValueError(f"{manifest.error}; --resume would only repeat it")
    if replace(training, epochs=manifest.training.epochs) != manifest.training:
        raise ValueError(
            "--resume goes on as the run began; of the options only --epochs may change"
        )
    if model != manifest.model:
        raise ValueError("--resume cannot change the model; leave the model's options out")
    changed = training.epochs != manifest.training.epochs
    if changed and training.epochs <= manifest.epochs_done:
        raise ValueError(
            f"the run has done {manifest.epochs_done} epochs; give --epochs more than that"
        )


def _holds_a_run(path: Path) -> bool:
    """Whether something was trained there; a queued run is only a manifest so far."""
    return any((path / name).exists() for name in ("checkpoint.npz", *runs.MODEL_FILES))


def _given(parsed: argparse.Namespace, config: type) -> dict[str, Any]:
    given = {name: getattr(parsed, name) for name in options(config)}
    return {n: None if value == "all" else value for n, value in given.items() if value is not None}


def _train(parsed: argparse.Namespace, console: Console) -> int:
    model, training = _configs(parsed)
    if not parsed.resume and _holds_a_run(parsed.out):
        raise ValueError(f"{parsed.out} holds a run already; add --resume or choose another --out")
    if parsed.dry_run:
        return _expect(parsed, model, training, console)
    if parent := os.environ.get(process.PARENT):
        _end_with(parent)
    with runs.locked(parsed.out), _failure_noted(parsed.out):
        # A new run has no old request, only one that came while this started; and a server that
        # resumes a run has cleared it.
        if parsed.resume and not runs.is_waiting(parsed.out):
            runs.clear_request(parsed.out)
        with progress.bar(console) as bar:
            splits = progress.load(parsed.data, training.train_images, bar)
        _print_config(model, training, console)
        note = f" ({splits.note})" if splits.note else ""
        console.print(f"data: {splits.source}; {len(splits.train):,} training images{note}")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        from vae.training.loop import (  # TensorFlow: seconds, and only needed here
            TrainingError,
            train,
        )

        gc.freeze()  # each export collects garbage: spare it what was loaded
        stop = _stop_on_signals()
        try:
            with progress.bar(console) as bar:
                run = train(
                    model,
                    training,
                    splits,
                    parsed.out,
                    preset="" if parsed.resume else parsed.preset,
                    resume=parsed.resume,
                    emit=_Printer(console, bar),
                    should_stop=lambda: stop.is_set() or runs.requested(parsed.out) == "stop",
                    should_pause=lambda: runs.requested(parsed.out) == "pause",
                )
        except TrainingError as error:
            console.print(f"error: {error}", style="red")
            return 1
    console.print(f"{run.manifest.state}: {run.path}, best epoch {run.manifest.best_epoch}")
    return 0


def _print_config(model: ModelConfig, training: TrainingConfig, console: Console) -> None:
    console.print_json(data={"model": model.to_json(), "training": training.to_json()})


def _expect(
    parsed: argparse.Namespace, model: ModelConfig, training: TrainingConfig, console: Console
) -> int:
    """Print the config, and what it will take on this machine."""
    _print_config(model, training, console)
    known = runs.list_runs(*{parsed.out.resolve().parent, runs.own_root().resolve()})
    cost = training_cost.estimate(model, training, data.TRAIN_IMAGES, known)
    done = runs.read(parsed.out).manifest.epochs_done if parsed.resume else 0
    seconds = cost.seconds - done * cost.epoch_seconds
    console.print(f"data: {parsed.data or data.expected_source()}")
    console.print(
        f"estimate: {seconds / 60:.1f} minutes for {training.epochs - done} epochs of "
        f"{cost.epoch_seconds:.1f} s, {cost.megabytes:,.0f} MB of memory, "
        f"{cost.parameters:,} weights"
    )
    return 0


@contextmanager
def _failure_noted(path: Path) -> Iterator[None]:
    """Note in the run, if there is one yet, why its training could not even begin."""
    try:
        yield
    except (data.DataError, runs.RunError, OSError, MemoryError, ImportError) as error:
        runs.note_failure(path, failures.words(error))
        raise


def _end_with(parent: str) -> None:
    """End when the process of this number does, which started this one; it watches from a thread.

    A worker that dies leaves no training behind: another takes it up from its checkpoint.
    """

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _stop_on_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set; a second Ctrl-C ends the process at once."""
    stop = threading.Event()

    def ask(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.default_int_handler)

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return stop


class _Printer:
    """Prints training events: a bar for the steps, a line for an epoch."""

    def __init__(self, console: Console, bar: Progress) -> None:
        self._console = console
        self._bar = bar
        self._steps_per_epoch = 0
        self._epochs = 0

    def __call__(self, event: dict[str, Any]) -> None:
        if event["event"] == "start":
            self._epochs, self._steps_per_epoch = event["epochs"], event["steps_per_epoch"]
            self._task = self._bar.add_task("training", total=self._epochs * self._steps_per_epoch)
        elif event["event"] == "progress":
            self._bar.update(
                self._task, completed=event["step"], description=f"loss {event['loss']:.2f}"
            )
        elif event["event"] == "epoch":
            self._console.print(
                f"epoch {event['epoch']:>3}/{self._epochs}  "
                f"train {_terms(event['train'])}  validation {_terms(event['validation'])}  "
                f"{event['seconds']:.1f} s  {event['images_per_second']:,.0f} images/s"
            )


def _terms(losses: dict[str, float]) -> str:
    return (
        f"loss {losses['loss']:.2f} "
        f"(reconstruction {losses['reconstruction_loss']:.2f} + KL {losses['kl_divergence']:.2f})"
    )
