"""A page is alive before any network has come, and light until somebody touches it."""

import re
import shutil
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from chromium import WIDE, Server, draw, eventually, goto, needs_chromium, picture, settled
from long import first
from playwright.sync_api import Browser, Locator, Page, Route, expect

from benchmarks.visitors import PAGES
from pages.parts.generate import current_latent
from pages.parts.how_it_works.pipeline import EXAMPLES
from vae import inference, runs
from vae.data import Digits
from vae.live import scripts

pytestmark = needs_chromium
MOST = 1_200_000  # bytes of a first visit
FETCHED = """() => performance.getEntriesByType("resource")
    .filter(entry => entry.name.includes("/files/"))
    .map(entry => entry.encodedBodySize)"""
LIVELY = {  # what a page shows of itself, by its name
    "": "canvas.digit[aria-label^='Reconstruction']",
    "latent_space": "canvas[aria-label='Decoded digit']",
    "generate": "canvas[aria-label='Generated digit']",
    "morph": "canvas[aria-label='Frame']",
    "how_it_works": ".of-image canvas.big",
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new visitor, who has no file yet."""
    context = browser.new_context(
        viewport={"width": WIDE[0], "height": WIDE[1]}, reduced_motion="reduce"
    )
    page = context.new_page()
    yield page
    page.unroute_all(behavior="ignoreErrors")  # an answer may be on its way
    context.close()


def fetched(page: Page) -> int:
    """Bytes of the app's files so far, as they travelled."""
    return sum(page.evaluate(FETCHED))


def middle(page: Page, what: Locator) -> tuple[float, float]:
    box = what.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def slow(page: Page) -> Callable[[float], None]:
    """What makes the line carry so many bytes a second; -1: as many as it can."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")

    def carry(most: float) -> None:
        latency = 0 if most < 0 else 100
        how = {"offline": False, "latency": latency, "downloadThroughput": most}
        line.send("Network.emulateNetworkConditions", {**how, "uploadThroughput": -1})

    return carry


def test_until_somebody_touches_a_page_it_is_alive_and_light(
    server: Server, browser: Browser
) -> None:
    contexts = [browser.new_context(reduced_motion="no-preference") for _ in PAGES]
    pages = {name: context.new_page() for name, context in zip(PAGES, contexts, strict=True)}
    errors: list[str] = []
    for name, page in pages.items():
        page.on("pageerror", lambda error, name=name: errors.append(f"{name}: {error}"))
        page.goto(f"{server.address}/{name}")
    for name, page in pages.items():
        settled(page)
        for shown in page.locator(LIVELY[name]).all() if name in LIVELY else ():
            eventually(lambda shown=shown: picture(shown).max() > 0.2)
    page = pages["how_it_works"]
    page.wait_for_timeout(12_000)  # it shows its first stages for eleven seconds
    expect(page.locator(".stage.here")).to_have_class("stage of-posterior here")
    weights = {name: fetched(page) for name, page in pages.items()}
    for context in contexts:
        context.close()
    assert errors == []
    assert {name for name, weight in weights.items() if not 20_000 < weight < MOST} == set()


def test_what_a_sketch_knows_is_what_moves() -> None:
    source = (scripts.FOLDER / "sliders" / "sliders.js").read_text(encoding="utf-8")
    cells, depth = (
        re.findall(rf"const {name} = ([.0-9]+)", source)[0] for name in ("STRIP_CELLS", "DEPTH")
    )
    assert int(cells) == current_latent.STRIP
    reach = round(100 * float(depth))
    shares = np.arange(50 - reach, 50 + reach + 1) / 100
    np.testing.assert_allclose(current_latent.BREATH, shares)


@pytest.mark.parametrize("model", first(1, ["flow", "map", "best"]))
def test_a_sketch_shows_what_the_decoder_shows(server: Server, page: Page, model: str) -> None:
    goto(page, f"{server.address}/generate?model={model}")
    expect(page.locator(".sheet canvas")).to_have_count(50)
    strips = page.locator(".strip-slider")
    expect(strips.nth(2)).not_to_contain_class("stale")
    few = [page.get_by_label("Generated digit"), *strips.locator("canvas").all()[:3]]
    few += page.locator(".sheet canvas").all()[::7]
    light = fetched(page)
    before = [picture(one) for one in few]
    assert fetched(page) == light < MOST

    slider = strips.first
    slider.press("ArrowRight")  # a latent that the sketch does not know
    eventually(lambda: fetched(page) > light + 1_000_000)
    page.get_by_role("button", name="Undo").click()
    settled(page)
    expect(page.locator(".on-its-way")).to_have_count(0)
    page.wait_for_timeout(1000)
    for one, sketched in zip(few, before, strict=True):
        assert np.abs(picture(one) - sketched).max() <= 1.01 / 255


def test_networks_come_as_the_mouse_comes_to_the_canvas(server: Server, page: Page) -> None:
    goto(page, server.address)
    rebuilt = page.get_by_label("Reconstruction by map", exact=True)
    expect(rebuilt).to_be_visible()
    page.wait_for_timeout(500)
    light = fetched(page)
    assert light < MOST
    page.mouse.move(*middle(page, page.locator("canvas.upper-canvas")))
    eventually(lambda: fetched(page) > light + 7_000_000)


def light_ones(route: Route) -> None:
    """Answer for all but networks, which never come."""
    answer = route.fetch()
    if len(answer.body()) < 1_000_000:
        route.fulfill(response=answer)


def test_a_drawing_is_rebuilt_before_any_network_has_come(server: Server, page: Page) -> None:
    page.route("**/files/*.bin", light_ones)
    goto(page, server.address)
    expect(page.get_by_label("Reconstruction by map", exact=True)).to_be_visible()
    draw(page, [(80, 60), (200, 60), (140, 220)])
    rebuilt = page.locator("img[alt='Reconstruction by map']")  # the server's
    expect(rebuilt).to_be_visible()
    assert picture(rebuilt).max() > 0.5
    expect(page.locator(".rebuilt").get_by_text("Loading the model …")).to_have_count(2)
    page.get_by_role(
        "button", name="Clear", exact=True
    ).click()  # then an example draws itself again
    example = page.get_by_label("Reconstruction by map", exact=True)
    eventually(lambda: picture(example).max() > 0.3)


def test_another_digit_is_followed_once_the_networks_have_come(
    server: Server, page: Page, digits: Digits
) -> None:
    model = inference.load(runs.SHIPPED / "map")
    goto(page, f"{server.address}/how_it_works?stage=image")
    page.get_by_role("button", name="Next →").click()
    expect(page.locator(".stage.here")).to_have_class("stage of-encoder here")
    answer = page.locator(".of-encoder .answer")
    mean = model.encode(digits[EXAMPLES[3] : EXAMPLES[3] + 1].pixels).mean[0]
    expect(answer).to_contain_text(f"{mean[0]:.2f}")
    light = fetched(page)
    page.wait_for_timeout(300)
    assert fetched(page) == light < MOST  # what was recorded is enough

    page.get_by_role("button", name="Digit 7").click()
    eventually(lambda: fetched(page) > light + 3_000_000)
    mean = model.encode(digits[EXAMPLES[7] : EXAMPLES[7] + 1].pixels).mean[0]
    expect(page.locator(".of-encoder .answer")).to_contain_text(f"{mean[0]:.2f}")
    expect(page.locator(".stage.here")).to_have_class("stage of-encoder here")


def test_networks_that_come_in_the_midst_of_a_drop_take_it_over(
    server: Server, browser: Browser
) -> None:
    context = browser.new_context(reduced_motion="no-preference")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.extend([said.text] * (said.type == "error")))
    goto(page, f"{server.address}/how_it_works?stage=noise")
    eventually(lambda: fetched(page) > 3_000_000)
    expect(page.locator(".on-its-way")).to_have_count(0)
    expect(page.locator(".stage.here")).to_have_class("stage of-noise here")
    page.wait_for_timeout(500)
    slider = page.get_by_label("Sigma, times")
    slider.fill("1.5")
    expect(page.locator(".sigma output")).to_contain_text("1.50")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert errors == []
    context.close()


def test_what_was_asked_for_before_the_networks_came_is_done_then(
    server: Server, page: Page
) -> None:
    line = slow(page)
    goto(page, f"{server.address}/how_it_works?stage=noise")
    line(4e5)
    slider = page.get_by_label("Sigma, times")
    slider.fill("1.5")
    expect(page.locator(".on-its-way")).to_be_visible()
    button = page.get_by_role("button", name="Another drop")
    button.focus()
    line(-1)
    expect(page.locator(".on-its-way")).to_have_count(0)
    expect(page.locator(".sigma output")).to_contain_text("1.50")
    expect(slider).to_have_value("1.5")
    expect(button).to_be_focused()


def test_the_theory_of_a_run_without_gaps_has_its_decoder_after_the_map_was_touched(
    server: Server, page: Page
) -> None:
    """As each that a visitor has trained."""
    path = server.runs / "flat"
    shutil.copytree(runs.SHIPPED / "map", path, ignore=shutil.ignore_patterns("gaps.npz"))
    try:
        goto(page, f"{server.address}/latent_space?model=flat")
        light = fetched(page)
        x, y = middle(page, page.locator("canvas.map"))
        page.mouse.move(x - 50, y)
        eventually(lambda: fetched(page) > light + 1_000_000)
        page.get_by_text("Theory", exact=True).click()
        expect(page.get_by_role("heading", name="The true posterior")).to_be_visible()
        x, y = middle(page, page.locator("canvas.map:not(.loupe)"))
        page.mouse.click(x - 30, y)
        expect(page.get_by_text("log p(x)").first).to_be_visible()
        expect(page.locator(".failure")).to_be_empty()
    finally:
        shutil.rmtree(path)


def test_a_network_that_cannot_be_read_is_no_longer_waited_for(server: Server, page: Page) -> None:
    def broken(route: Route) -> None:
        answer = route.fetch()
        heavy = len(answer.body()) > 1_000_000
        route.fulfill(response=answer, body=b"nonsense" * 100 if heavy else answer.body())

    page.route("**/files/*.bin", broken)
    goto(page, f"{server.address}/generate?model=map")
    page.get_by_role("button", name="Randomise").click()
    expect(page.get_by_text("The model could not be read").first).to_be_visible()
    expect(page.get_by_text("Loading the model …")).to_have_count(0)


def test_what_is_not_exact_yet_is_faint_and_no_figure_and_no_file(
    server: Server, page: Page
) -> None:
    line = slow(page)
    goto(page, f"{server.address}/generate?model=best")
    line(4e5)
    page.get_by_role("button", name="Randomise").click()
    expect(page.get_by_role("button", name="PNG", exact=True)).to_be_disabled()
    expect(page.get_by_label("Generated digit")).to_have_css("opacity", "0.4")
    line(-1)
    expect(page.get_by_role("button", name="PNG", exact=True)).to_be_enabled()
    expect(page.get_by_label("Generated digit")).to_have_css("opacity", "1")
    line(4e5)
    page.goto(f"{server.address}/latent_space?model=baseline&digit=123")
    figures = page.locator(".details-digit p").first
    expect(figures).to_contain_text("Reconstruction loss … +")
    line(-1)
    expect(figures).to_have_text(re.compile(r"Reconstruction loss [\d.]+ \+"))


def test_who_goes_to_another_page_does_not_wait_for_the_networks_of_the_last(
    server: Server, page: Page
) -> None:
    goto(page, server.address)
    light = fetched(page)
    line = slow(page)
    line(3e5)
    page.mouse.move(*middle(page, page.locator("canvas.upper-canvas")))  # four networks, 25 s
    page.get_by_role("link", name="Generate").click()
    digit = page.get_by_label("Generated digit")
    expect(digit).to_be_visible(timeout=60_000)
    eventually(lambda: picture(digit).max() > 0.3)
    line(-1)
    page.wait_for_timeout(1000)
    assert (
        fetched(page) < light + 4_000_000
    )  # the one that was on its way, and what this page shows


def test_the_theory_has_its_decoder_though_the_map_was_only_sketched(
    server: Server, page: Page
) -> None:
    goto(page, f"{server.address}/latent_space?model=map")
    expect(page.locator("canvas.map")).to_be_visible()
    page.wait_for_timeout(500)
    assert fetched(page) < MOST
    page.get_by_text("Theory", exact=True).click()
    expect(page.get_by_role("heading", name="The true posterior")).to_be_visible()
    page.get_by_role("button", name="a large gap").click()
    expect(page.get_by_text("log p(x)").first).to_be_visible()


def test_a_path_that_is_changed_stays_in_sight_until_its_decoder_has_come(
    server: Server, page: Page
) -> None:
    page.route("**/files/*.bin", light_ones)
    goto(page, f"{server.address}/morph?model=map")
    canvas = page.locator("canvas.map")
    expect(canvas).to_be_visible()
    x, y = middle(page, canvas)
    page.mouse.click(x - 120, y + 90)
    expect(page.get_by_role("button", name="Remove C")).to_be_visible()
    expect(page.locator(".film .letters b")).to_have_text(["A", "B", "C"])
    expect(page.locator(".on-its-way")).to_be_visible()
    expect(page.locator(".live.last")).to_have_count(0)


def test_what_the_pointer_meets_is_shown_roughly_then_exactly(server: Server, page: Page) -> None:
    goto(page, f"{server.address}/latent_space?model=map")
    canvas = page.locator("canvas.map")
    expect(canvas).to_be_visible()
    line = slow(page)
    line(5e5)
    x, y = middle(page, canvas)
    page.mouse.move(x - 100, y - 60)
    expect(page.get_by_text("Under the pointer")).to_be_visible()
    on_its_way = page.locator(".on-its-way")
    expect(on_its_way).to_contain_text("MB")
    shown = page.get_by_label("Decoded digit", exact=True)
    rough = picture(shown)
    assert rough.max() > 0.3
    line(-1)
    expect(on_its_way).to_have_count(0)
    page.wait_for_timeout(300)
    text = page.locator(".reading code").inner_text()
    z = np.array([float(one) for one in text.split("(")[1].rstrip(")").split(",")], np.float32)
    decoded = inference.load(runs.SHIPPED / "map").decode(z[None])[0]
    assert np.abs(picture(shown) - decoded).max() < 0.05  # z has two decimals there
    assert np.abs(rough - decoded).max() > 0.05
