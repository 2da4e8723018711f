"""A series: runs that differ in the value of one option, and in nothing else."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae.runs import Run

SHIPPED = Path(__file__).parents[1] / "assets" / "beta"
"""A series over the weight of the KL divergence; `python -m benchmarks.beta` makes it."""

NAMES = {"kl_weight": "β"}
"""Options that have a shorter name in the field."""


@dataclass(frozen=True)
class Series:
    """At least two runs, by the value of the option in which they differ, ascending."""

    option: str
    runs: tuple[Run, ...]

    @property
    def name(self) -> str:
        """What the option is called."""
        return NAMES.get(self.option, self.option.replace("_", " "))

    @property
    def values(self) -> list[str]:
        """The option's value in each run, as text."""
        return [_text(_options(run)[self.option]) for run in self.runs]


def find(runs: Iterable[Run]) -> list[Series]:
    """All series among runs that were trained on the same data, the longest first.

    Of runs that do not differ at all, the first stands for the others.
    """
    groups: defaultdict[tuple[str, Any], dict[Any, Run]] = defaultdict(dict)
    for run in runs:
        options, data = _options(run), run.manifest.data
        for option, value in options.items():
            others = tuple((name, kept) for name, kept in options.items() if name != option)
            same = (option, (others, data.get("sha256"), data.get("train")))
            groups[same].setdefault(value, run)
    found = [
        Series(option, tuple(by_value[value] for value in sorted(by_value, key=_order)))
        for (option, _), by_value in groups.items()
        if len(by_value) > 1
    ]
    return sorted(found, key=lambda series: -len(series.runs))


def _options(run: Run) -> dict[str, Any]:
    """All options of a run by name. Values are plain, or tuples of numbers."""
    manifest = run.manifest
    return {**vars(manifest.model), **vars(manifest.training)}


def _order(value: Any) -> tuple[int, Any]:
    """Numbers by size; layers by how many and how wide; None, which stands for all, last."""
    if isinstance(value, int | float):
        return (0, value)
    return (2, 0) if value is None else (1, (len(value), value))


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "none"
    return "all" if value is None else str(value)
