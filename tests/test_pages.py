"""Each page alone and through the router, as a visitor without a mouse meets it."""

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import test_browser
import test_browser_access
from streamlit.testing.v1 import AppTest
from visits import (
    HOSTILE,
    PAGES,
    ROOT,
    SEVEN,
    WAIT,
    address,
    alone,
    as_owner,
    button,
    drawn,
    each_page,
    ends,
    htmls,
    labels,
    map_data,
    read,
    routed,
    texts,
    view_data,
)

from benchmarks import screenshots, visitors
from pages.parts.draw import reconstructions
from pages.shared import navigation
from vae import archive, results, runs, runs_folder
from vae.data import embedded

pytestmark = pytest.mark.usefixtures("folders")
MARKED = ("markdown", "caption", "error", "warning", "info", "success", "toast")


def test_every_page_is_in_every_list_of_pages() -> None:
    there = {file.stem for file in (ROOT / "pages").glob("*.py")}
    assert {*PAGES.values()} == there
    routed = re.findall(r'"(\w+)\.py", title="([^"]+)"', inspect.getsource(navigation.pages))
    assert routed == [(stem, title) for title, stem in PAGES.items()]
    lists = (visitors.PAGES, screenshots.PAGES.values(), test_browser.PAGES)
    for named in (*lists, test_browser_access.STATES):
        assert {path.partition("?")[0] or "draw" for path in named} == there


@each_page
@pytest.mark.parametrize("way", [alone, routed], ids=["alone", "routed"])
def test_every_page_opens_without_an_error(
    title: str, stem: str, way: Callable[..., AppTest]
) -> None:
    app = way(stem)
    assert not app.exception
    assert not app.error
    assert [e.value for e in app.title] == ["Latent Digits" if title == "Draw" else title]


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


@pytest.mark.long
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


def test_the_model_that_is_chosen_serves_the_next_page_too(own_run: str) -> None:
    app = routed()
    app.sidebar.selectbox[0].set_value(own_run).run()
    app.switch_page("pages/generate.py").run()
    assert app.sidebar.selectbox[0].value == own_run
    assert address(app, "model") == own_run


def turned_to(app: AppTest, stem: str, model: str = "") -> str:
    """The model that a page shows which is come to: by Back if its address names one."""
    app.query_params.clear()  # as the sidebar's links have none
    if model:
        app.query_params["model"] = model
    app.switch_page(f"pages/{stem}.py").run()
    shown = address(app, "model")
    assert app.sidebar.selectbox[0].value == shown
    assert app.run().sidebar.selectbox[0].value == shown
    return shown


def test_back_brings_a_pages_model_with_it_and_the_sidebar_keeps_the_choice() -> None:
    app = routed("morph")
    assert turned_to(app, "generate") == "flow"  # its own: nobody has chosen
    assert turned_to(app, "morph", model="map") == "map"
    assert turned_to(app, "generate") == "flow"
    app.sidebar.selectbox[0].set_value("best").run()
    assert address(app, "model") == "best"
    assert turned_to(app, "latent_space") == "best"
    assert turned_to(app, "morph", model="map") == "map"
    assert turned_to(app, "generate", model="best") == "best"
    assert turned_to(app, "morph", model="gone") == "best"


@each_page
def test_without_any_model_each_page_says_how_to_get_one(
    title: str, stem: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runs, "SHIPPED", tmp_path)
    app = alone(stem)
    assert not app.exception
    assert app.error[0].value.startswith("There is no model to show.")
    assert "python -m vae train --preset map" in app.code[0].value


def test_what_is_sent_is_told_with_a_link_to_the_page_where_it_is() -> None:
    stems = {title: stem for title, stem in PAGES.items() if title != "Draw"}
    for _, words in reconstructions.SEND.values():
        title, to = re.findall(r"\[(.+)\]\((.+)\)", words)[0]
        assert stems[title] == to


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


@each_page
def test_every_page_serves_a_model_with_a_learned_prior(
    title: str, stem: str, bent_run: str
) -> None:
    app = alone(stem, model=bent_run)
    assert not app.exception
    assert not app.error
    assert [e.value for e in app.title] == ["Latent Digits" if title == "Draw" else title]


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


@pytest.mark.parametrize("name", ["autoencoder", "map", "best"])
def test_every_digit_keeps_its_place_in_a_link(name: str) -> None:
    from pages.shared import link, resources

    latent_map = resources.latent_map(resources.usable_runs()[name])
    for mean in latent_map.posterior.mean:
        named = link.latent(link.text(mean), latent_map)
        assert named is not None
        np.testing.assert_allclose(named, mean, atol=1e-4)


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


def test_the_examples_are_one_digit_of_each_class_that_no_model_was_trained_on() -> None:
    from pages.parts.how_it_works.pipeline import EXAMPLES

    assert embedded().labels[list(EXAMPLES)].tolist() == list(range(10))
    assert all(index % 500 >= 400 for index in EXAMPLES)
