"""How it works, as a visitor without a mouse sees it."""

import ast
import inspect
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from long import first
from streamlit.testing.v1 import AppTest
from visits import (
    address,
    alone,
    as_owner,
    button,
    drawn,
    htmls,
    missions_done,
    view_data,
)

from vae import inference, runs

pytestmark = pytest.mark.usefixtures("folders")


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


def test_what_the_prior_learned_is_told_of_models_that_learned_one(bent_run: str) -> None:
    app = alone("how_it_works", model=bent_run)
    assert "What the prior learned" in [e.value for e in app.header]
    (maps,) = [html for html in htmls(app) if "Bent by the flow" in html]
    assert [maps.count(f">{label}</b>") for label in range(10)] == [2] * 10  # not by hue alone
    before = [html for html in htmls(app) if "Samples of bent" in html]
    button(app, "Draw others").click().run()
    assert before != [html for html in htmls(app) if "Samples of bent" in html]
    app = alone("how_it_works", model="best")
    assert "What the prior learned" not in [e.value for e in app.header]


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


def test_the_visitors_drawing_can_be_followed() -> None:
    app = drawn(alone("how_it_works"))
    app.session_state["pipeline"] = {"stage": "image", "source": "mine"}
    app.run()
    assert pipeline_data(app)["source"] == address(app, "example") == "mine"
    assert len(pipeline_data(app)["drawing"]) == 784


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
