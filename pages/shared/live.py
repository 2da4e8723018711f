"""The live views: a model's decoder in the page, under the finger.

What is heavy is sent once as *bundles*, which are constant, so that the browser keeps them; the
*views* that use them are light.
"""

from typing import Any

from streamlit.components.v2 import component

from pages.shared import resources
from vae import live, runs


def view(kind: str, key: str, needs: list[str], data: dict[str, Any], **on_change: Any) -> Any:
    """Show a live view; it waits in the page for the bundles that it needs.

    Args:
        kind: one of the names in `VIEWS` of vae/live/main.js.
        key: of the widget.
        needs: names of bundles, see `supply`.
        data: what the view's `update` takes.
        on_change: callbacks `on_NAME_change` for the states and triggers of the view.
    """
    mount = component("latent_digits_view", js=live.view_script())
    return mount(key=key, data={"view": kind, "needs": needs, **data}, **on_change)


def needs(run: runs.Run, *kinds: str) -> list[str]:
    """The names of a run's bundles: "decoder", "map"; or "digits", which all runs share."""
    name = live.name_of(resources.model(run))
    return ["digits/all" if kind == "digits" else f"{kind}/{name}" for kind in kinds]


def supply(run: runs.Run, *kinds: str) -> None:
    """Send a run's bundles. Call it last on a page: they show nothing, but take up a line."""
    mount = component("latent_digits_bundle", js=live.script())
    for kind in kinds:
        mount(key=f"bundle-{kind}", data=resources.bundle(run, kind))
