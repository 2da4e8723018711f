"""By keyboard, by ear, and by the rules that a machine can check."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import PHONE, WIDE, Server, eventually, goto, needs_chromium, settled
from long import first
from playwright.sync_api import Browser, Page, expect
from test_browser import OVERFLOW

from benchmarks.server import serving

STATES = (
    "", "train?run=best", "latent_space?z=0.5,0.5", "generate", "morph", "compare", "how_it_works",
    "latent_space?view=Theory&digit=440", "latent_space?view=Analysis",
)  # fmt: skip
MORE = (  # looked at by axe-core alone
    "?untouched", "latent_space?view=Projections&model=best", "compare?show=Figures",
    "compare?show=Early+and+late", "compare?show=The+dial", "compare?show=Lessons",
    "how_it_works?stage=noise", "train",
)  # fmt: skip
FOCUSED = """() => {
    let one = document.activeElement;
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    if (one === document.body) return "";
    return one.ariaLabel ?? (one.textContent || one.querySelector("img")?.alt);
}"""
NAMED = {  # pictures are axe-core's
    "button", "link", "slider", "combobox", "textbox", "spinbutton", "checkbox", "switch", "radio",
    "tab", "application", "region", "option",
}  # fmt: skip
VALUED = {"slider", "spinbutton"}
TWICE = {"Open", "Increment", "Decrement"}  # Streamlit's, in its choosers and numbers
EXPECTED: dict[str, list[tuple[str, str, str]]] = {
    "": [
        ("image", "^Board: draw a digit here", ""), ("button", "^Undo", ""),
        ("image", "^What the models see$", ""), ("image", "^Reconstruction by map$", ""),
        ("status", "", ""),
    ],
    "latent_space?z=0.5,0.5": [
        ("application", "^Latent map", ""), ("button", "^Digits 3$", ""),
        ("image", "^Decoded digit$", ""), ("group", "^A drag moves$", ""),
        ("button", "^Go 1 up and 2 left$", ""),
    ],
    "latent_space?view=Theory&digit=440": [
        ("application", "^Latent map", ""), ("heading", "^The true posterior$", ""),
        ("image", "^Draw a digit here$", ""), ("image", "^The true posterior, enlarged", ""),
        ("image", r"^log p|^−log p|^Not computed yet$", ""), ("status", "", ""),
        ("button", "^Find a better posterior$", ""), ("button", "^1,000 samples$", ""),
        ("image", "^Amortisation gap: [0-9.]+ nats", ""),
    ],
    "latent_space?view=Analysis": [
        ("spinbutton", "Around the pin", "0"), ("button", "^Choose none$", ""),
    ],
    "generate": [
        ("slider", "^z1$", r"^50"), ("button", r"^Sample 1, most like a \d$", ""),
        ("slider", "Temperature", "1"),
    ],
    "morph": [
        ("application", "^The path on the map", ""), ("slider", "^Frame$", "^0"),
        ("button", "^Play$", ""), ("button", "^Remove A$", ""),
    ],
    "compare": [
        ("tab", "^Pictures$", ""), ("spinbutton", "Seed", "0"),
        ("image", "^Digits rebuilt by best$", ""),
    ],
    "train?run=best": [("slider", "^Epoch$", r"\d"), ("button", "^Play through the epochs$", "")],
    "how_it_works": [("button", "^Digit 7$", ""), ("button", "^Next →$", "")],
}  # fmt: skip
SMALL = """least => {
    const found = [];
    const look = root => {
        for (const one of root.querySelectorAll("*")) {
            if (one.shadowRoot) look(one.shadowRoot);
            if (!one.matches("button, [role=slider], input, summary") || one.labels?.length
                || !one.checkVisibility({visibilityProperty: true})
                || one.getRootNode() === document) continue;  // Streamlit's
            const {width, height} = one.getBoundingClientRect();
            if (width && height && Math.min(width, height) < least)
                found.push(`${one.ariaLabel ?? one.innerText} ${width} x ${height}`);
        }
    };
    look(document.querySelector("[data-testid=stMain]"));
    return found;
}"""
MARK = """() => { // what says something by its background, and by nothing else
    const marked = window.marked = [];
    const look = root => {
        for (const one of root.querySelectorAll("*")) {
            if (one.shadowRoot) look(one.shadowRoot);
            if (one.getRootNode() === document || !one.checkVisibility()) continue;
            const {width, height} = one.getBoundingClientRect();
            for (const pseudo of ["", "::before", "::after"]) {
                if (pseudo ? getComputedStyle(one, pseudo).content === "none"
                    : one.childNodes.length || !width || !height) continue;
                const ground = getComputedStyle(one, pseudo).backgroundColor;
                const drawn = one.getContext?.("2d")?.getImageData(0, 0, one.width, one.height);
                const isSeen = one.matches("input") || drawn?.data.some(value => value);
                if (!/, 0\\)|transparent/.test(ground) && !isSeen) marked.push([one, pseudo]);
            }
        }
    };
    look(document.querySelector("[data-testid=stMain]"));
}"""
LOST = """() => { // of that, what is not seen any more
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.background = "Canvas";
    const light = style => style.backgroundColor.match(/[\\d.]+/g).slice(0, 3).join();
    const paper = light(getComputedStyle(probe));
    probe.remove();
    const lined = style => ["border-top", "outline"].some(line =>
        parseFloat(style.getPropertyValue(`${line}-width`))
        && style.getPropertyValue(`${line}-style`) !== "none");
    return window.marked.filter(([one, pseudo]) => {
        const style = getComputedStyle(one, pseudo);
        return style.forcedColorAdjust !== "none" && !lined(style) && light(style) === paper;
    }).map(([one, pseudo]) => `${one.outerHTML.slice(0, 120)} ${pseudo}`);
}"""
SAME = """() => { // what is pressed, or chosen, and looks as what is not
    const found = [], all = [];
    const look = root => {
        for (const one of root.querySelectorAll("*")) {
            if (one.shadowRoot) look(one.shadowRoot);
            if (one.checkVisibility()) all.push(one);
        }
    };
    look(document.querySelector("[data-testid=stMain]"));
    const said = ["color", "background-color", "border-top-color", "border-top-style", "opacity",
        "outline-style", "outline-width", "text-decoration-line", "font-weight", "box-shadow"];
    const looks = one => [one, ...one.querySelectorAll("*")].flatMap(part =>
        ["", "::before", "::after"].map(pseudo => getComputedStyle(part, pseudo)))
        .map(style => said.map(name => style.getPropertyValue(name)).join()).join();
    for (const name of ["aria-pressed", "aria-checked", "aria-selected", "aria-current"]) {
        const isOn = one => !["false", null].includes(one.getAttribute(name));
        for (const one of all.filter(isOn)) {
            const others = [...one.parentElement.children].filter(other => !isOn(other)
                && other.tagName === one.tagName && other.className && !other.disabled);
            if (others.some(other => looks(other) === looks(one)))
                found.push(`${name} ${one.outerHTML.slice(0, 120)}`);
        }
    }
    return found;
}"""
STREAMLITS_OWN = (  # a plain page breaks these rules, too
    "^presentation-role-conflict: .*stFileUploaderDropzone",
    r"^scrollable-region-focusable: \.katex",
)
PLAIN = """import streamlit as st
st.set_page_config(page_title="Plain")
st.title("Plain")
st.file_uploader("Import a run", "zip")
st.latex("+".join(f"x_{{{i}}}" for i in range(60)))
"""

pytestmark = needs_chromium


def violations(page: Page) -> set[str]:
    """What breaks a rule of axe-core: the rule, where, and the element."""
    rules = {"label-content-name-mismatch": {"enabled": True}}  # else it is no more than a trial
    found: Any = Axe().run(page, options={"resultTypes": ["violations"], "rules": rules}).response
    return {
        f"{rule['id']}: {' '.join(map(str, node['target']))} {node['html'][:160]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    }


def is_ours(violation: str) -> bool:
    return not any(re.search(own, violation) for own in STREAMLITS_OWN)


@pytest.fixture(scope="module")
def plain_page(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Page]:
    """A page of Streamlit that has nothing of ours."""
    folder = tmp_path_factory.mktemp("plain")
    script = folder / "plain.py"
    script.write_text(PLAIN)
    with serving(folder / "runs", script) as plain:
        page = browser.new_page(bypass_csp=True)
        yield goto(page, plain.address)
        page.close()


def test_what_is_streamlits_own_is_broken_without_us(plain_page: Page) -> None:
    found = violations(plain_page)
    assert [one for one in found if is_ours(one)] == []
    for own in STREAMLITS_OWN:
        assert any(re.search(own, one) for one in found), found


class Look(NamedTuple):
    """What a machine sees of a page: the rules that it breaks, the levels of its headings, the
    nodes of its accessibility tree (role, name, value), targets too small for a mouse or a finger,
    what forced colours hide, and how much wider than the screen it is with text twice as large."""

    broken: set[str]
    levels: list[int]
    nodes: list[tuple[str, str, str]]
    small: list[str]
    hidden: list[str]
    overflow: int


class Looks(dict[str, Look]):
    """Each page and main state, dark and light, at a desk and on a phone; seen when asked for."""

    def __init__(self, address: str, page: Page) -> None:
        self.address, self.page = address, page
        self.screen = page.context.new_cdp_session(page)

    def __missing__(self, path: str) -> Look:
        page = self.page
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        goto(page, f"{self.address}/{path}")
        if not path:
            page.locator(".st-key-ready").get_by_text("4", exact=True).click()
            settled(page).get_by_label("What the models see").wait_for()
        nodes = whole_tree(page, path)
        broken = violations(page)
        small = page.evaluate(SMALL, 24)
        page.evaluate(MARK)
        page.emulate_media(forced_colors="active")
        hidden = page.evaluate(LOST) + page.evaluate(SAME)
        page.emulate_media(color_scheme="light", forced_colors="none")
        settled(page)
        broken |= violations(page)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        settled(page)
        broken |= violations(page)
        page.emulate_media(color_scheme="dark")
        settled(page)
        broken |= violations(page)
        page.emulate_media(color_scheme="light")
        headings = page.get_by_role("heading").all()
        levels = [int(one.evaluate("e => e.tagName[1]")) for one in headings]
        self.screen.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        page.wait_for_function("matchMedia('(pointer: coarse)').matches")
        small += page.evaluate(SMALL, 44)
        self.screen.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        found = Look(broken, levels, nodes, small, hidden, settled_overflow(page))
        page.evaluate("document.documentElement.style.fontSize = ''")
        return self.setdefault(path, found)


@pytest.fixture(scope="module")
def looks(server: Server, browser: Browser) -> Iterator[Looks]:
    # to run axe-core in it, on pages that rest
    context = browser.new_context(color_scheme="dark", bypass_csp=True, reduced_motion="reduce")
    yield Looks(server.address, context.new_page())
    context.close()


def settled_overflow(page: Page) -> int:
    """What is wider than the screen in the end: charts and tables take their new size later."""
    deadline = time.monotonic() + 10
    page.wait_for_timeout(500)
    while (overflow := page.evaluate(OVERFLOW)) > 0 and time.monotonic() < deadline:
        page.wait_for_timeout(200)
    return overflow


def tree(page: Page) -> list[tuple[str, str, str]]:
    """The accessibility tree, without what is ignored: role, name and value of each node."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()

    def value(node: dict, what: str) -> str:
        return str(node.get(what, {}).get("value", "")).strip()

    return [
        (value(node, "role"), value(node, "name"), value(node, "value"))
        for node in nodes
        if not node["ignored"]
    ]


