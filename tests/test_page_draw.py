"""Draw, as a visitor without a mouse sees it."""

import re
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest
from visits import (
    HOSTILE,
    SEVEN,
    alone,
    button,
    canvas,
    drawn,
    htmls,
    missions_done,
    read,
    routed,
    texts,
    view_data,
)

from pages.shared.canvas import PEN, READY
from vae import inference, runs
from vae.data import embedded
from vae.evaluation import classifier
from vae.preprocess import drawing_to_image, strokes

pytestmark = pytest.mark.usefixtures("folders")


def standing(app: AppTest) -> AppTest:
    """The page, once its own row of pictures stands."""
    data = view_data(app, "drawing")
    here = [one["id"] for one in [data["on_map"], *data["models"]]]
    app.session_state["drawing"] = {"standing": here}
    return app.run()


def supplied(app: AppTest) -> int:
    """How many bundles the page is sent."""
    names = [e.proto.component_name for e in app.get("bidi_component")]
    return sum("main.js" in name or name.endswith("load") for name in names)


def test_an_empty_canvas_gives_a_hint() -> None:
    app = alone("draw")
    assert "Draw in the black box or try a ready one" in texts(app)
    assert "z = (" not in texts(app)


def test_a_drawing_is_rebuilt_by_map_and_by_best_with_the_loss_terms_and_its_place() -> None:
    app = drawn(alone("draw"))
    text = texts(app)
    assert not app.exception
    assert "<b>What the models see</b>" in text
    for name in ("map", "best"):
        assert f"Reconstruction by {name}" in text
    judged = r"<b>\d+\.\d nats</b> to rebuild: harder than \d+ % of real digits"
    assert len(re.findall(judged, text)) == 2
    assert (
        len(re.findall(r"<b>\d+\.\d nats</b> of KL divergence: more than \d+ % of them", text)) == 2
    )
    assert re.search(r"on the map of <b>map</b>, and in the ring this one: z = \(-?\d", text)


def test_a_drawing_is_rebuilt_by_the_chosen_model_first(own_run: str) -> None:
    text = texts(drawn(alone("draw", model=own_run)))
    first = [text.index(f"<b>{name}</b>") for name in ("five", "map", "best")]
    assert first == sorted(first)


@pytest.mark.parametrize(
    "told",
    [
        {"drawing": [1]},
        {"drawing": {"raw": 5}},
        {"drawing": {"raw": {"objects": [5, {"path": [["M", "here"]]}]}}},
        {"drawing": {}, "backgroundFit": 5},
    ],
)
def test_a_canvas_that_tells_nonsense_is_empty(told: dict[str, Any]) -> None:
    app = alone("draw")
    app.session_state["canvas-0"] = told
    app.run()
    assert not app.exception
    assert "Draw in the black box" in texts(app)
    button(app, "Real digit").click().run()
    assert not app.exception


def test_undo_takes_the_last_stroke_and_clear_all(folders: Path) -> None:
    app = alone("draw")
    three = [SEVEN, SEVEN, SEVEN]
    drawn(app, *three)
    left = []
    for label in ("Undo", "Clear"):
        button(app, label).click().run()
        left.append(len(app.session_state["canvas"]["strokes"]))
    assert left == [2, 0]
    assert [button(app, label).disabled for label in ("Undo", "Clear")] == [True, True]


def test_ten_ready_drawings_are_one_click_away() -> None:
    app = alone("draw")
    seen = set()
    for name in "0123456789":
        app.button_group(key="ready").set_value(name).run()
        assert not app.exception
        assert app.session_state["canvas"]["strokes"]
        assert "What the models see" in texts(app)
        seen.add(texts(app))
    assert len(seen) == 10


def test_another_pen_keeps_what_is_drawn() -> None:
    app = drawn(alone("draw"))
    app.slider(key="pen").set_value(33).run()
    assert app.session_state["canvas"] == canvas([SEVEN], version=2)


def test_the_models_are_the_visitors_choice() -> None:
    app = drawn(alone("draw"))
    app.multiselect(key="shown").set_value(["best"]).run()
    text = texts(app)
    assert "Reconstruction by best" in text
    assert "Reconstruction by map" not in text


def test_a_test_digit_is_shown_untouched_and_can_be_sent_on() -> None:
    app = alone("draw")
    button(app, "Real digit").click().run()
    image = app.session_state["canvas"]["picture"]["pixels"]
    assert "of MNIST, as it is." in texts(app)
    for label, place in {
        "Pin on map": "pin",
        "Morph end A": "end A",
        "Morph end B": "end B",
        "Compare": "compare",
    }.items():
        button(app, label).click().run()
        assert (app.session_state["sent"][place] == image).all()
    assert app.toast[0].value == "Ready: open [Compare](compare)."


