"""The benchmarks that need a browser, at a tiny size, in the browser of the other tests."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from chromium import Server, needs_chromium
from PIL import Image
from playwright.sync_api import Browser

from benchmarks import first_screen, interaction, screenshots
from benchmarks import server as measured

pytestmark = [*needs_chromium, pytest.mark.timeout(180)]


@pytest.mark.long
def test_the_first_digit_of_this_app_and_of_one_file_with_tensorflow_is_seen(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_screen, "chromium", lambda: nullcontext(browser))
    rows = first_screen.main(["--repeats", "1"])
    assert [row["app"] for row in rows] == list(first_screen.APPS)
    assert all(0 < row["seconds"] < first_screen.PATIENCE / 1000 for row in rows)
    ours, own, theirs = (row["megabytes"] for row in rows)
    assert max(ours, own) < theirs / 2
    seconds = [row["seconds"] for row in rows]
    assert seconds[0] == min(seconds)
    assert "| this app, its page's own digit |" in first_screen.tabulated(rows)


@pytest.mark.long
def test_pen_touch_and_drag_each_change_what_is_seen(
    server: Server, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interaction, "chromium", lambda: nullcontext(browser))
    site = measured.Server(*server)
    monkeypatch.setattr(interaction, "serving", lambda runs: nullcontext(site))
    decoded = {"first": 1.0, "whole": 2.0, "meanwhile": 60.0}  # test_browser_theory.py measures it
    monkeypatch.setattr(interaction, "theory", lambda page, address: decoded)
    (row,) = interaction.main(["--repeats", "1", "--times", "1", "--alone"])
    assert all(0 < value < 60_000 for value in row["pen"] + row["touch"])
    assert all(1 < value < 1000 for value in row["frames"])
    assert [row["first"], row["whole"], row["meanwhile"]] == [[1.0], [2.0], [60.0]]
    assert "| frames a second in a drag |" in interaction.tabulated([row])


@pytest.mark.long
def test_a_page_is_pictured_in_each_size_and_theme_and_all_on_one_sheet(
    server: Server, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screenshots, "chromium", lambda: nullcontext(browser))
    monkeypatch.setattr(screenshots, "serving", lambda runs: nullcontext(server))
    monkeypatch.setattr(screenshots, "DRAWN", 300)
    wanted = ["--pages", "generate", "--sizes", "320x640", "844x390"]
    (sheet,) = screenshots.main([str(tmp_path), *wanted])
    pictures = {}
    for file in tmp_path.glob("generate-*.png"):
        with Image.open(file) as picture:
            pictures[file.name] = picture.size
    assert pictures == {
        f"generate-{theme}-{width}x{height}.png": (width, height)
        for theme in ("light", "dark")
        for width, height in ((320, 640), (844, 390))
    }
    assert sheet.exists()
