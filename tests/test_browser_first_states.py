"""What a page shows before anybody has touched it, on any line, and how it fills a window."""

import os
import re
from typing import Any

import numpy as np
import pytest
from chromium import PHONE, Server, draw, goto, needs_chromium, picture, settled
from long import first
from playwright.sync_api import Browser, Page, expect

LINE = {"downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8, "latency": 150}
USEFUL = float(os.environ.get("VAE_TEST_USEFUL", "4"))  # seconds, where nothing else runs
MOVING = {"morph": "Frame", "generate": "Generated digit"}
LECTURE, LAPTOP, HALF_A_SCREEN = (1920, 1080), (1024, 768), (900, 800)

pytestmark = needs_chromium


@pytest.fixture
def page(moving_page: Page) -> Page:
    """Here pages move by themselves."""
    return moving_page


def visitor(browser: Browser, size: tuple[int, int], **options: Any) -> Page:
    viewport: Any = {"width": size[0], "height": size[1]}
    page = browser.new_context(viewport=viewport, has_touch=size == PHONE, **options).new_page()
    page.set_default_timeout(30_000)
    return page


def looks(page: Page, label: str, times: int = 10) -> set[bytes]:
    """What a picture shows in the next second."""
    found = set()
    for _ in range(times):
        found.add(picture(page.get_by_role("img", name=label, exact=True)).tobytes())
        page.wait_for_timeout(100)
    return found


@pytest.mark.parametrize("stem", first(1, MOVING))
def test_a_digit_moves_until_the_first_touch(stem: str, server: Server, page: Page) -> None:
    label = MOVING[stem]
    goto(page, f"{server.address}/{stem}?model=map")
    assert len(looks(page, label)) > 3
    page.mouse.click(5, 5)
    page.wait_for_timeout(200)
    assert len(looks(page, label)) == 1


@pytest.mark.long
@pytest.mark.parametrize(("stem", "label"), MOVING.items(), ids=MOVING)
def test_nothing_moves_by_itself_for_who_asks_for_less_motion(
    stem: str, label: str, server: Server, browser: Browser
) -> None:
    page = visitor(browser, (1280, 900), reduced_motion="reduce")
    goto(page, f"{server.address}/{stem}?model=map")
    page.wait_for_timeout(500)
    assert len(looks(page, label)) == 1
    page.context.close()


def test_a_digit_that_has_breathed_is_the_one_that_the_address_names(
    server: Server, page: Page
) -> None:
    goto(page, f"{server.address}/generate?model=map&z=1.0000,-0.5000")
    first = page.get_by_role("slider", name=re.compile("^z")).first  # the most informative one
    home = re.compile(r"^z (1\.0000|-0\.5000), ")
    expect(first).not_to_have_attribute("aria-valuetext", home)
    page.mouse.click(5, 5)
    expect(first).to_have_attribute("aria-valuetext", home)
    assert "z=1.0000,-0.5000" in page.url.replace("%2C", ",")


@pytest.mark.long
def test_the_button_that_stops_a_morph_leaves_it_stopped_and_it_turns_at_its_ends(
    server: Server, page: Page
) -> None:
    goto(page, f"{server.address}/morph?model=map&steps=4")
    page.get_by_role("button", name="Pause").click()
    play = page.get_by_role("button", name="Play", exact=True)
    expect(play).to_be_visible()
    assert len(looks(page, "Frame", 4)) == 1
    page.get_by_role("button", name="20 frames a second").click()
    page.evaluate(
        """() => {
            const roots = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
            const words = roots.map(one => one.shadowRoot?.querySelector(".screen p"))
                .find(found => found);
            window.frames = [];
            new MutationObserver(() => window.frames.push(parseInt(words.textContent.slice(6))))
                .observe(words, { childList: true, characterData: true, subtree: true });
        }"""
    )
    play.click()
    page.wait_for_timeout(1500)
    frames = page.evaluate("window.frames")
    assert len(frames) > 8
    assert set(np.abs(np.diff(frames))) == {1}  # there and back, with no jump
    assert set(frames) == {1, 2, 3, 4}


@pytest.mark.long
def test_the_slider_through_a_training_runs_once(server: Server, page: Page) -> None:
    page.goto(f"{server.address}/train?model=map&run=map")
    slider = page.get_by_role("slider", name="Epoch")
    slider.wait_for()
    last, seen = float(slider.get_attribute("max") or "nan"), []
    while not seen or seen[-1] < last:
        seen.append(float(slider.input_value()))
        page.wait_for_timeout(50)
    assert len(set(seen)) > 5
    assert seen == sorted(seen)
    page.wait_for_timeout(1000)
    assert float(slider.input_value()) == last
    expect(page.get_by_role("button", name="Play through the epochs")).to_be_visible()


WATCHED = """window.seen = []; requestAnimationFrame(function look() {
    const shown = one => one && getComputedStyle(one).visibility === "visible";
    window.seen.push([shown(document.querySelector("#first-paint")),
        Boolean(document.querySelector("[data-testid=stMain] [data-testid=stHeading]"))]);
    requestAnimationFrame(look); })"""
FIRST = {  # a phone of 2013, a window in the dark, and who asks for less motion
    "narrow": ((320, 568), {}),
    "dark": ((1280, 800), {"color_scheme": "dark"}),
    "still": ((1280, 800), {"reduced_motion": "reduce"}),
}


@pytest.mark.parametrize("kind", FIRST)
def test_a_digit_is_there_before_streamlits_script_and_moves_but_for_who_asks_for_less_motion(
    kind: str, server: Server, browser: Browser
) -> None:
    size, options = FIRST[kind]
    page = visitor(browser, size, **options)
    page.route("**/static/js/**", lambda route: route.abort())
    page.goto(f"{server.address}/generate")
    film = page.locator("#first-paint .film")
    expect(film.locator("img")).to_be_visible()
    assert film.locator("img").evaluate("one => one.decode().then(() => one.naturalWidth)") == 28
    expect(page.get_by_role("status")).to_contain_text("The page is on its way")
    box = film.bounding_box()
    assert box is not None
    assert box["width"] == box["height"] == 224
    assert abs(box["x"] + box["width"] / 2 - size[0] / 2) < 1
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    looks = set()
    for _ in range(8):
        looks.add(film.screenshot(animations="allow"))
        page.wait_for_timeout(100)
    assert (len(looks) == 1) == (kind == "still")
    ground = page.locator("#first-paint").evaluate("one => getComputedStyle(one).backgroundColor")
    assert ground == ("rgb(15, 15, 14)" if kind == "dark" else "rgb(255, 255, 255)")
    page.context.close()


def test_the_first_digit_stays_until_the_page_is_there_and_never_comes_back(
    server: Server, page: Page
) -> None:
    page.add_init_script(WATCHED)
    goto(page, f"{server.address}/generate?model=map")
    expect(page.locator("#first-paint")).to_be_hidden()
    page.get_by_role("link", name="Morph").click()
    page.get_by_role("heading", name="Morph", level=1).wait_for()
    settled(page)
    seen = page.evaluate("window.seen")
    after = [shown for shown, _ in seen[[one for one, _ in seen].index(True) :]]
    gone = after.index(False)
    assert not any(after[gone:])
    assert any(heading for _, heading in seen[-len(after) + gone - 1 :][:1])  # not before the page


def test_without_scripts_the_page_says_so_beside_the_digit(
    server: Server, browser: Browser
) -> None:
    page = visitor(browser, (1280, 800), java_script_enabled=False)
    page.goto(server.address)
    box = page.locator("#first-paint").bounding_box()
    said = page.locator("noscript p").first.bounding_box()
    assert box is not None
    assert said is not None
    assert said["y"] + said["height"] < box["y"]
    expect(page.get_by_text("The page is on its way")).to_be_hidden()
    page.context.close()


def test_what_streamlit_says_instead_of_a_page_is_not_covered(
    server: Server, browser: Browser
) -> None:
    page = visitor(browser, (1280, 800))
    page.route("**/_stcore/**", lambda route: route.abort())  # as where no server answers
    page.goto(server.address)
    page.get_by_test_id("stApp").wait_for()
    expect(page.locator("#first-paint")).to_be_hidden()
    page.context.close()


def test_a_page_is_of_use_before_any_model_has_come(server: Server, browser: Browser) -> None:
    page = visitor(browser, (1280, 900))
    page.route("**/files/**", lambda route: None)  # neither models nor our scripts ever come
    page.goto(server.address, wait_until="commit")  # nor does the first digit
    seen_at_first(page)
    page.context.close()


@pytest.mark.long
def test_a_slow_line_shows_what_it_is_about_before_any_model_has_come(
    server: Server, browser: Browser
) -> None:
    """1.6 Mbit/s, 150 ms: title, board and an example, four seconds after Streamlit's script."""
    page = visitor(browser, (1280, 900))
    goto(page, server.address)  # the server is warm, as for all but the first visitor
    page.context.close()
    page = visitor(browser, (1280, 900))
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {"offline": False, **LINE})
    page.goto(server.address, wait_until="commit")
    page.get_by_test_id("stApp").wait_for(timeout=90_000)
    started = page.evaluate("performance.now()")
    seen_at_first(page)
    seconds = (page.evaluate("performance.now()") - started) / 1000
    named = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    print(f"{seconds:.1f} s after Streamlit's script")
    assert seconds < USEFUL
    ours = [name for name in named if "/files/" in name]
    assert [name[-4:] for name in ours] == [".png"]  # no model has come, no script of ours
    page.context.close()


