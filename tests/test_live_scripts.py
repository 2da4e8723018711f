"""The page's scripts, joined for Streamlit: each keeps its scope, its name and its place."""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from chromium import needs_chromium
from node import evaluate, needs_node
from playwright.sync_api import Browser, Page

from vae import mnist, palette
from vae.live import scripts

CALLED = """async text => {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const entry = await import(url);
    return await entry.default();
}"""


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Scripts of a test's own, instead of those of the page."""
    monkeypatch.setattr(scripts, "FOLDER", tmp_path)
    caches = (scripts.modules, scripts.joined)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    for cache in caches:
        cache.cache_clear()


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_css", ".css")
        path = path if path.suffix else path.with_suffix(".js")
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")


@pytest.fixture
def bare(browser: Browser) -> Iterator[Page]:
    """A page with nothing on it."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("entry", scripts.ENTRIES)
def test_a_script_comes_after_all_that_it_imports(entry: str) -> None:
    names = list(scripts.modules(entry))
    assert names[-1] == entry
    for i, (name, text) in enumerate(scripts.modules(entry).items()):
        paths = re.findall(r'^(?:import|export|\}).* from "(.+)";$', text, re.MULTILINE)
        for path in paths:
            needed = (scripts.FOLDER / name).parent.joinpath(path).resolve()
            assert needed.relative_to(scripts.FOLDER).as_posix() in names[:i]


def test_every_script_is_part_of_the_page() -> None:
    used = {
        name
        for entry in (*scripts.ENTRIES, "view.js", "load.js")
        for name in scripts.modules(entry)
    }
    there = [*scripts.FOLDER.rglob("*.js"), *scripts.FOLDER.rglob("*.css")]
    assert used == {file.relative_to(scripts.FOLDER).as_posix() for file in there}


def test_scripts_in_a_circle_are_named(folder: Path) -> None:
    write(folder, a='import { b } from "./b.js";', b='import { a } from "./a.js";')
    with pytest.raises(ValueError, match=r"a\.js -> b\.js -> a\.js"):
        scripts.joined("a.js")


def test_what_a_comment_mentions_is_not_followed(folder: Path) -> None:
    write(folder, a='// see from "./nowhere.js"\n/** @import { X } from "./nowhere.js" */\n')
    assert list(scripts.modules("a.js")) == ["a.js"]


class TestInChromium:
    """In the browser itself."""

    pytestmark = needs_chromium

    def test_modules_keep_their_scope_and_style_sheets_are_texts(
        self, bare: Page, folder: Path
    ) -> None:
        write(
            folder,
            main="""
                import { twice } from "./deep/one.js";
                import STYLE from "./deep/look.css";
                const hidden = 3;
                export default function () { return [twice(hidden), STYLE]; }""",
            deep__one="""
                import {
                    factor,
                } from "../other.js";
                const hidden = factor;
                export const twice = (x) => hidden * x;""",
            deep__look_css='.a::before { content: "\\201C `${x}`"; } /* é </script> */\n',
            other="const hidden = 2;\nexport { hidden as factor };\n",
        )
        found = bare.evaluate(CALLED, scripts.joined("main.js"))
        assert found == [6, (folder / "deep" / "look.css").read_text(encoding="utf-8")]

    def test_a_stack_trace_names_the_file_and_the_line(self, bare: Page, folder: Path) -> None:
        write(
            folder,
            main="""
                import { fail } from "./deep/one.js";
                export default () => { try { fail(); } catch (error) { return error.stack; } }""",
            deep__one="""
                /** Fails, @type {never} */
                /** @param {number} [n] */ export function fail(n) {
                    /** not sent */
                    throw new Error("so it is");
                }""",
        )
        trace = bare.evaluate(CALLED, scripts.joined("main.js"))
        assert re.search(r"at fail \(vae/live/deep/one\.js:5:\d+\)", trace)
        assert re.search(r"vae/live/main\.js:3:\d+", trace)

    @pytest.mark.parametrize("entry", scripts.ENTRIES)
    def test_every_script_of_the_page_loads(self, bare: Page, entry: str) -> None:
        asked = CALLED.replace("await entry.default()", "typeof entry.default")
        kind = bare.evaluate(asked, scripts.joined(entry))
        assert kind == "function"


@needs_node
def test_the_page_has_the_same_mnist_and_the_same_palette() -> None:
    found = evaluate('return { ...await live("shared/mnist.js") }')
    assert found == {"SIDE": mnist.SIDE, "CLASSES": len(mnist.CLASSES)}
    code = 'const { light } = await live("shared/palette.js"); return light(input)'
    light = evaluate(code, "#4da6ff")
    assert light == [*palette.light("#4da6ff")]
    assert palette.PALETTES["dark"].classes[9] in scripts.joined("main.js")


@needs_node
@pytest.mark.parametrize("name", ["load.js", "view.js"])
def test_what_travels_with_each_message_is_code_alone(name: str) -> None:
    text = scripts.bare(scripts.FOLDER / name)
    assert not re.search(r"/\*|^ | //", text, re.MULTILINE)
    parsed = "new Function(input.replace('export default', 'return')); return true;"
    assert evaluate(parsed, text) is True
