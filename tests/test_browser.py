"""What only a browser can show: a real server, a real Chromium, a real mouse."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from chromium import PHONE, ROOT, WIDE, Server, goto, needs_chromium, settled
from long import first
from playwright.sync_api import Browser, Error, Page, expect

from benchmarks.server import serving

OVERFLOW = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    return main.scrollWidth - main.clientWidth;
}"""
VIOLATIONS = """window.violations = [];
document.addEventListener("securitypolicyviolation", event =>
    window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));"""
PAGES = (
    "", "latent_space", "latent_space?view=Analysis", "generate", "morph", "compare", "train",
    "how_it_works",
)  # fmt: skip

pytestmark = needs_chromium


@pytest.mark.long
def test_the_address_restores_page_model_and_view(server: Server, page: Page) -> None:
    goto(page, f"{server.address}/latent_space?model=best&view=Analysis")
    expect(page.get_by_role("heading", name="Latent space")).to_be_visible()
    chosen = page.get_by_test_id("stSidebar").get_by_role("combobox")
    expect(chosen).to_have_value(re.compile("best$"))
    page.get_by_role("link", name="Generate").click()
    expect(page.get_by_role("heading", name="Generate")).to_be_visible()
    expect(page.get_by_test_id("stSidebar").get_by_role("combobox")).to_have_value(
        re.compile("best$")
    )
    assert "model=best" in page.url


class Visit(NamedTuple):
    """What a page did: how much wider than the screen it is, at a desk and on a phone, in pixels;
    where it broke the content security policy; what it asked of other hosts."""

    overflows: list[int]
    violations: list[str]
    abroad: list[str]


@pytest.fixture(scope="module")
def visits(server: Server, browser: Browser) -> dict[str, Visit]:
    """A visit to each page."""
    page = browser.new_page()
    page.add_init_script(VIOLATIONS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    found = {}
    for path in PAGES:
        asked.clear()
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        goto(page, f"{server.address}/{path}")
        page.wait_for_timeout(300)  # charts are drawn after the script has run
        wide = page.evaluate(OVERFLOW)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.wait_for_timeout(150)
        here = (server.address, "data:", "blob:")
        found[path] = Visit(
            [wide, page.evaluate(OVERFLOW)],
            page.evaluate("window.violations"),
            [url for url in asked if not url.startswith(here)],
        )
    page.close()
    return found


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_the_screen(visits: dict[str, Visit], path: str) -> None:
    assert max(visits[path].overflows) <= 0


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_the_content_security_policy(visits: dict[str, Visit], path: str) -> None:
    assert visits[path].violations == []


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_another_host_for_anything(visits: dict[str, Visit], path: str) -> None:
    assert visits[path].abroad == []


def test_the_browser_of_these_tests_finds_no_other_host(server: Server, page: Page) -> None:
    other = server.address.replace("127.0.0.1", "elsewhere.localhost")  # which is this host, too
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto(other)


NAMES = (
    "[x](http://evil.example)", "![i](http://evil.example/x.png)", "http://evil.example/x",
    "www.evil.example", "WWW.evil.example", "me@evil.example", "<b>b</b>", "<!-- c -->",
    "**b** *i* `c` ``d``", "_a_ b_c_ __d__ e_f", "~~s~~", "$a^2$ $$b$$", "a & b &amp; c", "# h",
    ":red[r] :smile: :material/draw: :blue-badge[x]", ":streamlit:", "1. l", "12) l", "- l", "> q",
    "===", "***", "[^1]", "a\\b \\* \\_x_", "first\n# second", "    four spaces",
)  # fmt: skip


@pytest.mark.long
def test_a_name_is_shown_as_it_is_whatever_markup_it_looks_like(tmp_path: Path, page: Page) -> None:
    script = tmp_path / "names.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import streamlit as st\n"
        "from pages.shared.widgets import plain\n"
        f"for name in {NAMES!r}:\n"
        "    st.caption(plain(name))\n    st.caption(f'**bold** {plain(name)} end')\n"
    )
    with serving(tmp_path / "runs", script) as names:
        goto(page, names.address)
        captions = page.get_by_test_id("stCaptionContainer")
        shown = [words.replace("\N{WORD JOINER}", "") for words in captions.all_inner_texts()]
        assert shown == [
            words
            for name in NAMES
            for words in (" ".join(name.split()), f"bold {' '.join(name.split())} end")
        ]
        assert captions.locator("a, img, ol, ul, em, code, span").count() == 0


def test_nothing_that_the_pages_do_makes_streamlit_complain(
    server: Server, visits: dict[str, Visit], page: Page
) -> None:
    assert len(visits) == len(PAGES)
    goto(page, f"{server.address}/latent_space?view=Analysis&around=50&digit=1234")
    page.get_by_role("button", name="Choose none").click()
    expect(page.get_by_text("Nothing is chosen yet.")).to_be_visible()
    goto(page, server.address)
    page.locator(".st-key-ready").get_by_text("4", exact=True).click()
    expect(page.get_by_role("combobox", name="Models")).to_be_visible()
    settled(page)
    (log,) = server.runs.parent.glob("log-*.txt")
    text = log.read_text()
    assert "You can now view your Streamlit app" in text  # it is the log, and is written
    assert [line for line in text.splitlines() if "widget" in line.lower()] == []


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("start", first(1, ["", "morph"]))
def test_what_draw_says_as_a_link_is_clicked_does_not_empty_the_page_behind_it(
    start: str, server: Server, page: Page
) -> None:
    goto(page, f"{server.address}/{start}")
    if start:
        page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.get_by_role("img", name="Reconstruction by best")).to_be_visible()
    settled(page)
    page.evaluate(
        """() => {
            const view = [...latentDigits.views.values()].find(one => one.data.view === "drawing");
            document.querySelector("[data-testid=stSidebarNavLink][href$=generate]").click();
            view.setStateValue("standing", ["another"]);
        }"""
    )
    expect(page.get_by_role("heading", name="Generate", level=1)).to_be_visible()
    settled(page).wait_for_timeout(500)
    expect(page.get_by_role("heading", name="Generate", level=1)).to_be_visible()
    expect(page.get_by_test_id("stSidebar").get_by_role("combobox")).to_be_visible()


def test_the_server_never_loads_tensorflow(server: Server, visits: dict[str, Visit]) -> None:
    assert len(visits) == len(PAGES)  # it has served every page
    libraries = Path(f"/proc/{server.process}/maps").read_text()
    assert "litert" in libraries  # this is the process that serves, and the check can see
    assert "tensorflow" not in libraries
