"""What the browser keeps: a reload, or a server that starts again, loses nothing."""

import json
import re
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from chromium import Server, draw, eventually, goto, needs_chromium, picture, served, settled
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Page, expect

pytestmark = needs_chromium

STROKE = [(60, 60), (200, 60), (110, 230)]
KEPT = "name => JSON.parse(sessionStorage.getItem(`latent digits: ${name}`))?.value ?? null"
SESSION = "JSON.parse(sessionStorage.getItem('latent digits: drawing'))?.session ?? null"


def drawn(page: Page) -> Page:
    """A drawing in the gallery, and another on the canvas."""
    page.locator(".st-key-ready").get_by_text("4", exact=True).click()
    settled(page)
    page.locator(".st-key-ready").get_by_text("7", exact=True).click()
    settled(page)
    page.get_by_role("button", name="Clear").first.click()
    settled(page)
    draw(page, STROKE)
    page.get_by_label("What the models see").wait_for()
    return settled(page)


def test_a_reload_brings_drawing_and_gallery_back_and_forget_forgets_them(
    server: Server, page: Page
) -> None:
    drawn(goto(page, server.address))
    seen = picture(page.get_by_label("What the models see"))
    expect(page.locator(".st-key-gallery button")).to_have_count(2)
    eventually(lambda: len(page.evaluate(KEPT, "drawing") or []) == 1)
    settled(page).reload()
    expect(page.locator(".st-key-gallery button")).to_have_count(2)
    again = page.get_by_label("What the models see")
    eventually(lambda: abs(picture(again) - seen).max() < 1 / 255)

    goto(page, f"{server.address}/compare")  # another page can use it at once
    expect(page.get_by_text("What is on the Draw page now.")).to_be_visible()
    page.get_by_role("button", name="Forget drawings and missions").click()
    expect(page.get_by_text("you have drawn nothing yet")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage).filter(n => n.startsWith('latent'))") == []
    goto(page, server.address)
    expect(page.locator("canvas.example")).to_be_visible()
    expect(page.locator(".st-key-gallery button")).to_have_count(0)


def photo() -> FilePayload:
    """A seven on paper."""
    paper = Image.new("L", (400, 300), 230)
    ImageDraw.Draw(paper).line([(150, 60), (240, 60), (190, 240)], 30, 12, joint="curve")
    content = BytesIO()
    paper.save(content, "PNG")
    return {"name": "paper.png", "mimeType": "image/png", "buffer": content.getvalue()}


@pytest.mark.long
def test_a_reload_brings_a_real_digit_back_and_what_the_models_saw_of_a_photo(
    server: Server, page: Page
) -> None:
    seen = page.get_by_label("What the models see")

    def comes_back(words: str) -> None:
        expect(page.get_by_text(words)).to_be_visible()
        eventually(lambda: "pixels" in (page.evaluate(KEPT, "drawing") or []))
        before = picture(seen)
        assert before.sum() > 10
        settled(page).reload()
        expect(page.get_by_text(words)).to_be_visible()
        eventually(lambda: abs(picture(seen) - before).max() < 1 / 255)
        settled(page)

    goto(page, server.address)
    page.get_by_role("button", name="Real digit").click()
    comes_back("of MNIST, as it is. Clear to draw.")
    page.get_by_role("button", name="Photo").click()
    page.locator("input[type=file]").set_input_files(photo())
    expect(page.get_by_text("The digit that was found is outlined.")).to_be_visible()
    page.keyboard.press("Escape")
    comes_back("From paper.png.")
    expect(page.get_by_text("This is what the models saw of it.")).to_be_visible()
    page.get_by_test_id("stButton").filter(has_text="Clear").click()
    expect(page.locator("canvas.example")).to_be_visible()
    eventually(lambda: page.evaluate(KEPT, "drawing") is None)


@pytest.mark.long
def test_a_server_that_starts_again_is_given_back_drawing_gallery_and_missions(
    tmp_path: Path, page: Page
) -> None:
    gallery, seen = page.locator(".st-key-gallery button"), page.get_by_label("What the models see")
    card = page.get_by_test_id("stPopover").filter(has_text="Where no digit is")
    with served(tmp_path) as server:
        goto(page, f"{server.address}/how_it_works")
        card.get_by_role("button").click()
        page.get_by_role("button", name="Take it on: Latent space").click()
        expect(page.get_by_text("Go where no digit is.")).to_be_visible()
        settled(page).get_by_role("link", name="Draw").click()
        expect(page.get_by_role("heading", name="Latent Digits", level=1)).to_be_visible()
        drawn(settled(page))
        expect(gallery).to_have_count(2)
        before = picture(seen)
        eventually(lambda: len(page.evaluate(KEPT, "drawing") or []) == 1)
        session = settled(page).evaluate(SESSION)
    with served(tmp_path, port=urlsplit(server.address).port):
        eventually(lambda: page.evaluate(SESSION) not in (session, None))
        settled(page).get_by_role("link", name="How it works").click()
        expect(card).to_contain_text("flag")
        settled(page).get_by_role("link", name="Draw").click()
        expect(gallery).to_have_count(2)
        eventually(lambda: abs(picture(seen) - before).max() < 1 / 255)


@pytest.mark.long
def test_back_and_forward_bring_each_pages_model_with_it(server: Server, page: Page) -> None:
    chosen = page.get_by_test_id("stSidebar").get_by_role("combobox")
    goto(page, f"{server.address}/morph?model=map")
    page.get_by_role("link", name="Generate").click()
    expect(page.get_by_role("heading", name="Generate", level=1)).to_be_visible()
    expect(chosen).to_have_value(re.compile("map$"))
    settled(page)
    chosen.click()
    page.get_by_role("option", name=re.compile("best$")).click()
    page.wait_for_url(re.compile("model=best"))
    settled(page).go_back()
    expect(page.get_by_role("heading", name="Morph", level=1)).to_be_visible()
    expect(chosen).to_have_value(re.compile("map$"))
    assert "model=map" in settled(page).url
    page.go_forward()
    expect(page.get_by_role("heading", name="Generate", level=1)).to_be_visible()
    expect(chosen).to_have_value(re.compile("best$"))
    settled(page)
    page.get_by_role("link", name="Morph").click()  # where the session's choice goes along
    expect(page.get_by_role("heading", name="Morph", level=1)).to_be_visible()
    expect(chosen).to_have_value(re.compile("best$"))
    assert "model=best" in settled(page).url


@pytest.mark.long
def test_what_a_browser_keeps_is_read_as_strokes_and_nothing_else(
    server: Server, page: Page
) -> None:
    goto(page, f"{server.address}/train")
    odd = [{"path": [["M", 1, 2], ["L", "x", None], ["L", 1e99, 3]]}, 7, [[["M", 0, 0]], {}]]
    for name in ("drawing", "gallery"):
        told = json.dumps({"session": "another", "value": odd})
        page.evaluate(f"sessionStorage.setItem('latent digits: {name}', JSON.stringify({told}))")
    goto(page, server.address)
    expect(page.get_by_role("img", name="Board: draw a digit here")).to_be_visible()
