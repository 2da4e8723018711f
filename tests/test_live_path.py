"""The path of a morph in the page is that of the library."""

from pathlib import Path

import numpy as np
import pytest
from chromium import needs_chromium
from playwright.sync_api import Browser

from vae import latents, live

CODE = Path(live.__file__).parent
RANDOM = np.random.default_rng(0).normal(size=(4, 24)).round(4)

pytestmark = needs_chromium


@pytest.mark.parametrize("kind", latents.PATH_KINDS)
def test_the_page_takes_the_path_that_is_exported(browser: Browser, kind: latents.PathKind) -> None:
    page = browser.new_page()
    for name in ("map_details", "path"):
        page.add_script_tag(content=(CODE / f"{name}.js").read_text())
    several = [
        RANDOM,
        np.array([[1.0, 2.0], [-1.0, -2.0], [2.0, 4.0], [0.0, 0.0], [3.0, 1.0]]),
        np.array([[0.5], [-2.0]]),
    ]
    for ends in several:
        for steps in (2, 7, 60):
            found = page.evaluate(
                "([ends, steps, kind]) => latentPath(ends, steps, kind).map(z => Array.from(z))",
                [ends.tolist(), steps, kind],
            )
            expected = latents.path(ends, steps, kind).round(4)
            assert np.abs(np.array(found) - expected).max() < 1.5e-4
    page.close()
