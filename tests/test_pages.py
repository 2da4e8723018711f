"""Each page alone and through the router, as a visitor without a mouse meets it."""

import ast
import gc
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import streamlit as st
import test_browser
import test_browser_access
from long import first
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from benchmarks import screenshots, visitors
from pages.parts.draw import reconstructions
from pages.shared import navigation
from vae import archive, inference, latent_study, results, runs, runs_folder
from vae.aggregate import Aggregate
from vae.config import ModelConfig, TrainingConfig, options
from vae.data import embedded
from vae.presets import PRESETS

ROOT = Path(__file__).parents[1]
PAGES = {
    "Draw": "draw",
    "Latent space": "latent_space",
    "Generate": "generate",
    "Morph": "morph",
    "Compare": "compare",
    "Train": "train",
    "How it works": "how_it_works",
}
SEVEN = {"type": "path", "path": [["M", 80, 60], ["L", 200, 60], ["L", 110, 230]]}
WAIT = 60  # seconds; the first page loads and lays out the models

pytestmark = pytest.mark.usefixtures("folders")
each_page = pytest.mark.parametrize(("title", "stem"), PAGES.items(), ids=PAGES.values())


def test_every_page_is_in_every_list_of_pages() -> None:
    there = {file.stem for file in (ROOT / "pages").glob("*.py")}
    assert {*PAGES.values()} == there
    routed = re.findall(r'"(\w+)\.py", title="([^"]+)"', inspect.getsource(navigation.pages))
    assert routed == [(stem, title) for title, stem in PAGES.items()]
    lists = (visitors.PAGES, screenshots.PAGES.values(), test_browser.PAGES)
    for named in (*lists, test_browser_access.STATES):
        assert {path.partition("?")[0] or "draw" for path in named} == there


@pytest.fixture
def own_run(folders: Path, run_of_five: runs.Run) -> str:
    """The name of a run that this server trained, with five latent dimensions."""
    shutil.copytree(run_of_five.path, folders / "five")
    return "five"


def alone(stem: str, **query: str | list[str]) -> AppTest:
    """A page as Streamlit runs it without the router."""
    return opened(
        AppTest.from_file(str(ROOT / "pages" / f"{stem}.py"), default_timeout=WAIT), query
    )


def routed(stem: str = "", **query: str | list[str]) -> AppTest:
    """The whole app, on one of its pages."""
    app = opened(AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=WAIT), query)
    return app.switch_page(f"pages/{stem}.py").run() if stem else app


def opened(app: AppTest, query: dict[str, str | list[str]]) -> AppTest:
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def address(app: AppTest, key: str) -> str:
    """A value of the address, as the visitor's browser shows it."""
    value = app.query_params[key]
    return value if isinstance(value, str) else value[0]


def button(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label == label)


def texts(app: AppTest) -> str:
    """All words on the page, as a visitor reads them."""
    elements = [*app.main, *app.sidebar]
    return read("\n".join(str(getattr(e, "value", "")) for e in elements))


def read(markdown: str) -> str:
    """Words without what keeps them from being markup."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace("\N{WORD JOINER}", "")


@each_page
@pytest.mark.parametrize("way", [alone, routed], ids=["alone", "routed"])
def test_every_page_opens_without_an_error(
    title: str, stem: str, way: Callable[..., AppTest]
) -> None:
    app = way(stem)
    assert not app.exception
    assert not app.error
    assert [e.value for e in app.title] == ["Latent Digits" if title == "Draw" else title]


def test_what_is_no_plain_file_in_a_run_or_among_runs_is_passed_over(folders: Path) -> None:
    """A pipe would be waited for, and the folder would hold up every page for everybody."""
    path = shutil.copytree(runs.SHIPPED / "best", folders / "pipes")
    for name in ("events.jsonl", "figures.json", "embedding.npz", "snapshots/0001.npz"):
        (path / name).unlink()
    for name in ("events.jsonl", "figures.json", "drawing.npy", "request"):
        os.mkfifo(path / name)
    for name in ("embedding.npz", "snapshots/0001.npz", "lock", "waiting", "log.txt"):
        (path / name).mkdir()
    for name, pipe in (("waits", "manifest.json"), ("unknown", runs.OWNER)):
        shutil.copytree(runs.SHIPPED / "map", folders / name)
        (folders / name / pipe).unlink(missing_ok=True)
        os.mkfifo(folders / name / pipe)
    app = alone("train", run="pipes")
    assert not app.exception
    assert "The history of this run cannot be read: Invalid argument" in texts(app)
    assert "1 entry of the folder of runs cannot be read" in texts(app)
    assert "unknown" not in app.selectbox(key="run").options


@each_page
def test_one_bad_entry_of_the_folder_is_passed_over_by_every_page(
    title: str, stem: str, folders: Path
) -> None:
    """A name that is no UTF-8, a manifest too deep, figures of another shape, a damaged model."""
    best = runs.read(runs.SHIPPED / "best")
    for name in (os.fsdecode(b"caf\xe9"), "two words", "deep"):
        runs.write_manifest(folders / name, best.manifest)
    (folders / "deep" / "manifest.json").write_text("[" * 100_000, encoding="utf-8")
    shutil.copytree(best.path, folders / "figures")
    (folders / "figures" / "figures.json").write_text("[[]]", encoding="utf-8")
    (folders / "figures" / runs.OWNER).write_bytes(b"")
    shutil.copytree(best.path, folders / "damaged")
    (folders / "damaged" / "decoder.tflite").write_bytes(b"TFL3")
    app = alone(stem, model="damaged", run="damaged")
    assert not app.exception
    assert app.sidebar.selectbox[0].value == {"Generate": "flow", "Compare": "flow"}.get(
        title, "map"
    )
    assert [name for name in app.sidebar.selectbox[0].options if (folders / name).exists()] == [
        "figures"
    ]
    if stem == "train":
        assert "3 entries of the folder of runs cannot be read" in texts(app)
        assert "No page can use this model: damaged is damaged: decoder.tflite" in texts(app)


@each_page
def test_a_session_keeps_no_model_alive(title: str, stem: str) -> None:
    """Sessions outlive their visitors, and models take megabytes: only caches may hold them."""
    from pages.shared import resources

    app = alone(stem)
    assert not app.exception
    model = weakref.ref(resources.model(runs.read(runs.SHIPPED / "map")))
    other = alone("train")  # the interpreter keeps what the last page to run has named
    assert not other.exception
    st.cache_resource.clear()
    gc.collect()
    assert model() is None
    assert app.session_state is not other.session_state


def test_every_page_opens_in_a_locale_without_utf_8(folders: Path) -> None:
    best = runs.read(runs.SHIPPED / "best")
    shutil.copytree(best.path, folders / "own")
    failed = replace(best.manifest, state="failed", error="naïve — 九")
    runs.write_manifest(folders / "own", failed)
    code = f"""
