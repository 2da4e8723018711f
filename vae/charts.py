"""Typed results -> charts. Nothing here shows them."""

from itertools import cycle
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from PIL import Image, ImageDraw
from plotly.subplots import make_subplots

from vae import pictures
from vae.latent_map import LatentMap, places_for_names
from vae.latent_study import Study
from vae.latents import Plane
from vae.losses import TERMS
from vae.palette import DOT_COVER, PALETTES, Theme, light

SPLITS = {"train": "dot", "validation": "solid"}
_HEIGHT = 540
_UNCHOSEN = 0.15  # how much of a dot is seen that is not among those that are chosen
_SIDE = 640  # pixels of the still map
_DOT = DOT_COVER * np.array([[0.0, 0.1, 0.4, 0.1, 0.0], [0.1, 1.0, 1.0, 1.0, 0.1],
                             [0.4, 1.0, 1.0, 1.0, 0.4], [0.1, 1.0, 1.0, 1.0, 0.1],
                             [0.0, 0.1, 0.4, 0.1, 0.0]])[..., None]  # fmt: skip
"""How much each pixel of a dot covers what is under it."""
_LINE = "#808080"  # of a grid: seen on white and on black

_NAMES: dict[Theme, tuple[str, str]] = {
    "light": ("#0f1116", "rgba(255, 255, 255, 0.8)"),
    "dark": ("#fafafa", "rgba(15, 15, 14, 0.8)"),
}
"""The classes' names on the chart, and what is under them."""
AXES: dict[Theme, str] = {"light": "#5c6068", "dark": "#b5b8bf"}
"""What stands along axes: in Streamlit's own grey of the light theme it is hard to read."""


def scatter(latent_map: LatentMap, theme: Theme = "light") -> go.Figure:
    """The digits on the plane, coloured by label; `customdata` is [index]."""
    figure = go.Figure()
    for label, colour in enumerate(PALETTES[theme].classes):
        members = np.flatnonzero(latent_map.digits.labels == label)
        figure.add_scattergl(
            x=latent_map.points[members, 0],
            y=latent_map.points[members, 1],
            customdata=[[int(i)] for i in members],
            mode="markers",
            name=str(label),
            marker={"color": colour, "size": 6, "opacity": DOT_COVER},
            unselected={"marker": {"opacity": _UNCHOSEN}},
            hovertemplate=f"a {label}<br>%{{x:.2f}}, %{{y:.2f}}<extra></extra>",
        )
    ink, paper = _NAMES[theme]
    for label, (x, y) in enumerate(latent_map.name_places):
        figure.add_annotation(
            x=x, y=y, text=f"<b>{label}</b>", showarrow=False, font={"color": ink, "size": 13},
            bgcolor=paper, borderpad=1,
        )  # fmt: skip
    return _legible(_on_plane(figure, latent_map), theme)


def highlighted(scatter: go.Figure, chosen: list[int], classes: list[int]) -> go.Figure:
    """The same chart, these digits chosen on it from the start, all others of it faint; and faint
    all digits of other classes, where classes are given."""
    if not chosen and not classes:
        return scatter
    figure, wanted = go.Figure(scatter), set(chosen)
    traces: Any = figure.data  # as Plotly types it, anything of a figure
    for label, trace in enumerate(traces):
        if chosen:
            trace.selectedpoints = [i for i, (n,) in enumerate(trace.customdata) if n in wanted]
        if classes and label not in classes:
            trace.opacity = _UNCHOSEN
    return figure


def _legible(figure: go.Figure, theme: Theme) -> go.Figure:
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(tickfont={"color": AXES[theme]}, title_font={"color": AXES[theme]})
    return figure


def _on_plane(figure: go.Figure, latent_map: LatentMap) -> go.Figure:
    two = latent_map.model.latent_dim == 2
    names = ("z<sub>1</sub>", "z<sub>2</sub>") if two else ("1st component", "2nd component")
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 34, "t": 44, "b": 0},  # two rows of the legend, as on a phone
        modebar={"orientation": "v"},
        dragmode="lasso",
        hovermode="closest",
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "itemsizing": "constant",
            "itemclick": "toggleothers",  # isolates a class, and brings all back
            "itemdoubleclick": "toggle",
        },
    )
    edge = [-latent_map.extent, latent_map.extent]
    figure.update_xaxes(
        title=names[0], range=edge, constrain="domain", constraintoward="left", zeroline=False
    )
    figure.update_yaxes(
        title=names[1],
        range=edge,
        scaleanchor="x",
        constrain="domain",
        constraintoward="top",
        zeroline=False,
    )
    return figure


