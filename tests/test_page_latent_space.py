"""Latent space, as a visitor without a mouse sees it."""

import numpy as np
import pytest
from visits import address, alone, button, drawn, map_data, routed, texts

from vae import inference, runs
from vae.aggregate import Aggregate
from vae.data import embedded

pytestmark = pytest.mark.usefixtures("folders")


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


def test_a_drawing_on_the_map_is_a_pin_for_analysis_and_for_a_morph() -> None:
    from pages.shared import resources

    app = routed("latent_space", digit="1234")  # which was pinned before
    app.switch_page("pages/draw.py").run()
    button(drawn(app), "Pin on map").click().run()
    app.switch_page("pages/latent_space.py").run()
    latent = np.array(map_data(app)["drawing"]["mean"], np.float32)
    app.button_group(key="view").set_value("Analysis").run()
    app.number_input(key="around").set_value(50).run()
    latent_map = resources.latent_map(resources.usable_runs()["map"])
    labels = latent_map.digits.labels[latent_map.nearest(latent, 50)]
    most = int(np.bincount(labels).argmax())
    assert f"{(labels == most).sum()} × {most}" in texts(app)
    app.switch_page("pages/morph.py").run()
    button(app, "The map's pin").click().run()
    pinned = app.query_params["end"][-1].removeprefix("pin:").split(",")
    assert [float(z) for z in pinned] == pytest.approx(latent.tolist(), abs=1e-4)


def test_a_lasso_is_kept_on_the_way_to_the_live_map_and_back() -> None:
    app = alone("latent_space", view="Analysis")
    app.session_state["chart-map-0"] = {"selection": {"points": [{"customdata": [500]}]}}
    app.run()
    assert "Point at the map" not in texts(app)
    app.button_group(key="view").set_value("Live").run()
    assert "Point at the map" in texts(app)
    app.button_group(key="view").set_value("Analysis").run()
    assert "1 × 1" in texts(app)
    button(app, "Choose none").click().run()
    assert app.info[0].value == "Nothing is chosen yet."


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
    posterior = inference.Model(runs.read(runs.SHIPPED / "map"), lean=True).encode(
        embedded().pixels
    )
    aggregate = Aggregate(posterior)
    assert told.pop("encoder").startswith("encoder/")
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
