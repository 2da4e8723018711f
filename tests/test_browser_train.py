"""The training studio under a real mouse: the slider through the epochs, trainings as they run."""

import re

import numpy as np
from chromium import Server, eventually, goto, needs_chromium, settled
from playwright.sync_api import Locator, Page, expect

from vae import runs

pytestmark = needs_chromium

TERMS = ("loss", "reconstruction_loss", "kl_divergence")
SHEETS = ("canvas.map", "canvas.rebuilt", "canvas.samples")


def pixels(canvas: Locator) -> str:
    return canvas.evaluate("canvas => canvas.toDataURL()")


def test_the_slider_shows_every_epochs_pictures_without_a_rerun(
    server: Server, sized_page: Page
) -> None:
    page = sized_page
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    goto(page, f"{server.address}/train?run=best")
    slider = page.get_by_role("slider", name="Epoch")
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile("After epoch 50, validation loss")
    )
    page.wait_for_timeout(500)
    before, bars = len(sent), page.locator(".bars").evaluate("e => e.innerHTML")
    seen = [[pixels(page.locator(sheet)) for sheet in SHEETS]]
    box = slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 8, y)
    page.mouse.down()
    for share in (0.6, 0.3, 0.01):
        page.mouse.move(box["x"] + share * box["width"], y, steps=3)
        seen.append([pixels(page.locator(sheet)) for sheet in SHEETS])
    page.mouse.up()
    for pictures in zip(*seen, strict=True):
        assert len(set(pictures)) == 4
    assert page.locator(".bars").evaluate("e => e.innerHTML") != bars
    expect(slider).to_have_attribute("aria-valuetext", "Before training")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^After epoch 1,"))
    slider.press("End")
    assert [pixels(page.locator(sheet)) for sheet in SHEETS] == seen[0]
    assert len(sent) == before, "the server was asked for nothing"


def drawn_values(panel: Locator, kind: str) -> np.ndarray:
    """The values at a panel's dots, read off against its grid lines and their numbers."""
    places, numbers, dots = panel.evaluate(
        """(panel, kind) => [
            [...panel.querySelectorAll('line.grid')].map(line => +line.getAttribute('y1')),
            [...panel.querySelectorAll('text[text-anchor=end]')].map(text => +text.textContent),
            [...panel.querySelectorAll(`circle.${kind}`)].map(dot => +dot.getAttribute('cy')),
        ]""",
        kind,
    )
    slope, start = np.polyfit(places, numbers, 1)
    return start + slope * np.array(dots)


def test_a_training_streams_its_curves_and_its_run_serves_every_page(
    server: Server, page: Page
) -> None:
    goto(page, f"{server.address}/train")
    page.get_by_role("spinbutton", name="Epochs", exact=True).fill("2")
    page.get_by_role("spinbutton", name="Training images").fill("4000")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=60_000)
    slider = page.get_by_role("slider", name="Epoch")
    lengths, epochs = set(), set()
    done = page.get_by_text("Finished after 2 epochs")

    def look() -> bool:
        lengths.add(page.locator("path.batch").first.get_attribute("d"))
        epochs.add(slider.get_attribute("aria-valuetext"))
        return done.is_visible()

    eventually(look, 90)
    settled(page)
    assert len(lengths) >= 3, "the curves grew while it trained"
    assert len(epochs) >= 2, "the pictures were drawn anew while it trained"
    name = re.search(r"run=([\w-]+)", page.url)
    assert name is not None

    events, _ = runs.read_events(server.runs / name[1])
    rows = [e for e in events if e["event"] == "epoch"]
    told = [[e[split][term] for split in ("train", "validation") for term in TERMS] for e in rows]
    page.get_by_text("Every epoch's figures").click()
    table = page.locator(".curves tr:has(td)").all()
    shown = [[float(cell) for cell in row.locator("td").all_inner_texts()] for row in table]
    assert np.allclose(
        shown[::-1], [[e["epoch"], *r] for e, r in zip(rows, told, strict=True)], atol=6e-4
    )
    for i, term in enumerate(TERMS):
        panel = page.locator(".curves figure").nth(i)
        drawn = drawn_values(panel, "validation")
        assert np.allclose(drawn, [e["validation"][term] for e in rows], rtol=1e-3), term

    page.get_by_role("button", name=f"Use {name[1]} on all pages").click()
    settled(page)
    for link in ("Draw", "Latent space", "Generate"):
        page.get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", name=link, level=1)).to_be_visible()
        settled(page)
        chosen = page.get_by_test_id("stSidebar").get_by_role("combobox")
        expect(chosen).to_have_value(name[1])