def overlaid_curves(epochs: dict[str, list[dict]], term: str, theme: Theme = "light") -> go.Figure:
    """One term of several runs over their epochs: training dotted, validation as a line.

    Args:
        epochs: the epoch events of each run by its name.
        term: one of TERMS. A run without it has an empty curve.
        theme: of the page.
    """
    figure = go.Figure()
    epochs = with_term(epochs, term)
    for colour, (name, events) in zip(cycle(PALETTES[theme].runs), epochs.items(), strict=False):
        for split, dash in SPLITS.items():
            figure.add_scatter(
                # as arrays: those travel as bytes, in a third of the space
                x=np.array([event["epoch"] for event in events], np.int32),
                y=np.array([event[split][term] for event in events], np.float32),
                mode="lines" if len(events) > 1 else "markers",
                line={"color": colour, "width": 2, "dash": dash},
                name=f"{name}, {'training' if split == 'train' else split}",
                hovertemplate="%{y:.1f}",
            )
    figure.update_yaxes(range=settled_range(epochs, term))
    figure.update_xaxes(title="epoch", rangemode="tozero")
    figure.update_layout(
        title={"text": TERMS[term], "font": {"size": 15}},
        height=280,
        margin={"l": 0, "r": 8, "t": 36, "b": 0},
        showlegend=False,
        hovermode="x unified",
        dragmode=False,  # else a finger on it does not scroll the page
    )
    return _legible(figure, theme)


def with_term(epochs: dict[str, list[dict]], term: str) -> dict[str, list[dict]]:
    """The epoch events that tell of a term, of each run."""
    return {name: [e for e in events if term in e["train"]] for name, events in epochs.items()}


def settled_range(epochs: dict[str, list[dict]], term: str) -> tuple[float, float] | None:
    """The values of a term to show: all but those of each run's first epoch, if there are more.

    The first epoch is far above all others, and would press them flat.
    """
    kept = with_term(epochs, term).values()
    values = [e[split][term] for events in kept for e in events[1:] for split in SPLITS]
    if not values:
        return None
    margin = 0.05 * (max(values) - min(values)) + 0.1
    return min(values) - margin, max(values) + margin


def locator(latent_map: LatentMap, theme: Theme = "light") -> str:
    """A still map of the digits, dots on nothing, from edge to edge: a PNG as a data URL."""
    labels = latent_map.digits.labels
    return _still(_dots(latent_map.points / latent_map.extent, labels, theme))


def _dots(points: np.ndarray, labels: np.ndarray, theme: Theme) -> np.ndarray:
    """Points (n, 2) in [-1, 1] in their classes' colours, on nothing: RGBA in [0, 1]."""
    reach = len(_DOT) // 2
    colours = np.zeros((_SIDE + 2 * reach, _SIDE + 2 * reach, 3), np.float32)
    cover = np.zeros((*colours.shape[:2], 1), np.float32)
    inks = np.array([light(colour) for colour in PALETTES[theme].classes], np.float32)
    columns, rows = np.floor(_pixels(points).T).astype(int)
    for x, y, label in zip(columns, rows, labels, strict=True):
        if 0 <= x < _SIDE and 0 <= y < _SIDE:
            under = np.s_[y : y + len(_DOT), x : x + len(_DOT)]
            colours[under] += _DOT * (inks[label] - colours[under])  # premultiplied by the cover
            cover[under] += _DOT * (1 - cover[under])
    drawn = np.concatenate([colours / np.maximum(cover, 1e-6), cover], axis=-1)
    return drawn[reach : reach + _SIDE, reach : reach + _SIDE]


def _pixels(points: np.ndarray) -> np.ndarray:
    """Where points in [-1, 1] lie in a still picture: upwards is up."""
    return _SIDE / 2 * (1 + np.array([1, -1]) * points)


def _still(drawn: np.ndarray) -> str:
    """RGBA in [0, 1] as a PNG of few colours: a data URL."""
    few = Image.fromarray(pictures.to_bytes(drawn)).quantize(64, method=Image.Quantize.FASTOCTREE)
    return pictures.data_url(np.asarray(few.convert("RGBA")))


