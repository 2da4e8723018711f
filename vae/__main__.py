"""The command line: `python -m vae COMMAND`, as train, evaluate or runs."""

import argparse
import os
import sys

# One BLAS thread: on busy cores, two wait for each other longer than they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from rich.console import Console

from vae import data, failures, results, runs
from vae.commands import folder, measure, train
from vae.jobs import process


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status is 0 if it did what it should."""
    parsed = parser().parse_args(arguments)
    console = Console(stderr=parsed.command != "train", soft_wrap=True, markup=False, emoji=False)
    try:
        return parsed.run_command(parsed, console)
    except (data.DataError, runs.RunError, results.ResultsError, ValueError, OSError) as error:
        console.print(f"error: {error}", style="red")
    except MemoryError as error:
        console.print(f"error: {failures.words(error)}", style="red")
    return 2


def parser() -> argparse.ArgumentParser:
    """What each command takes; `run_command` of what is parsed carries it out."""
    parser = argparse.ArgumentParser(prog="python -m vae", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train.add_to(commands)
    measure.add_to(commands)
    folder.add_to(commands)
    return parser


if __name__ == "__main__":
    if sys.argv[1:2] == ["train"]:
        process.begin_anew()
    sys.exit(main())
