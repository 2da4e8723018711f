"""From the command to the first digit on the screen: `python -m benchmarks.first_screen`.

This app's Generate page against a minimal app of one file that imports TensorFlow and decodes with
the same network (`minimal_app.py`): seconds from starting the command to the first decoded digit in
Chromium, and what the server holds then. A new server and a new browser profile each time, in turn;
the browser itself runs, and the system has the files of both in its cache.
"""

import argparse
import os
import subprocess
import sys
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
PATIENCE = 120_000.0  # milliseconds
WRITE = """
import sys
from vae import runs
from vae.training.model import build_decoder
build_decoder(runs.read(runs.SHIPPED / "map").manifest.model).save(sys.argv[1])
"""


def ours(page: Page, address: str) -> None:
    """Wait until this app shows a decoded digit."""
    page.goto(f"{address}/generate?model=map")
    canvas = page.locator("canvas.digit").first
    canvas.wait_for()
    while not canvas.evaluate(INK):
        page.wait_for_timeout(5)


def theirs(page: Page, address: str) -> None:
    """Wait until the minimal app shows one."""
    page.goto(address)
    page.get_by_test_id("stImage").locator("img").wait_for()
    page.wait_for_function("() => document.querySelector('[data-testid=stImage] img').complete")


APPS: dict[str, tuple[Path, Callable[[Page, str], None]]] = {
    "this app": (ROOT / "streamlit_app.py", ours),
    "one file with TensorFlow": (ROOT / "benchmarks" / "minimal_app.py", theirs),
}


def measure(browser: Browser, name: str) -> dict[str, Any]:
    """One start: seconds to the first digit, and the server's megabytes then."""
    script, shown = APPS[name]
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "runs", script) as site:
        shown(page, site.address)
        row = {"app": name, "seconds": time.perf_counter() - began, "megabytes": site.megabytes()}
    context.close()
    return row


def tabulated(rows: list[dict[str, Any]]) -> str:
    """The table: each app, and how many times as much the other one takes."""
    lines, middles = [], []
    for name in APPS:
        own = [row for row in rows if row["app"] == name]
        seconds, megabytes = ([row[what] for row in own] for what in ("seconds", "megabytes"))
        lines.append([name, report.spread(seconds, 1), report.spread(megabytes)])
        middles.append((median(seconds), median(megabytes)))
    times = [there / here for here, there in zip(*middles, strict=True)]
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
