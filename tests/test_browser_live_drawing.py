"""What the page itself makes of a drawing: while the pen moves, and before anybody has drawn."""

import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from chromium import (
    PHONE,
    WIDE,
    Server,
    draw,
    draw_by_touch,
    eventually,
    goto,
    needs_chromium,
    picture,
    settled,
)
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

FRAMES = float(os.environ.get("VAE_TEST_FRAMES", "0"))
"""Pictures a second that have to follow the pen: 30, where nothing else runs. On a busy machine
that tells how often the pen has its turn; what counts always is that each move has its picture."""
SEVEN = [(80, 60), (200, 60), (150, 140), (110, 230)]

pytestmark = needs_chromium


@pytest.fixture
def page(moving_page: Page) -> Page:
    """Here pages move by themselves."""
    return moving_page


COUNT = """() => {
    const isolated = "[data-testid=stBidiComponentIsolated]";
    const within = selector => [...document.querySelectorAll(isolated)]
        .map(one => one.shadowRoot?.querySelector(selector)).find(found => found);
    const shown = () => {
        const canvas = within("canvas[aria-label='Reconstruction by map']");
        return canvas.getContext("2d").getImageData(0, 0, 28, 28).data.join();
    };
    const told = window.told =
        { pictures: 0, moves: 0, reruns: 0, places: new Set(), start: 0, end: 0 };
    let last = shown(), isDown = false, hasMoved = false;
    const look = () => {
        const now = shown();
        told.moves += hasMoved; // those of one frame are one
        hasMoved = false;
        if (isDown && now !== last) {
            told.pictures += 1;
            told.places.add(within(".place code").textContent);
        }
        last = now;
        requestAnimationFrame(look);
    };
    look();
    addEventListener("pointerdown", () => { isDown = true; told.start = performance.now(); }, true);
    addEventListener("pointermove", () => { hasMoved = isDown; }, true);
    addEventListener("pointerup", () => { isDown = false; told.end = performance.now(); }, true);
    new MutationObserver(() => { if (isDown) told.reruns += 1; }).observe(
        document.querySelector("[data-testid=stApp]"),
        { attributeFilter: ["data-test-script-state"] });
}"""


def by_mouse(page: Page, points: np.ndarray) -> None:
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points:
        page.mouse.move(*point)
    page.mouse.up()


def by_finger(page: Page, points: np.ndarray) -> None:
    """A straight line: of touches one by one each would wait two frames for its answer."""
    screen = page.context.new_cdp_session(page)
    (x, y), (across, down) = points.min(0), np.ptp(points, axis=0)
    line = {"x": x, "y": y, "xDistance": across, "yDistance": down, "gestureSourceType": "touch"}
    numbers = {name: float(value) for name, value in line.items() if value != "touch"}
    screen.send(
        "Input.synthesizeScrollGesture", line | numbers | {"speed": 100, "preventFling": True}
    )


@pytest.mark.parametrize(
    ("size", "pen"),
    [(WIDE, by_mouse), pytest.param(PHONE, by_finger, marks=pytest.mark.long)],
)
def test_a_drawing_is_rebuilt_while_the_pen_moves_and_nothing_is_rerun(
    server: Server, browser: Browser, size: tuple[int, int], pen: Callable[..., None]
) -> None:
    page = visitor(browser, size)
    goto(page, server.address)
    expect(page.locator("canvas.example")).to_be_visible()
    for name in ("map", "best"):  # the page has their networks, and tells the server so
        rebuilt = page.get_by_label(f"Reconstruction by {name}")
        eventually(lambda rebuilt=rebuilt: bool(picture(rebuilt).any()))
    settled(page)
    (draw_by_touch if size == PHONE else draw)(page, SEVEN)  # what follows changes its picture
    words = page.get_by_text(re.compile("harder than .* of real digits")).filter(visible=True)
    expect(words).to_have_count(2)
    settled(page)
    board = page.locator("canvas.upper-canvas")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    assert box is not None
    page.evaluate(COUNT)
    turns = np.linspace(0, 2 * np.pi, 120)
    circle = np.stack([140 + 60 * np.sin(turns), 140 - 90 * np.cos(turns)], axis=1)
    pen(page, circle + np.array([box["x"], box["y"]]))
    told: dict[str, Any] = page.evaluate("({...window.told, places: window.told.places.size})")
    seconds = (told["end"] - told["start"]) / 1000
    print(f"{told['pictures']} pictures of {told['moves']} moves in {seconds:.1f} s")
    assert told["reruns"] == 0
    assert told["places"] > 10
    assert told["moves"] > 10
    assert told["pictures"] > 0.8 * told["moves"]
    assert told["pictures"] / seconds >= FRAMES
    expect(page.locator("canvas.example")).to_have_count(0)
    before = picture(page.get_by_label("What the models see"))
    settled(page)
    expect(words).to_have_count(2)  # what only Python knows
    after = picture(page.get_by_label("What the models see"))
    assert np.abs(before - after).mean() < 0.02  # Python sees what the page saw
    expect(page.get_by_label(re.compile(r"^Loss: [\d.]+ lost \+ [\d.]+ KL = "))).to_have_count(2)
    page.context.close()


def visitor(browser: Browser, size: tuple[int, int], **options: Any) -> Page:
    viewport: Any = {"width": size[0], "height": size[1]}
    page = browser.new_context(viewport=viewport, has_touch=size == PHONE, **options).new_page()
    page.set_default_timeout(30_000)
    return page


def row(page: Page) -> Locator:
    return page.locator(".stages")


@pytest.mark.long
def test_a_digit_draws_itself_until_the_first_touch(server: Server, page: Page) -> None:
    goto(page, server.address)
    example = page.locator("canvas.example")
    expect(example).to_be_visible()
    looks = set()
    for _ in range(8):
        looks.add(example.screenshot() + row(page).screenshot())
        page.wait_for_timeout(300)
    assert len(looks) > 3
    draw(page, SEVEN)
    expect(example).to_have_count(0)
    expect(page.get_by_text(re.compile("harder than")).filter(visible=True)).to_have_count(2)
    settled(page)
    page.wait_for_timeout(500)  # the trail of the pen has faded
    still = row(page).screenshot()
    page.wait_for_timeout(1500)
    assert row(page).screenshot() == still


@pytest.mark.long
def test_who_asks_for_less_motion_sees_the_end_at_once(server: Server, browser: Browser) -> None:
    page = visitor(browser, WIDE, reduced_motion="reduce")
    goto(page, server.address)
    expect(page.locator("canvas.example")).to_be_visible()
    assert picture(page.get_by_label("Reconstruction by map")).sum() > 50
    looks = set()
    for _ in range(5):
        looks.add(page.locator("canvas.example").screenshot() + row(page).screenshot())
        page.wait_for_timeout(400)
    assert len(looks) == 1
    page.context.close()


@pytest.mark.long
def test_no_page_asks_another_host_for_anything(server: Server, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    problems: list[str] = []

    def note(said: ConsoleMessage) -> None:
        if said.type == "error":
            problems.append(f"{said.text} {said.location['url']}")

    page.on("console", note)
    for name in ("", "latent_space", "generate", "morph", "compare", "train", "how_it_works"):
        goto(page, f"{server.address}/{name}")
    own = (server.address, server.address.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert problems == []
