"""Results as CSV text, for a spreadsheet."""

import csv
from io import StringIO

import numpy as np

from vae.latent_map import LatentMap
from vae.prior import STANDARD


def digits(latent_map: LatentMap, indices: np.ndarray) -> str:
    """One line for each of these digits of a latent map: its index, label and posterior.

    With a flow, whose posteriors are of another space, also where the digit lies in latent space.
    """
    posterior = latent_map.posterior
    columns = {"mean": posterior.mean, "log_variance": posterior.log_variance}
    if latent_map.model.prior is not STANDARD:
        columns = {f"{name}_of_z": values for name, values in columns.items()}
        columns = {"latent": latent_map.latents, **columns}
    numbers = range(1, 1 + latent_map.model.latent_dim)
    names = [f"{what}_{i}" for what in columns for i in numbers]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["index", "label", *names])
    for i in indices:
        values = [value for column in columns.values() for value in column[i]]
        writer.writerow(
            [int(i), int(latent_map.digits.labels[i]), *(f"{value:.6g}" for value in values)]
        )
    return text.getvalue()