import locale, sys
from streamlit.testing.v1 import AppTest
assert locale.getencoding().lower() not in ("utf-8", "utf8"), locale.getencoding()
for stem in {list(PAGES.values())}:
    app = AppTest.from_file(f"pages/{{stem}}.py", default_timeout={WAIT})
    app.query_params["run"] = app.query_params["model"] = "own"
    app.run()
    print(stem, [ascii(error.value) for error in app.exception])
"""
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | ascii_only,
        capture_output=True,
        encoding="utf-8",
    )
    assert ended.stdout == "".join(f"{stem} []\n" for stem in PAGES.values()), ended.stderr


def test_a_link_may_name_the_model_and_a_model_that_is_gone_gives_the_default(own_run: str) -> None:
    assert alone("generate", model=own_run).sidebar.selectbox[0].value == own_run
    gone = alone("generate", model="gone")
    assert gone.sidebar.selectbox[0].value == "flow"  # the page's own
    assert gone.warning[0].value == "There is no model gone on this server; this is flow."


def test_the_model_that_is_chosen_serves_the_next_page_too(own_run: str) -> None:
    app = routed()
    app.sidebar.selectbox[0].set_value(own_run).run()
    app.switch_page("pages/generate.py").run()
    assert app.sidebar.selectbox[0].value == own_run
    assert address(app, "model") == own_run


def test_the_sidebar_says_what_the_model_is(own_run: str, run_of_five: runs.Run) -> None:
    text = texts(alone("generate", model=own_run))
    assert f"5 latent dimensions · {run_of_five.manifest.parameters:,} weights" in text
    assert "trained on 1,000 images of the 5,000 embedded MNIST digits" in text


def test_sidebar_and_train_page_tell_the_same_epochs() -> None:
    app = alone("train", model="map", run="map")
    m = runs.read(runs.SHIPPED / "map").manifest
    assert f"for {m.epochs_done} epochs, of which epoch {m.best_epoch} was the best" in texts(app)
    assert f"Finished after {m.epochs_done} of {m.epochs_done} epochs" in texts(app)
    assert f"the best was epoch {m.best_epoch}" in texts(app)


@each_page
def test_without_any_model_each_page_says_how_to_get_one(
    title: str, stem: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runs, "SHIPPED", tmp_path)
    app = alone(stem)
    assert not app.exception
    assert app.error[0].value.startswith("There is no model to show.")
    assert "python -m vae train --preset map" in app.code[0].value


def test_an_empty_canvas_gives_a_hint() -> None:
    app = alone("draw")
    assert "Draw in the black box or try a ready one" in texts(app)
    assert "z = (" not in texts(app)


def drawn(app: AppTest, *strokes: dict) -> AppTest:
    found = list(strokes or [SEVEN])
    app.session_state["canvas"] = canvas(found)
    return app.run()


def canvas(strokes: list, **more: Any) -> dict:
    return {
        "version": 1,
        "initial": strokes,
        "strokes": strokes,
        "picture": None,
        "refused": "",
        **more,
    }


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


def test_what_is_sent_is_told_with_a_link_to_the_page_where_it_is() -> None:
    stems = {title: stem for title, stem in PAGES.items() if title != "Draw"}
    for _, words in reconstructions.SEND.values():
        title, to = re.findall(r"\[(.+)\]\((.+)\)", words)[0]
        assert stems[title] == to


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


def htmls(app: AppTest) -> list[str]:
    return [html.value for html in app.html]


def test_the_switches_change_what_the_models_see() -> None:
    app = drawn(alone("draw"), SEVEN | {"strokeWidth": 20})
    seen = {texts(app)}
    for label in ("Take the slant away", "Centre, fit and redraw as MNIST's makers would"):
        toggle = next(t for t in app.toggle if t.label == label)
        toggle.set_value(not toggle.value).run()
        seen.add(texts(app))
    assert len(seen) == 3


def view_data(app: AppTest, kind: str) -> dict[str, Any]:
    """What the first live view of a kind is told."""
    views = [e.proto for e in app.get("bidi_component") if e.proto.component_name.endswith("view")]
    return next(data for view in views if (data := json.loads(view.json))["view"] == kind)


def map_data(app: AppTest) -> dict[str, Any]:
    return view_data(app, "map")


def test_a_link_to_a_place_reaches_the_map_and_stays_in_the_address() -> None:
    app = alone("latent_space", z="0.5000,-1.2500", hidden="73", frame="1,-1,0.5", manifold="1")
    place = map_data(app)["place"]
    assert place["z"] == [0.5, -1.25]
    assert place["frame"] == {"x": 1, "y": -1, "half": 0.5}
    assert (place["hidden"], place["manifold"], place["digit"]) == ([3, 7], True, None)
    for name, value in {"z": "0.5000,-1.2500", "hidden": "37", "frame": "1,-1,0.5"}.items():
        assert address(app, name) == value


@pytest.mark.parametrize("z", ["", "1", "1,2,3", "a,b", "nan,0", "inf,1"])
def test_a_link_to_no_place_shows_the_whole_map(z: str) -> None:
    app = alone("latent_space", z=z, digit="5000", frame="0,0,-1", hidden="x", manifold="maybe")
    assert not app.exception
    place = map_data(app)["place"]
    assert [place[name] for name in ("z", "digit", "frame")] == [None] * 3
    assert (place["hidden"], place["manifold"]) == ([], False)


def test_what_is_chosen_on_the_map_goes_to_the_address_and_comes_back_with_the_page() -> None:
    app = routed("latent_space")
    said = {"z": None, "digit": 1234, "frame": None, "hidden": [1], "manifold": False}
    app.session_state["map-map"] = {"place": said}
    app.run()
    assert address(app, "digit") == "1234"
    assert map_data(app)["revision"] == 0  # the map is not told what it said itself
    app.switch_page("pages/generate.py").run()
    app.switch_page("pages/latent_space.py").run()
    assert map_data(app)["place"]["digit"] == 1234


def test_another_model_keeps_the_zoom_and_the_pinned_digit() -> None:
    from pages.shared import resources

    app = alone("latent_space", model="map", digit="1234", frame="1,-1,0.5", hidden="37")
    app.sidebar.selectbox[0].set_value("best").run()
    before, after = (
        resources.latent_map(resources.usable_runs()[name]) for name in ("map", "best")
    )
    place = map_data(app)["place"]
    assert (place["digit"], list(place["hidden"])) == (1234, [3, 7])
    assert place["frame"]["half"] == pytest.approx(0.5 * after.extent / before.extent)
    middle = [place["frame"]["x"], place["frame"]["y"]]
    np.testing.assert_allclose(middle, after.points[1234], atol=1e-5)
    assert address(app, "digit") == "1234"
    app = alone("latent_space", model="map", z="0.5,0.5", frame="1,-1,0.5")
    app.sidebar.selectbox[0].set_value("autoencoder").run()
    place, after = map_data(app)["place"], resources.usable_runs()["autoencoder"]
    scale = resources.latent_map(after).extent / before.extent
    assert place["z"] is None
    assert [place["frame"][name] for name in ("x", "y", "half")] == pytest.approx(
        [scale, -scale, scale / 2]
    )


def test_a_drawing_that_is_sent_to_the_map_is_pinned_there_once() -> None:
    app = routed()
    button(app, "Real digit").click().run()
    button(app, "Pin on map").click().run()
    app.switch_page("pages/latent_space.py").run()
    data = map_data(app)
    assert data["place"]["drawing"] is True
    assert len(data["drawing"]["image"]) == 784
    assert len(data["drawing"]["mean"]) == len(data["drawing"]["log_variance"]) == 2
    assert data["revision"] == 1
    assert map_data(app.run())["revision"] == 1


def test_a_lasso_over_digits_gives_their_contact_sheet_and_their_table() -> None:
    app = alone("latent_space", view="Analysis")
    assert app.info[0].value == "Nothing is chosen yet."
    points = [{"customdata": [index]} for index in (0, 500, 501)]
    app.session_state["chart-map-0"] = {"selection": {"points": points}}
    app.run()
    assert "3 digits" in texts(app)
    assert "1 × 0 · 2 × 1" in texts(app)
    assert [b.proto.label for b in app.get("download_button")] == [
        "Table (CSV)",
        "Contact sheet (PNG)",
    ]


def test_digits_are_chosen_for_analysis_by_class_and_around_the_pin_without_a_pointer() -> None:
    from pages.shared import resources

    app = alone("latent_space", view="Analysis", classes=["3", "8"])
    assert "1,000 digits" in texts(app)
    assert app.number_input(key="around").disabled  # nothing is pinned
    app = alone("latent_space", view="Analysis", digit="1234", around="50")
    latent_map = resources.latent_map(resources.usable_runs()["map"])
    near = latent_map.nearest(latent_map.latents[1234], 50)
    labels = latent_map.digits.labels[near]
    assert "50 digits" in texts(app)
    label = int(np.bincount(labels).argmax())
    app.button_group(key="classes").set_value([label]).run()
    assert f"{(labels == label).sum()} × {label}" in texts(app)
    button(app, "Choose none").click().run()
    assert app.info[0].value == "Nothing is chosen yet."


def test_a_lasso_is_kept_on_the_way_to_the_live_map_and_back() -> None:
    app = alone("latent_space", view="Analysis")
    app.session_state["chart-map-0"] = {"selection": {"points": [{"customdata": [500]}]}}
    app.run()
    assert "Move over the map" not in texts(app)
    app.button_group(key="view").set_value("Live").run()
    assert "Move over the map" in texts(app)
    app.button_group(key="view").set_value("Analysis").run()
    assert "1 × 1" in texts(app)
    button(app, "Choose none").click().run()
    assert app.info[0].value == "Nothing is chosen yet."


NO_LATENTS = ["", "1", "1,2,3", "a,b", "nan,0", "inf,1"]


def test_a_link_names_the_current_latent() -> None:
    assert address(alone("generate", model="map", z="0.5,-1.25"), "z") == "0.5000,-1.2500"
    assert (
        address(alone("generate", model="map", z="999,0.00004"), "z") == "21.0000,0.0000"
    )  # the map's reach


@pytest.mark.parametrize("z", NO_LATENTS)
def test_a_link_to_no_latent_gives_the_middle_of_the_prior(z: str) -> None:
    app = alone("generate", model="map", z=z)
    assert not app.exception
    assert address(app, "z") == "0.0000,0.0000"


def test_sliders_are_ordered_by_kl_and_those_without_any_are_dead() -> None:
    from pages.shared import resources
    from vae.losses import kl_per_dimension

    posterior = resources.latent_map(resources.usable_runs()["best"]).posterior
    kl = kl_per_dimension(posterior.mean, posterior.log_variance).mean(axis=0)
    data = view_data(alone("generate", model="best"), "sliders")
    assert data["notes"] == [f"{nats:.2f} nats" for nats in kl]
    assert [kl[i] for i in data["order"]] == sorted(kl, reverse=True)
    assert data["alive"] == (kl > 0.01).sum() < 32


@pytest.fixture
def bent_run(folders: Path, run_with_a_flow: runs.Run) -> str:
    """The name of a run whose prior is a flow."""
    shutil.copytree(run_with_a_flow.path, folders / "bent")
    return "bent"


@each_page
def test_every_page_serves_a_model_with_a_learned_prior(
    title: str, stem: str, bent_run: str
) -> None:
    app = alone(stem, model=bent_run)
    assert not app.exception
    assert not app.error
    assert [e.value for e in app.title] == ["Latent Digits" if title == "Draw" else title]


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


def test_choosers_call_shipped_models_by_what_they_are_and_links_by_their_names(
    own_run: str,
) -> None:
    app = alone("generate", model="map")
    box = app.sidebar.selectbox[0]
    assert box.value == "map"
    assert "2-D map · map" in box.options
    assert own_run in box.options
    assert address(app, "model") == "map"
    assert "the whole latent space is a map" in texts(app)
    linked = alone("compare", runs=["best", "gone"])
    assert linked.multiselect(key="runs").value == ["best"]
    assert "sharp, 16-D · best" in linked.multiselect(key="runs").options
    assert address(linked, "runs") == "best"


def test_without_any_model_chosen_a_drawing_is_still_placed() -> None:
    app = drawn(alone("draw"))
    app.multiselect(key="shown").set_value([]).run()
    assert not app.exception
    assert "Choose a model, or several." in [info.value for info in app.info]
    assert view_data(app, "drawing")["on_map"]["name"] == "map"


def test_with_a_learned_prior_sliders_say_how_much_ink_they_move(bent_run: str) -> None:
    data = view_data(alone("generate", model=bent_run), "sliders")
    assert sorted(data["order"]) == list(range(5))
    shares = [int(note.removesuffix(" % of ink")) for note in data["notes"]]
    ordered = [shares[dimension] for dimension in data["order"]]
    assert ordered == sorted(shares, reverse=True)


def test_with_a_learned_prior_a_pinned_digit_has_a_cloud_and_its_kl_divergence(
    bent_run: str, run_with_a_flow: runs.Run
) -> None:
    data = map_data(alone("latent_space", model=bent_run, digit="1234"))
    found = data["cloud"]
    model = inference.load(run_with_a_flow.path)
    posterior = model.encode(embedded().pixels[1234:1235])
    assert found["digit"] == 1234
    assert found["kl"] == pytest.approx(float(posterior.kl_divergence()[0]), abs=1e-3)
    assert np.shape(found["points"]) == (600, 2)
    assert all(len(rings) >= 1 for rings in found["rings"])
    assert map_data(alone("latent_space", model=bent_run))["cloud"] is None


def test_the_posterior_of_a_standard_prior_is_the_pages_own_to_draw() -> None:
    assert map_data(alone("latent_space", model="map", digit="1234"))["cloud"] is None


def test_the_theory_tells_the_level_below_which_the_map_has_holes() -> None:
    assert map_data(alone("latent_space"))["theory"] is None
    told = map_data(alone("latent_space", view="Theory"))["theory"]
    posterior = inference.load(runs.SHIPPED / "map").encode(embedded().pixels)
    aggregate = Aggregate(posterior)
    assert told == {"level": aggregate.level, "share": aggregate.share_in_holes()}


def test_a_model_without_a_theory_says_why(own_run: str) -> None:
    for model, words in {
        "autoencoder": "A plain autoencoder has no posterior",
        own_run: "This model has 5 latent dimensions",
    }.items():
        app = alone("latent_space", view="Theory", model=model)
        assert words in app.info[0].value
        with pytest.raises(StopIteration):
            map_data(app)


def test_what_the_prior_learned_is_told_of_models_that_learned_one(bent_run: str) -> None:
    app = alone("how_it_works", model=bent_run)
    assert "What the prior learned" in [e.value for e in app.header]
    before = [html for html in htmls(app) if "Samples of bent" in html]
    button(app, "Draw others").click().run()
    assert before != [html for html in htmls(app) if "Samples of bent" in html]
    app = alone("how_it_works", model="best")
    assert "What the prior learned" not in [e.value for e in app.header]


def test_each_model_has_its_own_current_latent(own_run: str) -> None:
    app = alone("generate", model=own_run, z="1,2,3,4,5", seed="12", of="3")
    app.sidebar.selectbox[0].set_value("map").run()
    assert address(app, "z") == "0.0000,0.0000"
    app.sidebar.selectbox[0].set_value(own_run).run()
    assert address(app, "z") == "1.0000,2.0000,3.0000,4.0000,5.0000"
    assert (app.number_input(key="seed").value, app.selectbox(key="of").value) == (12, "3")


def test_the_class_of_the_current_latent_is_named() -> None:
    from pages.shared import resources

    classes = resources.latent_map(resources.usable_runs()["map"]).classes
    mean = classes.means[classes.labels == 6][0]
    app = alone("generate", model="map", z=f"{mean[0]},{mean[1]}")
    assert "z − mean of 6 + mean of" in texts(app)
    app.selectbox(key="source").set_value("2").run()
    assert "z − mean of 2 + mean of" in texts(app)


def ends(app: AppTest) -> list[str]:
    return [end.split(":")[0] for end in app.query_params["end"]]


def test_the_ends_of_a_morph_are_where_their_digits_are_however_far() -> None:
    """Nothing keeps the digits of a plain autoencoder near 0: this seven is 21 from there."""
    from pages.shared import resources

    means = resources.latent_map(resources.usable_runs()["autoencoder"]).posterior.mean
    app = alone("morph", model="autoencoder")
    assert app.query_params["end"] == ["digit:3744", "digit:1974"]
    assert abs(means[3744]).max() > 20
    ends = view_data(app, "morph")["ends"]
    np.testing.assert_allclose(ends, means[[3744, 1974]], atol=1e-4)


@pytest.mark.parametrize("name", ["autoencoder", "map", "best"])
def test_every_digit_keeps_its_place_in_a_link(name: str) -> None:
    from pages.shared import link, resources

    latent_map = resources.latent_map(resources.usable_runs()[name])
    for mean in latent_map.posterior.mean:
        named = link.latent(link.text(mean), latent_map)
        assert named is not None
        np.testing.assert_allclose(named, mean, atol=1e-4)


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


def test_drawings_that_were_sent_are_ends_that_each_model_encodes_for_itself(own_run: str) -> None:
    from pages.shared import resources

    app = routed()
    button(drawn(app), "Morph end B").click().run()
    image = app.session_state["sent"]["end B"]
    app.switch_page("pages/morph.py").run()
    assert ends(app) == ["digit", "drawing"]
    for name in ("map", own_run):
        app.sidebar.selectbox[0].set_value(name).run()
        mean = resources.model(resources.usable_runs()[name]).encode(image[None]).mean[0]
        shown = app.query_params["end"][1].removeprefix("drawing:").split(",")
        assert [float(z) for z in shown] == pytest.approx(mean.tolist(), abs=1e-4)


def waiting(*_: object) -> list[str]:
    return ["-c", "import time; time.sleep(60)"]


@pytest.fixture
def stopped_after(folders: Path) -> Iterator[None]:
    """No training process outlives its test."""
    yield
    from pages.shared import resources

    for process in list(resources.jobs()._running.values()):
        process.kill()
        process.wait()


@pytest.mark.usefixtures("stopped_after")
def every_option() -> AppTest:
    """The Train page with all of its form."""
    app = alone("train")
    app.session_state["every option"] = True
    return app.run()


def test_options_that_are_out_of_sight_are_trained_as_they_were_entered(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vae import jobs

    monkeypatch.setattr(jobs, "command", waiting)
    app = every_option()
    app.text_input(key="tiny-encoder_units").set_value("30 20")
    app.number_input(key="tiny-batch_size").set_value(None).run()
    app.session_state["every option"] = False
    app.run()
    assert not app.text_input
    button(app, "Train").click().run()
    manifest = runs.read(folders / address(app, "run")).manifest
    assert manifest.model.encoder_units == (30, 20)
    assert replace(manifest.model, encoder_units=PRESETS["tiny"].model.encoder_units) == (
        PRESETS["tiny"].model
    )
    assert manifest.training == PRESETS["tiny"].training


def test_the_form_starts_a_training_with_its_values_and_the_address_names_it(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vae import jobs

    monkeypatch.setattr(jobs, "command", waiting)
    app = alone("train")
    fields = {field.label: field for field in app.number_input}
    fields["Epochs"].set_value(3)
    fields["KL weight (beta)"].set_value(2.5)
    fields["Training images"].set_value(1500)
    button(app, "Train").click().run()
    manifest = runs.read(folders / address(app, "run")).manifest
    assert (manifest.preset, manifest.training.epochs) == ("tiny", 3)
    assert (manifest.training.kl_weight, manifest.training.train_images) == (2.5, 1500)
    assert "Starting: TensorFlow takes a few seconds" in texts(app)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_form_begins_with_the_values_of_the_preset(preset: str) -> None:
    app = every_option()
    app.selectbox(key="preset").set_value(preset).run()
    fields = {field.label: field.value for field in [*app.number_input, *app.text_input]}
    config = PRESETS[preset]
    assert fields["Latent dimensions"] == config.model.latent_dim
    assert fields["Encoder units"] == ", ".join(map(str, config.model.encoder_units))
    assert fields["Epochs"] == config.training.epochs
    assert fields["Batch size"] == config.training.batch_size
    assert fields["Training images"] == config.training.train_images
    assert app.selectbox(key=f"{preset}-schedule").value == config.training.schedule


def test_the_form_has_every_option_with_what_it_does() -> None:
    app = every_option()
    keys = {getattr(widget, "key", None) for widget in [*app.number_input, *app.text_input]}
    keys |= {widget.key for widget in app.selectbox}
    text = texts(app)
    for name, option in {**options(ModelConfig), **options(TrainingConfig)}.items():
        assert f"tiny-{name}" in keys
        assert option.help in text


def test_a_number_out_of_bounds_is_named_and_not_quietly_replaced(folders: Path) -> None:
    app = every_option()
    app.number_input(key="tiny-learning_rate").set_value(5.0).run()
    assert "learning_rate is 5.0; it must be from 1e-06 to 0.1" in app.error[0].value
    assert button(app, "Train").disabled
    assert not folders.exists()


@pytest.mark.parametrize("wrong", ["2000, 20", "", "ten"])
def test_a_value_that_cannot_be_trained_is_named_and_nothing_starts(
    wrong: str, folders: Path
) -> None:
    app = every_option()
    app.text_input(key="tiny-encoder_units").set_value(wrong).run()
    assert app.error[0].value.startswith("This cannot be trained: encoder_units is ")
    assert button(app, "Train").disabled
    assert not folders.exists()


def test_a_run_that_is_not_there_is_said_not_to_be() -> None:
    assert alone("train", run="gone").warning[0].value == "There is no run gone on this server."


def test_a_run_in_the_place_of_a_deleted_one_shows_its_own_history(
    folders: Path, own_run: str
) -> None:
    """As after deleting a run and importing another of the same name."""
    from pages.shared import training_history

    def shown() -> tuple[list[float], bytes | None, bytes | None]:
        run = runs.read(folders / own_run)
        told = training_history.of(run)
        losses = [event["train"]["loss"] for event in told.epochs]
        return losses, told.curves, training_history.scrubber_data(run, growing=False)

    before = shown()
    deleted = runs_folder.delete(runs.read(folders / own_run))
    shutil.copytree(deleted.path, folders / own_run)
    history = folders / own_run / "events.jsonl"
    changed = [
        json.loads(re.sub(r'"loss": \d', '"loss": 9', json.dumps(event)))
        for event in runs.read_events(history.parent)[0]
    ]
    size = history.stat().st_size
    history.write_bytes(b"".join(map(runs.event_line, changed)).ljust(size, b"\n"))
    assert history.stat().st_size == size  # as long as the one before
    after = shown()
    assert len(after[0]) == len(before[0]) == 2
    assert all(new != old for new, old in zip(after, before, strict=True))
    assert shown() == after


def test_a_finished_run_shows_its_curves_and_can_be_chosen(own_run: str) -> None:
    app = alone("train", run=own_run)
    assert (
        "Finished after 2 of 2 epochs on 1,000 images of the 5,000 embedded MNIST digits"
        in texts(app)
    )
    button(app, "Use on all pages").click().run()
    assert app.sidebar.selectbox[0].value == own_run


VISITOR = "0" * 32


def as_owner(stem: str = "train", **query: str | list[str]) -> AppTest:
    """A page as the visitor opens it whose run `owned` is."""
    app = AppTest.from_file(str(ROOT / "pages" / f"{stem}.py"), default_timeout=WAIT)
    app.session_state["visitor"] = VISITOR
    return opened(app, query)


@pytest.fixture
def owned(folders: Path, own_run: str) -> Path:
    """The run directory of a visitor's own run."""
    (folders / own_run / "owner").write_text(sha256(VISITOR.encode()).hexdigest())
    return folders / own_run


