"""How the app feels under the hand: `python -m benchmarks.interaction`.

In Chromium, with nothing else and beside a training, in turn:

- pen to picture: from lifting the pen on the Draw page until the page shows what `map` rebuilds of
  the whole drawing, as it then stays;
- pen-up: what one costs the server's process, of the processors' time;
- touch to picture: from touching the map to the decoded digit;
- frames: different decoded digits a second while the mouse is dragged over the map;
- theory: from choosing it to the first picture of a digit's true posterior, until all 96 x 96
  places are decoded, and the page's frames a second from the one to the other.

The browser draws with the processor, on the same cores as the server.
"""

import argparse
import tempfile
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from benchmarks import report
from benchmarks.browser import STILL, chromium
from benchmarks.server import Server, serving
from benchmarks.visitors import training

WHAT = {
    "pen": "pen to picture, ms",
    "cpu": "the server's CPU, ms a pen-up",
    "touch": "touch to picture, ms",
    "frames": "frames a second in a drag",
    "first": "theory chosen to first picture of a true posterior, ms",
    "whole": "theory chosen to all 96 x 96 places decoded, ms",
    "meanwhile": "frames a second meanwhile",
}
DIGIT = 440  # a zero, whose true posterior is looked at
LISTEN = """() => { for (const kind of ["pointerup", "pointerdown"])
    window.addEventListener(kind, () => { window[kind] = performance.now(); }, true); }"""
FOLLOW = """canvas => {
    const pixels = canvas.getContext("2d", { willReadFrequently: true });
    window.seen = [];
    window.following = true;
    const look = () => {
        window.seen.push([performance.now(), pixels.getImageData(0, 0, 28, 28).data]);
        if (window.following) requestAnimationFrame(look);
    };
    window.addEventListener("pointerup", () => { requestAnimationFrame(look); },
        { capture: true, once: true });
}"""
SETTLED = """() => {
    window.following = false;
    const last = window.seen.at(-1)[1];
    const isLast = pixels => pixels.every((value, i) => Math.abs(value - last[i]) <= 2);
    const away = window.seen.findLastIndex(([, pixels]) => !isLast(pixels));
    return window.seen[away + 1][0] - window.pointerup;
}"""
NEW_DIGIT = """canvas => {
    const pixels = canvas.getContext("2d", { willReadFrequently: true });
    const now = () => pixels.getImageData(0, 0, 28, 28).data.join();
    const before = now();
    window.touched = new Promise(resolve => {
        const look = () => {
            if (now() !== before) resolve(performance.now() - window.pointerdown);
            else requestAnimationFrame(look);
        };
        look();
    });
}"""
COUNT = """canvas => {
    const pixels = canvas.getContext("2d", { willReadFrequently: true });
    const begin = performance.now();
    let last = "", changes = 0;
    window.counting = true;
    window.counted = new Promise(resolve => {
        const look = () => {
            const now = pixels.getImageData(0, 0, 28, 28).data.join();
            changes += now !== last;
            last = now;
            if (window.counting) requestAnimationFrame(look);
            else resolve(changes / (performance.now() - begin) * 1000);
        };
        look();
    });
}"""


TRUE_POSTERIOR = """() => {
    const isolated = "[data-testid=stBidiComponentIsolated]";
    const within = selector => [...document.querySelectorAll(isolated)]
        .map(one => one.shadowRoot?.querySelector(selector)).find(found => found);
    const pixels = () => {
        const loupe = within("canvas.loupe");
        if (!loupe?.width) return "";
        const paper = new OffscreenCanvas(64, 64).getContext("2d", { willReadFrequently: true });
        paper.drawImage(loupe, 0, 0, 64, 64);
        return paper.getImageData(0, 0, 64, 64).data.join();
    };
    let bare = null; // how it looks when the worker has told of the first cells
    window.Worker = class extends Worker {
        constructor(...given) {
            super(...given);
            this.addEventListener("message", ({ data }) => {
                if (data.cells?.length) bare ??= pixels();
            });
        }
    };
    const isSeen = () => bare !== null && pixels() !== bare;
    const isWhole = () => within(".theory .figures")?.textContent.includes("gap");
    window.theory = new Promise(resolve => {
        let begun = 0, first = 0, last = 0, longest = 0, frames = 0;
        const look = () => {
            const now = performance.now() - begun;
            longest = Math.max(longest, now - last);
            last = now;
            frames += 1;
            if (!first && isSeen()) first = now;
            if (!isWhole()) requestAnimationFrame(look);
            else resolve({ first, whole: now, longest, meanwhile: 1000 * frames / now });
        };
        addEventListener("click", () => {
            begun = performance.now();
            requestAnimationFrame(look);
        }, { capture: true, once: true });
    });
}"""


def still(page: Page) -> None:
    """Wait until nothing runs any more."""
    page.wait_for_selector(STILL)
    page.wait_for_timeout(300)
    page.wait_for_selector(STILL)


