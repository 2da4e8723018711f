"""The live map under a real mouse, a real finger and a real keyboard."""

import os
import re
import time

import numpy as np
import pytest
from chromium import PHONE, Server, eventually, goto, needs_chromium, settled
from long import first
from playwright.sync_api import Page, expect
from scipy.stats import chi2

from vae import inference, runs
from vae.data import Digits
from vae.latent_map import LatentMap, lay_out
from vae.palette import PALETTES

FRAMES = {"map": 30, "best": 20}  # distinct pictures a second while a finger moves
MEASURED = "VAE_TEST_FRAMES" in os.environ  # on a machine that has nothing else to do

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def latent_map(digits: Digits) -> LatentMap:
    return lay_out(inference.load(runs.SHIPPED / "map"), digits)


def opened(page: Page, server: Server, query: str = "") -> Page:
    goto(page, f"{server.address}/latent_space?{query}")
    expect(page.locator("canvas.map")).to_be_visible()
    page.locator("canvas.map").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    return page


def box(page: Page) -> tuple[float, float, float]:
    """The map's left and top edge and its size, in CSS pixels."""
    found = page.locator("canvas.map").bounding_box()
    assert found is not None
    return found["x"], found["y"], found["width"]


def on_screen(page: Page, latent_map: LatentMap, point: np.ndarray) -> tuple[float, float]:
    """Where a point of the plane is on the screen, while the whole map is shown."""
    left, top, width = box(page)
    x, y = (0.5 + 0.5 * point / latent_map.extent * np.array([1, -1])) * width
    return left + x, top + y


def address(page: Page) -> str:
    """What the browser's address bar shows; unlike `page.url` it is never late."""
    return page.evaluate("location.href")


def pinned(page: Page) -> np.ndarray:
    """The latent in the address."""
    shown = re.search(r"[?&]z=([-\d.,%C]+)", address(page))
    assert shown is not None
    return np.array([float(value) for value in shown[1].replace("%2C", ",").split(",")])


def drawn(page: Page, label: str = "Decoded digit") -> np.ndarray:
    """The pixels of the first digit's canvas with this label: (28, 28) in [0, 1]."""
    values = page.get_by_label(label, exact=True).first.evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 == 0)"
    )
    return np.array(values).reshape(28, 28) / 255


def empty_place(latent_map: LatentMap) -> np.ndarray:
    """A place of the plane with no digit near."""
    return np.array([0.8, 0.8]) * latent_map.extent


COUNT = """async canvas => {
    const pixels = canvas.getContext('2d', { willReadFrequently: true });
    let last = '', changes = 0;
    window.counting = true;
    const begin = performance.now();
    while (window.counting) {
        await new Promise(requestAnimationFrame);
        const now = pixels.getImageData(0, 0, 28, 28).data.join();
        if (now !== last) changes += 1;
        last = now;
    }
    window.counted = changes / (performance.now() - begin) * 1000;
}"""


@pytest.fixture
def sent(page: Page) -> list[int]:
    """The sizes of the messages that the server sends, in bytes, as they come."""
    sizes: list[int] = []

    def listen(socket) -> None:
        socket.on("framereceived", lambda data: sizes.append(len(data)))

    page.on("websocket", listen)
    return sizes


@pytest.mark.parametrize("model", first(1, FRAMES))
def test_a_drag_decodes_frame_by_frame_without_a_rerun(
    server: Server, page: Page, sent: list[int], model: str
) -> None:
    opened(page, server, f"model={model}")
    left, top, _ = box(page)
    settled(page)
    messages = len(sent)
    page.get_by_label("Decoded digit", exact=True).evaluate(f"c => {{ ({COUNT})(c) }}")
    page.mouse.move(left + 60, top + 160)
    page.mouse.down()
    for i in range(0, 300, 1 if MEASURED else 3):
        page.mouse.move(left + 60 + i, top + 160 + i / 3)
    page.evaluate("window.counting = false")
    page.wait_for_timeout(100)
    assert len(sent) == messages  # nothing ran on the server
    page.mouse.up()
    frames = page.evaluate("window.counted")
    print(f"{model}: {frames:.0f} distinct frames a second")
    # on a busy machine only what nobody would call live is told apart
    assert frames >= (FRAMES[model] if MEASURED else 5)


