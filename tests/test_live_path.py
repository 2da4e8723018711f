"""The path of a morph in the page is that of the library."""

import numpy as np
import pytest
from node import evaluate, needs_node

from vae import latents

RANDOM = np.random.default_rng(0).normal(size=(4, 24)).round(4)

pytestmark = needs_node


@pytest.mark.parametrize("kind", latents.PATH_KINDS)
def test_the_page_takes_the_path_that_is_exported(kind: latents.PathKind) -> None:
    several = [
        RANDOM,
        np.array([[1.0, 2.0], [-1.0, -2.0], [2.0, 4.0], [0.0, 0.0], [3.0, 1.0]]),
        np.array([[0.5], [-2.0]]),
    ]
    asked = [(ends, steps) for ends in several for steps in (2, 7, 60)]
    found = evaluate(
        """
        const { latentPath } = await live("latents/path.js");
        const path = ([ends, steps]) => latentPath(ends, steps, input.kind);
        return input.asked.map(one => path(one).map(latent => Array.from(latent)));
        """,
        {"kind": kind, "asked": [(ends.tolist(), steps) for ends, steps in asked]},
    )
    for (ends, steps), path in zip(asked, found, strict=True):
        expected = latents.path(ends, steps, kind).round(4)
        assert np.abs(np.array(path) - expected).max() < 1.5e-4