def test_draws_and_nearest_digits_say_whose_they_are() -> None:
    text = texts(drawn(alone("draw", model="best")))
    assert "**Nearest real digits**, as map places them" in text
    draws = text.split("**Draws from the posterior**")[1]
    assert re.findall("Draw 1 of (\\w+)", draws) == ["best", "map"]
    assert draws.index("best") < draws.index("Draw 1 of best") < draws.index("Draw 1 of map")


def test_an_undo_over_a_picture_brings_the_picture_back() -> None:
    app = alone("draw")
    button(app, "Real digit").click().run()
    picture = app.session_state["canvas"]["picture"]
    app.session_state["canvas"] = canvas([SEVEN], picture=picture, version=5)
    app.run()
    button(app, "Undo").click().run()
    assert app.session_state["canvas"]["strokes"] == []
    assert "of MNIST, as it is." in texts(app)


def test_a_model_that_is_chosen_in_the_sidebar_is_asked_on_the_draw_page(own_run: str) -> None:
    app = drawn(alone("draw"))
    app.sidebar.selectbox[0].set_value(own_run).run()
    assert app.multiselect(key="shown").value[0] == own_run


def test_what_is_cleared_waits_in_the_gallery() -> None:
    app = drawn(alone("draw"))
    button(app, "Clear").click().run()
    assert [kept["strokes"] for kept in app.session_state["drawings"]] == [[SEVEN]]
    app.button_group(key="gallery").set_value(0).run()
    assert app.session_state["canvas"]["strokes"] == [SEVEN]


def test_resample_draws_anew_from_the_posterior() -> None:
    app = drawn(alone("draw"))
    before = [html for html in htmls(app) if "Draw 1 of map" in html]
    button(app, "Resample").click().run()
    assert before != [html for html in htmls(app) if "Draw 1 of map" in html]


def test_the_switches_change_what_the_models_see() -> None:
    app = drawn(alone("draw"), SEVEN | {"strokeWidth": 20})
    seen = {texts(app)}
    for label in ("Take the slant away", "Centre, fit and redraw as MNIST's makers would"):
        toggle = next(t for t in app.toggle if t.label == label)
        toggle.set_value(not toggle.value).run()
        seen.add(texts(app))
    assert len(seen) == 3


def test_what_the_page_shows_by_itself_the_server_does_not_draw_again(bent_run: str) -> None:
    app = drawn(alone("draw", model=bent_run))
    for name in (bent_run, "map", "best"):
        assert f'"Reconstruction by {name}"' in texts(app)
        assert f'"Draw 1 of {name}"' in texts(app)
    assert supplied(app) == 7
    standing(app)
    assert not app.exception
    assert supplied(app) == 0
    for drawn_by_the_page in ("Reconstruction by", "Draw 1 of", "with a ring"):
        assert drawn_by_the_page not in texts(app)
    assert "Nearest: " in texts(app)
    app.session_state["drawing"] = {"standing": [5, {}], "other": None}
    assert '"Reconstruction by best"' in texts(app.run())


@pytest.mark.long
def test_more_models_than_the_page_can_ask_answer_once_the_pen_is_up(folders: Path) -> None:
    for i in range(3):
        shutil.copytree(runs.SHIPPED / "map", folders / f"map-{i}")
    app = drawn(alone("draw"))
    names = ["map", "best", "baseline", "enhanced", "enhanced-100", "autoencoder"]
    app.multiselect(key="shown").set_value([*names, "map-0", "map-1", "map-2"]).run()
    standing(app)
    assert [one["name"] for one in view_data(app, "drawing")["models"]] == [*names, "map-0"]
    assert "7 models answer while you draw" in texts(app)
    assert '"Reconstruction by map-2"' in texts(app)
    assert '"Reconstruction by map"' not in texts(app)


def test_without_any_model_chosen_a_drawing_is_still_placed() -> None:
    app = drawn(alone("draw"))
    app.multiselect(key="shown").set_value([]).run()
    assert not app.exception
    assert "Choose a model, or several." in [info.value for info in app.info]
    assert view_data(app, "drawing")["on_map"]["name"] == "map"


def test_the_name_of_a_model_that_is_not_there_is_no_markup(folders: Path) -> None:
    (said,) = [box.value for box in alone("draw", model=HOSTILE).warning]
    assert read(said).startswith(f"There is no model {HOSTILE} on this server")
    assert "[x]" not in said