def test_a_click_on_empty_space_pins_it_and_takes_few_bytes(
    server: Server, page: Page, sent: list[int], latent_map: LatentMap
) -> None:
    opened(page, server)  # the first page of a server runs twice
    settled(page)
    sent.clear()
    opened(page, server)
    settled(page)
    first = sum(sent)
    sent.clear()
    place = empty_place(latent_map)
    page.mouse.click(*on_screen(page, latent_map, place))
    eventually(lambda: "z=" in address(page))
    pixel = 2 * latent_map.extent / box(page)[2]
    assert np.abs(pinned(page) - place).max() <= pixel
    settled(page)
    assert 20_000 > first > sum(sent)
    expected = latent_map.model.decode(pinned(page)[None].astype(np.float32))[0]
    assert np.abs(drawn(page) - expected).max() < 1 / 255
    share = 100 * chi2.cdf(float((pinned(page) ** 2).sum()), 2)
    shown = page.get_by_text("of its samples lie nearer the middle").inner_text()
    assert abs(float(re.findall(r"[\d.]+", shown)[0]) - share) <= 0.5


@pytest.mark.long
def test_the_nearest_digits_are_those_of_brute_force(
    server: Server, page: Page, latent_map: LatentMap
) -> None:
    opened(page, server, "z=0.3,-0.4")
    found = page.locator(".nearest figure").evaluate_all("all => all.map(f => f.dataset.index)")
    distances = np.linalg.norm(latent_map.posterior.mean - [0.3, -0.4], axis=1)
    assert [int(index) for index in found] == np.argsort(distances)[:5].tolist()
    index = int(found[0])
    shown = drawn(page, f"Nearest: {latent_map.digits.labels[index]}")
    assert np.array_equal(np.round(shown * 255), latent_map.digits.images[index])


def test_a_click_on_a_dot_shows_its_digit_and_its_posterior_to_scale(
    server: Server, page: Page, latent_map: LatentMap
) -> None:
    # the outermost dot: no other hides it
    inside = np.abs(latent_map.points).max(axis=1) < 0.97 * latent_map.extent
    index = int(np.argmax(np.where(inside, np.linalg.norm(latent_map.points, axis=1), 0)))
    opened(page, server)
    page.mouse.click(*on_screen(page, latent_map, latent_map.points[index]))
    label = latent_map.digits.labels[index]
    expect(page.get_by_role("heading", name=f"A digit: {label}")).to_be_visible()
    eventually(lambda: f"digit={index}" in address(page))
    image = latent_map.digits.pixels[index]
    assert np.abs(drawn(page, "Original") - image).max() < 1 / 255
    assert np.abs(
        drawn(page, "Reconstruction") - latent_map.model.reconstruct(image[None])[0]
    ).max() < (1.5 / 255)
    posterior = latent_map.model.encode(image[None])
    loss, kl = (float(term[0]) for term in latent_map.model.terms(image[None], posterior))
    expect(
        page.get_by_text(f"Reconstruction loss {loss:.1f} + KL divergence {kl:.1f}")
    ).to_be_visible()


@pytest.mark.long
@pytest.mark.parametrize("index", [40, 2700])
def test_the_ellipse_is_the_posterior_to_true_scale(
    server: Server, page: Page, latent_map: LatentMap, index: int
) -> None:
    zoom = latent_map.posterior.standard_deviation[index].max() * 6
    x, y = latent_map.points[index]
    opened(page, server, f"digit={index}&hidden=0123456789&frame={x},{y},{zoom}")
    page.wait_for_timeout(300)
    extents = page.locator("canvas.map").evaluate(
        """canvas => {
            const n = canvas.width, data = canvas.getContext('2d').getImageData(0, 0, n, n).data;
            const ink = (x, y) => data[4 * (y * n + x) + 3] > 0;
            let [left, top] = [n, n];
            for (let y = 0; y < n; y++) for (let x = 0; x < n; x++)
                if (ink(x, y)) { left = Math.min(left, x); top = Math.min(top, y); }
            return [n, n / 2 - left, n / 2 - top];
        }"""
    )
    pixels = extents[0] / (2 * zoom)  # of the canvas for one unit of the plane
    line = 1.5 / 2 + 1.5  # half the line's width and its rim
    found = np.array(extents[1:]) - line
    expected = 2 * latent_map.posterior.standard_deviation[index] * pixels
    assert np.abs(found - expected).max() <= 1


