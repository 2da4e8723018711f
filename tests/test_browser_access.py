"""By keyboard, by ear, and by the rules that a machine can check."""

import re
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import PHONE, Server, eventually, goto, needs_chromium, settled
from playwright.sync_api import Browser, Page, expect

from benchmarks.server import serving

STATES = (
    "", "latent_space?z=0.5,0.5", "latent_space?view=Analysis", "generate", "morph", "compare",
    "train?run=best", "how_it_works",
)  # fmt: skip
FOCUSED = """() => {
    let one = document.activeElement;
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return one === document.body ? "" : one.ariaLabel ?? one.textContent;
}"""
PLAIN = """import streamlit as st
st.set_page_config(page_title="Plain")
st.title("Plain")
st.file_uploader("Import a run", "zip")
st.latex("+".join(f"x_{{{i}}}" for i in range(60)))
"""

pytestmark = needs_chromium


def violations(page: Page) -> dict[str, list[str]]:
    """The rules that the page breaks, each with what breaks it."""
    found: Any = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return {
        rule["id"]: [f"{node['target']} {node['html'][:160]}" for node in rule["nodes"]]
        for rule in found["violations"]
    }


@pytest.fixture(scope="module")
def streamlits_own(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> set[str]:
    """The rules that elements of Streamlit break on a page that has nothing else."""
    folder = tmp_path_factory.mktemp("plain")
    script = folder / "plain.py"
    script.write_text(PLAIN)
    with serving(folder / "runs", script) as plain:
        page = browser.new_page(bypass_csp=True)
        found = set(violations(goto(page, plain.address)))
        page.close()
    return found


@pytest.mark.parametrize("path", STATES)
def test_axe_finds_nothing_that_is_ours_at_a_desk_in_the_dark_or_on_a_phone_in_the_light(
    server: Server, browser: Browser, streamlits_own: set[str], path: str
) -> None:
    assert len(streamlits_own) <= 2
    context = browser.new_context(color_scheme="dark", bypass_csp=True)  # to run axe-core in it
    page = goto(context.new_page(), f"{server.address}/{path}")
    if not path:
        page.locator(".st-key-ready").get_by_text("4", exact=True).click()
        page.get_by_label("What the models see").wait_for()
    page.wait_for_timeout(1500)
    found = violations(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    settled(page).wait_for_timeout(500)
    found |= violations(page)
    levels = [int(one.evaluate("e => e.tagName[1]")) for one in page.get_by_role("heading").all()]
    context.close()
    assert {name: found[name] for name in found if name not in streamlits_own} == {}
    assert levels[0] == 1
    assert max((b - a for a, b in pairwise(levels)), default=0) <= 1, (
        "a level of headings is missing"
    )


def test_the_focus_stays_where_a_button_was_that_a_click_took_away(
    server: Server, page: Page
) -> None:
    goto(page, server.address)
    page.locator(".st-key-ready").get_by_text("4", exact=True).click()
    page.get_by_label("What the models see").wait_for()
    settled(page)
    clear = page.get_by_test_id("stButton").filter(has_text="Clear").get_by_role("button")
    clear.focus()
    page.keyboard.press("Enter")
    expect(page.locator("canvas.example")).to_be_visible()
    eventually(lambda: page.evaluate(FOCUSED) != "")

    goto(page, f"{server.address}/morph?end=digit:12&end=digit:40&end=digit:7")
    page.get_by_role("button", name="Remove C").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove C")).to_have_count(0)
    settled(page)
    eventually(lambda: page.evaluate(FOCUSED) != "")

    goto(page, f"{server.address}/latent_space?z=0.5,0.5")
    page.get_by_role("button", name="Go 1 up and 2 left").focus()
    page.keyboard.press("Enter")
    eventually(lambda: page.evaluate(FOCUSED) == "Here")


def test_a_sheet_of_samples_is_one_stop_and_says_what_each_is_like(
    server: Server, page: Page
) -> None:
    goto(page, f"{server.address}/generate")
    samples = page.get_by_role("button", name=re.compile("^Sample"))
    expect(samples).to_have_count(40)
    stops = samples.evaluate_all("all => all.filter(one => one.tabIndex >= 0).length")
    assert stops == 1
    samples.first.focus()
    for key in ("ArrowRight", "ArrowDown", "End", "Home", "ArrowRight"):
        page.keyboard.press(key)
    assert re.fullmatch(r"Sample 2, most like a \d", page.evaluate(FOCUSED))


def test_what_happens_is_said_once_and_says_what_digit_it_is(server: Server, page: Page) -> None:
    goto(page, server.address)
    page.locator(".st-key-ready").get_by_text("2", exact=True).click()
    said = page.get_by_role("status").filter(has_text="To map it is most like a 2.")
    expect(said).to_have_count(1)
    expect(page.get_by_role("img", name=re.compile("^Board"))).to_have_count(1)
    goto(page, f"{server.address}/latent_space?z=0.5,0.5")
    page.locator("canvas.map").focus()
    page.keyboard.press("Shift+Enter")
    heading = page.get_by_role("heading", name=re.compile(r"^A digit: \d"))
    label = heading.inner_text()[-1]
    expect(page.get_by_role("status").filter(has_text=f"It is the digit {label}.")).to_have_count(1)
    goto(page, f"{server.address}/generate")
    expect(page.get_by_role("slider", name="z1", exact=True)).to_be_visible()
    page.evaluate(
        """() => { window.said = 0;
        const words = [...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean)
            .flatMap(root => [...root.querySelectorAll('[role=status], [aria-live]')]);
        for (const one of words) new MutationObserver(() => window.said++)
            .observe(one, {childList: true, characterData: true, subtree: true}); }"""
    )
    page.get_by_role("slider", name="z1", exact=True).focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    settled(page)
    page.wait_for_timeout(800)
    assert 1 <= page.evaluate("window.said") <= 3
    expect(page.get_by_role("status").filter(has_text="Most like a")).to_have_count(1)


def test_back_leaves_the_page_whatever_was_clicked_on_it_and_forward_restores_it(
    server: Server, page: Page
) -> None:
    goto(page, f"{server.address}/generate")
    before = page.evaluate("history.length")
    page.get_by_role("link", name="Latent space").click()
    expect(page.locator("canvas.map")).to_be_visible()
    settled(page)
    for place in (100, 180, 260):
        page.locator("canvas.map").click(position={"x": place, "y": 200})
        page.wait_for_timeout(500)
        settled(page)
    assert page.evaluate("history.length") == before + 1
    pinned = re.search("[?&](z|digit)=[^&]*", page.evaluate("location.search"))
    assert pinned is not None
    page.go_back()
    expect(page.get_by_role("heading", name="Generate", level=1)).to_be_visible()
    settled(page)
    page.go_forward()
    expect(page.get_by_role("heading", name="Latent space", level=1)).to_be_visible()
    settled(page)
    assert pinned[0] in page.evaluate("location.search")
