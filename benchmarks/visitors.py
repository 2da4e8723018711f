"""How long pages take while many look at them: `python -m benchmarks.visitors`.

Each visitor walks through all pages in turn, over a real WebSocket, touches each, so that its
networks come, and thinks for two seconds before the next. Each number of visitors has a server of
its own, on which one visitor has been everywhere before. The numbers take turns, and so do a server
that trains a model meanwhile (`--training`) and one that does not. `--servers 1 2` measures one
server, and two behind the proxy of deploy/Caddyfile. The visitors run on the same cores as the
servers.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
from websockets.exceptions import WebSocketException

from benchmarks import proxy, report, visitor
from benchmarks.server import Server, serving
from vae import runs
from vae.jobs import Jobs
from vae.presets import PRESETS

PAGES = ("", "latent_space", "generate", "morph", "compare", "train", "how_it_works")
HEAD = ("visitors", "median, ms", "95 %, ms", "pages", "errors", "server's CPU, ms a page",
        "kB, first visit", "kB, first touch", "kB, again", "MB after one tour", "MB")  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """One page for one visitor."""

    page: str
    milliseconds: float
    received: int  # bytes
    first: bool  # of this visitor on this page
    touched: int = 0  # bytes, once the page was touched
    error: str = ""


async def walk(address: str, start: int, seconds: float, wait: float, think: float) -> list[Visit]:
    """One visitor: all pages in turn from page `start` on; at least each of them once."""
    visits: list[Visit] = []
    await asyncio.sleep(wait)
    end = time.perf_counter() + seconds
    try:
        cookie = await asyncio.to_thread(proxy.cookie, address)
        async with visitor.enter(address, cookie) as one:
            while time.perf_counter() < end or len(visits) < len(PAGES):
                page = PAGES[(start + len(visits)) % len(PAGES)]
                visits.append(await _visit(one, page, len(visits) < len(PAGES)))
                await asyncio.sleep(think)
    except (OSError, WebSocketException) as error:  # the session is gone: this visitor gives up
        visits.append(Visit("", 0, 0, False, error=f"{type(error).__name__}: {error}"))
    return visits


async def _visit(one: visitor.Visitor, page: str, first: bool) -> Visit:
    try:
        shown = await one.open(page)
    except visitor.VisitError as error:
        return Visit(page, 0, 0, first, error=str(error))
    touched = await one.touch()
    return Visit(page, 1000 * shown.seconds, shown.received, first, touched)


@dataclass(frozen=True)
class Site:
    """One server, or several behind a proxy."""

    address: str
    servers: list[Server]

    def cpu_seconds(self) -> float:
        """What all servers have used of the processors so far."""
        return sum(server.cpu_seconds() for server in self.servers)

    def megabytes(self) -> float:
        """The memory that all servers hold now."""
        return sum(server.megabytes() for server in self.servers)


@contextmanager
def site(folder: Path, servers: int = 1) -> Iterator[Site]:
    """So many servers with one folder of runs; behind a proxy where there are several."""
    with ExitStack() as stack:
        all_of_them = [stack.enter_context(serving(folder / "runs")) for _ in range(servers)]
        address = all_of_them[0].address
        if servers > 1:
            hosts = [server.address.removeprefix("http://") for server in all_of_them]
            address = stack.enter_context(proxy.proxied(hosts, folder))
        yield Site(address, all_of_them)


async def load(site: Site, visitors: int, seconds: float, think: float) -> dict[str, Any]:
    """What so many visitors meet in so many seconds."""
    cpu, dice = site.cpu_seconds(), random.Random(0)
    walks = [walk(site.address, i, seconds, dice.uniform(0, think), think) for i in range(visitors)]
    visits = [visit for walked in await asyncio.gather(*walks) for visit in walked]
    cpu = site.cpu_seconds() - cpu
    row = {"visitors": visitors, "servers": len(site.servers), "cpu_ms": 1000 * cpu / len(visits)}
    return row | summary(visits)


def summary(visits: list[Visit]) -> dict[str, Any]:
    """The figures of some visits: times in milliseconds, kilobytes on the wire."""
    good = [visit for visit in visits if not visit.error]
    middle, slow = np.quantile([visit.milliseconds for visit in good] or [np.nan], (0.5, 0.95))
    by_page = {
        page or "draw": median(times)
        for page in PAGES
        if (times := [visit.milliseconds for visit in good if visit.page == page])
    }
    return {
        "pages": len(good),
        "median": float(middle),
        "p95": float(slow),
        "errors": [visit.error for visit in visits if visit.error],
        "kilobytes_first": _kilobytes(visit.received for visit in good if visit.first),
        "kilobytes_touched": _kilobytes(visit.touched for visit in good if visit.first),
        "kilobytes_again": _kilobytes(
            visit.received + visit.touched for visit in good if not visit.first
        ),
        "median_by_page": by_page,
    }


def _kilobytes(received: Iterable[int]) -> float:
    """The mean of some bytes."""
    return fmean(list(received) or [0]) / 1000


@contextmanager
def training(root: Path) -> Iterator[None]:
    """A training in this folder of runs, in its epochs from the first moment to the last."""
    preset, jobs = PRESETS["map"], Jobs(root)
    path = jobs.start(preset.model, replace(preset.training, epochs=1000), "map")
    try:
        while not any(event["event"] == "progress" for event in runs.read_events(path)[0]):
            if jobs.state(path) not in runs.ALIVE:
                raise RuntimeError(f"the training ended: {runs.read(path).manifest.error}")
            time.sleep(0.2)
        yield
    finally:
        jobs.stop(path)
        while jobs.state(path) in runs.ALIVE:
            time.sleep(0.2)


def measure(
    visitors: int, seconds: float, think: float, trains: bool, servers: int = 1
) -> dict[str, Any]:
    """One row, from servers of its own."""
    with tempfile.TemporaryDirectory() as folder, site(Path(folder), servers) as app:
        for server in app.servers:
            asyncio.run(walk(server.address, 0, 0, 0, 0))  # caches are warm
        before = app.megabytes()
        with training(app.servers[0].runs) if trains else nullcontext():
            row = asyncio.run(load(app, visitors, seconds, think))
        memory = {"megabytes_one_tour": before, "megabytes": app.megabytes()}
        return row | {"training": trains} | memory


def tabulated(rows: list[dict[str, Any]]) -> str:
    """The table: a line for each number of visitors, over all repeats."""
    lines = []
    kinds = [(row["visitors"], row["servers"], row["training"]) for row in rows]
    for key in dict.fromkeys(kinds):
        own = [row for row, kind in zip(rows, kinds, strict=True) if kind == key]
        visitors, servers, trains = key
        words = f"{visitors}{f', {servers} servers' if servers > 1 else ''}"

        def over(name: str, digits: int = 0, own: list[dict[str, Any]] = own) -> str:
            return report.spread([row[name] for row in own], digits)

        lines.append([
            f"{words}{', and a training' if trains else ''}", over("median"), over("p95"),
            over("pages"), str(sum(len(row["errors"]) for row in own)), over("cpu_ms", 1),
            over("kilobytes_first"), over("kilobytes_touched"), over("kilobytes_again"),
            over("megabytes_one_tour"), over("megabytes"),
        ])  # fmt: skip
    return report.table(HEAD, lines)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 10, 30, 60, 100])
    parser.add_argument("--seconds", type=float, default=60, help="of each load")
    parser.add_argument("--think", type=float, default=2.0, help="seconds between two pages")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--servers", type=int, nargs="+", default=[1], help="needs Caddy beyond 1")
    parser.add_argument("--training", action="store_true", help="also with a training beside it")
    parser.add_argument("--write", action="store_true", help="JSON, and the table in the README")
    options = parser.parse_args(arguments)
    rows = [
        measure(visitors, options.seconds, options.think, trains, servers)
        for _ in range(options.repeats)
        for trains in ([False, True] if options.training else [False])
        for visitors in options.visitors
        for servers in options.servers
    ]
    name = "visitors" if options.servers == [1] else "servers"
    report.tell(name, rows, tabulated(rows), options.write)
    return rows


if __name__ == "__main__":
    main()
