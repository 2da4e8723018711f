"""True posteriors on a grid, against closed forms, the exact NLL and Monte Carlo."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vae import evaluation, inference, losses, runs, true_posterior
from vae.data import Digits
from vae.inference import Posterior
from vae.latent_map import LatentMap
from vae.latents import sample_prior
from vae.prior import STANDARD
from vae.true_posterior import Field, Gaussian

FAINT = -40.0  # log sigmoid(a) is a itself, so low


def peaked(*peaks: tuple[list[float], list[float], float]) -> Any:
    """Stands in for a model: how likely the first pixel is white, from z, is a mixture of Gaussians
    (means, variances, weight); all other pixels are black."""

    def decode_logits(latents: np.ndarray) -> np.ndarray:
        logits = np.full((len(latents), 28, 28), -60.0)
        exponents = [
            np.log(weight) - 0.5 * ((latents - mean) ** 2 / variance).sum(axis=1)
            for mean, variance, weight in peaks
        ]
        logits[:, 0, 0] = FAINT + np.logaddexp.reduce(exponents)
        return logits

    return SimpleNamespace(name="peaked", latent_dim=2, prior=STANDARD, decode_logits=decode_logits)


WHITE = np.zeros((1, 28, 28), np.float32)
WHITE[0, 0, 0] = 1


def field(model: Any, q: Gaussian) -> Field:
    """That of the white pixel."""
    mean, log_variance = (part[None].astype(np.float32) for part in (q.mean, q.log_variance))
    posterior = Posterior(mean, log_variance)
    return true_posterior.explore(model, WHITE, posterior)[0]


def exact(mean: list[float], variance: list[float]) -> tuple[float, Gaussian]:
    """log p(image) and the true posterior, where the likelihood is one Gaussian."""
    spread = 1 + np.array(variance)
    evidence = FAINT + (0.5 * np.log(variance / spread) - 0.5 * np.array(mean) ** 2 / spread).sum()
    return float(evidence), Gaussian(mean / spread, np.log(variance / spread))


def q_of(posterior: Posterior, index: int) -> Gaussian:
    return Gaussian(
        posterior.mean[index].astype(np.float64), posterior.log_variance[index].astype(np.float64)
    )


@pytest.mark.parametrize(
    "deviations", [(0.03, 0.03), (0.012, 0.05), (0.5, 0.4)], ids=["round", "narrow", "wide"]
)
def test_evidence_and_gap_are_those_of_the_closed_form(deviations: tuple[float, float]) -> None:
    for place in ([0.4137, -1.271], [-2.05, 0.02]):
        variance = [deviation**2 for deviation in deviations]
        evidence, truth = exact(place, variance)
        found = field(peaked((place, variance, 1.0)), truth)
        assert found.nll == pytest.approx(-evidence, abs=2e-3)
        assert found.gap(truth) == pytest.approx(0, abs=5e-3)
        apart = Gaussian(
            truth.mean + 0.8 * np.exp(0.5 * truth.log_variance), truth.log_variance + 0.3
        )
        expected = 0.8**2 + (np.exp(0.3) - 1 - 0.3)
        assert found.gap(apart) == pytest.approx(expected, abs=1e-2)
        assert found.error < 0.1


def test_the_best_gaussian_of_a_gaussian_posterior_is_itself() -> None:
    _, truth = exact([0.7, -0.3], [0.001, 0.004])
    model = peaked(([0.7, -0.3], [0.001, 0.004], 1.0))
    found = field(model, truth)
    start = Gaussian(np.array([0.75, -0.4]), np.array([-6.0, -8.0]))
    best = found.best_gaussian(start)
    assert found.gap(start) > 1
    assert found.gap(best) == pytest.approx(0, abs=2e-3)
    np.testing.assert_allclose(best.mean, truth.mean, atol=2e-3)
    np.testing.assert_allclose(best.log_variance, truth.log_variance, atol=0.05)


def test_hills_are_counted_with_their_probabilities_and_a_gaussian_stands_on_the_larger() -> None:
    model = peaked(([1, 0], [0.001] * 2, 3.0), ([-1, 0], [0.001] * 2, 1.0))
    q = Gaussian(np.array([-1, 0.01]), np.array([-7.0, -7.0]))
    found = field(model, q)
    first, second = found.hills()
    assert first.probability == pytest.approx(0.75, abs=1e-3)
    assert second.probability == pytest.approx(0.25, abs=1e-3)
    assert second.moments.mean[0] == pytest.approx(-1 / 1.001, abs=1e-3)
    best = found.best_gaussian(q)
    assert best.mean[0] == pytest.approx(1 / 1.001, abs=1e-3)
    assert found.gap(best) == pytest.approx(-np.log(0.75), abs=5e-3)


def test_a_model_of_other_dimensions_is_refused(deep: LatentMap) -> None:
    with pytest.raises(ValueError, match="has 5 latent dimensions; the true posterior"):
        true_posterior.explore(deep.model, deep.digits.pixels[:1], deep.posterior[np.array([0])])


def test_the_evidence_is_the_exact_nll(small_run: runs.Run, digits: Digits) -> None:
    model = inference.load(small_run.path)
    images = evaluation.binarised(digits.pixels[::1250], np.random.default_rng(0))
    found = true_posterior.explore(model, images, model.encode(images))
    nll = [field.nll for field in found]
    np.testing.assert_allclose(nll, evaluation.nll_on_grid(model, images, 128), atol=0.05)


@pytest.fixture(scope="module")
def shipped() -> inference.Model:
    return inference.load(runs.SHIPPED / "map")


@pytest.fixture(scope="module")
def chosen(digits: Digits) -> np.ndarray:
    """Five digits that no model here is trained on: (5, 28, 28)."""
    return digits.pixels[[440, 1460, 2480, 3470, 4490]]


@pytest.fixture(scope="module")
def fields(shipped: inference.Model, chosen: np.ndarray) -> list[Field]:
    return true_posterior.explore(shipped, chosen, shipped.encode(chosen))


def test_monte_carlo_finds_the_same_evidence_within_its_error(
    shipped: inference.Model, chosen: np.ndarray, fields: list[Field]
) -> None:
    """Importance samples of a Gaussian twice as wide as the best one."""
    generator, n = np.random.default_rng(0), 2000
    posterior = shipped.encode(chosen)
    for i, (image, found) in enumerate(zip(chosen, fields, strict=True)):
        hills = found.hills()
        if len(hills) > 1:
            continue
        best = found.best_gaussian(q_of(posterior, i))
        wide = Gaussian(best.mean, best.log_variance + np.log(4))
        z = wide.mean + np.exp(0.5 * wide.log_variance) * generator.standard_normal((n, 2))
        likelihood = -losses.reconstruction_loss(image, shipped.decode_logits(z.astype("f4")))
        log_weight = (
            likelihood + losses.log_normal(z) - losses.log_normal(z, wide.mean, wide.log_variance)
        )
        weights = np.exp(log_weight - log_weight.max())
        nll = -(log_weight.max() + np.log(weights.mean()))
        error = weights.std() / weights.mean() / n**0.5
        assert error < 0.1
        assert found.nll == pytest.approx(nll, abs=4 * error + 0.01)


def test_gap_and_evidence_add_up_to_the_elbo_within_the_error_of_its_draws(
    shipped: inference.Model, chosen: np.ndarray, fields: list[Field]
) -> None:
    posterior, generator, n = shipped.encode(chosen), np.random.default_rng(1), 400
    for i, (image, found) in enumerate(zip(chosen, fields, strict=True)):
        q = q_of(posterior, i)
        z = q.mean + np.exp(0.5 * q.log_variance) * generator.standard_normal((n, 2))
        drawn = losses.reconstruction_loss(image, shipped.decode_logits(z.astype("f4")))
        loss = float(drawn.mean() + losses.kl_divergence(q.mean, q.log_variance))
        error = float(drawn.std() / n**0.5)
        assert found.nll + found.gap(q) == pytest.approx(loss, abs=4 * error + 0.01)


def test_no_gaussian_of_many_tried_ones_is_better_than_the_best(
    shipped: inference.Model, chosen: np.ndarray, fields: list[Field]
) -> None:
    posterior, generator = shipped.encode(chosen), np.random.default_rng(2)
    for i, found in enumerate(fields):
        best = found.best_gaussian(q_of(posterior, i))
        least = found.gap(best)
        assert 0 <= least <= found.gap(q_of(posterior, i))
        for _ in range(50):
            shift = generator.normal(0, 0.3, (2, 2))
            mean = best.mean + shift[0] * np.exp(0.5 * best.log_variance)
            assert found.gap(Gaussian(mean, best.log_variance + shift[1])) > least - 2e-3


def test_the_whole_prior_is_on_the_grid(shipped: inference.Model, chosen: np.ndarray) -> None:
    grid = true_posterior.grid_for(shipped.encode(chosen))
    assert np.abs(sample_prior(1000, 2, seed=0)).max() < grid.extent
    assert grid.side <= true_posterior.CELL + 1e-9
