"""The theory beside the live map: for which runs there is any, and what of it the server tells."""

from typing import Any

from pages.shared import live, resources
from vae import gaps, runs

BUNDLES = ("decoder", "map", "digits")
"""What the map needs without a theory."""


def obstacle(run: runs.Run) -> str:
    """Why a run has no theory to show, in words; empty if it has."""
    manifest = run.manifest
    if manifest.training.is_autoencoder:
        return (
            "A plain autoencoder has no posterior: its encoder gives one point, its decoder was "
            "never asked how likely anything else is, and there is no prior. So there is nothing "
            "to compare. Choose a variational autoencoder with two latent dimensions, as `map`."
        )
    if manifest.model.latent_dim != 2:
        return (
            f"This model has {manifest.model.latent_dim} latent dimensions. Its true posteriors "
            "cannot be laid out on a grid; for two they can. Choose `map`, or train a model with "
            "two."
        )
    if manifest.model.has_learned_prior:
        return (
            "This model's prior is learned, so its posteriors are no Gaussians on the map. Choose "
            "a model with a standard prior, as `map`."
        )
    return ""


def data(run: runs.Run) -> dict[str, Any]:
    """What the theory view is given, the encoder only by name."""
    level, share = resources.holes(run)
    return {"level": level, "share": share, "encoder": live.needs(run, "encoder")[0]}


def prepare(run: runs.Run) -> None:
    """Compute what takes half a second once, so that the view opens at once. Call it last."""
    if not obstacle(run):
        resources.holes(run)


def bundles(run: runs.Run) -> tuple[str, ...]:
    """What the view needs to begin: the gaps, too, where the run has them."""
    try:
        gaps.read(run)
    except gaps.GapsError:
        return BUNDLES
    return (*BUNDLES, "gaps")
