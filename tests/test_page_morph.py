"""Morph, as a visitor without a mouse sees it."""

import numpy as np
import pytest
from visits import alone, button, ends, texts, view_data

pytestmark = pytest.mark.usefixtures("folders")


def test_the_ends_of_a_morph_are_where_their_digits_are_however_far() -> None:
    """Nothing keeps the digits of a plain autoencoder near 0: this seven is 21 from there."""
    from pages.shared import resources

    means = resources.latent_map(resources.usable_runs()["autoencoder"]).posterior.mean
    app = alone("morph", model="autoencoder")
    assert app.query_params["end"] == ["digit:3744", "digit:1974"]
    assert abs(means[3744]).max() > 20
    ends = view_data(app, "morph")["ends"]
    np.testing.assert_allclose(ends, means[[3744, 1974]], atol=1e-4)


@pytest.mark.parametrize("kind", ["hand", "place"])
def test_the_ends_of_older_links_are_still_read(kind: str) -> None:
    app = alone("morph", end=["digit:1", f"{kind}:0.5,0.75"])
    assert app.query_params["end"] == ["digit:1", f"{kind}:0.5,0.75"]


def test_a_morph_begins_with_two_digits_of_the_data() -> None:
    app = alone("morph")
    assert ends(app) == ["digit", "digit"]
    assert "**A** · a real 7" in texts(app)


def test_ends_that_are_nothing_of_this_model_are_left_out(own_run: str) -> None:
    good = ["digit:4999", "class:3,7", "random:5", "pin:0.5,1.25", "drawing:1,2", "place:0,0"]
    bad = ["digit:5000", "digit:1.5", "digit:-1", "class:10,1", "class:3", "random:x", "pin:1,2,3",
           "place:nan,0", "digit:", "", "what:1"]  # fmt: skip
    app = alone("morph", end=[good[0], *bad[:6], good[1]])
    assert not app.exception
    assert app.query_params["end"] == good[:2]
    app = alone("morph", end=bad[:8])
    assert ends(app) == ["digit", "digit"]
    app = alone("morph", end=[*good, *bad])
    assert ends(app) == ["digit", "class", "random", "pin", "drawing", "place"]
    app.sidebar.selectbox[0].set_value(own_run).run()  # of five dimensions
    assert ends(app) == ["digit", "class", "random"]


@pytest.mark.parametrize("query", [{"path": "winding"}, {"steps": "1"}, {"steps": "many"}])
def test_a_morph_that_cannot_be_gives_the_default(query: dict) -> None:
    app = alone("morph", **query)
    assert not app.exception
    assert (app.button_group(key="path").value, app.slider(key="steps").value) == ("straight", 16)


def test_ends_are_added_moved_removed_and_brought_back() -> None:
    app = alone("morph", end=["digit:1", "class:3,7"])
    button(app, "Random").click().run()
    assert ends(app) == ["digit", "class", "random"]
    app.button(key="Move left-2").click().run()
    assert ends(app) == ["digit", "random", "class"]
    app.button(key="Remove-0").click().run()
    assert ends(app) == ["random", "class"]
    assert app.button(key="Remove-0").disabled  # a path needs two ends
    app.button_group(key="class end").set_value(4).run()
    assert "**C** · a sample of 4" in texts(app)
    for left in (2, 3, 3, 2):
        button(app, "Undo").click().run()
        assert len(ends(app)) == left
    assert ends(app) == ["digit", "class"]
    assert button(app, "Undo").disabled


def test_the_maps_pin_and_the_current_latent_can_be_ends() -> None:
    app = alone("morph")
    app.session_state["pins"] = {"map": np.array([1.5, -0.25])}
    app.session_state["current latents"] = {"map": (np.array([0.5, 0.75]), 0)}
    app.run()
    button(app, "The map's pin").click().run()
    button(app, "Generate's digit").click().run()
    assert app.query_params["end"][2:] == ["pin:1.5000,-0.2500", "generated:0.5000,0.7500"]
    assert "**D** · by hand" in texts(app)


def test_a_morph_has_at_most_eight_ends() -> None:
    app = alone("morph", end=["random:1"] * 20)
    assert len(ends(app)) == 8
    assert button(app, "Random").disabled
