"""The pipeline of How it works, under a real mouse, a real finger and real keys; and missions."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from chromium import PHONE, Server, eventually, goto, needs_chromium, picture, settled
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from pages.parts.how_it_works.pipeline import EXAMPLES
from vae import inference, runs
from vae.data import Digits

pytestmark = needs_chromium

NAMES = ("image", "encoder", "posterior", "noise", "decoder", "expected", "lost", "loss")
COUNT = """window.frames = 0;
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (then) => ask((now) => { window.frames += 1; then(now); });"""


@pytest.fixture(autouse=True)
def problems(page: Page) -> Iterator[list[str]]:
    """What the page's console complains of: nothing."""
    found: list[str] = []

    def note(said: ConsoleMessage) -> None:
        if said.type == "error":
            found.append(said.text)

    page.on("console", note)
    yield found
    assert found == []


def opened(page: Page, server: Server, query: str = "stage=image") -> Page:
    goto(page, f"{server.address}/how_it_works?{query}")
    expect(page.locator(".stage.here")).to_be_visible()
    page.wait_for_timeout(300)
    return page


def stage(page: Page) -> str:
    """The name of the stage in sight."""
    name = page.locator(".stage.here").get_attribute("class") or ""
    return name.split("of-")[1].split()[0]


def in_sight(page: Page, name: str) -> bool:
    """Whether this stage fills the strip, and no other."""
    return page.locator(".strip-of-stages").evaluate(
        """(strip, name) => {
            const left = strip.getBoundingClientRect().left;
            return Math.abs(strip.querySelector(`.of-${name}`).getBoundingClientRect().left - left)
                < 2;
        }""",
        name,
    )


def nats(page: Page) -> list[float]:
    """The figures of the last stage: lost, told, loss."""
    texts = page.locator(".of-loss .nats").all_text_contents()
    return [float(re.findall(r"[\d.]+", text)[0]) for text in texts]


def decoded(page: Page) -> np.ndarray:
    return picture(page.get_by_label("Decoded from z"))


