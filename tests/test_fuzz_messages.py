"""What the live views tell of themselves, as anybody may send it: it becomes what it must be."""

import logging
from typing import Any

import numpy as np
import pytest
import streamlit as st
from fuzz import bounded, json_values, numbers, texts
from hypothesis import example, given
from hypothesis import strategies as some

from pages.parts.latent_space import analysis
from pages.parts.latent_space.map_view import MapView
from pages.parts.morph import endpoints
from pages.shared import canvas, link, missions, session
from vae import runs
from vae.latent_map import LatentMap

near = some.lists(numbers, min_size=2, max_size=2) | json_values
places = some.fixed_dictionaries(
    {},
    optional={
        "z": near,
        "digit": numbers | json_values,
        "drawing": json_values,
        "frame": some.fixed_dictionaries({"x": numbers, "y": numbers, "half": numbers})
        | json_values,
        "hidden": some.lists(numbers | some.integers(0, 9)) | json_values,
        "manifold": json_values,
    },
)


@pytest.fixture(autouse=True)
def without_warnings(caplog: pytest.LogCaptureFixture) -> None:
    """Streamlit warns each time that there is no browser."""
    caplog.set_level(logging.ERROR, "streamlit")


def is_a_view_of(view: MapView, latent_map: LatentMap) -> bool:
    latent = view.latent(latent_map)
    assert latent is None or latent.shape == (latent_map.model.latent_dim,)
    assert latent is None or np.isfinite(latent).all()
    assert view.frame is None or np.isfinite([1 / view.frame["half"], *view.frame.values()]).all()
    return view.digit is None or view.z is None


@given(places | json_values)
@example({"frame": {"x": float("nan"), "y": 0, "half": 1}})
def test_any_state_of_the_map_is_a_view_that_a_link_restores(flat: LatentMap, state: Any) -> None:
    st.query_params.clear()
    with bounded():
        view = MapView.from_page(state, flat)
        view.to_link()
    assert is_a_view_of(view, flat)
    link_to_it = st.query_params.to_dict()
    MapView.from_link(flat).to_link()
    assert st.query_params.to_dict() == link_to_it


@given(some.dictionaries(some.sampled_from(["z", "digit", "frame", "hidden", "manifold"]), texts))
def test_any_address_is_a_view_of_the_map(flat: LatentMap, query: dict[str, str]) -> None:
    st.query_params.from_dict(query)
    with bounded():
        view = MapView.from_link(flat)
    assert is_a_view_of(view, flat)


@given(near | texts)
@example([float("nan"), 0.0])
def test_any_latent_that_is_told_is_a_latent_or_none(flat: LatentMap, told: Any) -> None:
    with bounded():
        latent = link.latent(told, flat)
    if latent is not None:
        assert latent.shape == (2,)
        assert np.isfinite(latent).all()
        again = link.latent(link.text(latent), flat)
        assert again is not None
        assert np.array_equal(again, latent)


@given(numbers | json_values | texts)
def test_any_choice_that_is_told_is_one_of_those_there_are_or_none(told: Any) -> None:
    with bounded():
        chosen = link.whole(told, 40)
    assert chosen is None or chosen in range(40)


@given(some.lists(some.fixed_dictionaries({"customdata": near})) | json_values)
def test_any_selection_of_the_chart_is_some_of_its_digits(points: Any) -> None:
    with bounded():
        chosen = analysis.selected(points, 5000)
    assert set(chosen) <= set(range(5000))


kinds = some.sampled_from(
    ["digit", "class", "random", "pin", "map", "generated", "drawing", "end A"]
)
listed = some.lists(numbers, max_size=3).map(lambda values: ",".join(map(str, values)))
ends = some.builds(lambda kind, text: f"{kind}:{text}", kinds, texts | listed) | texts


@given(ends)
def test_any_end_of_a_morph_is_a_latent_with_words_or_none(map_run: runs.Run, end: str) -> None:
    with bounded():
        latent = endpoints.latent(end, map_run)
        if latent is not None:
            assert endpoints.words(end, map_run)
            assert latent.shape == (2,)
            assert np.isfinite(latent).all()


@pytest.mark.parametrize("end", ["random:0.5", "random:1e300", "class:3,0.5", "digit:0.5"])
def test_an_end_that_is_no_whole_number_is_none_at_once(map_run: runs.Run, end: str) -> None:
    """`0.5 in range(2**31)` walks through all of them, and no other visitor gets a turn."""
    with bounded():
        assert endpoints.latent(end, map_run) is None


@given(
    some.fixed_dictionaries(
        {}, optional=dict.fromkeys(("taken", "done"), some.lists(texts) | json_values)
    )
    | json_values
)
@example({"taken": ["hard", "nonsense"], "done": "between"})
def test_whatever_a_browser_has_kept_of_missions_only_missions_are_taken(told: Any) -> None:
    session.forget()
    with bounded():
        missions._recall(told)
    assert session.taken() | session.done() <= set(missions.MISSIONS)


greys = some.lists(some.integers(-1, 256) | numbers, max_size=3)
pixels = some.builds(lambda few: (few + [0] * 784)[:784], greys) | greys | texts | json_values


@given(some.fixed_dictionaries({}, optional={"pixels": pixels, "words": texts}) | json_values)
@example({"pixels": [255] * 784, "words": "A 7"})
@example({"pixels": [0] * 783 + [256], "words": "A 7"})
@example({"pixels": [[0] * 28] * 28, "words": "A 7"})
@example({"pixels": [7] * 784, "words": "w" * 100_000})
def test_whatever_a_browser_has_kept_of_a_picture_only_a_small_picture_is_taken(told: Any) -> None:
    session.forget()
    with bounded():
        canvas._recall_drawing(told)
    picture = session.canvas()["picture"]
    if picture is None:
        assert not canvas.is_used()
        return
    assert picture["photo"] is None
    assert picture["pixels"].shape == (28, 28)
    assert 0 <= picture["pixels"].min() <= picture["pixels"].max() <= 1
    assert np.allclose(255 * picture["pixels"].ravel(), link.numbers(told["pixels"], 784) or [])
    assert len(picture["words"]) <= 200


def test_what_is_kept_of_a_picture_is_taken_as_it_is_and_takes_the_place_of_no_drawing() -> None:
    seen = np.arange(784, dtype=np.float32).reshape(28, 28) % 256 / 255
    session.forget()
    session.redraw([], session.Picture(pixels=seen, words="A 7.", photo=None, seen=seen))
    kept = canvas._small_picture()
    session.forget()
    canvas._recall_drawing(kept)
    picture = session.canvas()["picture"]
    assert picture is not None
    assert np.array_equal(picture["pixels"], seen)
    assert picture["words"] == "A 7."
    session.redraw([{"path": [["M", 1, 2], ["L", 3, 4]]}])
    canvas._recall_drawing(kept)
    assert session.canvas()["picture"] is None


@pytest.fixture(scope="module")
def map_run() -> runs.Run:
    return runs.read(runs.SHIPPED / "map")
