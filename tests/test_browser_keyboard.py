"""Every page's main job with the keyboard alone: no click, and nothing is focused by the test."""

import re

import pytest
from chromium import Server, eventually, goto, needs_chromium, settled
from playwright.sync_api import Page, expect

NAME = """() => {
    let one = document.activeElement;
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    if (!one || one === document.body) return "";
    return (one.ariaLabel ?? one.labels?.[0]?.innerText ?? one.innerText).trim();
}"""
FARTHEST = 90  # stops

pytestmark = needs_chromium


def reach(page: Page, name: str, key: str = "Tab") -> None:
    """Go there, stop by stop."""
    stops = []
    for _ in range(FARTHEST):
        page.keyboard.press(key)
        stops.append(page.evaluate(NAME))
        if re.match(name, stops[-1]):
            return
    pytest.fail(f"no stop is named {name}, of {stops}")


def go_to(page: Page, title: str) -> None:
    """Another page, by the list of pages."""
    reach(page, f"(?s).*{title}$")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    settled(page)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_every_page_does_its_main_job_by_keyboard(server: Server, page: Page) -> None:
    goto(page, server.address)
    reach(page, "0$")  # the ready drawings
    press(page, *["ArrowRight"] * 3, "Enter")
    said = page.get_by_role("status").filter(has_text="it is most like a 3")
    expect(said).to_have_count(1)
    reach(page, "Compare$")
    press(page, "Enter")
    settled(page)

    go_to(page, "Latent space")
    reach(page, "Latent map")
    press(page, "ArrowRight", "Shift+ArrowUp", "Enter")
    eventually(lambda: "z=" in page.evaluate("location.search"))
    settled(page)
    reach(page, "Live", "Shift+Tab")
    press(page, "ArrowRight", "ArrowRight", "Enter")  # beyond Theory
    expect(page.get_by_text("Choose digits with the lasso")).to_be_visible()
    settled(page)
    reach(page, "Around the pin")
    press(page, "Control+a", "5", "0", "Enter")
    expect(page.get_by_role("heading", name="50 digits")).to_be_visible()

    go_to(page, "Generate")
    reach(page, "z1$")
    press(page, "ArrowRight", "ArrowRight")
    eventually(lambda: not re.search("z=0.0000", page.evaluate("location.search")))
    settled(page)

    go_to(page, "Morph")
    reach(page, "The path on the map")
    press(page, "b", "Shift+ArrowRight", "Enter")  # its second end
    expect(page.get_by_text("B · on the map")).to_be_visible()
    settled(page)
    reach(page, "Play", "Shift+Tab")
    press(page, "Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()

    go_to(page, "Compare")
    expect(page.get_by_text("The digit that you sent here")).to_be_visible()
    reach(page, "Pictures$")
    press(page, "ArrowRight", "Enter")
    expect(page.get_by_role("columnheader", name="best")).to_be_visible(timeout=30_000)  # measured

    go_to(page, "Train")
    reach(page, "Epoch$")
    slider = page.get_by_role("slider", name="Epoch")
    stood = slider.get_attribute("aria-valuetext")
    press(page, "ArrowLeft")
    eventually(lambda: slider.get_attribute("aria-valuetext") != stood)
    reach(page, r"(?s).*\nTrain$")  # it is there to be pressed; other tests train

    go_to(page, "How it works")
    reach(page, "Digit 7$")
    press(page, "Enter")
    eventually(lambda: "example=7" in page.evaluate("location.search"))
