"""What a visitor is told, and sees, when bundles come broken, late or in another order."""

from base64 import b64encode
from collections.abc import Iterator

import numpy as np
import pytest
from chromium import needs_chromium
from playwright.sync_api import Browser, Page, expect

from vae import inference, live, runs
from vae.config import TrainingConfig
from vae.live import scripts, training_views
from vae.snapshots import POINTS, REBUILT, SAMPLES, Snapshot

pytestmark = needs_chromium

BROKEN = b"\x1f\x8b not what gzip makes"
DECODER = live.decoder_bundle(inference.load(runs.SHIPPED / "map"))
NAME = live.name_of(runs.read(runs.SHIPPED / "map"))
TOOLS = """async scripts => {
    window.entries = {};
    for (const [name, text] of Object.entries(scripts)) {
        const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
        entries[name] = (await import(url)).default;
    }
    window.bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt());
    window.roots = {};
    window.mount = (entry, place, data) => {
        if (!roots[place]) {
            const element = document.createElement("div");
            document.body.append(element);
            roots[place] = element.attachShadow({ mode: "open" });
        }
        const say = { setStateValue() {}, setTriggerValue() {} };
        return entries[entry]({ data, parentElement: roots[place], ...say });
    };
}"""


@pytest.fixture
def bare(browser: Browser) -> Iterator[Page]:
    """A page with the scripts, and `mount(entry, place, data)` as Streamlit would call them."""
    page = browser.new_page()
    texts = {name: scripts.joined(name) for name in ("main.js", "scrubber/main.js")}
    page.evaluate(TOOLS, texts | {"view.js": scripts.source("view.js")})
    yield page
    page.close()


def bundle(page: Page, content: bytes) -> None:
    page.evaluate("text => mount('main.js', 'bundle', bytes(text))", b64encode(content).decode())


def sheet(page: Page, *needs: str) -> None:
    data = {"view": "sheet", "needs": needs, "latents": [[0, 0]], "captions": [], "name": "As"}
    data |= {"doubts": [], "likeliest": [1]}
    page.evaluate("data => { mount('view.js', 'sheet', data) }", data)


@pytest.mark.parametrize("first", ["view", "bundle"])
def test_a_model_that_cannot_be_read_is_said_with_the_remedy_and_shown_when_it_comes(
    bare: Page, first: str
) -> None:
    if first == "view":
        sheet(bare, f"decoder/{NAME}")
        expect(bare.get_by_text("Loading the model …")).to_be_visible()
        bundle(bare, BROKEN)
    else:
        bundle(bare, BROKEN)
        bare.wait_for_timeout(300)
        sheet(bare, f"decoder/{NAME}")
    expect(bare.get_by_text("The model could not be read. Reload the page;")).to_be_visible()
    expect(bare.get_by_text("Loading the model …")).to_have_count(0)
    bundle(bare, DECODER)
    expect(bare.get_by_label("As 1")).to_be_visible()
    expect(bare.get_by_text("could not be read")).to_have_count(0)


def test_a_layer_that_the_page_cannot_compute_is_said_too(bare: Page) -> None:
    sheet(bare, f"decoder/{NAME}")
    bundle(bare, DECODER.replace(b'"dense"', b'"dance"'))
    expect(bare.get_by_text("The model could not be read. Reload the page;")).to_be_visible()


def test_another_model_is_waited_for_after_one_that_failed(bare: Page) -> None:
    sheet(bare, "decoder/broken")
    bundle(bare, BROKEN)
    expect(bare.get_by_text("could not be read")).to_be_visible()
    sheet(bare, f"decoder/{NAME}")
    expect(bare.get_by_text("Loading the model …")).to_be_visible()


def history(epochs: int) -> str:
    """The snapshots of a short training, as the scrubber takes them."""
    taken = [
        Snapshot(
            epoch,
            np.full((REBUILT, 28, 28), epoch, np.uint8),
            np.full((SAMPLES, 28, 28), epoch, np.uint8),
            np.zeros((POINTS, 2), np.float16),
            np.ones(2, np.float16),
        )
        for epoch in range(epochs + 1)
    ]
    return b64encode(training_views.scrubber_data(taken, [], TrainingConfig())).decode()


def scrub(page: Page, *contents: str) -> None:
    """Mount one after the other in the same place, without waiting."""
    page.evaluate(
        "all => { window.ends = all.map(text => mount('scrubber/main.js', 'here', bytes(text))) }",
        contents,
    )


# The first answer takes longer than the second.
SLOW_FIRST = """() => {
    const read = Response.prototype.arrayBuffer;
    let delay = 400;
    Response.prototype.arrayBuffer = async function () {
        const wait = delay;
        delay = 0;
        await new Promise(done => setTimeout(done, wait));
        return read.call(this);
    };
}"""


def test_of_two_histories_the_later_is_shown_whatever_the_order_of_the_answers(bare: Page) -> None:
    bare.evaluate(SLOW_FIRST)
    scrub(bare, history(2), history(5))
    expect(bare.get_by_text("After epoch 5")).to_be_visible()
    bare.evaluate("ends[0]()")  # Streamlit ends the call that was overtaken
    bare.wait_for_timeout(600)
    expect(bare.get_by_text("After epoch 5")).to_be_visible()
    bare.get_by_role("slider", name="Epoch").press("ArrowLeft")
    expect(bare.get_by_text("After epoch 4")).to_be_visible()


def test_an_answer_after_the_end_of_a_component_shows_nothing(bare: Page) -> None:
    bare.evaluate(SLOW_FIRST)
    scrub(bare, history(2))
    bare.evaluate("ends[0]()")
    bare.wait_for_timeout(600)
    assert bare.evaluate("roots.here.childElementCount") == 0


def test_pictures_that_cannot_be_read_are_said_and_what_was_shown_stays(bare: Page) -> None:
    scrub(bare, b64encode(BROKEN).decode())
    failure = bare.get_by_text("What it drew could not be read. Reload the page;")
    expect(failure).to_be_visible()
    scrub(bare, history(2))
    expect(bare.get_by_text("After epoch 2")).to_be_visible()
    expect(failure).to_have_count(0)
    scrub(bare, b64encode(BROKEN).decode())
    expect(failure).to_be_visible()
    expect(bare.get_by_text("After epoch 2")).to_be_visible()
