"""Pages as a visitor without a mouse sees them, by Streamlit's own tester."""

import json
import re
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from vae import runs

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
each_page = pytest.mark.parametrize(("title", "stem"), PAGES.items(), ids=PAGES.values())


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


def htmls(app: AppTest) -> list[str]:
    return [html.value for html in app.html]


def view_data(app: AppTest, kind: str) -> dict[str, Any]:
    """What the first live view of a kind is told."""
    views = [e.proto for e in app.get("bidi_component") if e.proto.component_name.endswith("view")]
    return next(data for view in views if (data := json.loads(view.json))["view"] == kind)


def map_data(app: AppTest) -> dict[str, Any]:
    return view_data(app, "map")


@pytest.fixture
def bent_run(folders: Path, run_with_a_flow: runs.Run) -> str:
    """The name of a run whose prior is a flow."""
    shutil.copytree(run_with_a_flow.path, folders / "bent")
    return "bent"


def ends(app: AppTest) -> list[str]:
    return [end.split(":")[0] for end in app.query_params["end"]]


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


def labels(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


def missions_done(app: AppTest) -> list[str]:
    """The titles of the missions that are ticked off."""
    return re.findall(r"\*\*(.+?)\*\* :green-badge", texts(app))
