"""Results as CSV text, for a spreadsheet."""

import csv
from io import StringIO

import numpy as np

from vae.atlas import Atlas


def digits(atlas: Atlas, indices: np.ndarray) -> str:
    """One line for each of these digits of an atlas: its index, label and posterior."""
    names = [f"{what}_{i}" for what in ("mean", "log_variance") for i in range(1, 1 + _dim(atlas))]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["index", "label", *names])
    for i in indices:
        values = [*atlas.posterior.mean[i], *atlas.posterior.log_variance[i]]
        writer.writerow(
            [int(i), int(atlas.digits.labels[i]), *(f"{value:.6g}" for value in values)]
        )
    return text.getvalue()


def _dim(atlas: Atlas) -> int:
    return atlas.model.latent_dim
