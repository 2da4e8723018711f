"""The Compare page in a browser: its pictures are the models' own, and its files hold them."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from chromium import Server, eventually, goto, needs_chromium, picture, settled
from playwright.sync_api import Page, expect

from vae import comparison, inference, pictures, runs

pytestmark = needs_chromium


def test_a_link_shows_what_its_models_make_of_its_digits(server: Server, page: Page) -> None:
    link = "compare?runs=map&runs=best&compared-seed=5&from=1&to=7"
    goto(page, f"{server.address}/{link}")
    digits = comparison.ten_digits(5)
    inputs = comparison.Inputs(digits, digits.pixels[0], 5, (1, 7))
    given = pictures.contact_sheet(digits.pixels, 10) / 255
    assert np.array_equal(picture(page.get_by_alt_text("The digits")), given.astype(np.float32))
    for name in ("map", "best"):
        answers = comparison.ask(inference.load(runs.SHIPPED / name), inputs)
        for alt, images in (
            ("Digits rebuilt by", answers.rebuilt),
            ("Samples of", answers.samples),
            ("Path of", answers.path),
        ):
            shown = page.get_by_alt_text(f"{alt} {name}")
            expected = pictures.contact_sheet(images, 10) / 255
            assert np.abs(picture(shown) - expected).max() < 1.5 / 255, (alt, name)
            assert shown.evaluate("e => getComputedStyle(e).imageRendering") == "pixelated"
        loss = answers.reconstruction_loss.mean()
        expect(page.locator(".strip", has_text=name).first).to_contain_text(f"{loss:.1f} nats")
    page.get_by_role("spinbutton", name="Seed").fill("6")
    page.keyboard.press("Enter")
    eventually(lambda: "compared-seed=6" in page.url)
    assert re.search(r"runs=map&runs=best", page.url)


def test_a_drawing_that_is_sent_here_arrives(server: Server, page: Page) -> None:
    goto(page, server.address)
    page.locator(".st-key-ready").get_by_text("4", exact=True).click()
    expect(page.locator("canvas.example")).to_have_count(0)
    seen = picture(settled(page).get_by_label("What the models see"))
    page.get_by_role("button", name="Compare", exact=True).click()
    settled(page)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Compare").click()
    expect(page.get_by_text("The digit that you sent here")).to_be_visible()
    assert np.array_equal(picture(page.get_by_alt_text("The drawing", exact=True)), seen)


@pytest.mark.long
def test_the_saved_files_hold_what_the_page_shows(
    server: Server, page: Page, tmp_path: Path
) -> None:
    goto(page, f"{server.address}/compare?show=Figures")

    def saved(label: str) -> bytes:
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        download.value.save_as(tmp_path / "file")
        return (tmp_path / "file").read_bytes()

    lines = list(csv.reader(saved("Table (CSV)").decode().splitlines()))
    cells = page.locator("table.figures tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )
    assert lines[0][1:] == cells[0][1:]
    assert len(lines) == len(cells) > 5
    for (name, *values), (head, *shown) in zip(lines[1:], cells[1:], strict=True):
        assert name == head
        for value, text in zip(values, shown, strict=True):
            digits, kind = len(text.rstrip("%").partition(".")[2]), "%" if "%" in text else "f"
            assert f"{float(value):,.{digits}{kind}}" == text
    assert saved("Figures (PDF)").startswith(b"%PDF")
    assert saved("Pictures (PNG)").startswith(b"\x89PNG")
