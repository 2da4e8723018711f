"""A series in the page: one slider through runs that differ in one option.

Every run is asked the same: where it puts the same digits, how it rebuilds some of them, what it
draws from the same latents of the prior, and all over its map. Each map is turned to lie as near as
it can to the one before, so that one sees what the option does and not how a training fell out.
"""

import gzip
from dataclasses import replace

import numpy as np

from vae import comparison, history, snapshots
from vae.inference import Model
from vae.latent_map import LatentMap, lay_out
from vae.latents import sample_prior, turn
from vae.live.bundle import pack
from vae.pictures import to_bytes
from vae.series import Series

MOST = 12
"""Runs of a series that are shown."""

SIDE = 12
"""Digits along each side of what is decoded all over a map."""

_NARROWEST = 3.2  # half the width of a map: room for three standard deviations of the prior


def dial_data(series: Series) -> bytes:
    """What the first runs of a series make of the same digits and latents: a compressed bundle."""
    chosen = Series(series.option, series.runs[:MOST])
    maps = _aligned(
        [lay_out(Model(run, lean=True), snapshots.mapped_digits()) for run in chosen.runs]
    )
    lost, told, source = _losses(maps)
    values = {
        "name": chosen.name,
        "labels": chosen.values,
        "runs": [run.name for run in chosen.runs],
        "start": _start(chosen),
        "lost": lost,
        "told": told,
        "source": source,
        "extents": [max(_NARROWEST, one.extent) for one in maps],
        "dead_below": history.DEAD_BELOW,
    }
    digits = snapshots.rebuilt_digits()
    extents = zip(maps, values["extents"], strict=True)
    arrays = {
        "originals": digits.images,
        "rebuilt": _pictures([one.model.reconstruct(digits.pixels) for one in maps]),
        "samples": _pictures([_samples(one.model) for one in maps]),
        "manifold": _pictures([one.manifold(SIDE, extent) for one, extent in extents]),
        "points": np.stack([one.points.astype(np.float32) for one in maps]),
        "kl": _by_dimension(maps),
    }
    return gzip.compress(pack(values, arrays), compresslevel=6, mtime=0)


def _aligned(maps: list[LatentMap]) -> list[LatentMap]:
    """The maps, each turned towards the one before."""
    aligned = maps[:1]
    for one in maps[1:]:
        towards = turn(one.points, aligned[-1].points)
        aligned.append(replace(one, plane=one.plane.turned(towards)))
    return aligned


def _samples(model: Model) -> np.ndarray:
    return model.decode(sample_prior(snapshots.SAMPLES, model.latent_dim, seed=0))


def _pictures(stack: list[np.ndarray]) -> np.ndarray:
    return to_bytes(np.stack(stack))


def _by_dimension(maps: list[LatentMap]) -> np.ndarray:
    """The KL divergence of each dimension: (runs, most dimensions) float32; 0 where there is none.

    Empty where a prior is a flow: there it has no parts.
    """
    found = [one.kl_per_dimension for one in maps]
    parts = [kl for kl in found if kl is not None]
    if len(parts) < len(found):
        return np.zeros((len(maps), 0), np.float32)
    most = max(map(len, parts))
    return np.stack([np.pad(kl, (0, most - len(kl))) for kl in parts]).astype(np.float32)


def _losses(maps: list[LatentMap]) -> tuple[list[float], list[float | None], str]:
    """Reconstruction loss and KL divergence of each run, in nats, and on what digits they are.

    Those that the trainings measured on test digits, if each of them did; else those on the 1,000
    digits that no run is trained on. A plain autoencoder has no KL divergence.
    """
    terms = ("reconstruction_loss", "kl_divergence")
    tested = [one.model.run.manifest.metrics for one in maps]
    if all(f"test_{term}" in metrics for metrics in tested for term in terms):
        lost, told = ([round(m[f"test_{term}"], 4) + 0.0 for m in tested] for term in terms)
        return lost, list(told), "test digits"
    measured = [comparison.measure(one.model, snapshots.mapped_digits()) for one in maps]
    lost = [figures[terms[0]] for figures in measured]
    return lost, [figures.get(terms[1]) for figures in measured], "1,000 digits not trained on"


def _start(series: Series) -> int:
    """Where the slider begins: at the ELBO if that is among the runs, else in the middle."""
    is_elbo = [series.option == "kl_weight" and value == "1" for value in series.values]
    return is_elbo.index(True) if any(is_elbo) else len(series.runs) // 2
