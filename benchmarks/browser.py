"""The system's Chromium, for benchmarks and tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
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