class Still(NamedTuple):
    """A square PNG as a data URL, and where to write the classes' names on it: (10, 2), with 0 in
    its middle and 1 at its edges."""

    picture: str
    names: np.ndarray


def bent_grid(latent_map: LatentMap, theme: Theme = "light") -> tuple[Still, Still]:
    """What a flow does: a grid of the base space, and the same bent into z, among the digits.

    The base space is shown along its two most informative dimensions, the others at 0, up to 3.5
    either way; z on the plane on which the digits' means spread most.
    """
    posterior, prior = latent_map.posterior, latent_map.model.prior
    two = latent_map.most_informative[:2]
    plane = Plane.through(posterior.mean)
    along, across = np.meshgrid(np.linspace(-2, 2, 161), np.linspace(-2, 2, 9))
    latents = np.zeros((2, *along.shape, latent_map.model.latent_dim), np.float32)
    latents[0, ..., two[0]], latents[0, ..., two[1]] = along, across
    latents[1, ..., two[0]], latents[1, ..., two[1]] = across, along
    bent = prior.from_base(latents.reshape(-1, latents.shape[-1])).reshape(latents.shape)
    digits = plane.project(posterior.mean)
    reach = 1.03 * float(np.abs(digits).max())  # none lies at the edge
    pictures_of = (
        (latent_map.latents[:, two], latents[..., two], 3.5),
        (digits, plane.project(bent), reach),
    )
    labels = latent_map.digits.labels
    base, z = (
        Still(
            _grid(points / extent, lines / extent, labels, theme),
            places_for_names(points / extent, labels, 1),
        )
        for points, lines, extent in pictures_of
    )
    return base, z


def _grid(points: np.ndarray, lines: np.ndarray, labels: np.ndarray, theme: Theme) -> str:
    """Digits (n, 2) as dots, and the lines (2, lines, k, 2) of a grid, as a data URL.

    The middle of the picture is 0, its edges are 1 away.
    """
    finer = 4  # Pillow's lines have hard edges, so they are drawn larger
    mask = Image.new("L", (finer * _SIDE, finer * _SIDE))
    pen = ImageDraw.Draw(mask)
    for line in finer * _pixels(lines.reshape(-1, *lines.shape[2:])):
        pen.line([(float(x), float(y)) for x, y in line], fill=255, width=6, joint="curve")
    drawn = _dots(points, labels, theme)
    cover = np.asarray(mask.reduce(finer), np.float32)[..., None] / 255
    under = drawn[..., 3:] * (1 - cover)
    colours = light(_LINE) * cover + drawn[..., :3] * under
    return _still(np.concatenate([colours / np.maximum(cover + under, 1e-6), cover + under], -1))


def latent_dims(study: Study, theme: Theme = "light") -> go.Figure:
    """What the ELBO is made of, and how many dimensions are used, by the size of the latent."""
    figure = make_subplots(rows=1, cols=2, subplot_titles=("-ELBO", "Active units"))
    sizes, colours = study.latent_dims, PALETTES[theme]
    names = [str(size) for size in sizes]
    terms = (("reconstruction_loss", colours.train), ("kl_divergence", colours.validation))
    for term, colour in terms:
        figure.add_bar(
            x=names,
            y=[study.mean(size, attrgetter(term)) for size in sizes],
            marker={"color": colour},
            name=TERMS[term],
            hovertemplate="%{y:.1f} nats",
            row=1,
            col=1,
        )
    active = [study.mean(size, attrgetter("active_units")) for size in sizes]
    unused = [size - units for size, units in zip(sizes, active, strict=True)]
    for name, units, colour in (
        ("Active units", active, colours.train),
        ("Unused", unused, colours.unused),
    ):
        figure.add_bar(
            x=names,
            y=units,
            marker={"color": colour},
            name=name,
            hovertemplate="%{y:.0f} of %{x}",
            row=1,
            col=2,
        )
    figure.update_xaxes(title="latent dimensions", type="category")
    figure.update_yaxes(title="nats per image", col=1)
    figure.update_layout(
        barmode="stack",
        dragmode=False,  # else a finger on it does not scroll the page
        height=320,
        margin={"l": 0, "r": 0, "t": 28, "b": 0},
        legend={"orientation": "h", "y": -0.25, "yanchor": "top"},
    )
    return _legible(figure, theme)
