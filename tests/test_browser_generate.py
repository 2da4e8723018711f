"""Sliders, samples and morphs under a real mouse, a real finger and real keys."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from chromium import Server, eventually, goto, needs_chromium, settled
from node import evaluate
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from vae import runs

pytestmark = needs_chromium


def pixels(canvas: Locator) -> np.ndarray:
    """What a canvas of the page shows, as grey values (height, width) in 0..255."""
    expect(canvas).to_be_visible()
    width, values = canvas.evaluate(
        """canvas => [canvas.width, Array.from(canvas.getContext("2d")
            .getImageData(0, 0, canvas.width, canvas.height).data.filter((_, i) => i % 4 === 0))]"""
    )
    return np.array(values, np.uint8).reshape(-1, width)


def digit(page: Page) -> Locator:
    return page.get_by_label("Generated digit")


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def z_of(track: Locator) -> float:
    """The z at which a slider stands."""
    found = re.match(r"z (-?[\d.]+),", track.get_attribute("aria-valuetext") or "")
    assert found
    return float(found[1])


def share_of(track: Locator) -> float:
    """How much of the prior lies below it."""
    return float(track.get_attribute("aria-valuenow") or "nan") / 100


def in_address(page: Page) -> list[float]:
    found = re.search(r"[?&]z=([^&]*)", page.evaluate("location.search"))
    return [float(z) for z in re.split(",|%2C", found[1])] if found else []


def ready(page: Page, address: str) -> Page:
    """The page, once its live views are there and nothing is drawn any more, or moves by itself."""
    page.emulate_media(reduced_motion="reduce")
    expect(goto(page, address).locator("canvas.digit").first).to_be_visible()
    page.wait_for_timeout(500)
    return page


def box_of(element: Locator) -> tuple[float, float, float, float]:
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


@pytest.fixture
def sent(page: Page) -> list[str | bytes]:
    """What the page sends to the server, as it is sent."""
    messages: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda sent: messages.append(sent)))
    return messages


RECORD = """canvas => {
    const seen = new Set();
    window.seen = seen;
    const look = () => {
        seen.add(canvas.getContext('2d').getImageData(0, 0, 28, 28).data.join());
        requestAnimationFrame(look);
    };
    look();
}"""


def test_the_digit_morphs_while_the_thumb_moves_and_python_hears_of_it_once(
    server: Server, page: Page, sent: list
) -> None:
    ready(page, f"{server.address}/generate?model=best")
    track = page.locator(".strip-slider").first
    left, top, width, height = box_of(track)
    middle = top + height / 2
    digit(page).evaluate(RECORD)
    before, told = len(sent), set()
    page.mouse.move(left + width / 2, middle)
    page.mouse.down()
    for i in range(60):
        if i % 15 == 0:
            told.add(page.locator(".current > .faint").inner_text())
        page.mouse.move(left + width * (0.5 + 0.4 * i / 60), middle)
        page.wait_for_timeout(16)
    assert len(sent) == before, "nothing was sent while it was dragged"
    assert page.evaluate("window.seen.size") > 30
    assert len(told) == 4
    assert z_of(track) == pytest.approx(NormalDist().inv_cdf(0.5 + 0.4 * 59 / 60), abs=0.02)
    page.mouse.up()
    name = int((track.get_attribute("aria-label") or "")[1:])
    eventually(lambda: z_of(track) in in_address(page))
    assert in_address(page)[name - 1] == z_of(track)
    assert len(sent) == before + 1


STRIPS = """() => {
    const all = [...document.querySelectorAll("*")].map(one => one.shadowRoot).filter(Boolean);
    return all.flatMap(root => [...root.querySelectorAll(".strip-slider canvas")])
        .filter(one => one.getBoundingClientRect().bottom < innerHeight)
        .map(one => [getComputedStyle(one).filter !== "none", one.toDataURL()]);
}"""


@pytest.mark.long
def test_strips_of_the_digit_before_are_faint_until_they_are_drawn_anew(
    server: Server, page: Page
) -> None:
    ready(page, f"{server.address}/generate?model=best")
    page.mouse.click(5, 5)  # the digit breathes no more
    eventually(lambda: not any(faint for faint, _ in page.evaluate(STRIPS)), 40)
    before = [strip for _, strip in page.evaluate(STRIPS)]
    page.get_by_role("button", name="Randomise").click()
    assert all(faint or strip not in before for faint, strip in page.evaluate(STRIPS))
    eventually(lambda: not any(faint for faint, _ in page.evaluate(STRIPS)), 40)
    after = [strip for _, strip in page.evaluate(STRIPS)]
    assert len(after) >= 5
    assert not set(before) & set(after)


def test_positions_are_shares_of_the_prior() -> None:
    shares = [1e-9, 1e-4, 0.001, 0.07, 0.08, 0.3, 0.5, 0.61, 0.93, 0.999, 1 - 1e-7]
    found, back = evaluate(
        """
        const { quantile, shareBelow } = await live("latents/prior.js");
        const z = input.map(quantile);
        return [z, z.map(shareBelow)];
        """,
        shares,
    )
    np.testing.assert_allclose(found, [NormalDist().inv_cdf(p) for p in shares], rtol=1e-12)
    np.testing.assert_allclose(back, shares, rtol=1e-6)


@pytest.mark.long
def test_locked_sliders_stay_and_undo_brings_all_back(server: Server, page: Page) -> None:
    ready(page, f"{server.address}/generate?model=map&z=0.5000,-1.2500")
    first, second = slider(page, "z1"), slider(page, "z2")
    start = pixels(digit(page))
    assert (z_of(first), z_of(second)) == (0.5, -1.25)
    page.get_by_role("button", name="Lock z1").click()
    page.get_by_role("button", name="Randomise").click()
    assert z_of(first) == 0.5
    assert z_of(second) != -1.25
    random = z_of(second)
    eventually(lambda: in_address(page) == [0.5, random])
    page.get_by_role("button", name="Reset").click()
    assert (z_of(first), z_of(second)) == (0.5, 0)
    first.focus()
    page.keyboard.press("ArrowRight")
    assert z_of(first) == 0.5
    undo = page.get_by_role("button", name="Undo")
    undo.click()
    assert (z_of(first), z_of(second)) == (0.5, random)
    undo.click()
    eventually(lambda: np.array_equal(pixels(digit(page)), start))
    expect(undo).to_be_disabled()
    eventually(lambda: in_address(page) == [0.5, -1.25])


def test_sliders_obey_the_keyboard(server: Server, page: Page) -> None:
    ready(page, f"{server.address}/generate?model=map")
    track = slider(page, "z1")
    track.focus()
    found = []
    for key in ("ArrowRight", "Shift+ArrowRight", "PageDown", "ArrowLeft", "End", "Home"):
        page.keyboard.press(key)
        found.append((share_of(track), z_of(track)))
    shares = [share for share, _ in found]
    np.testing.assert_allclose(shares, [0.51, 0.61, 0.51, 0.5, 0.999, 0.001])
    expected = [NormalDist().inv_cdf(share) for share in shares]
    np.testing.assert_allclose([z for _, z in found], expected, atol=5.1e-5)
    eventually(lambda: in_address(page) == [found[-1][1], 0])


@pytest.mark.long
@pytest.mark.parametrize("size", [(390, 844)], ids=["phone"])
def test_a_finger_on_a_thumb_does_not_scroll_the_page_and_one_on_a_strip_does(
    server: Server, sized_page: Page
) -> None:
    page = ready(sized_page, f"{server.address}/generate?model=best")
    track = page.locator(".strip-slider").nth(4)
    left, top, width, height = box_of(track)
    middle = top + height / 2
    screen = page.context.new_cdp_session(page)
    scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"

    def touch(points: list[tuple[float, float]]) -> None:
        for i, (x, y) in enumerate(points):
            kind = "touchMove" if i else "touchStart"
            at = [{"x": x, "y": y}]
            screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
            page.wait_for_timeout(16)
        screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    start = page.evaluate(scrolled)
    steps = np.linspace(0, 1, 15)
    touch([(left + width * (0.5 + 0.3 * t), middle - 150 * t) for t in steps])  # from the thumb
    assert share_of(track) == pytest.approx(0.8, abs=0.02)
    assert page.evaluate(scrolled) == start
    touch([(left + width * (0.2 + 0.2 * t), middle) for t in steps])  # along the strip
    assert share_of(track) == pytest.approx(0.4, abs=0.02)
    assert page.evaluate(scrolled) == start
    touch([(left + width * 0.8, middle - 200 * t) for t in steps])  # up the page
    assert share_of(track) == pytest.approx(0.4, abs=0.02)
    assert page.evaluate(scrolled) > start + 50
    expect(digit(page)).to_be_in_viewport(ratio=1)


@pytest.mark.long
def test_a_sample_and_another_class_can_be_taken_into_the_hand(server: Server, page: Page) -> None:
    ready(page, f"{server.address}/generate?model=best&of=4&seed=3")
    sample = page.get_by_label(re.compile("^Sample 7,")).locator("canvas")
    eventually(lambda: bool(pixels(sample).any()))
    wanted = pixels(sample)
    sample.click()
    eventually(lambda: np.array_equal(pixels(digit(page)), wanted))
    expect(page.get_by_text("z − mean of 4 + mean of")).to_be_visible()
    settled(page)
    other = page.get_by_label("As 7", exact=True).locator("canvas")
    eventually(
        lambda: np.array_equal(
            pixels(page.get_by_label("As 4", exact=True).locator("canvas")), wanted
        )
    )
    wanted = pixels(other)
    other.click()
    eventually(lambda: np.array_equal(pixels(digit(page)), wanted))


@contextmanager
def elsewhere(browser: Browser, address: str) -> Iterator[Page]:
    """The page as another visitor sees it."""
    context = browser.new_context(viewport={"width": 900, "height": 700})
    yield ready(context.new_page(), address)
    context.close()


@pytest.mark.long
def test_a_link_restores_the_digit_to_the_last_bit(
    server: Server, page: Page, browser: Browser
) -> None:
    ready(page, f"{server.address}/generate?model=best")
    page.get_by_role("button", name="Randomise").click()
    latent_dim = runs.read(runs.SHIPPED / "best").manifest.model.latent_dim
    eventually(lambda: len(in_address(page)) == latent_dim and any(in_address(page)))
    settled(page)
    page.wait_for_timeout(1000)  # until the sheets are drawn
    shown = [pixels(page.locator("canvas.digit").nth(i)) for i in (0, 5, 20)]
    assert all(one.any() for one in shown)
    with elsewhere(browser, page.url) as other:
        for i, wanted in zip((0, 5, 20), shown, strict=True):  # each drawn when there is time
            canvas = other.locator("canvas.digit").nth(i)
            eventually(lambda c=canvas, w=wanted: np.array_equal(pixels(c), w))


def frame(page: Page) -> Locator:
    return page.locator("canvas.digit.big")


def each_frame(page: Page) -> list[np.ndarray]:
    """All frames of the morph, by the keyboard."""
    scrubber = page.get_by_role("slider", name="Frame")
    last = int((scrubber.get_attribute("aria-valuetext") or "").split()[-1]) - 1
    scrubber.press("Home")
    found = [pixels(frame(page))]
    for _ in range(last):
        scrubber.press("ArrowRight")
        found.append(pixels(frame(page)))
    return found


def saved(page: Page, label: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=label).click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.long
def test_a_morph_plays_without_a_rerun_and_its_exports_are_its_frames(
    server: Server, page: Page, sent: list
) -> None:
    ends = "end=digit:3744&end=class:3,7&end=0:0&end=random:5"  # one of them is nonsense
    ready(page, f"{server.address}/morph?model=best&steps=6&path=spherical&{ends}")
    expect(page.get_by_text("Frame 1 of 11")).to_be_visible()
    before = len(sent)
    frame(page).evaluate(RECORD)
    page.get_by_role("button", name="20 frames a second").click()
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(800)
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate("window.seen.size") >= 8
    left, top, width, height = box_of(page.get_by_role("slider", name="Frame"))
    page.mouse.click(left + width * 0.5, top + height / 2)
    expect(page.get_by_text("Frame 6 of 11")).to_be_visible()
    shown = np.array(each_frame(page), int)
    assert len(sent) == before
    with Image.open(BytesIO(saved(page, "GIF"))) as gif:
        for i in range(11):
            gif.seek(i)
            exported = np.asarray(gif.convert("L"), int)[5::10, 5::10]
            assert np.abs(exported - shown[i]).max() <= 1
    content = saved(page, "PNG strip")
    strip = np.asarray(Image.open(BytesIO(content)), int)[2::4, 2::4]
    for i in range(11):
        assert np.abs(strip[:, 30 * i : 30 * i + 28] - shown[i]).max() <= 1
    assert saved(page, "PNG strip") == content


@pytest.mark.long
def test_ends_are_added_on_the_map_and_the_link_restores_the_morph(
    server: Server, page: Page, browser: Browser
) -> None:
    ready(page, f"{server.address}/morph?steps=5")
    left, top, width, height = box_of(page.locator("canvas.map"))
    page.mouse.click(left + width * 0.3, top + height * 0.6)
    expect(page.get_by_text("C · on the map")).to_be_visible()
    expect(page.get_by_text("Frame 1 of 9")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Move left C").click()
    expect(page.get_by_text("B · on the map")).to_be_visible()
    settled(page)
    assert page.url.count("end=") == 3
    shown = each_frame(page)
    with elsewhere(browser, page.url) as other:
        np.testing.assert_array_equal(each_frame(other), shown)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("C · on the map")).to_be_visible()


@pytest.mark.long
def test_an_end_is_dragged_on_the_map_and_nothing_else_moves(server: Server, page: Page) -> None:
    ready(page, f"{server.address}/morph?steps=5&end=map:0.0000,0.0000&end=map:2.0000,2.0000")
    canvas = page.locator("canvas.map")
    left, top, width, height = before = box_of(canvas)
    before_frame = pixels(frame(page))
    page.mouse.move(left + width / 2, top + height / 2)
    page.mouse.down()
    page.mouse.move(left + width * 0.6, top + height * 0.4, steps=5)
    assert not np.array_equal(pixels(frame(page)), before_frame)  # it follows the finger
    page.mouse.up()
    eventually(lambda: "end=map%3A0.0000%2C0.0000" not in page.evaluate("location.search"))
    settled(page)
    assert page.evaluate("location.search").count("end=") == 2
    assert box_of(canvas) == before
    page.mouse.click(left + width * 0.2, top + height * 0.2)
    expect(page.get_by_text("C · on the map")).to_be_visible()
    settled(page)
    assert box_of(canvas) == before
    page.get_by_role("button", name="Undo").click()
    settled(page)
    page.get_by_role("button", name="Undo").click()
    eventually(lambda: "end=map%3A0.0000%2C0.0000" in page.evaluate("location.search"))
