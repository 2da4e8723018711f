"""How fast trainings are, side by side: `python -m benchmarks.training_speed --data MNIST`.

Images a second of this project, also in bfloat16 (`--precision`; left out where the processor lacks
it), of the same networks in plain Keras `fit`, and in PyTorch (left out where it is not installed:
benchmarks/requirements.txt), for `baseline` and `best`: in turn, each in a process of its own.
`--quality` measures the seconds until a model of two dimensions is as good as Keras' example of a
VAE ends, by this project and by that example's own recipe: until it is there, or ten times as long
has passed. `--profile` tells what the operations of a step take.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import cast

from benchmarks import report
from vae import data
from vae.jobs import process
from vae.presets import PRESETS

SOONER = 10  # times, at least: the goal
BFLOAT16 = "ours in bfloat16"
OPERATIONS = 20  # rows of a profile
KINDS = {"ours": "ours", BFLOAT16: "ours", "Keras fit": "keras_fit", "PyTorch": "pytorch"}


def main() -> None:
    """Measure, and print the table; of time to quality, the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a folder with MNIST; else what training would find")
    parser.add_argument("--presets", nargs="+", default=["baseline", "best"], choices=PRESETS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--quality", metavar="PRESET", choices=PRESETS)
    parser.add_argument("--profile", action="store_true", help="of a step, by operation")
    parser.add_argument("--write", action="store_true", help="JSON, and the table in the README")
    parser.add_argument("--measure", choices=[*KINDS, "example"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(_measured(given)))
    elif given.quality:
        _print_quality(given)
    elif given.profile:
        _print_profile(given)
    else:
        _print_speed(given)


def _measured(given: argparse.Namespace) -> object:
    splits = data.load(given.data)
    if given.quality:
        from benchmarks.training_speed import quality

        if given.measure == "example":
            return quality.example(splits, given.seconds)
        return quality.ours(PRESETS[given.quality], splits)
    kind = import_module(f"benchmarks.training_speed.{KINDS[given.measure]}")
    preset = PRESETS[given.presets[0]]
    if given.measure == BFLOAT16:
        preset = replace(preset, training=replace(preset.training, precision="bfloat16"))
    if given.profile:
        from benchmarks.training_speed import profile

        profile.one_at_a_time()
        plain = KINDS[given.measure] == "keras_fit"
        return profile.of_step(preset, splits.train.images, plain)
    return kind.images_per_second(preset, splits.train.images, given.seconds)


def _has_bfloat16() -> bool:
    """Whether the processor computes it, as Linux tells."""
    told = Path("/proc/cpuinfo")
    return told.exists() and "bf16" in told.read_text(encoding="utf-8")


def _in_a_process(given: argparse.Namespace, kind: str, *arguments: str) -> object:
    command = [sys.executable, "-m", "benchmarks.training_speed", "--measure", kind, *arguments]
    if given.data:
        command += ["--data", given.data]
    answer = subprocess.run(
        command,
        # others start as people start them
        env=process.environment() if KINDS.get(kind) == "ours" else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return json.loads(answer.stdout)


def _kinds() -> list[str]:
    """What can be measured here."""
    lacking = {BFLOAT16: not _has_bfloat16(), "PyTorch": not importlib.util.find_spec("torch")}
    return [kind for kind in KINDS if not lacking.get(kind)]


def _print_speed(given: argparse.Namespace) -> None:
    kinds = _kinds()
    found: dict[str, dict[str, list[float]]] = {}
    for name in given.presets:
        speeds: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(given.repeats):
            for kind in kinds:
                options = ["--presets", name, "--seconds", str(given.seconds)]
                speeds[kind].append(float(str(_in_a_process(given, kind, *options))))
        found[name] = speeds
    lines = [[f"`{name}`", *map(report.spread, speeds.values())] for name, speeds in found.items()]
    shown = report.table(["images a second", *kinds], lines)
    report.tell("training_speed", found, shown, given.write)


def _print_profile(given: argparse.Namespace) -> None:
    kinds = [kind for kind in _kinds() if kind != "PyTorch"]
    found: dict[str, list[dict[str, float]]] = {}
    for name in given.presets:
        options = ["--presets", name, "--profile"]
        for _ in range(given.repeats):
            for kind in kinds:
                told = cast(dict[str, float], _in_a_process(given, kind, *options))
                found.setdefault(f"`{name}`, {kind}", []).append(told)
    columns = [_medians(several) for several in found.values()]
    every = sum(columns, Counter())
    lines = [
        [operation, *(f"{column[operation]:.1f}" for column in columns)]
        for operation, _ in every.most_common(OPERATIONS)
    ]
    shown = report.table(["milliseconds", *found], lines)
    report.tell("training_profile", found, shown, given.write)


def _medians(several: list[dict[str, float]]) -> Counter[str]:
    """Of what each of some measurements told by name; 0 where one did not tell it."""
    names = {name for told in several for name in told}
    return Counter(
        {name: statistics.median(told.get(name, 0.0) for told in several) for name in names}
    )


def _print_quality(given: argparse.Namespace) -> None:
    quality = ["--quality", given.quality]
    ours = [float(str(_in_a_process(given, "ours", *quality))) for _ in range(given.repeats)]
    longest = [*quality, "--seconds", str(SOONER * max(ours))]
    seconds, losses = cast(tuple[float, list[float]], _in_a_process(given, "example", *longest))
    found = {given.quality: ours, "example": {"seconds": seconds, "losses": losses}}
    head = ["seconds", f"`{given.quality}`, ours", "Keras' example", "its loss then"]
    line = ["until 146.95 nats", report.spread(ours), f"{seconds:,.0f}", f"{losses[-1]:.2f}"]
    report.tell("quality", found, report.table(head, [line]), given.write)


if __name__ == "__main__":
    main()