def seen_at_first(page: Page) -> None:
    page.get_by_role("heading", name="Latent Digits", level=1).wait_for()
    page.get_by_alt_text("The example, rebuilt by map").wait_for()
    page.locator("canvas.upper-canvas").wait_for()


def test_on_a_phone_what_answers_the_pen_is_in_sight_while_drawing(
    server: Server, browser: Browser
) -> None:
    page = visitor(browser, PHONE)
    goto(page, server.address)
    page.get_by_label("Reconstruction by map").wait_for()
    page.wait_for_timeout(500)
    for label in ("The map, with a ring where the drawing is", "Reconstruction by map"):
        box = page.get_by_label(label).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= PHONE[1], label
    stages = page.locator(".stages > section").evaluate_all(
        "all => all.slice(0, 3).map(one => one.getBoundingClientRect().left)"
    )
    assert stages == sorted(stages)  # in the order of the pipeline: seen, placed, rebuilt
    tops = page.locator(".stages canvas").evaluate_all(
        "all => all.slice(0, 3).map(one => Math.round(one.getBoundingClientRect().top))"
    )
    assert len(set(tops)) == 1
    page.context.close()


@pytest.mark.parametrize("size", first(1, [HALF_A_SCREEN, LECTURE, LAPTOP]))
def test_the_map_is_never_smaller_than_the_digit_beside_it_and_the_window_is_filled(
    size: tuple[int, int], server: Server, browser: Browser
) -> None:
    page = visitor(browser, size, reduced_motion="reduce")
    for stem, digit in (("latent_space", "Decoded digit"), ("morph", "Frame")):
        goto(page, f"{server.address}/{stem}?model=map")
        chart = page.locator("canvas.map").bounding_box()
        shown = page.get_by_role("img", name=digit, exact=True).first.bounding_box()
        assert chart is not None
        assert shown is not None
        assert chart["width"] >= shown["width"] > 100, stem
        if size == LECTURE:
            assert shown["width"] > 340, stem
            right = max(chart["x"] + chart["width"], shown["x"] + shown["width"])
            assert right > 0.6 * size[0], stem
    if size == LAPTOP:
        goto(page, f"{server.address}/generate?model=map")
        strip = page.locator(".strip-slider").first.bounding_box()
        assert strip is not None
        assert strip["width"] > 280
    goto(page, server.address)
    page.get_by_label("Reconstruction by best").wait_for()
    page.wait_for_timeout(500)
    board, chart, *digits = [
        found.bounding_box()
        for found in (
            page.locator("canvas.upper-canvas"),
            page.get_by_label("The map, with a ring where the drawing is"),
            page.get_by_label("What the models see"),
            page.get_by_label(re.compile("^Reconstruction by")).first,
        )
    ]
    assert board is not None
    assert chart is not None
    assert chart["width"] >= 144
    assert board["x"] + board["width"] < chart["x"]
    for digit in digits:
        assert digit is not None
        assert board["x"] + board["width"] < digit["x"]
        assert 80 < digit["width"] <= chart["width"]
        assert digit["y"] + digit["height"] < size[1]
    page.context.close()