def test_a_scribble_and_a_far_pin_are_noticed_on_their_own_pages() -> None:
    app = routed("draw")
    app.session_state["taken"] = {"hard", "outside"}
    app.run()
    assert "Draw something it cannot rebuild" in texts(app)
    lines = [[["M", 20, y], ["L", 260, y]] for y in range(20, 270, 80)]
    drawn(app, *({"type": "path", "path": line} for line in lines))
    assert "Mission done: Draw something it cannot rebuild." in [t.value for t in app.toast]
    app.switch_page("pages/latent_space.py").run()
    said = {"z": [3.9, -3.9], "digit": None, "frame": None, "hidden": [], "manifold": False}
    app.session_state["map-map"] = {"place": said}
    app.run()
    assert "Mission done: Go where no digit is." in [t.value for t in app.toast]
    app.switch_page("pages/how_it_works.py").run()
    done = {"Go where no digit is", "Draw something it cannot rebuild"}
    assert done == set(missions_done(app))


def test_what_is_done_by_accident_ticks_no_mission_off() -> None:
    app = routed("draw")
    lines = [[["M", 20, y], ["L", 260, y]] for y in range(20, 270, 80)]
    drawn(app, *({"type": "path", "path": line} for line in lines))  # that was not asked for
    app.session_state["taken"] = {"riddle", "between"}
    app.run()
    app.button_group(key="ready").set_value("5").run()  # an ordinary five
    app.switch_page("pages/latent_space.py").run()
    fours = np.flatnonzero(embedded().labels == 4)
    for four in fours[::25]:
        place = {"z": None, "digit": int(four), "frame": None, "hidden": [], "manifold": False}
        app.session_state["map-map"] = {"place": place}
        app.run()
    assert not app.exception
    app.switch_page("pages/how_it_works.py").run()
    assert missions_done(app) == []
    app.switch_page("pages/latent_space.py").run()
    place = {"z": [-1.2, 0.5], "digit": None, "frame": None, "hidden": [], "manifold": False}
    app.session_state["map-map"] = {"place": place}
    app.run()
    app.switch_page("pages/how_it_works.py").run()
    assert missions_done(app) == ["Find the spot between 4 and 9"]


@pytest.mark.parametrize("content", [b"", b"no picture"], ids=["read", "refused"])
def test_the_name_of_a_file_is_shown_as_it_is_and_shortened(content: bytes) -> None:
    """A script may send a name of megabytes, with markup in it."""
    picture = BytesIO()
    Image.fromarray(embedded().images[3000]).resize((280, 280)).save(picture, "PNG")
    app = alone("draw")
    name = "[x](http://evil.example/)" * 200
    app.file_uploader[0].set_value((name, content or picture.getvalue(), "image/png")).run()
    assert not app.exception
    said = [e.value for e in [*app.caption, *app.error] if "evil" in e.value]
    assert len(said) == 1
    assert len(read(said[0])) < 200
    assert "[x]" in read(said[0])
    assert "[x]" not in said[0]


def test_of_a_photo_with_two_digits_the_part_with_one_can_be_read() -> None:
    paper = Image.new("L", (400, 200), 235)
    for left in (60, 260):
        corners = [(left, 40), (left + 70, 40), (left + 30, 160)]
        ImageDraw.Draw(paper).line(corners, 30, 12, joint="curve")
    content = BytesIO()
    paper.save(content, "PNG")
    app = alone("draw")
    app.file_uploader[0].set_value(("two.png", content.getvalue(), "image/png")).run()
    assert not app.exception
    assert "That looks like several digits. Show one at a time." in [i.value for i in app.info]
    across = next(slider for slider in app.slider if slider.label == "Read from left to right, %")
    across.set_value((0, 50)).run()
    assert not app.exception
    assert not app.info
    assert "What the models see" in "".join(str(html.proto) for html in app.get("html"))


@pytest.mark.parametrize("name", ["map", "best", "flow"])
def test_every_ready_drawing_is_rebuilt_as_the_digit_that_it_is(name: str) -> None:
    images = [
        drawing_to_image(None, [strokes.as_object(points, PEN) for points in drawing])
        for drawing in READY.values()
    ]
    rebuilt = inference.load(runs.SHIPPED / name).reconstruct(np.array(images))
    read = classifier.read().probabilities(rebuilt).argmax(axis=1)
    assert read.tolist() == [int(label) for label in READY]
