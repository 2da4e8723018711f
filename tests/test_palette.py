"""Colours: to be told apart by everybody, and from what is behind them, in both themes."""

import re
import tomllib
from itertools import combinations
from typing import Any

import pytest
from chromium import ROOT
from coloraide import Color

from vae import charts, palette
from vae.palette import PALETTES, Theme

THEMES: tuple[Theme, ...] = ("light", "dark")
CONFIG: dict[str, Any] = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]
PAPER = {theme: CONFIG[theme]["backgroundColor"] for theme in THEMES}
SIDEBAR: dict[Theme, str] = {"light": "#f8f8f7", "dark": "#21201d"}  # Streamlit's own
TEXT, MARK = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
DEFICIENCIES = ("protan", "deutan", "tritan")


def over(colour: str, paper: str, cover: float) -> Color:
    """A colour that covers this share of the paper."""
    return Color(paper).mix(colour, cover, space="srgb")


def contrast(colour: str | Color, paper: str | Color) -> float:
    return Color(colour).contrast(paper, method="wcag21")


def smallest_difference(colours: tuple[str, ...], vision: str) -> float:
    """Between any two colours, CIEDE2000, with no or full deficiency of colour vision.

    Source: Machado, Oliveira, Fernandes 2009, for what people with it see.
    """
    seen = [Color(colour) for colour in colours]
    if vision != "normal":
        seen = [colour.filter(vision, 1, method="machado").clip() for colour in seen]
    return min(a.delta_e(b, method="2000") for a, b in combinations(seen, 2))


@pytest.mark.parametrize("theme", THEMES)
def test_dots_lines_and_bars_stand_out_from_the_page(theme: Theme) -> None:
    paper, colours = PAPER[theme], PALETTES[theme]
    for colour in colours.classes:
        assert contrast(over(colour, paper, palette.DOT_COVER), paper) >= MARK, colour
    for colour in (*colours.runs, colours.train, colours.validation, colours.unused):
        assert contrast(colour, paper) >= MARK, colour
    css = {name: colours for name, *colours in _pairs()}
    for name in ("lost", "told", "truth", "gap", "drop"):
        assert contrast(css[name][theme == "dark"], paper) >= MARK, name
    faint = over(CONFIG[theme].get("textColor", "#fafafa"), paper, palette.MARK_COVER)
    assert contrast(faint, paper) >= MARK


def test_scripts_cover_as_much_as_the_palette_says() -> None:
    script = (ROOT / "vae/live/shared/palette.js").read_text()
    covers = dict(re.findall(r"export const (\w+_COVER) = ([\d.]+);", script))
    assert {name: float(cover) for name, cover in covers.items()} == {
        "DOT_COVER": palette.DOT_COVER,
        "MARK_COVER": palette.MARK_COVER,
    }


def test_marks_on_maps_and_bars_have_no_cover_of_their_own() -> None:
    for name in ("map/canvas.js", "scrubber/panels.js", "pipeline/noise_stage.js"):
        script = (ROOT / "vae/live" / name).read_text()
        assert "MARK_COVER" in script
        assert re.findall(r"globalAlpha = 0\.", script) == [], name
    sheets = ("pages/shared/markup.css", "vae/live/scrubber/scrubber.css")
    for sheet, mark in zip(sheets, (".map path.dots", ".bars i.dead"), strict=True):
        rules = re.findall(
            rf"^{re.escape(mark)} {{[^}}]*}}", (ROOT / sheet).read_text(), re.MULTILINE
        )
        assert len(rules) == 1
        assert "var(--mark-cover)" in rules[0]
        assert "opacity" not in rules[0]


def test_the_paper_of_the_style_sheets_is_the_pages() -> None:
    (paper,) = (colours for name, *colours in _pairs() if name == "paper")
    assert dict(zip(THEMES, paper, strict=True)) == PAPER


@pytest.mark.parametrize(
    ("theme", "normal", "deficient"), [("light", 14, 10.5), ("dark", 18, 13.5)]
)
def test_classes_are_told_apart_with_every_kind_of_colour_vision(
    theme: Theme, normal: float, deficient: float
) -> None:
    found = {v: smallest_difference(PALETTES[theme].classes, v) for v in ("normal", *DEFICIENCIES)}
    print(theme, "classes", {vision: round(value, 1) for vision, value in found.items()})
    assert found.pop("normal") >= normal
    assert min(found.values()) >= deficient


@pytest.mark.parametrize("theme", THEMES)
def test_runs_are_told_apart_with_every_kind_of_colour_vision(theme: Theme) -> None:
    found = {v: smallest_difference(PALETTES[theme].runs, v) for v in ("normal", *DEFICIENCIES)}
    print(theme, "runs", {vision: round(value, 1) for vision, value in found.items()})
    assert min(found.values()) >= 19


@pytest.mark.parametrize("theme", THEMES)
def test_no_two_classes_are_the_same_grey(theme: Theme) -> None:
    greys = [Color(colour).convert("lab-d65")["lightness"] for colour in PALETTES[theme].classes]
    assert min(abs(a - b) for a, b in combinations(greys, 2)) >= 2.3  # one is just noticeable
    assert abs(greys[2] - greys[3]) >= 5


@pytest.mark.parametrize("theme", THEMES)
def test_words_are_read_with_ease(theme: Theme) -> None:
    css = {name: (light, dark) for name, light, dark in _pairs()}
    for name in ("too-much-ink-text", "too-little-ink-text"):
        assert contrast(css[name][theme == "dark"], PAPER[theme]) >= TEXT, name
    config = CONFIG[theme]
    ink = config.get("textColor", "#fafafa")
    for paper in (PAPER[theme], SIDEBAR[theme]):
        assert contrast(over(ink, paper, 0.6), paper) >= TEXT  # Streamlit's captions
        assert contrast(config["primaryColor"], paper) >= TEXT
    assert contrast(charts.AXES[theme], PAPER[theme]) >= TEXT
    app = (ROOT / "pages/shared/app.css").read_text()
    on_primary = re.findall(r"light-dark\((#\w{6}), (#\w{6})\)", app)
    assert contrast(on_primary[0][theme == "dark"], config["primaryColor"]) >= TEXT


def _pairs() -> list[tuple[str, str, str]]:
    return re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", palette.CSS)