def test_the_keyboard_moves_pins_and_zooms(
    server: Server, page: Page, latent_map: LatentMap
) -> None:
    opened(page, server, "z=0.5,0.5")
    page.locator("canvas.map").focus()
    step = 2 * latent_map.extent / 200
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    eventually(lambda: "z=0.5000%2C0.5000" not in address(page))
    assert np.allclose(pinned(page), [0.5 + 2 * step, 0.5 + step - 10 * step], atol=2e-3)
    expect(page.get_by_role("status")).to_contain_text("The nearest digit is a")
    page.keyboard.press("+")
    eventually(lambda: "frame=" in address(page))
    page.keyboard.press("0")
    eventually(lambda: "frame=" not in address(page))
    nearest = np.argmin(np.linalg.norm(latent_map.posterior.mean - pinned(page), axis=1))
    page.keyboard.press("Shift+Enter")
    eventually(lambda: f"digit={nearest}" in address(page))
    page.get_by_role("button", name="map", exact=True).click()
    page.locator("canvas.map").focus()
    page.keyboard.press("Shift+ArrowRight")
    eventually(lambda: "frame=" in address(page))


@pytest.mark.long
def test_a_class_is_shown_alone_the_wheel_says_how_it_zooms_and_zoom_keeps_the_pin_in_place(
    server: Server, page: Page, latent_map: LatentMap
) -> None:
    opened(page, server, "z=1.0000,1.0000")
    page.get_by_role("button", name="Digits 3").dblclick()
    eventually(lambda: "hidden=012456789" in address(page))
    settled(page)
    page.get_by_role("button", name="Digits 3").press("Shift+Enter")
    eventually(lambda: "hidden=" not in address(page))
    page.locator(".words code").first.click()  # the focus leaves the map
    left, top, width = box(page)
    page.mouse.move(left + width / 2, top + width / 2)
    page.mouse.wheel(0, 1)
    expect(page.get_by_text("Ctrl and the wheel zoom")).to_be_visible()
    page.get_by_label("Zoom in").click()
    eventually(lambda: "frame=" in address(page))
    x, y, half = (
        float(v) for v in re.split(",|%2C", address(page).split("frame=")[1].split("&")[0])
    )
    before = 1 / latent_map.extent
    np.testing.assert_allclose([(1 - x) / half, (1 - y) / half], before, atol=1e-4)


def test_forced_colours_leave_the_classes_their_colours(server: Server, page: Page) -> None:
    page.emulate_media(forced_colors="active")
    opened(page, server)
    colours = """c => { const {data} = c.getContext('2d').getImageData(0, 0, c.width, c.height);
        const seen = new Map();
        for (let i = 0; i < data.length; i += 4) {
            const key = data.slice(i, i + 4).join();
            seen.set(key, (seen.get(key) ?? 0) + 1);
        }
        return [...seen].filter(([, n]) => n > 200).map(([key]) => key); }"""
    assert len(page.locator("canvas.map").evaluate(colours)) >= 11  # ten classes, and no dot
    keys = page.locator(".legend i").evaluate_all(
        "all => all.map(one => getComputedStyle(one).backgroundColor)"
    )
    assert len(set(keys)) == 10


WHOLE = """canvas => { // each picture of it, frame by frame, that has no holes
    window.whole = [];
    const look = () => {
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const words = new Uint32Array(data.buffer);
        if (words.every(word => word >>> 24 === 255)) {
            const picture = words.reduce((sum, word) => (31 * sum + word) | 0, 0);
            if (window.whole.at(-1) !== picture) window.whole.push(picture);
        }
        requestAnimationFrame(look);
    };
    look();
}"""