def test_keys_and_buttons_go_from_stage_to_stage_but_not_while_somebody_moves_a_slider(
    server: Server, page: Page
) -> None:
    opened(page, server)
    for name in NAMES[1:]:
        page.keyboard.press("ArrowRight")
        eventually(lambda name=name: stage(page) == name)
    eventually(lambda: in_sight(page, "loss"))
    expect(page.get_by_role("button", name="Next →")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    assert stage(page) == "loss"
    eventually(lambda: "stage=loss" in page.evaluate("location.search"))
    for name in reversed(NAMES[3:-1]):
        page.get_by_role("button", name="← Back").click()
        eventually(lambda name=name: stage(page) == name)
    slider = page.get_by_label("Sigma, times")
    slider.focus()
    before = decoded(page)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert stage(page) == "noise"
    assert float(slider.input_value()) == pytest.approx(1.1)
    page.get_by_role("combobox").first.focus()
    page.keyboard.press("ArrowRight")
    assert stage(page) == "noise"
    page.locator(".rail button").last.click()
    eventually(lambda: in_sight(page, "loss"))
    page.set_viewport_size({"width": 1024, "height": 768})
    wide = "line => line.scrollWidth - line.clientWidth"
    assert page.locator(".st-key-missions").evaluate(wide) <= 0  # all missions are in sight
    assert before.shape == (28, 28)


@pytest.mark.long
def test_the_figures_are_those_of_the_library_for_the_posteriors_mean(
    server: Server, page: Page, digits: Digits
) -> None:
    model = inference.load(runs.SHIPPED / "best")
    opened(page, server, "model=best&stage=loss&example=7")
    for source, index in (("Digit 7", EXAMPLES[7]), ("Digit 2", EXAMPLES[2])):
        page.get_by_role("button", name=source, exact=True).click()
        page.wait_for_timeout(300)
        image = digits.pixels[index : index + 1]
        lost, told = (float(term[0]) for term in model.terms(image, model.encode(image)))
        np.testing.assert_allclose(nats(page), [lost, told, lost + told], atol=0.051)
    page.get_by_role("button", name="Another ε").click()
    page.wait_for_timeout(300)
    assert abs(nats(page)[0] - lost) > 0.2
    assert abs(nats(page)[1] - told) < 0.051
    page.get_by_role("button", name="ε = 0").last.click()
    page.wait_for_timeout(300)
    assert abs(nats(page)[0] - lost) < 0.051


@pytest.mark.long
def test_noise_is_dragged_and_the_picture_follows_until_sigma_is_0(
    server: Server, page: Page
) -> None:
    opened(page, server, "model=best&stage=noise")
    pad = page.get_by_label(re.compile("^Epsilon"))
    box = pad.bounding_box()
    assert box
    left, top, side = box["x"], box["y"], box["width"]
    seen = []
    page.mouse.move(left + 0.2 * side, top + 0.2 * side)
    page.mouse.down()
    for share in (0.2, 0.5, 0.8):
        page.mouse.move(left + share * side, top + share * side)
        page.wait_for_timeout(200)
        seen.append(decoded(page))
    page.mouse.up()
    assert all(np.abs(a - b).max() > 0.05 for a, b in pairwise(seen))
    pad.press("Shift+ArrowLeft")
    page.wait_for_timeout(200)
    assert stage(page) == "noise"
    assert np.abs(decoded(page) - seen[-1]).max() > 0.01
    page.get_by_label("Sigma, times").fill("0")
    page.wait_for_timeout(200)
    mean = decoded(page)
    expect(page.locator(".of-noise .figures")).to_have_text(re.compile("∞ nats"))
    for share in (0.3, 0.7):
        page.mouse.click(left + share * side, top + 0.4 * side)
        page.wait_for_timeout(200)
        np.testing.assert_array_equal(decoded(page), mean)


@pytest.mark.long
def test_it_trembles_while_drops_fall_and_nothing_is_computed_out_of_sight(
    server: Server, page: Page
) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.add_init_script(COUNT)
    opened(page, server, "model=best&stage=noise")
    page.get_by_role("button", name="Rain").click()
    seen = set()
    for _ in range(12):
        seen.add(decoded(page).tobytes())
        page.wait_for_timeout(250)
    assert len(seen) >= 4
    page.keyboard.press("ArrowRight")
    eventually(lambda: in_sight(page, "decoder"))
    page.wait_for_timeout(1500)
    page.evaluate("window.frames = 0")
    page.wait_for_timeout(1000)
    assert page.evaluate("window.frames") <= 2


@pytest.mark.long
def test_any_place_of_the_map_can_be_followed_and_a_link_restores_it(
    server: Server, page: Page, browser: Browser
) -> None:
    opened(page, server)
    digit = page.get_by_label("The digit that is followed")
    before = picture(digit)
    box = page.locator(".of-image canvas.map").bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.93 * box["width"], box["y"] + 0.07 * box["height"])
    eventually(lambda: np.abs(picture(digit) - before).max() > 0.1)
    eventually(lambda: bool(re.search("example=[^&]+(,|%2C)", page.evaluate("location.search"))))
    shown = picture(digit)
    other = browser.new_context().new_page()
    goto(other, page.evaluate("location.href"))
    np.testing.assert_allclose(
        picture(other.get_by_label("The digit that is followed")), shown, atol=2 / 255
    )
    other.context.close()


@pytest.mark.long
def test_the_first_stages_show_themselves_until_the_first_touch(server: Server, page: Page) -> None:
    page.emulate_media(reduced_motion="no-preference")
    opened(page, server, "")
    eventually(lambda: stage(page) == "encoder")
    page.mouse.click(5, 300)
    page.wait_for_timeout(5000)
    assert stage(page) == "encoder"


@pytest.mark.long
def test_who_asks_for_less_motion_goes_from_stage_to_stage_at_once(
    server: Server, page: Page
) -> None:
    opened(page, server, "")
    page.wait_for_timeout(4000)
    assert stage(page) == "image"
    page.keyboard.press("ArrowRight")
    assert in_sight(page, "encoder"), "it cuts"


