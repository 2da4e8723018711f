"""Results as CSV text, for a spreadsheet."""

import csv
from io import StringIO

import numpy as np

from vae.latent_map import LatentMap


def digits(latent_map: LatentMap, indices: np.ndarray) -> str:
    """One line for each of these digits of a latent map: its index, label and posterior."""
    names = [
        f"{what}_{i}" for what in ("mean", "log_variance") for i in range(1, 1 + _dim(latent_map))
    ]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["index", "label", *names])
    for i in indices:
        values = [*latent_map.posterior.mean[i], *latent_map.posterior.log_variance[i]]
        writer.writerow(
            [int(i), int(latent_map.digits.labels[i]), *(f"{value:.6g}" for value in values)]
        )
    return text.getvalue()


def _dim(latent_map: LatentMap) -> int:
    return latent_map.model.latent_dim