def whole_tree(page: Page, path: str) -> list[tuple[str, str, str]]:
    """The tree once all is in it that is expected, and once: parts are out of it while they
    change, and the server's answers go when the page has its own."""
    deadline = time.monotonic() + 60
    while missing(path, nodes := tree(page)) or (path in STATES and doubled(nodes)):
        if time.monotonic() > deadline:
            break
        page.wait_for_timeout(300)
    return nodes


def doubled(nodes: list[tuple[str, str, str]]) -> set[str]:
    """Names that two things have which are used."""
    names = Counter(name for role, name, _ in nodes if role in ("button", "slider"))
    return {name for name, n in names.items() if n > 1} - TWICE


def missing(path: str, nodes: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """What is expected of a page, and not among the nodes of its tree."""
    return [
        wanted
        for wanted in EXPECTED.get(path, [])
        if not any(
            re.fullmatch(wanted[0], role)
            and re.search(wanted[1], name)
            and re.search(wanted[2], value)
            for role, name, value in nodes
        )
    ]


@pytest.mark.parametrize("path", first(len(STATES), [*STATES, *MORE]))
def test_axe_finds_nothing_that_is_ours_at_a_desk_or_on_a_phone_in_the_dark_or_in_the_light(
    looks: Looks, path: str
) -> None:
    look = looks[path]
    assert [one for one in look.broken if is_ours(one)] == []
    assert look.levels[0] == 1
    assert max((b - a for a, b in pairwise(look.levels)), default=0) <= 1, (
        "a level of headings is missing"
    )


@pytest.mark.parametrize("path", STATES)
def test_what_can_be_used_has_a_name_a_value_and_room_for_a_finger(looks: Looks, path: str) -> None:
    nodes = looks[path].nodes
    assert [node for node in nodes if node[0] in NAMED and not node[1]] == []
    assert [node for node in nodes if node[0] in VALUED and not node[2]] == []
    assert doubled(nodes) == set()
    assert looks[path].small == []


@pytest.mark.parametrize("path", STATES)
def test_the_accessibility_tree_has_what_the_page_is_for(looks: Looks, path: str) -> None:
    assert missing(path, looks[path].nodes) == []


@pytest.mark.parametrize("path", STATES)
def test_forced_colours_hide_neither_keys_bars_and_tracks_nor_what_is_pressed(
    looks: Looks, path: str
) -> None:
    assert looks[path].hidden == []


@pytest.mark.parametrize("path", STATES)
def test_text_twice_as_large_makes_no_page_wider_than_the_screen(looks: Looks, path: str) -> None:
    assert looks[path].overflow <= 0


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


TAKEN = {
    "disabled for a moment": "button.disabled = true;"
    "setTimeout(() => button.disabled = false, 100)",
    "removed while all moves": "setInterval(() => document.body.append(button.cloneNode()), 100);"
    "button.remove()",
}


@pytest.mark.parametrize("way", TAKEN)
def test_the_focus_comes_back_however_a_button_was_taken_away(
    server: Server, page: Page, way: str
) -> None:
    goto(page, f"{server.address}/morph")
    button = page.get_by_role("button", name="Random")
    button.focus()
    button.evaluate(f"button => {{ {TAKEN[way]} }}")
    page.wait_for_timeout(50)
    assert page.evaluate(FOCUSED) == ""
    eventually(lambda: page.evaluate(FOCUSED) != "", seconds=5)


def test_a_focus_that_was_there_before_the_script_is_kept_too(server: Server, page: Page) -> None:
    page.add_init_script("window.latentDigitsPage = true")  # it does not begin
    goto(page, f"{server.address}/morph")
    page.evaluate("delete window.latentDigitsPage")  # now it does, once it hears of something
    forget = page.get_by_role("button", name="Forget drawings and missions")
    forget.press("Enter")
    page.wait_for_function("'latentDigitsPage' in window")
    forget.evaluate("button => button.remove()")
    eventually(lambda: page.evaluate(FOCUSED) != "", seconds=5)


def test_a_focus_that_was_given_up_does_not_come_back(server: Server, page: Page) -> None:
    goto(page, f"{server.address}/morph")
    button = page.get_by_role("button", name="Random")
    button.focus()
    button.evaluate("button => { button.blur(); document.body.append(button.cloneNode()); }")
    page.wait_for_timeout(1500)
    assert page.evaluate(FOCUSED) == ""


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
    goto(page, f"{server.address}/morph?end=digit:12&end=digit:40")
    page.get_by_role("link", name="Generate").click()
    expect(page.get_by_role("slider", name="Temperature")).to_be_visible()
    assert "end=" not in settled(page).evaluate("location.search")
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
