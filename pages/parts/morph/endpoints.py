"""The ends of a morph, as words: where each comes from. The address names them the same way.

`digit:12` is a digit of MNIST, `class:3,7` a sample of class 3 with seed 7, `random:7` one of the
prior; `pin:`, `map:`, `generated:` and `drawing:` are followed by a latent. Within a session a
drawing is `end A` or `end B`, as the Draw page sent it, so that each model encodes it for itself.
"""

from collections.abc import Callable

import numpy as np
import streamlit as st

from pages.shared import link, resources, session, widgets
from vae import latents, runs
from vae.class_search import Found
from vae.mnist import CLASSES

MOST = 8
FIRST = ["digit:3744", "digit:1974"]  # a seven and a three
DRAWINGS: tuple[session.Destination, session.Destination] = ("end A", "end B")
_LARGEST_SEED = 2**31 - 1
_WITH_LATENT = {
    "pin": "the pin",
    "map": "on the map",
    "generated": "by hand",
    "drawing": "a drawing",
    "place": "on the map",  # so in links that were made before 0.2
    "hand": "by hand",
}


def latent(end: str, run: runs.Run) -> np.ndarray | None:
    """The latent (latent_dim,) of an end under a model; None if it is none of this model's."""
    latent_map = resources.latent_map(run)
    latent_dim = latent_map.model.latent_dim
    for drawing in DRAWINGS:
        image = session.sent(drawing)
        if end == drawing and image is not None:
            return link.tidy(latent_map.model.encode(image[None]).latents[0])
    kind, _, text = end.partition(":")
    if kind in _WITH_LATENT:
        return link.latent(text, latent_map)
    match kind, _wholes(kind, text):
        case "digit", [index]:
            found = latent_map.latents[index]
        case "class", [label, seed] if not resources.classifier_fault():
            found = _sample(label, seed, run).latents[0]
        case "random", [seed] if not run.manifest.training.is_autoencoder:  # which has no prior
            found = latents.sample_prior(1, latent_dim, seed)[0]
        case _:
            return None
    return link.tidy(found)


def _sample(label: int, seed: int, run: runs.Run) -> Found:
    """One sample of a class, read by the small classifier."""
    return resources.class_search(run).sample(label, 1, seed)


def stacked(ends: list[str], run: runs.Run) -> np.ndarray:
    """The latents (n, latent_dim) of ends that are of this model."""
    return np.stack([found for end in ends if (found := latent(end, run)) is not None])


def _wholes(kind: str, text: str) -> list[int] | None:
    """The whole numbers of an end that has some."""
    ends = {
        "digit": [len(resources.digits())],
        "class": [len(CLASSES), _LARGEST_SEED],
        "random": [_LARGEST_SEED],
    }
    return link.wholes(text, *ends[kind]) if kind in ends else None


def words(end: str, run: runs.Run) -> str:
    """Where an end that `latent` knows comes from, for people."""
    kind, _, text = end.partition(":")
    match kind, _wholes(kind, text):
        case "digit", [index]:
            return f"a real {resources.digits().labels[index]}"
        case "class", [label, seed]:
            found = _sample(label, seed, run)
            return f"a sample of {label}" + f", read as {found.read[0]}" * int(found.failed[0])
    return "random" if kind == "random" else _WITH_LATENT.get(kind, "a drawing")


def current(run: runs.Run) -> list[str]:
    """The ends that this model can show, at least two; and the address names them."""
    morph = session.morph()
    if not morph["ends"]:
        morph["ends"] = st.query_params.get_all("end")[:MOST] or list(FIRST)
    for place, drawing in zip((0, -1), DRAWINGS, strict=True):
        is_sent = session.sent(drawing) is not None and session.is_new(drawing, "morph")
        if is_sent and drawing not in morph["ends"]:
            ends = list(morph["ends"])
            ends[place] = drawing
            change(ends)
    ends = [end for end in morph["ends"] if latent(end, run) is not None]
    ends += FIRST[len(ends) :]
    st.query_params["end"] = [_for_link(end, run) for end in ends]
    return ends


def change(ends: list[str]) -> None:
    """Other ends; undo brings the former back."""
    morph = session.morph()
    morph["before"].append(morph["ends"])
    morph["ends"] = ends


def undo() -> None:
    """Back to the ends before the last change."""
    morph = session.morph()
    morph["ends"] = morph["before"].pop()


