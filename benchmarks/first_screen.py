"""From the command to the first digit on the screen: `python -m benchmarks.first_screen`.

This app against a minimal app of one file that imports TensorFlow and decodes with the same network
(`minimal_app.py`): seconds from starting the command to the first decoded digit in Chromium, and
what the server holds then. This app is told twice: until the digit that its first answer brings,
which the served model has drawn, is painted; and until Generate has decoded the digit that is moved
by hand. The memory of both is that of a server whose page has its own digit.

A new server and a new browser profile each time, in turn. Before each start the system is told to
forget the files of Python, of all packages and of this project; those that another process uses
stay. The browser itself runs. Linux only.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks import report
from benchmarks.browser import chromium
from benchmarks.server import ROOT, serving

INK = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    .data.some((value, i) => i % 4 < 3 && value > 128)"""
PAINTED = """() => { const image = document.querySelector("#first-paint img");
    const frame = () => new Promise(requestAnimationFrame);
    return image.decode().then(frame).then(frame); }"""
"""Ends after a frame has been drawn with the picture in it."""
PARTS = ("vae", "pages", "server", "assets")
PATIENCE = 120_000.0  # milliseconds
WRITE = """
import sys
from vae import runs
from vae.training.model import build_decoder
build_decoder(runs.read(runs.SHIPPED / "map").manifest.model).save(sys.argv[1])
"""


def first(page: Page, address: str) -> None:
    """Wait until the digit that this app's first answer brings is painted."""
    page.goto(f"{address}/generate?model=map", wait_until="commit")
    page.locator("#first-paint img").wait_for()
    page.evaluate(PAINTED)


def own(page: Page) -> None:
    """Wait until the page has decoded its own digit."""
    canvas = page.locator("canvas.digit").first
    canvas.wait_for()
    while not canvas.evaluate(INK):
        page.wait_for_timeout(5)


def ours(page: Page, address: str) -> None:
    """Wait until this app's page shows a decoded digit of its own."""
    page.goto(f"{address}/generate?model=map")
    own(page)


def theirs(page: Page, address: str) -> None:
    """Wait until the minimal app shows one."""
    page.goto(address)
    page.get_by_test_id("stImage").locator("img").wait_for()
    page.wait_for_function("() => document.querySelector('[data-testid=stImage] img').complete")


OURS, THEIRS = "this app", "one file with TensorFlow"
OWN = f"{OURS}, its page's own digit"
SCRIPT = ROOT / "streamlit_app.py"
APPS: dict[str, tuple[Path, Callable[[Page, str], None]]] = {
    OURS: (SCRIPT, first),
    OWN: (SCRIPT, ours),
    THEIRS: (ROOT / "benchmarks" / "minimal_app.py", theirs),
}


def forget() -> None:
    """Let the system drop the files of Python, its packages and this project from its cache.

    It keeps what a process has mapped, and what has not been written to the disk yet.
    """
    folders = {sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}
    for folder in [*map(Path, folders), *(ROOT / name for name in PARTS)]:
        for file in folder.rglob("*"):
            if file.is_file():
                number = os.open(file, os.O_RDONLY)
                os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(number)


def measure(browser: Browser, name: str) -> dict[str, Any]:
    """One start: seconds to the first digit, and the server's megabytes with the page's own."""
    script, shown = APPS[name]
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    forget()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "runs", script) as site:
        shown(page, site.address)
        seconds = time.perf_counter() - began
        if shown is first:
            own(page)
        row = {"app": name, "seconds": seconds, "megabytes": site.megabytes()}
    context.close()
    return row


def tabulated(rows: list[dict[str, Any]]) -> str:
    """The table: each row, and how many times as much as this app the other one takes."""
    lines, middles = [], {}
    for name in APPS:
        mine = [row for row in rows if row["app"] == name]
        seconds, megabytes = ([row[what] for row in mine] for what in ("seconds", "megabytes"))
        lines.append([name, report.spread(seconds, 1), report.spread(megabytes)])
        middles[name] = (median(seconds), median(megabytes))
    times = [there / here for here, there in zip(middles[OURS], middles[THEIRS], strict=True)]
    lines.append(["so many times as much", *(f"{value:.1f}" for value in times)])
    return report.table(["", "seconds to the first digit", "MB of the server"], lines)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="JSON, and the table in the README")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "decoder.keras"  # its weights are random
        subprocess.run([sys.executable, "-c", WRITE, str(file)], cwd=ROOT, check=True)
        os.environ["VAE_MINIMAL_MODEL"] = str(file)
        rows = [measure(browser, name) for _ in range(options.repeats) for name in APPS]
    report.tell("first_screen", rows, tabulated(rows), options.write)
    return rows


if __name__ == "__main__":
    main()
