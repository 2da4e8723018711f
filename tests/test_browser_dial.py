"""The dial, projections, the traversal grid and digits of a class, under a real mouse and keys."""

import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from chromium import Server, eventually, goto, needs_chromium, picture, settled
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from vae import inference, latents, runs

pytestmark = needs_chromium


def dial(page: Page) -> Locator:
    return page.get_by_role("slider", name="β", exact=True)


def test_one_slider_goes_through_maps_pictures_and_the_curve(server: Server, page: Page) -> None:
    goto(page, f"{server.address}/compare?show=The+dial")
    slider = dial(page)
    expect(slider).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    first = page.locator(".dial canvas:visible").first.bounding_box()
    assert first is not None
    assert first["y"] < 660  # what the slider changes is in sight with it
    slider.scroll_into_view_if_needed()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^β = 1, reconstruction loss"))
    canvases = page.locator(".dial canvas:visible")
    before = [picture(canvases.nth(i)) for i in range(4)]
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^β = 20,"))
    eventually(lambda: page.locator(".dial .point.here").text_content() is not None)
    expect(page.locator(".dial .point.here text")).to_have_text("20")
    after = [picture(canvases.nth(i)) for i in range(4)]
    assert all(np.abs(a - b).mean() > 0.001 for a, b in zip(before, after, strict=True))
    expect(page.get_by_text("0 of 2 in use, 0.0 nats together")).to_be_visible()
    letters = "text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a"
    assert page.locator(".dial .rate text").first.evaluate(letters) < 14
    page.locator(".dial .point .target").first.click()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^β = 0,"))
    slider.press("ArrowRight")
    expect(page.get_by_text("β = 0.1", exact=True)).to_be_visible()


@pytest.fixture
def projections(server: Server, page: Page) -> Page:
    goto(page, f"{server.address}/latent_space?model=best&view=Projections")
    expect(page.locator("canvas.cloud")).to_be_visible()
    page.wait_for_timeout(1000)  # they have glided to their places
    return page


def coloured(page: Page) -> int:
    """Pixels of the picture that are not nearly empty."""
    return page.locator("canvas.cloud").evaluate(
        """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            .data.filter((value, i) => i % 4 === 3 && value > 150).length"""
    )


@pytest.mark.long
def test_classes_are_told_by_their_names_too_and_one_alone_by_its_own(
    server: Server, page: Page
) -> None:
    page.add_init_script(
        """window.written = new Set();
        const write = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
            window.written.add(text);
            write.call(this, text, ...where); };"""
    )
    goto(page, f"{server.address}/latent_space?model=best&view=Projections")
    expect(page.locator("canvas.cloud")).to_be_visible()
    eventually(lambda: page.evaluate("[...window.written].sort().join('')") == "0123456789")
    page.evaluate("window.written.clear()")
    page.get_by_role("button", name="Only 3").click()
    eventually(lambda: page.evaluate("[...window.written]") == ["3"])


def test_one_click_or_a_search_isolates_a_class(projections: Page) -> None:
    page = projections
    whole = coloured(page)
    page.get_by_role("button", name="Only 3").click()
    eventually(lambda: coloured(page) < whole / 3)
    alone = coloured(page)
    page.get_by_role("button", name="Only 3").click()
    eventually(lambda: coloured(page) > 0.9 * whole)
    page.get_by_role("button", name="Only 3").dblclick()
    eventually(lambda: coloured(page) == pytest.approx(alone, rel=0.02))
    page.get_by_role("button", name="Only 3").click()
    eventually(lambda: coloured(page) > 0.9 * whole)
    page.get_by_role("searchbox").fill("3")
    eventually(lambda: coloured(page) == pytest.approx(alone, rel=0.02))
    page.get_by_role("searchbox").fill("")
    eventually(lambda: coloured(page) > 0.9 * whole)


def test_before_any_click_a_digit_and_its_neighbours_are_in_sight_beside_the_picture(
    projections: Page,
) -> None:
    page = projections
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_timeout(300)
    expect(page.locator(".near canvas")).to_have_count(11)
    for part in (page.locator("canvas.cloud"), page.locator(".kept"), page.locator(".near")):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 800


LINES = """() => {
    window.lines = new Set();
    const draw = CanvasRenderingContext2D.prototype.lineTo;
    CanvasRenderingContext2D.prototype.lineTo = function (x, y) {
        if (this.canvas.className.includes("cloud")) window.lines.add(`${x} ${y}`);
        draw.call(this, x, y);
    };
}"""


