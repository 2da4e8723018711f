"""The live views: a model's networks in the page, under the finger.

What is heavy comes once as *bundles*, which are constant, so that the browser keeps them; the
*views* that use them are light.
"""

import json
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from streamlit.components.v2 import component

from pages.shared import files, resources
from vae import live, runs
from vae.live import scripts


def view(kind: str, key: str, needs: list[str], data: dict[str, Any], **on_change: Any) -> Any:
    """Show a live view; it waits in the page for the bundles that it needs.

    Args:
        kind: one of the names in `VIEWS` of vae/live/stage.js.
        key: of the widget.
        needs: names of bundles, see `supply`.
        data: what the view's `update` takes.
        on_change: callbacks `on_NAME_change` for the states and triggers of the view.
    """
    mount = component("latent_digits_view", js=scripts.bare(scripts.FOLDER / "view.js"))
    return mount(key=key, data={"view": kind, "needs": needs, **data}, **on_change)


def needs(run: runs.Run, *kinds: str) -> list[str]:
    """The names of a run's bundles: "encoder", "decoder", "map", "projections" and "gaps"; of all
    runs, "digits"."""
    special = {"digits": lambda _: "all", "projections": live.projections_name}
    return [f"{kind}/{special.get(kind, live.name_of)(run)}" for kind in kinds]


def supply(run: runs.Run, *kinds: str) -> None:
    """Send a run's bundles, which show nothing: before what takes long is computed."""
    makers = {
        name: partial(resources.bundle, run, kind)
        for kind, name in zip(kinds, needs(run, *kinds), strict=True)
    }
    if files.are_served():  # by one message for all: what loads them weighs more than their names
        addresses = [files.address(name, "bin", make) for name, make in makers.items()]
        _load("main.js", f"bundles-{' '.join(makers)}", addresses)
        return
    for name, make in makers.items():
        _send("main.js", f"bundle-{name}", files.content(name, "bin", make))


def draw(
    script: str, key: str, name: Hashable, kind: files.Kind, make: Callable[[], bytes]
) -> None:
    """Give data to a script in the page.

    Args:
        script: one of vae/live.
        key: of the widget.
        name: what tells the data from all other, also from earlier ones of the same thing.
        kind: "bin" for a compressed bundle, or "json".
        make: makes the data.
    """
    if files.are_served():
        _load(script, key, [files.address(name, kind, make)])
        return
    content = files.content(name, kind, make)
    _send(script, key, json.loads(content) if kind == "json" else content)


def _load(script: str, key: str, addresses: list[str]) -> None:
    """Let the browser fetch a script, and data for it from each of these addresses."""
    here = files.address(("script", script), "js", lambda: scripts.joined(script).encode())
    mount = component("latent_digits_load", js=scripts.bare(scripts.FOLDER / "load.js"))
    mount(key=key, data={"script": here, "files": addresses}, on_unserved_change=files.give_up)


def _send(script: str, key: str, data: Any) -> None:
    """Send a script and its data over the WebSocket."""
    mount = component(f"latent_digits_{script.replace('/', '_')}", js=scripts.joined(script))
    mount(key=key, data=data)
