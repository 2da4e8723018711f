"""What each page weighs: `python -m benchmarks.first_visit`.

For each page a new visitor, who has nothing of the app yet, opens it, touches it, and comes back
to it: bytes on the wire, compressed, over the WebSocket and as files. Streamlit's own files, which
are the same for every app of its, are not counted.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from benchmarks import report, visitor
from benchmarks.server import serving
from benchmarks.visitors import PAGES

HEAD = ["page", "kB, first visit", "kB, first touch", "kB, again"]


async def measure(address: str, page: str) -> dict[str, float]:
    """Kilobytes of the first visit, of the first touch, and of the second visit of a page."""
    async with visitor.enter(address) as one:
        first = (await one.open(page)).received
        touch = await one.touch()
        await one.open(next(other for other in PAGES if other != page))
        again = (await one.open(page)).received
    return {"first": first / 1000, "touch": touch / 1000, "again": again / 1000}


def main(arguments: list[str] | None = None) -> dict[str, dict[str, float]]:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=PAGES)
    parser.add_argument("--write", action="store_true", help="JSON, and the table in the README")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "runs") as server:
        asyncio.run(measure(server.address, ""))  # the first visitor of a server runs it twice
        found = {
            page or "draw": asyncio.run(measure(server.address, page)) for page in options.pages
        }
    lines = [[page, *(f"{value:,.0f}" for value in row.values())] for page, row in found.items()]
    report.tell("first_visit", found, report.table(HEAD, lines), options.write)
    return found


if __name__ == "__main__":
    main()
