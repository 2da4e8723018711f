"""How fast trainings are, side by side: `python -m benchmarks.training_speed --data MNIST`.

Images a second of this project, of the same networks in plain Keras `fit`, and in PyTorch (left out
where it is not installed: benchmarks/requirements.txt), for `baseline` and `best`: in turn, each in
a process of its own. `--quality` measures the seconds until a model of two dimensions is as good as
Keras' example of a VAE ends, by this project and by that example's own recipe: until it is there,
or ten times as long has passed.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
from importlib import import_module
from typing import cast

from benchmarks import report
from vae import data
from vae.jobs import process
from vae.presets import PRESETS

SOONER = 10  # times, at least: the goal
KINDS = {"ours": "ours", "Keras fit": "keras_fit", "PyTorch": "pytorch"}


def main() -> None:
    """Measure, and print the table; of time to quality, the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a folder with MNIST; else what training would find")
    parser.add_argument("--presets", nargs="+", default=["baseline", "best"], choices=PRESETS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--quality", metavar="PRESET", choices=PRESETS)
    parser.add_argument("--write", action="store_true", help="JSON, and the table in the README")
    parser.add_argument("--measure", choices=[*KINDS, "example"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(_measured(given)))
    elif given.quality:
        _print_quality(given)
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
    return kind.images_per_second(preset, splits.train.images, given.seconds)


def _in_a_process(given: argparse.Namespace, kind: str, *arguments: str) -> object:
    command = [sys.executable, "-m", "benchmarks.training_speed", "--measure", kind, *arguments]
    if given.data:
        command += ["--data", given.data]
    answer = subprocess.run(
        command,
        env=process.environment() if kind == "ours" else None,  # others start as people start them
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return json.loads(answer.stdout)


def _print_speed(given: argparse.Namespace) -> None:
    kinds = [k for k in KINDS if k != "PyTorch" or importlib.util.find_spec("torch")]
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