def test_who_asks_for_less_motion_is_at_the_next_stage_at_once(server: Server, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    goto(page, f"{server.address}/how_it_works?stage=image")
    strip = page.locator(".strip-of-stages")
    far = "e => [e.scrollLeft, e.clientWidth]"
    assert strip.evaluate(far)[0] == 0
    click = "e => (e.getRootNode().querySelector('.steps .primary').click(), e.scrollLeft)"
    assert strip.evaluate(click) == strip.evaluate(far)[1]


@pytest.mark.long
def test_a_plain_autoencoder_has_its_few_stages(server: Server, page: Page) -> None:
    opened(page, server, "model=autoencoder&stage=posterior")
    expect(page.locator(".stage")).to_have_count(7)
    expect(page.locator(".stage.here")).to_contain_text("a point")
    page.keyboard.press("ArrowRight")
    assert stage(page) == "decoder"


BOTTOM = """stage => Math.max(...[...stage.querySelectorAll("*")]
    .map(one => one.getBoundingClientRect()).filter(box => box.width && box.height)
    .map(box => box.bottom))"""


@pytest.mark.long
def test_every_stage_is_seen_whole_on_a_laptop_and_in_a_lecture(server: Server, page: Page) -> None:
    opened(page, server)
    for width, height in ((1280, 800), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        for way in ("at a desk", "in a lecture"):
            below = {}
            for name, stop in zip(NAMES, page.locator(".rail button").all(), strict=True):
                stop.click()
                page.wait_for_timeout(200)
                below[name] = page.locator(f".here.of-{name}").evaluate(BOTTOM) - height
            assert max(below.values()) <= 0, f"{way}, {width} wide: {below}"
            page.keyboard.press("p")


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True, is_mobile=True
    )
    yield context.new_page()
    context.close()


@pytest.mark.long
def test_a_swipe_is_a_step_on_a_phone(server: Server, phone: Page) -> None:
    opened(phone, server)
    strip = phone.locator(".strip-of-stages")
    box = strip.bounding_box()
    assert box
    high = "strip => strip.clientHeight - strip.querySelector('.here').offsetHeight"
    assert strip.evaluate(high) == 0  # no gap below a stage that is lower than others
    screen = phone.context.new_cdp_session(phone)
    y = box["y"] + 60
    for i, x in enumerate(np.linspace(330, 40, 12)):
        kind = "touchMove" if i else "touchStart"
        at = [{"x": float(x), "y": y}]
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        phone.wait_for_timeout(16)
    held = strip.bounding_box()
    assert held
    assert held["height"] == box["height"]  # nothing moves under the finger
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    eventually(lambda: stage(phone) == "encoder")
    assert in_sight(phone, "encoder")
    assert strip.evaluate(high) == 0


def mission(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stPopover").get_by_text(name, exact=True)


@pytest.mark.long
def test_a_mission_is_taken_on_done_and_still_done_after_a_reload(
    server: Server, page: Page
) -> None:
    opened(page, server)
    mission(page, "Where no digit is").click()
    page.get_by_role("button", name="Take it on: Latent space").click()
    expect(page.get_by_text("Go where no digit is.")).to_be_visible()
    settled(page)
    latent_map = page.locator("canvas.map")
    box = latent_map.bounding_box()
    assert box
    latent_map.click(position={"x": 0.95 * box["width"], "y": 0.95 * box["height"]})
    expect(page.get_by_text("Mission done: Go where no digit is.")).to_be_visible()
    settled(page)
    goto(page, f"{server.address}/how_it_works")
    card = page.get_by_test_id("stPopover").filter(has_text="Where no digit is")
    expect(card).to_contain_text("check_circle")  # once the browser has told what it kept
    card.get_by_role("button").click()
    expect(page.get_by_test_id("stPopoverBody")).to_contain_text("Done")


@pytest.mark.long
def test_what_the_browser_keeps_of_missions_may_be_anything(server: Server, page: Page) -> None:
    goto(page, f"{server.address}/train")
    some = {"done": [["x"], None, "nothing", "outside"], "taken": {"a": 1}}
    for told, done in ((7, 0), ([], 0), ({"done": 5}, 0), (some, 1)):
        kept = json.dumps({"session": "another", "value": told})
        page.evaluate("kept => localStorage.setItem('latent digits: missions', kept)", kept)
        opened(page, server)
        cards = page.get_by_test_id("stPopover")
        expect(cards).to_have_count(5)
        expect(cards.filter(has_text="check_circle")).to_have_count(done)
