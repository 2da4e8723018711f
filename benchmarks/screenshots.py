"""Every page in six sizes and two themes: `python -m benchmarks.screenshots FOLDER`.

Each picture lies in the folder, and all of a page on one sheet, to be looked at together.
`--whole` takes each page from top to bottom instead of its first screen; `--forced-colours` as who
has the system choose the colours sees it; `--text 200` with text twice as large; `--model NAME`
with this model on the pages that do not name one.
"""

import argparse
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks.browser import STILL, chromium
from benchmarks.server import serving

PAGES = {
    "draw": "", "draw-four": "", "latent-space": "latent_space?digit=1234",
    "manifold": "latent_space?model=best&manifold=1&z=" + ",".join(["0"] * 16),
    "projections": "latent_space?model=best&view=Projections",
    "theory": "latent_space?view=Theory&digit=440",
    "analysis": "latent_space?view=Analysis&classes=3&classes=8", "generate": "generate",
    "morph": "morph", "compare": "compare", "figures": "compare?show=Figures",
    "early": "compare?show=Early+and+late", "dial": "compare?show=The+dial",
    "lessons": "compare?show=Lessons", "train": "train", "how-it-works": "how_it_works",
}  # fmt: skip
SIZES = ((320, 640), (390, 844), (844, 390), (768, 1024), (1280, 900), (1920, 1080))
PHONE = 480  # pixels along the shorter side of a screen that is touched, at most
TALLEST = 8000  # pixels of a page from top to bottom
HEIGHT = "document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight"
PATIENCE = 120_000  # milliseconds until a page has come, on a machine that has other work
DRAWN = 3000  # milliseconds in which charts and the manifold are drawn


def main(arguments: list[str] | None = None) -> list[Path]:
    """Take the pictures; the sheets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", nargs="*", default=list(PAGES), choices=PAGES)
    parser.add_argument("--themes", nargs="*", default=["light", "dark"])
    parser.add_argument("--sizes", nargs="*", default=[f"{w}x{h}" for w, h in SIZES])
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--forced-colours", action="store_true")
    parser.add_argument("--model", default="")
    parser.add_argument("--text", type=int, default=100, metavar="PERCENT")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    sheets = []
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "runs") as server,
        chromium() as browser,
    ):
        for name in options.pages:
            address = _address(f"{server.address}/{PAGES[name]}", options.model)
            taken = [_taken(browser, address, name, theme, options) for theme in options.themes]
            sheets.append(_sheet(taken, options.folder / f"{name}.png"))
            print(sheets[-1])
    return sheets


def _address(page: str, model: str) -> str:
    """The address of a page with a model, unless it names one itself."""
    if not model or "model=" in page:
        return page
    return f"{page}{'&' if '?' in page else '?'}model={model}"


def _taken(
    browser: Browser, address: str, name: str, theme: str, options: argparse.Namespace
) -> list[Path]:
    """The pictures of a page in one theme: on phones, then at desks."""
    sizes = [tuple(map(int, size.split("x"))) for size in options.sizes]
    files = []
    for is_phone in (True, False):
        if not (alike := [size for size in sizes if (min(size) < PHONE) == is_phone]):
            continue
        page = browser.new_page(
            color_scheme="dark" if theme == "dark" else "light",
            forced_colors="active" if options.forced_colours else "none",
            has_touch=is_phone,
            is_mobile=is_phone,
        )
        _open(page, address, name, alike[-1])
        if options.text != 100:
            page.add_style_tag(content=f":root {{ font-size: {options.text}% !important }}")
        for width, height in alike:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(400)
            if options.whole:
                tall = min(page.evaluate(HEIGHT) + 100, TALLEST)
                page.set_viewport_size({"width": width, "height": max(height, tall)})
                page.wait_for_timeout(600)
            files.append(options.folder / f"{name}-{theme}-{width}x{height}.png")
            page.screenshot(path=files[-1])
        page.close()
    return files


def _open(page: Page, address: str, name: str, size: tuple[int, ...]) -> None:
    page.set_default_timeout(PATIENCE)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(address)
    _wait(page)
    if name == "draw-four":
        page.locator(".st-key-ready").get_by_text("4", exact=True).click()
        page.get_by_label("What the models see").wait_for()
        _wait(page)


def _wait(page: Page) -> None:
    page.wait_for_selector(STILL)
    page.wait_for_timeout(DRAWN)
    page.wait_for_selector(STILL)


def _sheet(rows: list[list[Path]], file: Path, height: int = 640, gap: int = 8) -> Path:
    """Rows of pictures, all as high."""
    images = [[_scaled(picture, height) for picture in row] for row in rows]
    width = max(sum(image.width + gap for image in row) for row in images)
    sheet = Image.new("RGB", (width, len(rows) * (height + gap)), "#808080")
    for i, row in enumerate(images):
        left = 0
        for image in row:
            sheet.paste(image, (left, i * (height + gap)))
            left += image.width + gap
    sheet.save(file)
    return file


def _scaled(picture: Path, height: int) -> Image.Image:
    with Image.open(picture) as image:
        return image.convert("RGB").resize((image.width * height // image.height, height))


if __name__ == "__main__":
    main()