@pytest.mark.long
def test_on_a_small_laptop_no_model_and_no_tool_of_the_map_is_below_the_fold(
    server: Server, browser: Browser
) -> None:
    page = visitor(browser, LAPTOP, reduced_motion="reduce")
    goto(page, server.address)
    page.get_by_label("Reconstruction by best").wait_for()
    page.wait_for_timeout(500)
    chart, *digits = [
        page.get_by_label(label, exact=True).bounding_box()
        for label in ("The map, with a ring where the drawing is", "Reconstruction by map",
                      "Reconstruction by best", "Difference of best")
    ]  # fmt: skip
    assert chart is not None
    for digit in digits:
        assert digit is not None
        assert digit["y"] + digit["height"] < LAPTOP[1]
        assert digit["width"] <= chart["width"]
    for query in ("model=best", "view=Theory&digit=440"):
        goto(page, f"{server.address}/latent_space?{query}")
        for name in ("Manifold", "Whole map", "Digits 0", "Digits 9"):
            tool = page.get_by_role("button", name=name).bounding_box()
            assert tool is not None
            assert tool["y"] + tool["height"] <= LAPTOP[1], (query, name)
    page.context.close()


def test_the_key_p_makes_all_type_larger_but_not_while_somebody_types(
    server: Server, page: Page
) -> None:
    goto(page, f"{server.address}/generate?model=map")
    page.wait_for_function("'latentDigitsPage' in window")
    size = "() => parseFloat(getComputedStyle(document.querySelector('p')).fontSize)"
    before = page.evaluate(size)
    page.keyboard.press("p")
    assert page.evaluate(size) > 1.2 * before
    page.keyboard.press("p")
    assert page.evaluate(size) == before
    page.get_by_role("spinbutton", name="Seed").click()
    page.keyboard.press("p")
    assert page.evaluate(size) == before
    expect(page.get_by_text("for larger type")).to_be_visible()


