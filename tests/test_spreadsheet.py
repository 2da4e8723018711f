"""Results as CSV."""

import csv
from io import StringIO

import numpy as np

from vae import spreadsheet
from vae.latent_map import LatentMap


def test_a_table_of_digits_has_their_labels_and_posteriors(deep: LatentMap) -> None:
    chosen = np.array([3, 4999])
    rows = list(csv.DictReader(StringIO(spreadsheet.digits(deep, chosen))))
    assert [(row["index"], row["label"]) for row in rows] == [("3", "0"), ("4999", "9")]
    for what in ("mean", "log_variance"):
        values = [[float(row[f"{what}_{i}"]) for i in range(1, 6)] for row in rows]
        np.testing.assert_allclose(values, getattr(deep.posterior, what)[chosen], rtol=1e-5)
