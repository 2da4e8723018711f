"""Two servers behind the proxy of deploy/Caddyfile, below a path, with one folder of runs."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from chromium import Server, eventually, goto, needs_chromium, served
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.proxy import CADDY, COOKIE, proxied
from vae import pictures

pytestmark = [
    *needs_chromium,
    pytest.mark.skipif(CADDY is None and "CI" not in os.environ, reason="Caddy is not installed"),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    folder = tmp_path_factory.mktemp("servers")
    with served(folder, below="digits") as first, served(folder, below="digits") as second:
        yield [first, second]


@pytest.fixture(scope="module")
def proxy(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app behind the proxy."""
    hosts = [re.sub("/digits$|http://", "", server.address) for server in servers]
    with proxied(hosts, tmp_path_factory.mktemp("caddy"), "/digits") as address:
        yield address


def visitor(browser: Browser, address: str) -> tuple[BrowserContext, str]:
    """A new visitor who has opened the app, and the server that serves them."""
    context = browser.new_context()
    goto(context.new_page(), address)
    (cookie,) = [c for c in context.cookies() if c.get("name") == COOKIE]
    return context, cookie.get("value", "")


def on_each_server(browser: Browser, address: str) -> list[Page]:
    """Two visitors, each served by another server."""
    first, server = visitor(browser, address)
    for _ in range(20):
        second, other = visitor(browser, address)
        if other != server:
            return [first.pages[0], second.pages[0]]
        second.close()
    pytest.fail("twenty visitors were all sent to one server")


def test_a_deep_link_below_the_path_opens_its_page(proxy: str, page: Page) -> None:
    goto(page, f"{proxy}/latent_space?model=map")
    expect(page.get_by_role("heading", name="Latent space", level=1)).to_be_visible()


@pytest.mark.long
def test_a_visitor_stays_with_one_server_and_its_photo_arrives(
    proxy: str, page: Page, tmp_path: Path
) -> None:
    goto(page, proxy)
    picture = tmp_path / "seven.png"
    picture.write_bytes(_photo())
    page.get_by_role("button", name="Photo").click()
    page.locator("input[type=file]").set_input_files(picture)
    expect(page.get_by_text("From seven.png.")).to_be_visible()


@pytest.mark.long
def test_a_run_trained_through_one_server_is_chosen_through_the_other(
    proxy: str, browser: Browser
) -> None:
    trains, looks = on_each_server(browser, proxy)
    goto(trains, f"{proxy}/train")
    trains.get_by_role("spinbutton", name="Epochs", exact=True).fill("1")
    trains.get_by_role("spinbutton", name="Training images").fill("500")
    trains.get_by_role("button", name="Train", exact=True).click()
    trains.wait_for_url(re.compile("run=tiny-"))
    expect(trains.get_by_text(re.compile("^Finished after 1 of 1 epochs"))).to_be_visible(
        timeout=60_000
    )
    name = re.search(r"run=([\w.-]+)", trains.url)
    assert name is not None
    goto(looks, f"{proxy}/generate?model={name[1]}")
    chosen = looks.get_by_role("combobox", name="Model")
    expect(chosen).to_have_value(name[1])
    for page in (trains, looks):
        page.context.close()


@pytest.mark.long
def test_who_was_with_a_server_that_ends_goes_on_with_the_other(
    proxy: str, servers: list[Server], browser: Browser
) -> None:
    pages = on_each_server(browser, proxy)
    servers[1].end()
    eventually(lambda: _answers(proxy), 30)
    for page in pages:
        goto(page, f"{proxy}/generate")
        expect(page.get_by_role("heading", name="Generate", level=1)).to_be_visible()
        page.context.close()


def _answers(address: str) -> bool:
    """Whether a visitor without a cookie is answered ten times in a row."""
    try:
        return all(
            urlopen(f"{address}/_stcore/health", timeout=10).status == 200 for _ in range(10)
        )
    except OSError:
        return False


def _photo() -> bytes:
    """A seven with a pen on paper."""
    paper = np.full((280, 280), 255, np.uint8)
    paper[60:76, 80:200] = 0
    for row in range(60, 220):
        left = 190 - (row - 60) // 2
        paper[row, left : left + 16] = 0
    return pictures.png(paper)
