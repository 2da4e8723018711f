"""The system's Chromium, for benchmarks and tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

KINDS = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The first one there is. The shell is the same engine without a window of its own, which takes as
much of the processor as a page: 1.2 s for each new visitor, and without it 0.14 s."""
CHROMIUM = next(filter(None, map(shutil.which, KINDS)), None)
FLAGS = [
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # WebGL, for Plotly, without a graphics card
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STILL = "[data-testid=stApp][data-test-script-state=notRunning]"
"""Matches once nothing runs for this visitor."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, as long as it is needed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
