"""The live views: a model's networks in the page, under the finger.

What is heavy comes once as *bundles*, which are constant, so that the browser keeps them; the
*views* that use them are light.
"""

import gzip
import json
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, NamedTuple

from streamlit.components.v2 import component

from pages.shared import files, resources
from vae import live, runs
from vae.live import scripts

NETWORKS = ("encoder/", "decoder/")
"""How the names of bundles begin that are heavy, and wait until a view needs them."""


class Sketch(NamedTuple):
    """A bundle that stands for networks in a page as long as nobody needs more than it shows."""

    name: str
    make: Callable[[], bytes]


def sketch(
    run: runs.Run, page: str, make: Callable[[str], bytes], kind: str = "sketch"
) -> Sketch | None:
    """That of a run as a page shows it at first; `make` makes the bundle of a name.

    None where the browser fetches nothing, and so is sent the networks at once.
    """
    if not files.are_served():
        return None
    name = f"{kind}/{live.name_of(run)}-{page}"
    return Sketch(name, lambda: gzip.compress(make(name), mtime=0))


def view(
    kind: str,
    key: str,
    needs: list[str],
    data: dict[str, Any],
    sketch: Sketch | None = None,
    **on_change: Any,
) -> Any:
    """Show a live view; it waits in the page for the bundles that it needs.

    Args:
        kind: one of the names in `VIEWS` of vae/live/stage.js.
        key: of the widget.
        needs: names of bundles, see `supply`.
        data: what the view's `update` takes.
        sketch: what stands for its networks as long as it shows all that is asked.
        on_change: callbacks `on_NAME_change` for the states and triggers of the view.
    """
    mount = component("latent_digits_view", js=scripts.bare(scripts.FOLDER / "view.js"))
    named = {"sketch": sketch.name} if sketch else {}
    return mount(key=key, data={"view": kind, "needs": needs, **named, **data}, **on_change)


def needs(run: runs.Run, *kinds: str) -> list[str]:
    """The names of a run's bundles: "encoder", "decoder", "map", "projections" and "gaps"; of all
    runs, "digits"."""
    special = {"digits": lambda _: "all", "projections": live.projections_name}
    return [f"{kind}/{special.get(kind, live.name_of)(run)}" for kind in kinds]


def supply(run: runs.Run, *kinds: str, sketch: Sketch | None = None) -> None:
    """Send a run's bundles, which show nothing: before what takes long is computed.

    Where the browser fetches them, it leaves networks until a view needs them.
    """
    makers: dict[str, Callable[[], bytes]] = {
        name: partial(resources.bundle, run, kind)
        for kind, name in zip(kinds, needs(run, *kinds), strict=True)
    }
    if files.are_served():  # by one message for all: what loads them weighs more than their names
        if sketch:
            makers[sketch.name] = sketch.make
        late = {name: make for name, make in makers.items() if name.startswith(NETWORKS)}
        _load(
            "main.js",
            f"bundles-{' '.join(makers)}",
            [files.address(name, "bin", makers[name]) for name in makers if name not in late],
            {name: files.late_address(name, "bin", make) for name, make in late.items()},
        )
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


def _load(script: str, key: str, addresses: list[str], late: dict[str, str] | None = None) -> None:
    """Let the browser fetch a script, and data for it from each of these addresses; from those of
    `late`, by the names of their bundles, once somebody needs them."""
    here = files.address(("script", script), "js", lambda: scripts.joined(script).encode())
    mount = component("latent_digits_load", js=scripts.bare(scripts.FOLDER / "load.js"))
    data = {"script": here, "files": addresses, "late": late or {}}
    mount(key=key, data=data, on_unserved_change=files.give_up)


def _send(script: str, key: str, data: Any) -> None:
    """Send a script and its data over the WebSocket."""
    mount = component(f"latent_digits_{script.replace('/', '_')}", js=scripts.joined(script))
    mount(key=key, data=data)
