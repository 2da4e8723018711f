"""The app in a frame of another site: its headers say who may, and the app says what is amiss."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from chromium import STILL, Server, goto, needs_chromium, served
from playwright.sync_api import FrameLocator, Page, expect

pytestmark = needs_chromium
HINT = "This app is shown in a frame of another site"


class Framing(BaseHTTPRequestHandler):
    """Another site: a page that is nothing but a frame of the address after the ?."""

    def do_GET(self) -> None:
        framed = self.path.partition("?")[2]
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{framed}" width="1200" height="850">'.encode())

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def other_site() -> Iterator[str]:
    """To a browser, localhost and 127.0.0.1 are two sites."""
    with HTTPServer(("127.0.0.1", 0), Framing) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://localhost:{site.server_port}"
        site.shutdown()


@pytest.fixture(scope="module")
def framable(tmp_path_factory: pytest.TempPathFactory, other_site: str) -> Iterator[Server]:
    """The app, as served by somebody who lets the other site frame it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_FRAME_ANCESTORS", f"'self' {other_site}")
        with served(tmp_path_factory.mktemp("framable")) as server:
            yield server


def framed(page: Page, other_site: str, address: str) -> FrameLocator:
    page.goto(f"{other_site}?{address}")
    frame = page.frame_locator("iframe")
    frame.locator(STILL).wait_for()
    return frame


def test_another_site_shows_the_app_only_if_it_may(
    server: Server, other_site: str, page: Page
) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(f"{other_site}?{server.address}/train")
    page.wait_for_timeout(1000)
    assert any("frame-ancestors" in words for words in told)


@pytest.mark.long
def test_in_a_frame_the_app_offers_a_tab_of_its_own(
    framable: Server, other_site: str, page: Page
) -> None:
    frame = framed(page, other_site, f"{framable.address}/train?run=best")
    expect(frame.get_by_text(HINT)).to_be_visible()
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="Open in a tab of its own").click()
    tab = opened.value
    tab.wait_for_selector(STILL)
    assert "run=best" in tab.url
    expect(tab.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    expect(tab.get_by_text(HINT)).to_have_count(0)


@pytest.mark.long
def test_in_a_frame_the_uploader_says_why_no_file_can_be_sent(
    framable: Server, other_site: str, page: Page
) -> None:
    frame = framed(page, other_site, framable.address)
    frame.get_by_role("button", name="Photo").click()
    expect(frame.get_by_text(HINT)).to_be_visible()


@pytest.mark.long
def test_without_a_frame_nothing_is_said(framable: Server, page: Page) -> None:
    goto(page, f"{framable.address}/train")
    expect(page.get_by_text(HINT)).to_have_count(0)
