"""Compare, as a visitor without a mouse sees it."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from long import first
from visits import SEVEN, alone, canvas, routed, texts

from vae import latent_study, results, runs

pytestmark = pytest.mark.usefixtures("folders")


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
    assert (
        "**plain** has no KL divergence in its loss, which makes it a plain *autoencoder*" in text
    )
    assert 'aria-label="The latent space of five"' in text


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