HOSTILE = "[x](evil) <img src=x> **b** :red[r] $a$ www.evil.example"


@each_page
def test_what_a_run_or_an_address_says_is_shown_as_it_is_and_is_no_markup(
    title: str, stem: str, folders: Path, small_run: runs.Run
) -> None:
    copied = Path(shutil.copytree(small_run.path, folders / "copied"))
    manifest = runs.read(copied).manifest
    data = manifest.data | {"source": HOSTILE}
    hostile = replace(manifest, data=data, error=HOSTILE, state="failed", preset=HOSTILE)
    runs.write_manifest(copied, hostile)
    app = alone(stem, model="copied", run=HOSTILE, runs=["map", "copied", HOSTILE])
    if stem == "draw":
        app.session_state["canvas-0"] = {"drawing": {"raw": {"objects": [SEVEN]}, "data": None}}
        app.run()
    assert not app.exception
    assert app.sidebar.selectbox[0].value == "copied"
    marked = [
        str(getattr(e, "value", ""))
        for kind in MARKED
        for e in [*app.get(kind), *app.sidebar.get(kind)]
    ]
    html = [str(e.proto.body) for e in app.get("html")]
    assert HOSTILE in read("".join(marked))  # as the source of its data, for one
    assert not [body for body in marked if "[x]" in body or "www.evil" in body]
    assert not [body for body in html if "<img src=x>" in body]


