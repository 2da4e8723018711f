"""Digits and maps as HTML: one element for many pictures, so that a page changes in one step."""

from html import escape

import numpy as np

from vae import palette, pictures
from vae.charts import class_names
from vae.latent_map import LatentMap

STYLE = """<style>
.digits { display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; }
.digits > div { width: 8.75rem; }
.digits.small { flex-wrap: nowrap; gap: 0.5rem; } .digits.small > figure { flex: 0 1 3.5rem; }
@media (max-width: 640px) { .digits { gap: 0.75rem 0.6rem; } .digits > div { width: 6.9rem; }
  .st-key-sketch, :has(> .st-key-sketch) { width: 100% !important; flex-basis: auto !important; }
  .st-key-ready button { padding: 0 0.6rem; } }
.digits figure { margin: 0 0 0.5rem; }
.digits img { display: block; width: 100%; image-rendering: pixelated; border-radius: 0.4rem;
  aspect-ratio: 1; background: #000; }
.digits figcaption, .digits p, .aside { font-size: 0.875rem; line-height: 1.35; }
.digits p { margin: 0 0 0.5rem; } .digits figcaption { margin-top: 0.25rem; }
.faint { opacity: 0.7; }
.map { position: relative; width: 100%; max-width: 24rem; aspect-ratio: 1; overflow: hidden;
  border: 1px solid rgba(128, 128, 128, 0.35); border-radius: 0.5rem; background-size: 100%; }
.map > * { position: absolute; transform: translate(-50%, -50%); }
.map b { font-size: 1.1rem; opacity: 0.85; }
.map i { border: 2px solid currentColor; border-radius: 50%; box-sizing: border-box; }
.map i.mark { width: 2.2rem; height: 2.2rem; border-width: 3px; }
.map i.two { border-style: dashed; }
.map i.dot { width: 0.5rem; height: 0.5rem; background: currentColor; }
.map img { width: 9%; image-rendering: pixelated; border-radius: 0.2rem; opacity: 0.8; }
.side { display: flex; flex-wrap: wrap; gap: 1rem; } .side > div { flex: 1 1 17rem; }
.strip { display: grid; grid-template: "name digits note" / 8rem minmax(0, 37.25rem) 5rem;
  gap: 0.3rem 0.75rem; align-items: center; font-size: 0.875rem; margin-bottom: 0.3rem; }
.strip img { grid-area: digits; } .strip span { grid-area: name; overflow-wrap: anywhere; }
.strip span.note { grid-area: note; white-space: nowrap; }
.strip img, .sheet img { display: block; width: 100%; image-rendering: pixelated;
  border-radius: 0.4rem; }
.compared > figure { width: 8.75rem; } figure.sheet { margin: 0 0 0.75rem; }
.sheet { width: 100% !important; max-width: 29.75rem; font-size: 0.875rem; }
.swatch { display: inline-block; width: 0.7rem; height: 0.7rem; border-radius: 0.2rem;
  margin-right: 0.4rem; }
.digits > div.numbers { flex: 1 1 12rem; }
.bars { display: flex; gap: 0.3rem; align-items: flex-end; max-width: 37.25rem; }
.bars > div { flex: 1 1 0; min-width: 0; max-width: 3.5rem; display: flex; flex-direction: column;
  align-items: center; font-size: 0.7rem; }
.bars i { width: 100%; min-height: 1px; border-radius: 0.2rem 0.2rem 0 0; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; font-size: 0.875rem; margin: 0; }
.wide { overflow-x: auto; }
.figures { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
.figures th, .figures td { padding: 0.35rem 0.9rem 0.35rem 0; text-align: right; border: 0;
  border-bottom: 1px solid rgba(128, 128, 128, 0.3); white-space: nowrap; }
.figures th { font-weight: 400; } .figures th:first-child { text-align: left; }
@media (max-width: 640px) {
  .strip { grid-template: "name note" "digits digits" / minmax(0, 1fr) auto;
    margin-bottom: 0.6rem; }
  .compared > figure { width: 6.9rem; }
  .figures th:first-child { white-space: normal; min-width: 6.5rem; }
  .figures th, .figures td { padding-right: 0.6rem; }
}
.st-key-gallery img { width: 3.25rem; height: 3.25rem !important; max-height: none !important;
  object-fit: fill !important; image-rendering: pixelated; border-radius: 0.3rem; }
.st-key-gallery button { padding: 0.25rem !important; height: auto; border-radius: 0.5rem; }
</style>"""