def show(run: runs.Run, ends: list[str]) -> None:
    """The ends in one row, each with buttons to move and to remove it."""
    images = resources.model(run).decode(stacked(ends, run))
    with st.container(horizontal=True, gap="medium", key="ends"):
        for i, (end, image) in enumerate(zip(ends, images, strict=True)):
            with st.container(width=112, gap="xsmall"):
                name = chr(ord("A") + i)
                widgets.digit(
                    image, f"**{name}** · {words(end, run)}", alt=f"End {name}", width=112
                )
                _buttons(ends, i, name)


def _buttons(ends: list[str], i: int, name: str) -> None:
    def button(icon: str, what: str, then: list[str], disabled: bool) -> None:
        st.button(
            f"{what} {name}", key=f"{what}-{i}", icon=f":material/{icon}:", type="tertiary",
            on_click=change, args=(then,), disabled=disabled,
        )  # fmt: skip

    def swapped(j: int) -> list[str]:
        then = list(ends)
        then[i], then[j] = then[j], then[i]
        return then

    last = len(ends) - 1
    with st.container(horizontal=True, gap=None, horizontal_alignment="distribute"):
        button("chevron_left", "Move left", swapped(i - 1), disabled=i == 0)
        button("close", "Remove", ends[:i] + ends[i + 1 :], disabled=last < 2)
        button("chevron_right", "Move right", swapped(min(i + 1, last)), disabled=i == last)


def more(run: runs.Run, ends: list[str]) -> None:
    """Buttons that add an end."""
    is_full = len(ends) == MOST
    seed = int(np.random.default_rng().integers(10**6))
    sources = {"Real digit": f"digit:{seed % len(resources.digits())}"}
    if not run.manifest.training.is_autoencoder:
        sources["Random"] = f"random:{seed}"
    few = len(sources)
    pin, current = session.pinned(run.name), session.current_latents().get(run.name)
    if pin is not None:
        sources["The map's pin"] = f"pin:{link.text(link.tidy(pin))}"
    if current is not None and current[0].any():
        sources["Generate's digit"] = f"generated:{link.text(current[0])}"
    for drawing in DRAWINGS:
        if session.sent(drawing) is not None:
            sources[f"Drawing {drawing[-1]}"] = drawing
    with st.container(horizontal=True, gap="xsmall"):
        for label, end in sources.items():
            st.button(
                label, icon=":material/add:", on_click=change, args=([*ends, end],),
                disabled=is_full,
            )  # fmt: skip
        undone = not session.morph()["before"]
        st.button("Undo", icon=":material/undo:", on_click=undo, disabled=undone)
    if len(sources) == few:
        st.caption(
            "What you pin on the map, make on Generate or send from Draw can be an end, too."
        )
    _class_samples(ends, seed, is_full)


def _class_samples(ends: list[str], seed: int, is_full: bool) -> None:
    def add() -> None:
        label, st.session_state["class end"] = st.session_state["class end"], None
        if label is not None:
            change([*ends, f"class:{label},{seed}"])

    if fault := resources.classifier_fault():
        st.caption(f"There are no samples of a class: {widgets.plain(fault)}.")
        return
    st.pills("A sample of class", CLASSES, key="class end", on_change=add, disabled=is_full)


def adder(ends: list[str], key: str, run: runs.Run) -> Callable[[], None]:
    """What the live view calls when a place of the map was clicked."""

    def add() -> None:
        place = link.latent(st.session_state[key]["added"], resources.latent_map(run))
        if place is not None and len(ends) < MOST:
            change([*ends, f"map:{link.text(place)}"])

    return add


def mover(ends: list[str], key: str, run: runs.Run) -> Callable[[], None]:
    """What the live view calls when an end was moved on the map."""

    def move() -> None:
        told = st.session_state[key]["moved"]
        named = told if isinstance(told, dict) else {}
        i, place = (
            link.whole(named.get("end"), len(ends)),
            link.latent(named.get("latent"), resources.latent_map(run)),
        )
        if i is not None and place is not None:
            change([*ends[:i], f"map:{link.text(place)}", *ends[i + 1 :]])

    return move


def _for_link(end: str, run: runs.Run) -> str:
    found = latent(end, run)
    return f"drawing:{link.text(found)}" if end in DRAWINGS and found is not None else end
