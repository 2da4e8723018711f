"""Where the memory goes: `python -m benchmarks.memory`.

What the server's process holds before anybody has come, after a first visitor's first visit of
each page, and after a second tour; and what Streamlit takes by itself, for a page that shows a
table and nothing else.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import report, visitor
from benchmarks.server import ROOT, Server, serving
from benchmarks.visitors import PAGES

TABLE = 'import streamlit as st\nst.dataframe({"x": [1, 2, 3]})\n'


async def tour(site: Server, pages: tuple[str, ...]) -> list[dict[str, Any]]:
    """What the server holds after each page of a new visitor's."""
    rows = []
    async with visitor.enter(site.address) as one:
        for page in pages:
            await one.open(page)
            rows.append({"after": page or "draw", "megabytes": site.megabytes()})
    return rows


def measured(script: Path, pages: tuple[str, ...], tours: int) -> list[dict[str, Any]]:
    """What a server of this script holds: a row before anybody comes, then one a page."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "runs", script) as site:
        rows = [{"after": "start", "megabytes": site.megabytes()}]
        for _ in range(tours):
            rows += asyncio.run(tour(site, pages))
    return rows


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="JSON, and the table in the README")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.py"
        table.write_text(TABLE, encoding="utf-8")
        bare = {**measured(table, ("",), 1)[-1], "after": "Streamlit and a table, no app"}
    rows = measured(ROOT / "streamlit_app.py", PAGES, 2)
    first, second = rows[: 1 + len(PAGES)], {**rows[-1], "after": "a second visitor's tour"}
    rows = [bare, *first, second]
    lines = [[row["after"], f"{row['megabytes']:,.0f}"] for row in rows]
    report.tell("memory", rows, report.table(["after", "MB"], lines), options.write)
    return rows


if __name__ == "__main__":
    main()
