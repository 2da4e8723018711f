"""Digits and maps as HTML: one element for many pictures, so that a page changes in one step."""

import hashlib
from base64 import b64decode
from html import escape
from pathlib import Path

import numpy as np

from pages.shared import files
from vae import palette, pictures
from vae.latent_map import LatentMap
from vae.posterior_cloud import Cloud

_CSS = (Path(__file__).parent / "markup.css").read_text(encoding="utf-8")
LARGE = 4000  # numbers; a strip of ten digits has twice as many
STYLE = f"<style>{palette.CSS}{_CSS}</style>"


def image(pixels: np.ndarray, alt: str, place: str = "") -> str:
    """A uint8 picture or an image (28, 28) in [0, 1]; the browser enlarges it by whole squares."""
    shown = pixels if pixels.dtype == np.uint8 else pictures.to_bytes(pixels)
    style = f' style="{place}"' if place else ""
    return f'<img src="{source(shown)}" alt="{escape(alt)}"{style}>'


def source(picture: np.ndarray) -> str:
    """The URL of a uint8 picture: a small one is inside it, a large one is a file to be kept."""
    if picture.size < LARGE or not files.are_served():
        return pictures.data_url(picture)
    name = ("picture", picture.shape, hashlib.sha256(picture.tobytes()).digest())
    return files.address(name, "png", lambda: pictures.png(picture, quick=True))


def linked(url: str) -> str:
    """A picture inside a URL as a file to be kept."""
    if not files.are_served():
        return url
    name = ("picture", hashlib.sha256(url.encode()).digest())
    return files.address(name, "png", lambda: b64decode(url.partition(",")[2]))


def figure(pixels: np.ndarray, caption: str, alt: str) -> str:
    """A picture with words under it, which may be HTML."""
    return f"<figure>{image(pixels, alt)}<figcaption>{caption}</figcaption></figure>"


def difference(seen: np.ndarray, rebuilt: np.ndarray) -> np.ndarray:
    """Where two images (28, 28) differ, uint8 (28, 28, 3): orange is too much ink, blue too little.

    Both colours are as light as the difference is large, on black as the digits are.
    """
    more, less = np.clip(rebuilt - seen, 0, 1)[..., None], np.clip(seen - rebuilt, 0, 1)[..., None]
    colours = palette.light(palette.TOO_MUCH_INK), palette.light(palette.TOO_LITTLE_INK)
    return pictures.to_bytes(more * np.array(colours[0]) + less * np.array(colours[1]))


def whole_map(
    latent_map: LatentMap, background: str, point: np.ndarray, posterior: np.ndarray | Cloud | None
) -> str:
    """The still map with class names, and the posterior around a point (2,), to true scale.

    A posterior is the covariance (2, 2) of a Gaussian on the plane, or a cloud. None: a point is
    all that the model gives.
    """
    inside = np.clip(point, -0.96 * latent_map.extent, 0.96 * latent_map.extent)
    mark = f'<i class="mark" style="{_at(inside, np.zeros(2), latent_map.extent)}"></i>'
    around = _posterior(posterior, point, point - inside, latent_map.extent)
    label = "The latent map, with a ring where the drawing lands"
    return still_map(label, background, latent_map.name_places / latent_map.extent, mark + around)


def space(latent_map: LatentMap, background: str, prior: np.ndarray) -> str:
    """The still map, and on it one and two standard deviations of the prior, to true scale."""
    origin = latent_map.plane.project(np.zeros(latent_map.model.latent_dim, np.float32))
    circles = _ellipses(origin, prior, np.zeros(2), latent_map.extent)
    label = f"The latent space of {escape(latent_map.model.name)}"
    return still_map(label, background, latent_map.name_places / latent_map.extent, circles)


def still_map(label: str, background: str, names: np.ndarray, marks: str = "") -> str:
    """A still picture of a plane, the classes' names in their places, and marks on it.

    Args:
        label: what it is, as HTML.
        background: the picture as a data URL.
        names: the places (10, 2), with 0 in its middle and 1 at its edges.
        marks: HTML.
    """
    words = "".join(
        f'<b style="{_at(place, np.zeros(2), 1)}">{name}</b>' for name, place in enumerate(names)
    )
    return (
        f'<div class="map" role="img" aria-label="{label}" '
        f'style="background-image: url({linked(background)})">{words}{marks}</div>'
    )


