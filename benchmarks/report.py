"""What a benchmark says: a table to read and JSON to compute with, both naming the hardware.

`--write` puts the JSON into benchmarks/results/ and the table into benchmarks/README.md, between
the two comments that name the benchmark.
"""

import json
import os
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def hardware() -> str:
    """The processor, how many of its cores are ours, and Python's version, in words."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    name = next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown")
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {name}, Python {sys.version.split()[0]}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread(values: Sequence[float], digits: int = 0) -> str:
    """The median of some repeats, and where there are several their range."""
    middle = f"{statistics.median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def tell(name: str, results: Any, shown: str, write: bool, folder: Path = FOLDER) -> None:
    """Print a benchmark's table, and keep it and its results if that is wanted."""
    told = f"{shown}\n\n{hardware()}; {date.today():%Y-%m-%d}."
    print(told)
    if write:
        (folder / "results").mkdir(exist_ok=True)
        content = {"hardware": hardware(), "date": f"{date.today()}", "results": results}
        (folder / "results" / f"{name}.json").write_text(
            json.dumps(content, indent=1) + "\n", encoding="utf-8"
        )
        readme = folder / "README.md"
        readme.write_text(
            _replaced(readme.read_text(encoding="utf-8"), name, told), encoding="utf-8"
        )


def _replaced(text: str, name: str, told: str) -> str:
    """The text with what stands between a benchmark's two comments replaced.

    Raises:
        ValueError: the comments are not there.
    """
    first, last = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    if first not in text or last not in text:
        raise ValueError(f"README.md has no place between {first.strip()} and {last.strip()}")
    return re.sub(
        f"{re.escape(first)}.*?{re.escape(last)}",
        lambda _: f"{first}{told}{last}",
        text,
        flags=re.DOTALL,
    )