@pytest.mark.long
def test_at_a_lectures_size_the_board_is_larger_and_the_pen_draws_where_it_is(
    server: Server, browser: Browser
) -> None:
    page = visitor(browser, LECTURE)
    goto(page, server.address)
    board = page.locator("canvas.upper-canvas").bounding_box()
    assert board is not None
    assert board["width"] > 400
    side = int(board["width"])
    draw(page, [(10, 10), (side - 10, side - 10)])
    settled(page)
    image = picture(page.get_by_label("What the models see"))
    assert image[4:9, 4:9].max() > 0.5
    assert image[19:24, 19:24].max() > 0.5
    page.context.close()


def test_forced_colours_show_which_page_is_here_and_how_far_a_training_is(
    server: Server, browser: Browser
) -> None:
    page = visitor(browser, (1280, 900), forced_colors="active")
    goto(page, f"{server.address}/how_it_works?model=map")
    line = "e => getComputedStyle(e).outlineStyle"
    here = page.locator("[data-testid=stSidebarNavLink][aria-current]")
    assert here.evaluate(line) == "solid"
    term = page.locator(".terms b").first
    term.evaluate("e => e.classList.add('now')")  # as while its part of the sum is shown
    assert term.evaluate(line) == "solid"
    ground, fill = page.evaluate(
        """() => { const bar = document.createElement("div");
        bar.dataset.testid = "stProgressBarTrack";
        bar.append(document.createElement("div"));
        document.body.append(bar);
        return [bar, bar.firstChild].map(one => getComputedStyle(one).backgroundColor); }"""
    )
    assert fill != ground
    page.context.close()


def test_where_no_digit_is_found_the_pictures_fade_and_no_words(server: Server, page: Page) -> None:
    goto(page, server.address)
    page.get_by_label("Reconstruction by best").wait_for()
    page.locator(".drawing-view").evaluate("e => e.classList.add('nothing')")
    covers = """all => all.map(one => { let cover = 1;
        for (let e = one; e; e = e.parentElement) cover *= getComputedStyle(e).opacity;
        return cover; })"""
    words = page.locator(".stages :is(h2, small, b, code, .figures)")
    assert min(words.evaluate_all(covers)) >= 0.7
    assert max(page.locator(".stages .digit").evaluate_all(covers)) < 0.5
