"""True posteriors as the page's worker computes them, beside the library's and the exact NLL."""

from base64 import b64encode
from typing import Any

import numpy as np
import pytest
from node import evaluate, needs_node

from vae import aggregate, evaluation, inference, live, losses, runs, true_posterior
from vae.data import Digits
from vae.inference import Model
from vae.latent_map import LatentMap, lay_out
from vae.latents import sample_prior
from vae.true_posterior import Gaussian

SEEN = """
    const { Theory } = await live("theory/worker.js");
    const answers = [];
    const theory = new Theory((answer) => answers.push(answer));
    const source = new Blob([Buffer.from(input.bundle, "base64")]);
    await theory.take({ kind: "model", source, extent: input.extent });
    while (theory.work(1000));
    const found = [];
    for (const [number, { image, q }] of input.images.entries()) {
        await theory.take({ kind: "image", number, image, q });
        while (theory.work(1000));
        const seen = answers.at(-1);
        const first = answers.find((one) => one.number === number);
        let walked = null;
        if (input.improves) {
            await theory.take({ kind: "improve", number });
            while (theory.work(1000));
            walked = answers.at(-1);
        }
        found.push({ ...seen, cells: [], first: first.isExact, walked });
    }
    return found;
"""

pytestmark = [needs_node, pytest.mark.timeout(300)]


def asked(model: Model, extent: float, images: np.ndarray, improves: bool = True) -> list[Any]:
    """What the worker tells of images (n, 28, 28), once all is decoded."""
    posterior = model.encode(images)
    given = [
        {"image": image.ravel().tolist(), "q": {"mean": mean.tolist(), "logVariance": v.tolist()}}
        for image, mean, v in zip(images, posterior.mean, posterior.log_variance, strict=True)
    ]
    bundle = b64encode(live.decoder_bundle(model)).decode()
    return evaluate(
        SEEN, {"bundle": bundle, "extent": extent, "images": given, "improves": improves}
    )


@pytest.fixture(scope="module")
def latent_map(digits: Digits) -> LatentMap:
    return lay_out(inference.load(runs.SHIPPED / "map"), digits)


@pytest.fixture(scope="module")
def images(digits: Digits) -> np.ndarray:
    """Five digits that no model here is trained on, of as many classes."""
    return digits.pixels[np.arange(440, 5000, 1000)]


@pytest.fixture(scope="module")
def seen(latent_map: LatentMap, images: np.ndarray) -> list[Any]:
    return asked(latent_map.model, latent_map.extent, images)


def test_evidence_and_gap_are_those_of_the_library_on_its_finer_grid(
    latent_map: LatentMap, images: np.ndarray, seen: list[Any]
) -> None:
    posterior = latent_map.model.encode(images)
    fields = true_posterior.explore(latent_map.model, images, posterior)
    for i, (field, found) in enumerate(zip(fields, seen, strict=True)):
        q = Gaussian(posterior.mean[i].astype(float), posterior.log_variance[i].astype(float))
        assert found["isExact"] is True
        assert found["first"] is False  # before, a first look was told
        assert found["terms"]["nll"] == pytest.approx(field.nll, abs=0.05)
        assert found["terms"]["gap"] == pytest.approx(field.gap(q), abs=0.1)
        assert len(found["hills"]) == len(field.hills())
        for mine, its in zip(found["hills"], field.hills(), strict=True):
            assert mine["probability"] == pytest.approx(its.probability, abs=0.02)
        best = field.gap(field.best_gaussian(q))
        assert found["walked"]["way"][-1]["gap"] == pytest.approx(best, abs=0.1)


def test_both_bars_are_as_long_and_the_lower_is_the_elbos(
    latent_map: LatentMap, images: np.ndarray, seen: list[Any]
) -> None:
    posterior, n = latent_map.model.encode(images), 300
    generator = np.random.default_rng(0)
    for i, found in enumerate(seen):
        terms = found["terms"]
        assert terms["nll"] + terms["gap"] == pytest.approx(terms["reconstruction"] + terms["kl"])
        kl = losses.kl_divergence(posterior.mean[i], posterior.log_variance[i])
        assert terms["kl"] == pytest.approx(float(kl), abs=1e-4)
        draws = posterior[np.full(n, i)].sample(generator)
        drawn = losses.reconstruction_loss(images[i], latent_map.model.decode_logits(draws))
        error = float(drawn.std() / n**0.5)
        assert terms["reconstruction"] == pytest.approx(float(drawn.mean()), abs=4 * error + 0.01)


def test_evidence_is_the_servers_exact_nll(small_run: runs.Run, digits: Digits) -> None:
    model = inference.load(small_run.path)
    images = evaluation.binarised(digits.pixels[::1250], np.random.default_rng(0))
    found = asked(model, 4.0, images, improves=False)
    nll = [one["terms"]["nll"] for one in found]
    np.testing.assert_allclose(nll, evaluation.nll_on_grid(model, images, 128), atol=0.05)


def test_the_mixture_is_the_librarys(latent_map: LatentMap) -> None:
    points = sample_prior(200, 2, seed=0)
    posterior = latent_map.posterior
    found = evaluate(
        """
        const { logDensity } = await live("theory/mixture.js");
        const means = Float32Array.from(input.means);
        const logVariances = Float32Array.from(input.logVariances);
        return input.points.map(([x, y]) => logDensity({ means, logVariances }, x, y));
        """,
        {
            "means": posterior.mean.ravel().tolist(),
            "logVariances": posterior.log_variance.ravel().tolist(),
            "points": points.tolist(),
        },
    )
    expected = aggregate.Aggregate(posterior).log_density(points)
    np.testing.assert_allclose(found, expected, atol=1e-6)
