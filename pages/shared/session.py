"""What one visitor's session remembers beyond its widgets: each key and its type, once."""

from typing import Any, Literal, TypedDict

import numpy as np
import streamlit as st

GALLERY = 10  # drawings are kept


class Picture(TypedDict):
    """What is looked at instead of a drawing: a file's pixels (height, width, 4) uint8, or a digit
    of MNIST as it is (28, 28) in [0, 1]. Of a file, `photo` is the whole, and `pixels` the part
    that is read. The words may be anybody's; `seen` is what the models saw of it last (28, 28)."""

    pixels: np.ndarray
    words: str
    photo: np.ndarray | None
    seen: np.ndarray | None


class Canvas(TypedDict):
    """The drawing. A new `version` makes a new canvas, which starts with `initial`.

    `refused` says why a file could not be taken in its place.
    """

    version: int
    initial: list[dict[str, Any]]
    strokes: list[dict[str, Any]]
    picture: Picture | None
    refused: str


def canvas() -> Canvas:
    """This visitor's drawing."""
    empty = Canvas(version=0, initial=[], strokes=[], picture=None, refused="")
    return st.session_state.setdefault("canvas", empty)


def redraw(strokes: list[dict[str, Any]], picture: Picture | None = None) -> None:
    """Start a new canvas that shows these strokes, or an empty one beside a picture."""
    version = canvas()["version"] + 1
    st.session_state["canvas"] = Canvas(
        version=version, initial=strokes, strokes=strokes, picture=picture, refused=""
    )


class Kept(TypedDict):
    """A drawing in the gallery: its strokes, and what the models saw of it."""

    strokes: list[dict[str, Any]]
    image: np.ndarray


def gallery() -> list[Kept]:
    """This visitor's last drawings, the latest first."""
    return st.session_state.setdefault("drawings", [])


def keep(image: np.ndarray, strokes: list[dict[str, Any]]) -> None:
    """Put a drawing into the gallery, once."""
    kept = gallery()
    if strokes not in [one["strokes"] for one in kept]:
        st.session_state["drawings"] = [Kept(strokes=strokes, image=image), *kept][:GALLERY]


def enter(page: str) -> bool:
    """Note which page is shown; True if the visitor comes from another one."""
    came_from = st.session_state.get("page")
    st.session_state["page"] = page
    return came_from != page


Destination = Literal["pin", "end A", "end B", "compare"]
"""Where a visitor can send an image: the latent map, an end of a morph, the comparison."""


def send(destination: Destination, image: np.ndarray) -> None:
    """Put an image (28, 28) in [0, 1] where another page will look for it."""
    st.session_state.setdefault("sent", {})[destination] = image
    st.session_state[f"seen {destination}"] = set()


def sent(destination: Destination) -> np.ndarray | None:
    """The image (28, 28) that was sent there last. It stays until another is sent."""
    return st.session_state.get("sent", {}).get(destination)


def is_new(destination: Destination, to: str) -> bool:
    """Whether what was sent last is asked for the first time by `to`."""
    seen: set[str] = st.session_state.setdefault(f"seen {destination}", set())
    known = to in seen
    seen.add(to)
    return not known


def pin(run: str, latent: np.ndarray) -> None:
    """Keep what was chosen last on the map of a run: (latent_dim,)."""
    st.session_state.setdefault("pins", {})[run] = latent


def pinned(run: str) -> np.ndarray | None:
    """What was chosen last on the map of a run: (latent_dim,)."""
    return st.session_state.get("pins", {}).get(run)


def map_views() -> dict[str, Any]:
    """For each run what its map shows, and how often that was set from outside the map."""
    return st.session_state.setdefault("map views", {})


def lassoed() -> dict[str, list[int]]:
    """For each run the digits that were chosen last with lasso or box on its chart."""
    return st.session_state.setdefault("lassoed", {})


def current_latents() -> dict[str, tuple[np.ndarray, int]]:
    """For each run Generate's latent (latent_dim,), and how often it was set from outside."""
    return st.session_state.setdefault("current latents", {})


class Morph(TypedDict):
    """The ends of the morph, in words that `endpoints.latent` reads, and what they were before."""

    ends: list[str]
    before: list[list[str]]


def morph() -> Morph:
    """This visitor's morph; without ends until some are chosen."""
    return st.session_state.setdefault("morph", Morph(ends=[], before=[]))


class Place(TypedDict):
    """Where this visitor is in How it works: the stage, and what is followed; empty at first."""

    stage: str
    source: str


def place() -> Place:
    """This visitor's place in the pipeline."""
    return st.session_state.setdefault("place", Place(stage="", source=""))


def taken() -> set[str]:
    """The missions that this visitor has taken on."""
    return st.session_state.setdefault("taken", set())


def done() -> set[str]:
    """Those that are done."""
    return st.session_state.setdefault("missions", set())


def forget() -> None:
    """Forget the drawings and the missions: what the browser keeps, too."""
    redraw([])
    gallery().clear()
    taken().clear()
    done().clear()
