"""Generate, as a visitor without a mouse sees it."""

import pytest
from visits import address, alone, texts, view_data

from vae import runs

pytestmark = pytest.mark.usefixtures("folders")
NO_LATENTS = ["", "1", "1,2,3", "a,b", "nan,0", "inf,1"]


def test_a_link_may_name_the_model_and_a_model_that_is_gone_gives_the_default(own_run: str) -> None:
    assert alone("generate", model=own_run).sidebar.selectbox[0].value == own_run
    gone = alone("generate", model="gone")
    assert gone.sidebar.selectbox[0].value == "flow"  # the page's own
    assert gone.warning[0].value == "There is no model gone on this server; this is flow."


def test_the_sidebar_says_what_the_model_is(own_run: str, run_of_five: runs.Run) -> None:
    text = texts(alone("generate", model=own_run))
    assert f"5 latent dimensions, {run_of_five.manifest.parameters:,} weights" in text
    assert "Trained on 1,000 images of the 5,000 embedded MNIST digits" in text


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


def test_with_a_learned_prior_sliders_say_how_much_ink_they_move(bent_run: str) -> None:
    data = view_data(alone("generate", model=bent_run), "sliders")
    assert sorted(data["order"]) == list(range(5))
    shares = [int(note.removesuffix(" % of ink")) for note in data["notes"]]
    ordered = [shares[dimension] for dimension in data["order"]]
    assert ordered == sorted(shares, reverse=True)


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
