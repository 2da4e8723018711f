"""How usual a model's loss terms are."""

import numpy as np

from vae import loss_percentiles
from vae.latent_map import LatentMap


def test_the_share_is_counted_over_real_digits(flat: LatentMap) -> None:
    found = loss_percentiles.measure(flat)
    chosen = np.linspace(0, len(flat.digits) - 1, 500).astype(int)
    images = flat.digits.pixels[chosen]
    terms, _ = flat.model.terms(images, flat.model.encode(images))
    _, kl = flat.model.terms(flat.digits.pixels[:300], flat.model.encode(flat.digits.pixels[:300]))
    for value in np.quantile(terms, (0.1, 0.5, 0.97)) + 1e-3:
        counted = np.mean([term < value for term in terms])
        assert abs(found.harder_than(value) - counted) <= 0.004
    assert len(found.percentiles["lost"]) == 101
    assert found.percentiles["lost"][50] == round(float(np.median(found.reconstruction_loss)), 2)
    assert found.percentiles["told"][-1] == round(float(found.kl_divergence[-1]), 2)
    assert len(found.kl_divergence) == 5000
    assert found.farther_than(float(kl.min()) - 1) == 0
    assert found.farther_than(float(found.kl_divergence[-1]) + 1) == 1