def pen_to_picture(page: Page, site: Server, times: int) -> tuple[list[float], float]:
    """For so many strokes: milliseconds from lifting the pen to the picture that stays, and the
    milliseconds of the server's CPU, each on average."""
    page.goto(f"{site.address}/?model=map")
    rebuilt = page.get_by_label("Reconstruction by map")
    rebuilt.wait_for()
    still(page)
    page.evaluate(LISTEN)
    found, before = [], 0.0
    for i in range(times + 1):
        if i <= 1:  # the first one loads and measures models
            before = site.cpu_seconds()
        left, top, _ = _box(page.locator("canvas.upper-canvas"))
        rebuilt.evaluate(FOLLOW)
        page.mouse.move(left + 60 + 7 * i, top + 60)
        page.mouse.down()
        page.mouse.move(left + 200 - 9 * i, top + 220 - 4 * i, steps=12)
        page.mouse.up()
        page.wait_for_timeout(500)  # the canvas waits before it sends a stroke
        still(page)
        found.append(page.evaluate(SETTLED))
    return found[1:], 1000 * (site.cpu_seconds() - before) / times


def _box(place: Locator) -> tuple[float, float, float]:
    """The left and top edge, and the width."""
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"]


class Map:
    """The map on its page."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        page.goto(f"{address}/latent_space?model=map")
        canvas = page.locator("canvas.map")
        canvas.wait_for()
        still(page)
        page.evaluate(LISTEN)
        self._digit = page.get_by_label("Decoded digit", exact=True).first
        self._left, self._top, self._width = _box(canvas)
        self._screen = page.context.new_cdp_session(page)

    def touch_to_picture(self, times: int) -> list[float]:
        """Milliseconds from touch to digit, for so many touches."""
        found = []
        for i in range(times):
            x, y = self._place(0.2 + 0.6 * (0.37 * i % 1), 0.25 + 0.5 * i / times)
            self._digit.evaluate(NEW_DIGIT)
            self._touch("touchStart", [{"x": x, "y": y}])
            found.append(self._page.evaluate("window.touched"))
            self._touch("touchEnd", [])
            still(self._page)
        return found

    def frames(self) -> float:
        """Different digits a second in one drag."""
        places = [self._place(*at) for at in ((0.2, 0.3), (0.8, 0.4), (0.25, 0.6), (0.7, 0.75))]
        self._page.mouse.move(*places[0])
        self._page.mouse.down()
        self._digit.evaluate(COUNT)
        for _, there in pairwise(places):
            self._page.mouse.move(*there, steps=60)
        self._page.evaluate("window.counting = false")
        counted = self._page.evaluate("window.counted")
        self._page.mouse.up()
        still(self._page)
        return counted

    def _place(self, x: float, y: float) -> tuple[float, float]:
        return self._left + self._width * x, self._top + self._width * y

    def _touch(self, kind: str, points: list[dict[str, float]]) -> None:
        self._screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def theory(page: Page, address: str) -> dict[str, float]:
    """Milliseconds from choosing the theory of a digit on the map to the first picture of its true
    posterior (`first`) and until all is decoded (`whole`); the page's frames a second until then
    (`meanwhile`), and the milliseconds of the longest one (`longest`)."""
    page.goto(f"{address}/latent_space?model=map&digit={DIGIT}")
    page.locator("canvas.map").wait_for()
    still(page)
    page.evaluate(TRUE_POSTERIOR)
    page.get_by_role("radio", name="Theory").click()
    return page.evaluate("window.theory")


def measure(browser: Browser, trains: bool, times: int) -> dict[str, Any]:
    """All of it, on a server of its own."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "runs") as site:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, has_touch=True)
        page = context.new_page()
        page.set_default_timeout(60_000)
        with training(site.runs) if trains else nullcontext():
            pen, cpu = pen_to_picture(page, site, times)
            shown = Map(page, site.address)
            touch, frames = shown.touch_to_picture(times), [shown.frames() for _ in range(2)]
            seen = theory(page, site.address)
        context.close()
    found = {"pen": pen, "cpu": [cpu], "touch": touch, "frames": frames}
    found |= {name: [seen[name]] for name in ("first", "whole", "meanwhile")}
    return {"training": trains, **found}


def tabulated(rows: list[dict[str, Any]]) -> str:
    """The table: each measure, alone and beside a training."""
    kinds = sorted({row["training"] for row in rows})
    lines = []
    for key, words in WHAT.items():
        found = [[v for row in rows if row["training"] == kind for v in row[key]] for kind in kinds]
        lines.append([words, *map(report.spread, found)])
    return report.table(["", "alone", "beside a training"][: 1 + len(kinds)], lines)


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--times", type=int, default=10, help="strokes and touches of a repeat")
    parser.add_argument("--alone", action="store_true", help="without a training only")
    parser.add_argument("--write", action="store_true", help="JSON, and the table in the README")
    options = parser.parse_args(arguments)
    kinds = (False,) if options.alone else (False, True)
    with chromium() as browser:
        rows = [
            measure(browser, kind, options.times) for _ in range(options.repeats) for kind in kinds
        ]
    report.tell("interaction", rows, tabulated(rows), options.write)
    return rows


if __name__ == "__main__":
    main()
