"""What only a browser can show: a real server, a real Chromium, a real mouse."""

import re
from pathlib import Path

import numpy as np
import pytest
from chromium import Server, eventually, goto, needs_chromium, picture
from playwright.sync_api import Page, expect

PAGES = ("", "latent_space", "generate", "compare", "train")

pytestmark = needs_chromium


def as_28(image: np.ndarray) -> np.ndarray:
    """An enlarged digit back in its 28 x 28 pixels; fails if the squares are not crisp."""
    factor = image.shape[0] // 28
    small = image[factor // 2 :: factor, factor // 2 :: factor]
    assert np.array_equal(small.repeat(factor, 0).repeat(factor, 1), image)
    return small


def test_a_slider_changes_the_digit(server: Server, sized_page: Page) -> None:
    page = goto(sized_page, f"{server.address}/generate")
    image = page.get_by_alt_text("Generated digit", exact=True)
    before = picture(image)
    slider = page.get_by_role("slider").first
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_text(re.compile(r"z = \(.*1\.00"))).to_be_visible()
    eventually(lambda: not np.array_equal(picture(image), before))


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
