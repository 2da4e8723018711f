"""A phone in the hand: the page scrolls under a swipe, and what is pinned stays."""

import re
from collections.abc import Iterator

import pytest
from chromium import PHONE, Server, eventually, goto, needs_chromium, picture, settled
from long import first
from playwright.sync_api import Browser, Locator, Page, expect

LANDSCAPE = (844, 390)
SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop"

pytestmark = needs_chromium


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A new visitor on a phone."""
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def swipe(page: Page, start: tuple[float, float], *moves: tuple[float, float]) -> None:
    """A finger that goes down at a spot and along these moves, each in ten steps, and lifts."""
    screen = page.context.new_cdp_session(page)

    def touch(kind: str, *spots: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in spots]
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = start
    touch("touchStart", (x, y))
    for right, down in moves:
        if not right and not down:
            page.wait_for_timeout(400)  # it rests
        for _ in range(10):
            x, y = x + right / 10, y + down / 10
            touch("touchMove", (x, y))
    touch("touchEnd")
    page.wait_for_timeout(300)


def middle(page: Page, thing: Locator) -> tuple[float, float]:
    """Brings it to the middle of the screen."""
    thing.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
    page.wait_for_timeout(300)
    box = thing.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def on_map(page: Page, server: Server, query: str) -> tuple[float, float]:
    goto(page, f"{server.address}/latent_space?{query}")
    expect(page.locator("canvas.map")).to_be_visible()
    return middle(page, page.locator("canvas.map"))


def test_a_swipe_over_the_map_scrolls_the_page_and_leaves_the_pin(
    server: Server, phone: Page
) -> None:
    start = on_map(phone, server, "z=0.5000,0.5000")
    before, shown = phone.evaluate(SCROLLED), phone.locator(".words code").inner_text()
    swipe(phone, start, (0, 200))
    assert phone.evaluate(SCROLLED) < before - 100
    swipe(phone, start, (0, -200))
    swipe(phone, middle(phone, phone.locator("canvas.map")), (0, -200))  # to the page's end
    settled(phone)
    assert "z=0.5000%2C0.5000" in phone.evaluate("location.href")
    assert phone.locator(".words code").inner_text() == shown


@pytest.mark.parametrize("first", [(0, 0), pytest.param((60, 0), marks=pytest.mark.long)])
def test_a_finger_that_rests_or_goes_sideways_first_moves_z_and_not_the_page(
    server: Server, phone: Page, first: tuple[int, int]
) -> None:
    start = on_map(phone, server, "z=0.5000,0.5000")
    before = phone.evaluate(SCROLLED)
    swipe(phone, start, first, (0, -100))
    assert phone.evaluate(SCROLLED) == before
    eventually(lambda: "z=0.5000%2C0.5000" not in phone.evaluate("location.href"))
    assert phone.evaluate(SCROLLED) == before


def test_a_tap_pins(server: Server, phone: Page) -> None:
    start = on_map(phone, server, "hidden=0123456789")
    phone.touchscreen.tap(*start)
    eventually(lambda: re.search("[?&]z=", phone.evaluate("location.href")) is not None)


def test_the_map_leaves_room_to_scroll_where_the_screen_is_low(server: Server, phone: Page) -> None:
    phone.set_viewport_size({"width": LANDSCAPE[0], "height": LANDSCAPE[1]})
    on_map(phone, server, "")
    box = phone.locator("canvas.map").bounding_box()
    assert box is not None
    assert 240 <= box["height"] <= 0.71 * LANDSCAPE[1]


def test_a_phone_on_its_side_has_drawing_and_answer_side_by_side_and_the_pages_behind_a_button(
    server: Server, phone: Page
) -> None:
    phone.set_viewport_size({"width": LANDSCAPE[0], "height": LANDSCAPE[1]})
    goto(phone, server.address)
    sidebar = phone.get_by_test_id("stSidebar")
    expect(sidebar).to_have_attribute("data-collapsed", "true")

    def are_side_by_side() -> bool:
        sketch, seen = (
            phone.locator(f".st-key-{key}").bounding_box() for key in ("sketch", "answers")
        )
        if sketch is None or seen is None:
            return False
        return sketch["x"] + sketch["width"] <= seen["x"] < LANDSCAPE[0] / 2

    eventually(are_side_by_side)
    phone.get_by_role("button", name="Pages").click()
    expect(sidebar).to_have_attribute("data-collapsed", "false")
    goto(phone, f"{server.address}/morph")
    expect(sidebar).to_have_attribute("data-collapsed", "true")  # each visit begins so


def test_projections_are_no_wider_than_a_phone_that_was_on_its_side(
    server: Server, phone: Page
) -> None:
    phone.set_viewport_size({"width": LANDSCAPE[0], "height": LANDSCAPE[1]})
    goto(phone, f"{server.address}/latent_space?model=best&view=Projections")
    view = phone.locator(".projections-view")
    expect(view.locator("canvas.cloud")).to_be_visible()
    for width in (320, PHONE[0]):
        phone.set_viewport_size({"width": width, "height": PHONE[1]})
        eventually(lambda: view.evaluate("view => view.scrollWidth - innerWidth") <= -16)


@pytest.mark.long
def test_a_low_window_with_a_mouse_keeps_its_list_of_pages(server: Server, page: Page) -> None:
    page.set_viewport_size({"width": LANDSCAPE[0], "height": LANDSCAPE[1]})
    goto(page, server.address)
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "false")


SMALLEST = """all => Math.min(...all.map(one => one.getBoundingClientRect())
    .filter(box => box.width).map(box => Math.min(box.width, box.height)))"""


@pytest.mark.parametrize("screen", first(1, [LANDSCAPE, PHONE, (1180, 820)]))
def test_a_finger_hits_each_class_beside_the_map_and_each_button_of_the_page_list(
    screen: tuple[int, int], server: Server, phone: Page
) -> None:
    phone.set_viewport_size({"width": screen[0], "height": screen[1]})
    on_map(phone, server, "")
    sidebar = phone.get_by_test_id("stSidebar")
    if screen in (PHONE, LANDSCAPE):
        phone.get_by_role("button", name="Pages").click()
    buttons = sidebar.locator("button:not([aria-label^='Help for'])")
    expect(sidebar.get_by_role("button", name="Forget drawings")).to_be_visible()
    phone.wait_for_timeout(500)
    assert buttons.evaluate_all(SMALLEST) >= 44
    sidebar.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    phone.wait_for_timeout(500)
    assert phone.locator(".map-main .legend button").evaluate_all(SMALLEST) >= 44
    legend, chart = phone.locator(".map-main .legend"), phone.locator("canvas.map")
    (chips, map_) = (found.bounding_box() for found in (legend, chart))
    assert chips is not None
    assert map_ is not None
    assert chips["width"] <= map_["width"] + 1


@pytest.mark.long
def test_a_swipe_over_the_slider_of_a_training_scrolls_and_a_tap_goes_there(
    server: Server, phone: Page
) -> None:
    goto(phone, f"{server.address}/train?run=best")
    slider = phone.get_by_role("slider", name="Epoch")
    x, y = middle(phone, slider)
    phone.touchscreen.tap(PHONE[0] - 5, 5)  # nothing moves by itself any more
    before, stood = phone.evaluate(SCROLLED), slider.get_attribute("aria-valuetext")
    swipe(phone, (x, y), (0, -150))
    assert phone.evaluate(SCROLLED) > before + 80
    phone.wait_for_timeout(400)
    assert slider.get_attribute("aria-valuetext") == stood
    x, y = middle(phone, slider)
    phone.touchscreen.tap(x, y)
    eventually(lambda: slider.get_attribute("aria-valuetext") != stood)


def test_on_draw_nothing_jumps_and_a_toast_lets_the_pen_through_and_links_to_its_page(
    server: Server, phone: Page
) -> None:
    goto(phone, server.address)
    pages = phone.get_by_role("button", name="Pages")
    assert pages.evaluate("e => getComputedStyle(e, '::after').content") == '"Pages"'
    room = pages.bounding_box()
    assert room is not None
    assert min(room["width"], room["height"]) >= 44
    phone.locator(".st-key-ready").get_by_text("4", exact=True).click()
    phone.get_by_label("What the models see").wait_for()
    settled(phone)
    clear = phone.get_by_test_id("stButton").filter(has_text="Clear").get_by_role("button")
    middle(phone, clear)
    before, box = phone.evaluate(SCROLLED), clear.bounding_box()
    clear.click()
    expect(phone.locator("canvas.example")).to_be_visible()
    settled(phone)
    assert phone.evaluate(SCROLLED) == before
    assert clear.bounding_box() == box

    phone.locator(".st-key-ready").get_by_text("4", exact=True).click()
    settled(phone)
    phone.get_by_role("button", name="Pin on map").click()
    toast = phone.get_by_test_id("stToast")
    expect(toast).to_be_visible()
    under = toast.evaluate(
        """toast => { const {left, top, height} = toast.getBoundingClientRect();
        return toast.contains(document.elementFromPoint(left + 8, top + height / 2)); }"""
    )
    assert not under
    assert toast.locator("button, a").evaluate_all(SMALLEST) >= 44
    toast.get_by_role("link", name="Latent space").click()
    expect(phone.get_by_role("heading", name="Your drawing")).to_be_visible()  # the same session


@pytest.mark.long
def test_a_swipe_over_the_chart_scrolls_until_the_finger_is_to_choose_on_it(
    server: Server, phone: Page
) -> None:
    goto(phone, f"{server.address}/latent_space?view=Analysis&classes=3")
    chart = phone.locator(".js-plotly-plot")
    expect(chart).to_be_visible()
    start = middle(phone, chart)
    before = phone.evaluate(SCROLLED)
    swipe(phone, start, (0, -150))
    assert phone.evaluate(SCROLLED) > before + 80
    phone.get_by_text("Choose with the finger").click()
    settled(phone)
    x, y = middle(phone, chart)
    before = phone.evaluate(SCROLLED)
    swipe(phone, (x - 60, y - 60), (120, 0), (0, 120), (-120, 0), (0, -120))
    assert phone.evaluate(SCROLLED) == before
    eventually(lambda: "1,000 digits" not in phone.get_by_role("heading", level=2).inner_text())


def swipes_scroll(page: Page, thing: Locator) -> None:
    """Up and down over a thing in the middle of the screen: the page follows, as far as it goes."""
    start = middle(page, thing)
    most = page.get_by_test_id("stMain").evaluate("m => m.scrollHeight - m.clientHeight")
    before = page.evaluate(SCROLLED)
    down = 150 if before > most / 2 else -150
    swipe(page, start, (0, down))
    assert abs(page.evaluate(SCROLLED) - before) > min(most / 2 - 1, 80)


@pytest.mark.long
def test_a_swipe_over_how_it_works_scrolls_the_page_and_leaves_digit_noise_and_sigma(
    server: Server, phone: Page
) -> None:
    goto(phone, f"{server.address}/how_it_works?model=map&stage=image&example=%23440")
    chart = phone.locator(".of-image canvas.map")
    expect(chart).to_be_visible()
    source = re.compile("example=([^&]*)")

    def followed() -> list[str]:
        return source.findall(phone.evaluate("location.href"))

    named = followed()
    swipes_scroll(phone, chart)
    settled(phone)
    assert followed() == named
    swipe(phone, middle(phone, chart), (0, 0), (0, -40))  # one that rests first chooses
    eventually(lambda: followed() != named)
    named = followed()
    phone.touchscreen.tap(*middle(phone, chart))
    eventually(lambda: followed() != named)

    goto(phone, f"{server.address}/how_it_works?model=map&stage=noise")
    pad, sigma = phone.locator(".noise-pad"), phone.get_by_role("slider", name="Sigma")
    expect(pad).to_be_visible()
    phone.locator(".of-noise").get_by_role("button", name="ε = 0").tap()
    looked = phone.locator(".of-noise .digit")
    for thing in (pad, sigma):
        shown, value = picture(looked).tolist(), sigma.input_value()
        swipes_scroll(phone, thing)
        assert picture(looked).tolist() == shown
        assert sigma.input_value() == value
    shown = picture(looked).tolist()
    swipe(phone, middle(phone, pad), (30, 0), (0, 30))
    assert picture(looked).tolist() != shown
