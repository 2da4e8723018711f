"""What only a browser can show: a real server, a real Chromium, a real mouse."""

from pathlib import Path

import pytest
from chromium import PHONE, WIDE, Server, goto, needs_chromium
from playwright.sync_api import Browser, Page, expect

OVERFLOW = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    return main.scrollWidth - main.clientWidth;
}"""
PAGES = ("", "latent_space", "generate", "morph", "compare", "train", "how_it_works")

pytestmark = needs_chromium


def test_the_address_restores_page_model_and_view(server: Server, page: Page) -> None:
    goto(page, f"{server.address}/latent_space?model=best&view=Analysis")
    expect(page.get_by_role("heading", name="Latent space")).to_be_visible()
    chosen = page.get_by_test_id("stSidebar").get_by_role("combobox")
    expect(chosen).to_have_value("best")
    page.get_by_role("link", name="Generate").click()
    expect(page.get_by_role("heading", name="Generate")).to_be_visible()
    expect(page.get_by_test_id("stSidebar").get_by_role("combobox")).to_have_value("best")
    assert "model=best" in page.url


@pytest.fixture(scope="module")
def overflows(server: Server, browser: Browser) -> dict[str, list[int]]:
    """How much wider than the screen each page is, at a desk and on a phone, in pixels."""
    page = browser.new_page()
    found = {}
    for path in PAGES:
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        goto(page, f"{server.address}/{path}")
        page.wait_for_timeout(300)
        wide = page.evaluate(OVERFLOW)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.wait_for_timeout(300)
        found[path] = [wide, page.evaluate(OVERFLOW)]
    page.close()
    return found


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_the_screen(overflows: dict[str, list[int]], path: str) -> None:
    assert max(overflows[path]) <= 0


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's /proc")
def test_the_server_never_loads_tensorflow(server: Server, overflows: dict[str, list[int]]) -> None:
    assert len(overflows) == len(PAGES)  # it has served every page
    libraries = Path(f"/proc/{server.process}/maps").read_text()
    assert "litert" in libraries  # this is the process that serves, and the check can see
    assert "tensorflow" not in libraries
