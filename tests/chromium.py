"""A real server, a real Chromium: what the browser tests share."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from benchmarks.browser import CHROMIUM, FLAGS, STILL
from benchmarks.server import free_port
from vae import runs

ROOT = Path(__file__).parents[1]
WIDE, PHONE = (1280, 900), (390, 844)
PATIENCE = 30.0
"""Seconds that anything may take where other tests run beside."""
LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"

expect.set_options(timeout=1000 * PATIENCE)
needs_chromium = [pytest.mark.timeout(120)]
if CHROMIUM is None and "CI" not in os.environ:
    needs_chromium.append(pytest.mark.skip(reason="Chromium is not installed"))


class Server(NamedTuple):
    """The app, served."""

    address: str
    process: int
    runs: Path

    def end(self) -> None:
        """As its host would."""
        os.kill(self.process, signal.SIGTERM)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, served to all browser tests."""
    with served(tmp_path_factory.mktemp("server")) as server:
        yield server


@contextmanager
def served(folder: Path, below: str = "", port: int | None = None) -> Iterator[Server]:
    """The app with its runs in this folder, below a path if one is named."""
    port = port or free_port()
    environment = os.environ | {
        "VAE_RUNS_DIR": str(folder / "runs"),
        "KERAS_HOME": str(folder / "keras"),
        "https_proxy": "http://127.0.0.1:9",  # where nobody listens: no other host for the server
        "http_proxy": "http://127.0.0.1:9",
    }
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    if below:
        options.append(f"--server.baseUrlPath={below}")
    with (folder / f"log-{port}.txt").open("w") as log:
        process = subprocess.Popen(
            [*command, *options], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}" + (f"/{below}" if below else "")
    try:
        wait_until_healthy(address)
        yield Server(address, process.pid, folder / "runs")
    finally:
        process.terminate()
        process.wait(10)
        _end_trainings(folder / "runs")


def _end_trainings(root: Path) -> None:
    """A test that failed may have left some, and they outlive their server."""
    for run in runs.list_runs(root):
        if runs.state(run) in runs.ALIVE:
            runs.request(run.path, "stop")


def wait_until_healthy(address: str) -> None:
    """Wait until the app answers; fail if it does not."""
    for _ in range(150):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    pytest.fail("the server did not start within 30 s")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser that finds no other host than this one."""
    with sync_playwright() as playwright:
        options = [*FLAGS, LOOPBACK_ONLY]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(params=[WIDE, PHONE], ids=["wide", "phone"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new visitor at a desk, who asks for less motion: pages that rest are cheaper to test."""
    yield from _visitor(browser, WIDE, "reduce")


@pytest.fixture
def moving_page(browser: Browser) -> Iterator[Page]:
    """A new visitor at a desk, for whom pages move by themselves."""
    yield from _visitor(browser, WIDE, "no-preference")


@pytest.fixture
def sized_page(browser: Browser, size: tuple[int, int]) -> Iterator[Page]:
    """A new visitor, at a desk or on a phone, for whom pages move by themselves."""
    yield from _visitor(browser, size, "no-preference")


def _visitor(
    browser: Browser, size: tuple[int, int], motion: Literal["reduce", "no-preference"]
) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        has_touch=size == PHONE,
        reduced_motion=motion,
    )
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def settled(page: Page) -> Page:
    """The page, once nothing runs any more."""
    page.wait_for_selector(STILL)
    page.wait_for_timeout(150)  # a component that has just come may begin another run
    page.wait_for_selector(STILL)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    return page


def goto(page: Page, address: str) -> Page:
    page.goto(address)
    return settled(page)


def draw(page: Page, points: list[tuple[int, int]]) -> None:
    """One stroke on the canvas, with the mouse."""
    canvas = page.locator("canvas.upper-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    corners = [(box["x"] + x, box["y"] + y) for x, y in points]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=8)
    page.mouse.up()


def draw_by_touch(page: Page, points: list[tuple[int, int]]) -> None:
    """One stroke on the canvas, with a finger."""
    canvas = page.locator("canvas.upper-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    screen = page.context.new_cdp_session(page)
    (left, top), steps = (box["x"], box["y"]), np.linspace(0, len(points) - 1, 30)
    x, y = (np.interp(steps, range(len(points)), axis) for axis in zip(*points, strict=True))
    for i, corner in enumerate(zip(left + x, top + y, strict=True)):
        at = [{"x": float(corner[0]), "y": float(corner[1])}]
        kind = "touchMove" if i else "touchStart"
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def picture(image: Locator) -> np.ndarray:
    """What a picture or a canvas of the page shows, as grey values (height, width) in [0, 1].

    A canvas is waited for until something is drawn on it: a model decodes when it has come.
    """
    expect(image).to_be_visible()
    address = image.evaluate(
        """async (image, patience) => {
            const soon = wait => new Promise(done => setTimeout(done, wait));
            if (image instanceof HTMLCanvasElement) {
                const { width, height } = image;
                const drawn = () => image.getContext("2d").getImageData(0, 0, width, height).data
                    .some(value => value);
                for (const start = Date.now(); !drawn(); await soon(50))
                    if (Date.now() - start > patience) throw new Error("nothing was drawn");
                return image.toDataURL();
            }
            // a picture may be replaced while it is decoded
            for (let left = 10; left; left--) {
                try { await image.decode(); break; }
                catch (error) { await soon(200); }
            }
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL();
        }""",
        1000 * PATIENCE,
    )
    with Image.open(BytesIO(b64decode(address.partition(",")[2]))) as shown:
        return np.asarray(shown.convert("RGBA"), np.float32)[..., 0] / 255


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until the condition holds; fail if it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