def image(pixels: np.ndarray, alt: str, place: str = "") -> str:
    """A uint8 picture or an image (28, 28) in [0, 1]; the browser enlarges it by whole squares."""
    shown = pixels if pixels.dtype == np.uint8 else pictures.to_bytes(pixels)
    style = f' style="{place}"' if place else ""
    return f'<img src="{pictures.data_url(shown)}" alt="{escape(alt)}"{style}>'


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


def heat(values: np.ndarray) -> np.ndarray:
    """Values (28, 28) in [0, 1] as colours from black over orange to white: uint8 (28, 28, 3)."""
    stops = [0, 1 / 3, 2 / 3, 1]
    channels = ([0, 0.65, 1, 1], [0, 0.2, 0.65, 1], [0, 0, 0.15, 1])
    return pictures.to_bytes(np.stack([np.interp(values, stops, c) for c in channels], axis=-1))


def whole_map(latent_map: LatentMap, background: str, point: np.ndarray, spread: np.ndarray) -> str:
    """The still map with class names, and the posterior around a point (2,), to true scale."""
    names = "".join(
        f'<b style="{_at(place, np.zeros(2), latent_map.extent)}">{text}</b>'
        for text, place in class_names(latent_map)
    )
    inside = np.clip(point, -0.96 * latent_map.extent, 0.96 * latent_map.extent)
    mark = f'<i class="mark" style="{_at(inside, np.zeros(2), latent_map.extent)}"></i>'
    ellipses = _ellipses(inside, spread, np.zeros(2), latent_map.extent)
    label = "The latent map, with a ring where the drawing lands"
    return (
        f'<div class="map" role="img" aria-label="{label}" '
        f'style="background-image: url({background})">{names}{mark}{ellipses}</div>'
    )


def space(latent_map: LatentMap, background: str, prior: np.ndarray) -> str:
    """The still map, and on it one and two standard deviations of the prior, to true scale."""
    names = "".join(
        f'<b style="{_at(place, np.zeros(2), latent_map.extent)}">{text}</b>'
        for text, place in class_names(latent_map)
    )
    origin = latent_map.plane.project(np.zeros(latent_map.model.latent_dim, np.float32))
    circles = _ellipses(origin, prior, np.zeros(2), latent_map.extent)
    label = f"The latent space of {escape(latent_map.model.name)}"
    return (
        f'<div class="map" role="img" aria-label="{label}" '
        f'style="background-image: url({background})">{names}{circles}</div>'
    )


def close_up(latent_map: LatentMap, point: np.ndarray, spread: np.ndarray) -> str:
    """What lies around a point (2,) of the plane: its posterior, and the digits near by."""
    reach = 5 * float(np.sqrt(np.linalg.eigvalsh(spread)[-1]))
    near = _apart(latent_map.points, point, reach)
    digits = "".join(
        image(
            latent_map.digits.images[i],
            f"a {latent_map.digits.labels[i]}",
            _at(latent_map.points[i], point, reach),
        )
        for i in near
    )
    label = "The same place, enlarged: one and two standard deviations of the posterior"
    return (
        f'<div class="map" role="img" aria-label="{label}">{digits}'
        f"{_ellipses(point, spread, point, reach)}"
        '<i class="dot" style="left: 50%; top: 50%"></i></div>'
    )


def _apart(points: np.ndarray, centre: np.ndarray, reach: float, most: int = 24) -> list[int]:
    """Indices of points (n, 2) near a centre, none so near another that they cover each other."""
    distance = np.abs(points - centre).max(axis=1)
    chosen: list[int] = []
    for i in np.argsort(distance)[:300]:
        if distance[i] > 0.95 * reach or len(chosen) == most:
            break
        if all(np.abs(points[i] - points[j]).max() > 0.17 * reach for j in chosen):
            chosen.append(int(i))
    return chosen


def _at(point: np.ndarray, centre: np.ndarray, reach: float) -> str:
    """CSS that puts something at a point of a square map around a centre."""
    x, y = 50 + 50 * (point - centre) / reach
    return f"left: {x:.2f}%; top: {100 - y:.2f}%"


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
