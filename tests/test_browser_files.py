"""What is heavy comes to a browser once, over HTTP, or where that fails another way."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import Server, eventually, goto, needs_chromium, settled
from long import first
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.server import serving

pytestmark = needs_chromium
PLAIN = "from pages.shared import navigation\n\nnavigation.route()\n"
FETCHED = """() => performance.getEntriesByType("resource")
    .filter(entry => /[/]files[/].*[.](bin|js|json)$/.test(entry.name))
    .map(entry => [entry.name, entry.transferSize])"""


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def opened(visitor: BrowserContext, address: str) -> Page:
    """The map on a page of its own, drawn."""
    page = visitor.new_page()
    goto(page, f"{address}/latent_space?model=map")
    expect(page.locator("canvas.map")).to_be_visible()
    settled(page)
    return page


def middle_of_the_map(page: Page) -> tuple[float, float]:
    box = page.locator("canvas.map").bounding_box()
    assert box is not None
    return box["x"] + 0.4 * box["width"], box["y"] + 0.6 * box["height"]


def test_files_come_once_to_be_kept_and_with_the_servers_headers(
    server: Server, visitor: BrowserContext
) -> None:
    first = opened(visitor, server.address)
    first.mouse.move(*middle_of_the_map(first))  # so that the decoder comes
    eventually(lambda: len(first.evaluate(FETCHED)) == 5)
    files = dict(
        first.evaluate(FETCHED)
    )  # the script, the sketch, the map, the digits, the decoder
    assert min(files.values()) > 0
    headers = first.request.get(next(iter(files))).headers
    assert "immutable" in headers["cache-control"]
    assert headers["x-content-type-options"] == "nosniff"
    first.close()
    second = opened(visitor, server.address)
    second.mouse.move(*middle_of_the_map(second))
    eventually(lambda: len(second.evaluate(FETCHED)) == 5)
    assert dict(second.evaluate(FETCHED)) == dict.fromkeys(files, 0)


def test_where_no_file_comes_through_the_page_shows_all_the_same(
    server: Server, visitor: BrowserContext
) -> None:
    """Something may be in the way, or the server that had the file may be gone."""
    visitor.route("**/files/**", lambda route: route.fulfill(status=404))
    opened(visitor, server.address)


@pytest.mark.long
def test_where_the_script_runs_without_the_server_the_page_shows_all_the_same(
    tmp_path: Path, visitor: BrowserContext
) -> None:
    script = tmp_path / "script.py"
    script.write_text(PLAIN)
    with serving(tmp_path / "runs", script) as plain:
        assert opened(visitor, plain.address).evaluate(FETCHED) == []


def slowed(visitor: BrowserContext, page: Page) -> Callable[[], object]:
    """A slow line from now on, until what is returned is called."""
    line = visitor.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 150, "downloadThroughput": 2e5, "uploadThroughput": 1e5}
    line.send("Network.emulateNetworkConditions", slow)
    quick = slow | {"downloadThroughput": -1, "latency": 0}
    return lambda: line.send("Network.emulateNetworkConditions", quick)


def test_on_a_slow_line_the_page_says_at_once_what_it_waits_for_and_how_much_has_come(
    server: Server, visitor: BrowserContext
) -> None:
    page = goto(visitor.new_page(), f"{server.address}/train")
    quickened = slowed(visitor, page)
    page.get_by_role("link", name="Latent space").click()
    expect(page.get_by_text("Loading the model …")).to_be_visible(timeout=3000)
    told = re.compile(r"Loading the model … \d\.\d of \d\.\d MB")
    expect(page.get_by_text(told)).to_be_visible()
    expect(page.locator("canvas.map")).to_have_count(0)
    quickened()
    expect(page.locator("canvas.map")).to_be_visible()
    expect(page.get_by_text("Loading the model …")).to_have_count(0)


LAST = [
    ("latent_space", "canvas.map", "baseline"),
    ("morph", "canvas.map", "enhanced"),
    ("generate", ".strip-slider", "best"),
]


@pytest.mark.parametrize("visit", first(2, LAST), ids=lambda visit: visit[0])
def test_on_a_slow_line_the_last_picture_stays_until_another_model_has_come(
    server: Server, visitor: BrowserContext, visit: tuple[str, str, str]
) -> None:
    path, what, other = visit
    page = goto(visitor.new_page(), f"{server.address}/{path}?model=map")
    shown = page.locator(what).first
    expect(shown).to_be_visible()
    quickened = slowed(visitor, page)
    chosen = page.get_by_test_id("stSidebar").get_by_role("combobox")
    chosen.click()
    page.get_by_role("option", name=re.compile(f"{other}$")).click()
    expect(page.get_by_text("Loading the model …").first).to_be_visible()
    last = page.locator(".live.last")
    expect(last.locator(what).first).to_be_visible()
    expect(last.first).to_have_js_property("inert", True)  # it is neither used nor read
    quickened()
    expect(page.get_by_text("Loading the model …")).to_have_count(0)
    expect(last).to_have_count(0)
    expect(shown).to_be_visible()


def test_on_a_slow_line_curves_and_slider_of_a_training_say_that_they_are_coming(
    server: Server, visitor: BrowserContext
) -> None:
    page = goto(visitor.new_page(), f"{server.address}/generate?model=best")
    expect(page.locator(".strip-slider").first).to_be_visible()
    quickened = slowed(visitor, page)
    page.get_by_role("link", name="Train").click()
    expect(page.get_by_text("Loading …")).to_have_count(2, timeout=3000)
    expect(page.get_by_role("slider", name="Epoch")).to_have_count(0)
    quickened()
    expect(page.get_by_role("slider", name="Epoch")).to_be_visible()
    expect(page.locator(".curves svg").first).to_be_visible()
    expect(page.get_by_text("Loading …")).to_have_count(0)
