"""What only a browser can show: a real server, a real Chromium, a real mouse."""

from pathlib import Path

import pytest
from chromium import Server, goto, needs_chromium
from playwright.sync_api import Page, expect

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


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's /proc")
def test_the_server_never_loads_tensorflow(server: Server, page: Page) -> None:
    for path in PAGES:
        goto(page, f"{server.address}/{path}")
    libraries = Path(f"/proc/{server.process}/maps").read_text()
    assert "litert" in libraries  # this is the process that serves, and the check can see
    assert "tensorflow" not in libraries


def test_nothing_is_wider_than_the_screen(server: Server, sized_page: Page) -> None:
    for path in PAGES:
        page = goto(sized_page, f"{server.address}/{path}")
        page.wait_for_timeout(1000)
        overflow = page.evaluate(
            "() => { const m = document.querySelector('[data-testid=stMain]'); "
            "return m.scrollWidth - m.clientWidth }"
        )
        assert overflow <= 0, path