def test_the_name_of_a_model_that_is_not_there_is_no_markup(folders: Path) -> None:
    (said,) = [box.value for box in alone("draw", model=HOSTILE).warning]
    assert read(said).startswith(f"There is no model {HOSTILE} on this server")
    assert "[x]" not in said


MARKED = ("markdown", "caption", "error", "warning", "info", "success", "toast")


def labels(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


def test_a_visitors_run_is_in_no_other_visitors_lists_but_its_link_opens_it(owned: Path) -> None:
    for stem in ("train", "generate"):
        assert "five" in as_owner(stem).sidebar.selectbox[0].options
        assert "five" not in alone(stem).sidebar.selectbox[0].options
    assert "five" not in alone("train").selectbox(key="run").options
    app = alone("train", run="five")
    assert app.selectbox(key="run").value == "five"
    assert not labels(app) & {"Rename it", "Delete", "Train 20 more epochs"}
    assert {"Rename it", "Delete", "Train 20 more epochs"} <= labels(as_owner(run="five"))


@pytest.mark.parametrize(
    ("state", "diverged", "words", "resumes"),
    [
        ("training", False, "No finished epoch is lost. Resume goes on after epoch 2.", True),
        ("stopped", False, "Stopped after 2 of 2 epochs", True),
        ("failed", False, "Training failed: the disk is full.", True),
        ("failed", True, "Training failed: the disk is full.", False),
    ],
)
def test_how_a_run_ended_is_said_with_what_can_be_done(
    owned: Path, state: runs.State, diverged: bool, words: str, resumes: bool
) -> None:
    error = "the disk is full" if state == "failed" else ""
    changed = replace(runs.read(owned).manifest, state=state, diverged=diverged, error=error)
    runs.write_manifest(owned, changed)
    app = as_owner(run="five")
    assert words in texts(app)
    assert ("Resume" in labels(app)) == resumes


def test_runs_stand_side_by_side_with_what_differs_and_their_figures(owned: Path) -> None:
    (table,) = [html for html in htmls(as_owner()) if "<table>" in html]
    rows = {re.sub("<.*?>", " ", row).split()[0]: row for row in table.split("<tr>")[2:]}
    assert set(rows) == {"five", *(run.name for run in runs.list_runs(runs.SHIPPED))}
    assert "tiny: latent_dim 5, " in rows["five"]
    assert f">{runs.read(owned).manifest.metrics['validation_loss']:.1f}<" in rows["five"]
    best = results.read(runs.read(runs.SHIPPED / "best"))
    assert f">{-best.elbo_dynamic.mean:.1f}<" in rows["best"]


def test_a_plain_autoencoder_has_no_elbo_in_the_table_of_runs() -> None:
    number = r"<td class='number'>([\d.]*)</td>"
    table = texts(alone("train"))
    for name, has_elbo in {"map": True, "autoencoder": False}.items():
        row = re.search(rf"<b>{name}</b></td>{number}{number}", table)
        assert row is not None
        assert row[1]
        assert bool(row[2]) == has_elbo


def test_three_deleted_runs_are_offered_at_once(owned: Path) -> None:
    for i in range(4):
        shutil.copytree(owned, owned.with_name(f"old-{i}"))
        runs_folder.delete(runs.read(owned.with_name(f"old-{i}")))
    undos = [b for b in as_owner().button if b.label == "Undo"]
    assert len(undos) == 3
    undos[0].click().run()
    assert len([b for b in as_owner().button if b.label == "Undo"]) == 3


def test_a_collapsed_latent_space_is_named_with_one_thing_to_change(owned: Path) -> None:
    last = [e for e in runs.read_events(owned)[0] if e["event"] == "epoch"][-1]
    runs.append_event(owned, last | {"kl_per_dimension": [1.5, 0.9, 0.8, 0.4, 0.2]})
    assert not as_owner(run="five").warning
    manifest = runs.read(owned).manifest
    runs.write_manifest(owned, replace(manifest, training=replace(manifest.training, kl_weight=50)))
    runs.append_event(owned, last | {"kl_per_dimension": [0.002] * 5})
    (warning,) = as_owner(run="five").warning
    assert warning.value.endswith("no dimension tells anything; lower the KL weight from 50 to 1.")


def test_a_run_can_be_renamed_and_a_name_that_cannot_be_is_refused(owned: Path) -> None:
    app = as_owner(run="five")
    app.text_input(key="new name").set_value("../five")
    button(app, "Rename it").click().run()
    assert "'../five' cannot be the name of a run" in app.toast[0].value
    app.text_input(key="new name").set_value("my-own")
    button(app, "Rename it").click().run()
    assert address(app, "run") == "my-own"
    assert runs.read(owned.with_name("my-own")).manifest.usable
    assert not owned.exists()


def test_an_exported_run_is_imported_as_the_visitors_own(owned: Path, folders: Path) -> None:
    app = as_owner()
    app.file_uploader[0].set_value(
        ("five.zip", archive.export(runs.read(owned)), "application/zip")
    )
    app.run()
    assert not app.toast
    assert address(app, "run") == "five-2"
    assert {"Rename it", "Delete"} <= labels(app)
    assert "Train 20 more epochs" not in labels(app)  # the checkpoint stays where it was trained


def test_what_is_no_exported_run_is_refused_with_the_reason(owned: Path, folders: Path) -> None:
    app = as_owner()
    app.file_uploader[0].set_value(("five.zip", b"no zip", "application/zip")).run()
    assert "this is not an exported run" in app.toast[0].value
    assert [run.name for run in runs.list_runs(folders)] == ["five"]


def test_a_deleted_run_comes_back_with_undo(owned: Path) -> None:
    app = as_owner(run="five")
    button(app, "Delete").click().run()
    assert not owned.exists()
    assert app.selectbox(key="run").value != "five"
    assert not app.warning
    button(app, "Undo").click().run()
    assert app.selectbox(key="run").value == "five"
    assert runs.read(owned).manifest.usable
    assert "Undo" not in labels(app)


def test_runs_are_compared_on_the_same_inputs_with_their_losses_and_figures(own_run: str) -> None:
    app = alone("compare", model=own_run)
    text = texts(app)
    assert app.multiselect(key="runs").value[-1] == own_run
    for alt in ("Digits rebuilt by", "Drawing rebuilt by", "Samples of", "Path of"):
        assert [name for name in ("best", "map", "five") if f'alt="{alt} {name}"' in text] == [
            *("best", "map", "five")
        ]
    assert "A ready one" in text
    assert len(re.findall(r"<b>\d+\.\d nats</b>", text)) == 2  # the best, of digits and drawing
    assert "Parameters" not in text
    assert "Parameters" in texts(alone("compare", model=own_run, show="Figures"))


def test_what_was_sent_is_compared_else_what_is_drawn() -> None:
    app = alone("compare")
    app.session_state["canvas"] = canvas([SEVEN])
    assert "What is on the Draw page now." in texts(app.run())
    from pages.shared import resources

    app.session_state["sent"] = {"compare": resources.digits().pixels[0]}
    assert "The digit that you sent here" in texts(app.run())


def test_the_dial_goes_through_what_visitors_trained_too(
    folders: Path, run_of_five: runs.Run
) -> None:
    for seed in (7, 8):
        shutil.copytree(run_of_five.path, folders / f"seed-{seed}")
        run = runs.read(folders / f"seed-{seed}")
        training = replace(run.manifest.training, seed=seed)
        runs.write_manifest(run.path, replace(run.manifest, training=training))
    app = routed("compare", show="The dial")
    (series,) = [box for box in app.selectbox if box.label == "Runs that differ in"]
    assert series.options[0] == "β (0, 0.1, 0.3, 1, 2, 4, 8, 20)"
    series.select_index(series.options.index("seed (7, 8)")).run()
    assert "*seed*" in texts(app)


def test_with_no_model_chosen_the_comparison_asks_for_one() -> None:
    app = alone("compare")
    app.multiselect(key="runs").set_value([]).run()
    assert app.info[0].value == "Choose a model, or several."


def test_two_epochs_of_a_run_stand_side_by_side(own_run: str) -> None:
    app = alone("compare", show="Early and late")
    app.multiselect(key="runs").set_value([own_run]).run()
    assert "After epoch 1" in texts(app)
    assert "After epoch 2" in texts(app)
    assert texts(app).count('alt="Digits, as they are"') == 1


def test_the_size_of_the_latent_follows_from_the_experiment() -> None:
    app = alone("compare", show="Lessons")
    assert f"**{latent_study.read().chosen}** are enough" in texts(app)


@pytest.mark.parametrize("file", first(1, [results.FILE, "manifest.json"]))
def test_a_model_that_is_not_measured_yet_is_compared_without_its_test_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    """So it is between `python -m vae ship` and `python -m vae card`."""
    monkeypatch.setattr(runs, "SHIPPED", shutil.copytree(runs.SHIPPED, tmp_path / "models"))
    (tmp_path / "models" / "best" / file).unlink()
    assert not alone("compare", show="Figures").exception
    app = alone("compare", show="Lessons")
    assert not app.exception
    assert f"**{latent_study.read().chosen}** are enough" in texts(app)
    assert "**best** has" not in texts(app)


def test_a_plain_autoencoder_is_set_beside_a_vae_of_its_size(
    own_run: str, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "SHIPPED", folders / "none")
    assert "holes" not in texts(alone("compare", show="Lessons"))
    run = runs.read(folders / own_run)
    training = replace(run.manifest.training, kl_weight=0.0, latents="mean")
    shutil.copytree(run.path, folders / "plain")
    runs.write_manifest(folders / "plain", replace(run.manifest, training=training))
    text = texts(alone("compare", show="Lessons"))
    assert "**plain** is a plain *autoencoder*" in text
    assert 'aria-label="The latent space of five"' in text


def test_a_plain_autoencoder_has_no_posterior_no_kl_and_no_prior_on_any_page() -> None:
    for stage in ("encoder", "posterior", "lost", "loss"):
        words = texts(alone("how_it_works", model="autoencoder", stage=stage))
        assert "is a plain autoencoder" in words
        for absent in ("mathrm{KL}", "varepsilon", "ELBO", "σ", "mathcal{N}", "× "):
            assert absent not in words, (stage, absent)
    landed = texts(drawn(alone("draw", model="autoencoder")))
    assert "gives one point" in landed
    assert "standard deviations" not in landed
    assert '<i class="two"' not in landed
    assert "is a plain autoencoder: it has no posterior" in landed
    lost = re.search(r"Reconstruction by autoencoder.*?</div>", landed, re.DOTALL)
    assert lost
    assert "KL divergence" not in lost[0]
    made = alone("generate", model="autoencoder")
    of = next(box for box in made.selectbox if box.key == "of")
    assert of.options == list("0123456789")
    assert "has no prior" in texts(made)
    sliders = view_data(made, "sliders")
    assert "nats" not in str(sliders["notes"])
    assert [len(one) for one in sliders["percentiles"]] == [101, 101]
    assert sliders["latent"] == [pytest.approx(one[50], abs=1e-4) for one in sliders["percentiles"]]
    morph = alone("morph", model="autoencoder", end=["random:3", "digit:7"])
    assert "Random" not in [one.label for one in morph.button]
    assert "a random" not in texts(morph)
    assert "Random" in [one.label for one in alone("morph", model="map").button]
    from pages.shared import training_history

    curves = json.loads(training_history.of(runs.read(runs.SHIPPED / "autoencoder")).curves or b"")
    assert curves["terms"] == ["Reconstruction loss"]
    assert {len(epoch) for epoch in curves["epochs"]} == {3}  # itself, training, validation
    assert "*posterior*" not in texts(alone("latent_space", model="autoencoder"))
    compared = texts(alone("compare", runs=["map", "autoencoder"]))
    assert "A plain autoencoder has no prior to draw from" in compared


def test_beside_each_stage_stands_its_source_as_it_runs_without_docstrings(own_run: str) -> None:
    from pages.parts.how_it_works import formulas
    from vae import losses

    for stage, wanted in (
        ("posterior", losses.kl_per_dimension),
        ("lost", losses.reconstruction_per_pixel),
        ("loss", losses.elbo),
        ("noise", inference.Posterior.draw),
    ):
        app = alone("how_it_works", model=own_run, stage=stage)
        assert formulas.source(wanted) in [code.value for code in app.code]
        assert app.latex
    for one in (losses, losses.elbo, inference.Posterior.draw):
        shown = formulas.source(one)
        assert ast.dump(without_docstrings(shown)) == ast.dump(
            without_docstrings(dedent(inspect.getsource(one)))
        )
        assert '"""' not in shown


def without_docstrings(source: str) -> ast.Module:
    """What a source does: its statements, but for strings that nobody uses."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            node.body = [
                said
                for said in node.body
                if not (isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant))
            ]
    return tree


def pipeline_data(app: AppTest) -> dict[str, Any]:
    return view_data(app, "pipeline")


def test_a_link_names_the_stage_and_what_is_followed_and_the_page_keeps_both_there() -> None:
    app = alone("how_it_works", stage="noise", example="7")
    assert (pipeline_data(app)["stage"], pipeline_data(app)["source"]) == ("noise", "7")
    app.session_state["pipeline"] = {"stage": "lost", "source": "0.5,-1.25"}
    app.run()
    assert (address(app, "stage"), address(app, "example")) == ("lost", "0.5000,-1.2500")
    first = pipeline_data(alone("how_it_works"))
    assert (first["stage"], first["source"], first["drawing"]) == (None, "3", None)


@pytest.mark.parametrize("stage", first(1, ["noise ", "", "nothing", "noise"]))
@pytest.mark.parametrize("source", ["x", "11", "#5000", "#-1", "1,nan", "1e9,0", "1,2,3", "mine"])
def test_a_stage_or_source_that_is_none_is_passed_over(stage: str, source: str) -> None:
    app = alone("how_it_works", model="autoencoder", stage=stage, example=source)
    assert not app.exception
    assert (pipeline_data(app)["stage"], pipeline_data(app)["source"]) == (None, "3")
    app.session_state["pipeline"] = {"stage": [stage], "source": {"x": source}}
    assert not app.run().exception


def test_the_examples_are_one_digit_of_each_class_that_no_model_was_trained_on() -> None:
    from pages.parts.how_it_works.pipeline import EXAMPLES

    assert embedded().labels[list(EXAMPLES)].tolist() == list(range(10))
    assert all(index % 500 >= 400 for index in EXAMPLES)


def test_the_visitors_drawing_can_be_followed() -> None:
    app = drawn(alone("how_it_works"))
    app.session_state["pipeline"] = {"stage": "image", "source": "mine"}
    app.run()
    assert pipeline_data(app)["source"] == address(app, "example") == "mine"
    assert len(pipeline_data(app)["drawing"]) == 784


def missions_done(app: AppTest) -> list[str]:
    """The titles of the missions that are ticked off."""
    return re.findall(r"\*\*(.+?)\*\* :green-badge", texts(app))


def test_a_mission_is_ticked_off_when_it_is_done_and_stays_done(owned: Path) -> None:
    run = runs.read(owned)

    def let_kl_be(nats: float) -> None:
        metrics = run.manifest.metrics | {"validation_kl_divergence": nats}
        runs.write_manifest(run.path, replace(run.manifest, metrics=metrics))

    let_kl_be(5)
    app = as_owner("how_it_works")
    let_kl_be(0.01)
    assert missions_done(app.run()) == []  # it was not taken on
    app.session_state["taken"] = {"collapse"}
    other = alone("how_it_works")
    other.session_state["taken"] = {"collapse"}
    assert missions_done(other.run()) == []  # it is another visitor's
    assert missions_done(app.run()) == ["Make the posterior collapse"]
    assert app.toast[0].value == "Mission done: Make the posterior collapse."
    let_kl_be(5)
    assert missions_done(app.run()) == ["Make the posterior collapse"]
    assert not app.toast


def test_a_link_to_a_comparison_shows_all_its_runs_to_other_visitors(owned: Path) -> None:
    shutil.copytree(owned, owned.with_name("six"))
    assert not {"five", "six"} & set(alone("compare").multiselect(key="runs").options)
    app = alone("compare", runs=["five", "six"])
    assert {"five", "six"} <= set(app.multiselect(key="runs").options)
    assert 'alt="Samples of five"' in texts(app)


def test_an_address_opens_a_few_runs_and_only_where_it_names_runs(owned: Path) -> None:
    def offered(**query: str | list[str]) -> bool:
        return "five" in alone("compare", **query).multiselect(key="runs").options

    assert offered(model="five")
    assert offered(run="five")
    assert not offered(z="five")
    assert not offered(runs="map,five")
    assert not offered(model=["map", "five"])
    guesses = [f"tiny-{i}" for i in range(6)]
    assert offered(runs=[*guesses[1:], "five"])
    assert not offered(runs=[*guesses, "five"])


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
