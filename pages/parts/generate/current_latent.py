"""The current latent: what the sliders of the Generate page show and set."""

from functools import partial

import numpy as np
import streamlit as st

from pages.shared import link, live, resources, session
from vae import history, latents, pictures, runs
from vae.latent_map import LatentMap
from vae.live import sketch_bundle

COLUMNS = 10  # of a sheet that is saved
SAMPLES = 40
STRIP = 11  # digits along a track, and
BREATH = np.arange(5, 96) / 100  # shares of it through which the digit moves by itself: sliders.js


def latent(run: runs.Run) -> np.ndarray:
    """The current latent (latent_dim,): as it was left, as the address says, or the middle."""
    return _current(run)[0]


def take(run: runs.Run, taken: np.ndarray) -> None:
    """Make another latent (latent_dim,) the current one; the page takes it over."""
    session.current_latents()[run.name] = (link.tidy(taken), _current(run)[1] + 1)


def sliders(run: runs.Run) -> None:
    """A slider for each latent dimension, and the digit that morphs under them."""
    latent_map = resources.latent_map(run)
    key = f"sliders-{run.name}"

    def moved() -> None:
        z = link.latent(st.session_state[key]["latent"], resources.latent_map(run))
        if z is not None:
            session.current_latents()[run.name] = (z, _current(run)[1])

    z, revision = _current(run)
    data = {
        "latent": z.tolist(),
        "revision": revision,
        "order": latent_map.most_informative.tolist(),
        "notes": _notes(latent_map),
        "alive": _alive(latent_map),
        "likeliest": latent_map.classes.likeliest(z),
        "percentiles": _percentiles(latent_map),
    }
    needs = live.needs(run, "decoder")
    live.view("sliders", key, needs, data, _sketch(run), on_latent_change=moved)
    st.query_params["z"] = link.text(z)


def supply(run: runs.Run) -> None:
    """Send what the page shows until somebody moves anything, and the decoder for then."""
    live.supply(run, "decoder", sketch=_sketch(run))


def _sketch(run: runs.Run) -> live.Sketch | None:
    """The page as it is at first; of a plain autoencoder there is none."""
    if run.manifest.training.is_autoencoder:
        return None
    return live.sketch(run, "generate", partial(_sketched, run))


def _sketched(run: runs.Run, name: str) -> bytes:
    """The middle, all along each dimension; the same as each class; and the first samples."""
    latent_map = resources.latent_map(run)
    middle = _middle(run)
    along = latents.traversal(middle, STRIP).reshape(-1, len(middle))
    breath = np.tile(middle, (len(BREATH), 1))
    breath[:, latent_map.most_informative[0]] = [latents.PRIOR.inv_cdf(share) for share in BREATH]
    samples = latents.sample_prior(SAMPLES, len(middle), seed=0)
    shown = [middle[None], along, breath, samples]
    if not resources.classifier_fault():
        label = latent_map.classes.likeliest(middle)
        shown.append(resources.class_search(run).moved(middle, label).latents)
    return sketch_bundle(name, resources.model(run), np.concatenate(shown))


def _percentiles(latent_map: LatentMap) -> list[list[float]] | None:
    """Where a model has no prior: the percentiles of its digits' latents in each dimension."""
    if not latent_map.model.run.manifest.training.is_autoencoder:
        return None
    return np.quantile(latent_map.latents, np.linspace(0, 1, 101), axis=0).T.tolist()


def told(latent_map: LatentMap) -> str:
    """What the figures beside the sliders are."""
    if latent_map.model.run.manifest.training.is_autoencoder:
        return (
            "of ink, how much moves from one standard deviation of them below their mean to one "
            "above."
        )
    if latent_map.kl_per_dimension is None:
        return (
            "of ink, how much moves as one goes from −1 to 1. This model has learned its prior: "
            "its z here is of the base space, and is called u in How it works."
        )
    return "in nats, what one tells of a digit."


def _notes(latent_map: LatentMap) -> list[str]:
    """What each latent dimension tells of a digit or, where no figure says that, what it does."""
    if latent_map.kl_per_dimension is None:
        return [f"{100 * share:.0f} % of ink" for share in latent_map.ink_per_dimension]
    return [f"{kl:.2f} nats" for kl in latent_map.kl_per_dimension]


def _alive(latent_map: LatentMap) -> int:
    """How many dimensions the decoder does not ignore."""
    if latent_map.kl_per_dimension is None:
        return int((latent_map.ink_per_dimension > 0.01).sum())
    dead = history.dead_dimensions(latent_map.kl_per_dimension.tolist())
    return latent_map.model.latent_dim - len(dead)


def sheet(
    run: runs.Run,
    name: str,
    shown: np.ndarray,
    captions: list[str] | None = None,
    doubts: list[str] | None = None,
) -> None:
    """Latents (n, latent_dim) as digits to choose from; a click makes one current.

    Args:
        run: whose they are.
        name: a word that says what each digit is.
        shown: the latents.
        captions: a word for each.
        doubts: what is wrong with each, where something is; those are shown faintly.
    """
    key = f"{name}-{run.name}"

    def picked() -> None:
        i = link.whole(st.session_state[key]["picked"], len(shown))
        if i is not None:
            take(run, shown[i])

    classes = resources.latent_map(run).classes
    data = {
        "latents": link.tidy(shown).tolist(),
        "captions": captions or [],
        "doubts": doubts or [],
        "name": name,
        "likeliest": [classes.likeliest(latent) for latent in shown],
    }
    needs = live.needs(run, "decoder")
    live.view("sheet", key, needs, data, _sketch(run), on_picked_change=picked)


def sheet_png(run: runs.Run, shown: np.ndarray) -> bytes:
    """Latents (n, latent_dim) as a sheet of digits. A visitor's session keeps this call, so it is
    given no model.
    """
    sheet = pictures.contact_sheet(resources.model(run).decode(shown), COLUMNS)
    return pictures.png(pictures.enlarged(sheet, 6))


def _current(run: runs.Run) -> tuple[np.ndarray, int]:
    """The current latent, and how often it was set from outside the sliders."""
    z, revision = session.current_latents().get(run.name, (None, 0))
    # a run may be replaced by another of its name
    if z is None or len(z) != run.manifest.model.latent_dim:
        z = link.latent(st.query_params.get("z", ""), resources.latent_map(run))
        z = _middle(run) if z is None else z
        session.current_latents()[run.name] = (z, revision)
    return z, revision


def _middle(run: runs.Run) -> np.ndarray:
    """The mode of the prior (latent_dim,); without one, the middle of the digits' latents."""
    if run.manifest.training.is_autoencoder:
        return link.tidy(np.median(resources.latent_map(run).latents, axis=0))
    return np.zeros(run.manifest.model.latent_dim)