def close_up(latent_map: LatentMap, point: np.ndarray, posterior: np.ndarray | Cloud | None) -> str:
    """What lies around a point (2,) of the plane: its posterior, and the digits near by.

    Without a posterior a tenth of the map is shown.
    """
    label = "The same place, enlarged"
    if posterior is None:
        reach = 0.1 * latent_map.extent
    else:
        spread = posterior.spread if isinstance(posterior, Cloud) else posterior
        reach = 5 * float(np.sqrt(np.linalg.eigvalsh(spread)[-1]))
        label += ": one and two standard deviations of the posterior"
    near = _apart(latent_map.points, point, reach)
    digits = "".join(
        image(
            latent_map.digits.images[i],
            f"a {latent_map.digits.labels[i]}",
            _at(latent_map.points[i], point, reach),
        )
        for i in near
    )
    return (
        f'<div class="map" role="img" aria-label="{label}">{digits}'
        f"{_posterior(posterior, point, point, reach)}"
        '<i class="dot" style="left: 50%; top: 50%"></i></div>'
    )


def _apart(points: np.ndarray, centre: np.ndarray, reach: float, most: int = 24) -> list[int]:
    """Indices of points (n, 2) near a centre, none so near another that they cover each other."""
    distance = np.abs(points - centre).max(axis=1)
    chosen: list[int] = []
    near = np.flatnonzero(distance <= 0.95 * reach)
    near = near[np.argsort(distance[near])][:300]
    while len(near) and len(chosen) < most:
        chosen.append(int(near[0]))
        near = near[np.abs(points[near] - points[near[0]]).max(axis=1) > 0.17 * reach]
    return chosen


def _at(point: np.ndarray, centre: np.ndarray, reach: float) -> str:
    """CSS that puts something at a point of a square map around a centre."""
    x, y = 50 + 50 * (point - centre) / reach
    return f"left: {x:.2f}%; top: {100 - y:.2f}%"


def _posterior(
    posterior: np.ndarray | Cloud | None, point: np.ndarray, centre: np.ndarray, reach: float
) -> str:
    """A posterior around a point, on a square map around a centre; nothing where there is none."""
    if posterior is None:
        return ""
    if isinstance(posterior, Cloud):
        return _cloud(posterior, centre, reach)
    return _ellipses(point, posterior, centre, reach)


def _cloud(cloud: Cloud, centre: np.ndarray, reach: float) -> str:
    """The draws of a cloud as dots, and its rings."""

    def places(points: np.ndarray) -> list[str]:
        scaled = 50 + 50 * (points - centre) / reach * [1, -1]
        return [f"{x:.2f},{y:.2f}" for x, y in scaled]

    dots = "".join(f"M{place}h0" for place in places(cloud.points))
    rings = "".join(
        f'<path class="{kind}" d="M{"L".join(places(ring))}Z"/>'
        for kind, found in zip(("one", "two"), cloud.rings, strict=True)
        for ring in found
    )
    return f'<svg class="cloud" viewBox="0 0 100 100"><path class="dots" d="{dots}"/>{rings}</svg>'


def _ellipses(point: np.ndarray, spread: np.ndarray, centre: np.ndarray, reach: float) -> str:
    """One and two standard deviations of a Gaussian with covariance `spread` (2, 2)."""
    variances, axes = np.linalg.eigh(spread)
    angle = -np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
    ellipses = []
    for deviations, kind in ((1, "one"), (2, "two")):
        height, width = 100 * deviations * np.sqrt(variances) / reach
        style = f"{_at(point, centre, reach)}; width: {width:.2f}%; height: {height:.2f}%"
        turn = f"transform: translate(-50%, -50%) rotate({angle:.1f}deg)"
        ellipses.append(f'<i class="{kind}" style="{style}; {turn}"></i>')
    return "".join(ellipses)