def test_the_manifold_is_seen_all_over_the_map_at_once_and_then_finer(
    server: Server, page: Page
) -> None:
    opened(page, server, "model=best&hidden=0123456789")
    canvas = page.locator("canvas.map")
    canvas.evaluate(WHOLE)
    page.wait_for_timeout(100)
    assert page.evaluate("window.whole") == []  # the ground is seen between the dots
    page.get_by_role("button", name="Manifold").click()
    begun = time.monotonic()
    eventually(lambda: page.evaluate("window.whole.length") >= 1, 3 if MEASURED else 10)
    eventually(lambda: page.evaluate("window.whole.length") >= 2)
    if MEASURED:
        seen, changed = 0, begun
        while time.monotonic() < changed + 1:
            now = page.evaluate("window.whole.length")
            seen, changed = now, changed if now == seen else time.monotonic()
        print(f"the manifold is whole after {changed - begun:.1f} s")
        assert changed - begun < 3


@pytest.mark.long
def test_a_chart_takes_the_colours_of_another_theme_at_once(server: Server, page: Page) -> None:
    page.emulate_media(color_scheme="light")
    goto(page, f"{server.address}/latent_space?view=Analysis")
    chart = page.locator(".js-plotly-plot")
    colour = "e => e.data?.[0]?.marker.color"
    for theme in ("light", "dark", "light"):
        page.emulate_media(color_scheme=theme)
        eventually(lambda of=PALETTES[theme]: chart.last.evaluate(colour) == of.classes[0])


@pytest.mark.long
def test_a_drawing_that_is_pinned_stays_a_drawing_while_the_map_is_zoomed(
    server: Server, page: Page
) -> None:
    goto(page, server.address)
    page.locator(".st-key-ready").get_by_text("4", exact=True).click()
    settled(page)
    page.get_by_role("button", name="Pin on map").click()
    settled(page)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Latent space").click()
    settled(page)
    drawing = page.get_by_role("heading", name="Your drawing")
    expect(drawing).to_be_visible()
    page.get_by_label("Zoom in").click()
    eventually(lambda: "frame=" in address(page))
    assert "z=" not in address(page)
    settled(page)
    page.get_by_role("link", name="Generate").click()
    expect(page.get_by_role("heading", name="Generate", level=1)).to_be_visible()
    settled(page)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Latent space").click()
    settled(page)
    expect(drawing).to_be_visible()


def test_a_finger_moves_z_and_not_the_page(server: Server, browser, latent_map: LatentMap) -> None:
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True)
    page = opened(context.new_page(), server)
    left, top, width = box(page)
    scroll = "document.querySelector('[data-testid=stMain]').scrollTop"
    before = page.evaluate(scroll)
    screen = context.new_cdp_session(page)
    first = drawn(page)
    for i in range(20):
        at = [{"x": left + 0.2 * width, "y": top + 20 + i * width / 25}]
        kind = "touchMove" if i else "touchStart"
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        assert box(page) == (left, top, width), "the map moves away under the finger"
        if not i:
            page.wait_for_timeout(300)  # a finger that goes down at once would scroll the page
    eventually(lambda: not np.array_equal(drawn(page), first))
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    eventually(lambda: "z=" in address(page))
    assert page.evaluate(scroll) == before
    expected = [
        -0.6 * latent_map.extent,
        (1 - 2 * (20 + 19 * width / 25) / width) * latent_map.extent,
    ]
    assert np.abs(pinned(page) - expected).max() <= 2 * latent_map.extent / width
    context.close()


@pytest.mark.long
def test_a_link_opened_elsewhere_shows_the_same_pictures(
    server: Server, page: Page, browser, latent_map: LatentMap
) -> None:
    opened(page, server, "model=map&hidden=17")
    page.mouse.click(*on_screen(page, latent_map, empty_place(latent_map) * [-1, 0.5]))
    eventually(lambda: "z=" in address(page))
    page.get_by_label("Zoom in").click()
    eventually(lambda: "frame=" in address(page))
    settled(page)
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    other = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    goto(other, address(page))
    expect(other.locator("canvas.map")).to_be_visible()
    settled(other)
    pixels = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].join()"
    for canvas in ("canvas.big", "canvas.map"):
        first, second = (p.locator(canvas).evaluate(pixels) for p in (page, other))
        assert first == second, canvas
    other.context.close()