@pytest.mark.long
def test_a_digits_neighbours_are_those_in_all_dimensions(projections: Page) -> None:
    page = projections
    page.evaluate(LINES)
    page.get_by_role("searchbox").fill("#1234")
    expect(page.get_by_text("Digit #1234, a 2, and its 10 nearest")).to_be_visible()
    found = page.locator(".near canvas").evaluate_all("all => all.map(one => one.ariaLabel)")
    model = inference.load(runs.SHIPPED / "best")
    from vae import data

    digits = data.embedded()
    means = model.encode(digits.pixels).latents.astype(np.float64)
    order = np.argsort(np.linalg.norm(means - means[1234], axis=1))[:11]
    assert found == [f"Digit #{i}, a {digits.labels[i]}" for i in order]
    eventually(lambda: page.evaluate("window.lines.size") == 10)  # to each of them
    spread = np.linalg.eigvalsh(np.cov(means.T))
    share = spread[-2:].sum() / spread.sum()
    expect(page.get_by_text(f"it shows {100 * share:.0f} % of their variance")).to_be_visible()


@pytest.mark.long
def test_space_turns_by_keys_and_by_itself_and_every_picture_says_what_it_keeps(
    projections: Page,
) -> None:
    page = projections
    kept = []
    for name in ("Plane", "3-D", "t-SNE"):
        page.get_by_role("button", name=name, exact=True).click()
        words = page.locator(".kept").text_content() or ""
        share = re.search(r"dimensions, (\d+) % are among its ten nearest here", words)
        assert share, words
        kept.append(int(share[1]))
    assert kept == sorted(kept)
    assert kept[2] > 2 * kept[1]
    page.get_by_role("button", name="3-D", exact=True).click()
    page.wait_for_timeout(900)
    canvas = page.locator("canvas.cloud")
    canvas.press("ArrowLeft")  # which stops it
    page.wait_for_timeout(100)
    still = picture(canvas)
    page.wait_for_timeout(300)
    assert np.array_equal(picture(canvas), still)
    canvas.press("ArrowLeft")
    eventually(lambda: not np.array_equal(picture(canvas), still))
    page.get_by_role("button", name="Turn").click()
    turned = picture(canvas)
    eventually(lambda: not np.array_equal(picture(canvas), turned))


def test_a_model_of_two_dimensions_has_no_projections(server: Server, page: Page) -> None:
    goto(page, f"{server.address}/latent_space?model=map")
    expect(page.get_by_text("Analysis", exact=True)).to_be_visible()
    expect(page.get_by_text("Projections", exact=True)).to_have_count(0)


@pytest.mark.long
def test_the_traversal_grid_is_the_digit_along_every_dimension(server: Server, page: Page) -> None:
    z = np.round(np.linspace(-1, 1, 16), 4)
    goto(page, f"{server.address}/generate?model=best&z={','.join(map(str, z))}&traversal=true")
    expect(page.get_by_alt_text("Traversal grid")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Traversal grid (PNG)").click()
    sheet = np.asarray(Image.open(BytesIO(Path(download.value.path()).read_bytes())), float)
    digits = sheet[::2, 44::2]  # names to the left, each pixel twice as large
    model = inference.load(runs.SHIPPED / "best")
    names = page.get_by_role("slider", name=re.compile(r"^z\d+$"))
    order = [int((names.nth(i).get_attribute("aria-label") or "")[1:]) - 1 for i in range(16)]
    for row in (0, 3, 15):
        line = np.tile(z.astype(np.float32), (11, 1))
        line[:, order[row]] = latents.quantiles(11)
        for column, image in enumerate(model.decode(line)):
            shown = digits[30 * row : 30 * row + 28, 30 * column : 30 * column + 28]
            assert np.abs(shown - 255 * image).max() <= 1


def test_what_is_no_seven_is_not_shown_as_one(server: Server, page: Page) -> None:
    goto(page, f"{server.address}/generate?model=map&z=0,0")
    labels = page.get_by_role("button", name=re.compile(r"^As \d"))
    expect(labels).to_have_count(10)
    from vae.evaluation import classifier

    judge = classifier.read()
    for label in range(10):
        button = labels.nth(label)
        name = button.get_attribute("aria-label") or ""
        assert name.startswith(f"As {label}")
        image = picture(button.locator("canvas"))
        read = int(judge.probabilities(image[None]).argmax())
        assert read == label or name.endswith(f"read as a {read}"), name
    settled(page)
