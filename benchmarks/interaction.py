"""How the app feels under the hand: `python -m benchmarks.interaction`.

In Chromium, with nothing else and beside a training, in turn:

- pen to picture: from lifting the pen on the Draw page to what the models see and rebuild of it;
- touch to picture: from touching the map to the decoded digit;
- frames: different decoded digits a second while the mouse is dragged over the map.

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
from benchmarks.server import serving
from benchmarks.visitors import training

SHOWN = ["What the models see", "Reconstruction by map"]
WHAT = {
    "pen": "pen to picture, ms",
    "touch": "touch to picture, ms",
    "frames": "frames a second in a drag",
}
LISTEN = """() => { for (const kind of ["pointerup", "pointerdown"])
    window.addEventListener(kind, () => { window[kind] = performance.now(); }, true); }"""
SOURCES = "alts => alts.map(alt => document.querySelector(`img[alt='${alt}']`)?.src ?? '')"
NEW_PICTURES = f"""([alts, before]) => new Promise(resolve => {{
    const look = () => {{
        const isNew = ({SOURCES})(alts).every((source, i) => source && source !== before[i]);
        if (isNew) resolve(performance.now() - window.pointerup);
        else requestAnimationFrame(look);
    }};
    look();
}})"""
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


def still(page: Page) -> None:
    """Wait until nothing runs any more."""
    page.wait_for_selector(STILL)
    page.wait_for_timeout(300)
    page.wait_for_selector(STILL)


def pen_to_picture(page: Page, address: str, times: int) -> list[float]:
    """Milliseconds from lifting the pen to the pictures, for so many strokes."""
    page.goto(f"{address}/?model=map")
    still(page)
    page.evaluate(LISTEN)
    found = []
    for i in range(times):
        before = page.evaluate(SOURCES, SHOWN)
        left, top, _ = _box(page.locator("canvas.upper-canvas"))
        page.mouse.move(left + 60 + 7 * i, top + 60)
        page.mouse.down()
        page.mouse.move(left + 200 - 9 * i, top + 220 - 4 * i, steps=12)
        page.mouse.up()
        found.append(page.evaluate(NEW_PICTURES, [SHOWN, before]))
        still(page)
    return found


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


def measure(browser: Browser, trains: bool, times: int) -> dict[str, Any]:
    """All three, on a server of their own."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "runs") as site:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, has_touch=True)
        page = context.new_page()
        page.set_default_timeout(60_000)
        with training(site.runs) if trains else nullcontext():
            pen = pen_to_picture(page, site.address, times)
            shown = Map(page, site.address)
            touch, frames = shown.touch_to_picture(times), [shown.frames() for _ in range(2)]
        context.close()
    return {"training": trains, "pen": pen, "touch": touch, "frames": frames}


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
