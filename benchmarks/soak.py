"""Whether memory stays flat: `python -m benchmarks.soak`.

New visitors, a few at a time and without a pause, walk through all pages of one server, each page
with another of many models (copies of `map`, which share nothing). What the server holds is noted
after each tenth of the visits.
"""

import argparse
import asyncio
import shutil
import tempfile
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks import report, visitor
from benchmarks.server import Server, serving
from benchmarks.visitors import PAGES
from vae import runs

TENTHS = 10


async def tour(address: str, models: list[str]) -> list[str]:
    """A new visitor on each page, with one of these models each: the errors it met."""
    errors = []
    async with visitor.enter(address) as one:
        for page, model in zip(PAGES, models, strict=True):
            try:
                await one.open(page, model=model)
            except visitor.VisitError as error:
                errors.append(f"{page} of {model}: {error}")
    return errors


def visits_of(visits: int, at_once: int) -> int:
    """The next number of visits that is made of whole tours of so many at once."""
    tour = len(PAGES) * at_once
    return max(1, -(-visits // tour)) * tour


async def tours(site: Server, visits: int, at_once: int, names: "cycle[str]") -> list[str]:
    """So many visits, or a few more to make the last tours whole: the errors they met."""
    errors: list[str] = []
    for _ in range(visits_of(visits, at_once) // (len(PAGES) * at_once)):
        walks = [tour(site.address, list(islice(names, len(PAGES)))) for _ in range(at_once)]
        errors += [error for met in await asyncio.gather(*walks) for error in met]
    return errors


def measure(visits: int, at_once: int, models: int) -> list[dict[str, Any]]:
    """A row for each tenth of the visits."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "runs") as site:
        names = [f"map-{i}" for i in range(models)]
        for name in names:
            shutil.copytree(runs.SHIPPED / "map", site.runs / name)
        turn, rows = cycle(names), []
        for tenth in range(1, TENTHS + 1):
            errors = asyncio.run(tours(site, visits // TENTHS, at_once, turn))
            done = tenth * visits_of(visits // TENTHS, at_once)
            rows.append({"visits": done, "megabytes": site.megabytes(), "errors": errors})
    return rows


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=4, help="visitors at the same time")
    parser.add_argument("--models", type=int, default=50)
    parser.add_argument("--write", action="store_true", help="JSON, and the table in the README")
    options = parser.parse_args(arguments)
    rows = measure(options.visits, options.at_once, options.models)
    lines = [
        [f"{row['visits']:,}", f"{row['megabytes']:,.0f}", str(len(row["errors"]))] for row in rows
    ]
    report.tell("soak", rows, report.table(["visits", "MB", "errors"], lines), options.write)
    return rows


if __name__ == "__main__":
    main()
