"""Figures of a model, against brute force, closed forms and Monte Carlo."""

import json
from statistics import stdev
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vae import data, evaluation, inference, latents, losses, results, runs
from vae.evaluation import classifier, likelihood
from vae.inference import Posterior


@pytest.fixture(scope="module")
def small(small_run: runs.Run) -> inference.Model:
    return inference.load(small_run.path)


@pytest.fixture(scope="module")
def binary(splits: data.Splits) -> np.ndarray:
    """Twenty black-or-white test images, two of each class."""
    return evaluation.binarised(splits.test.pixels[::25], np.random.default_rng(0))


def linear_model(latent_dim: int = 2, spread: float = 1.0) -> Any:
    """Stands in for a well trained model: logits are linear in the latent, so Newton's method
    finds the true posterior's mode and curvature; `spread` makes it wrong on purpose."""
    patterns = np.random.default_rng(1).normal(0, 0.25, (latent_dim, 784))

    def decode_logits(latents: np.ndarray) -> np.ndarray:
        return (latents @ patterns - 1).reshape(-1, 28, 28)

    def encode(images: np.ndarray) -> Posterior:
        mean = np.zeros((len(images), latent_dim))
        curvature = np.eye(latent_dim)
        for _ in range(15):
            p = inference.sigmoid(mean @ patterns - 1)
            slope = (images.reshape(-1, 784) - p) @ patterns.T - mean
            curvature = np.eye(latent_dim) + np.einsum(
                "np,ip,jp->nij", p * (1 - p), patterns, patterns, optimize=True
            )
            mean = mean + np.linalg.solve(curvature, slope[..., None])[..., 0]
        variance = spread**2 / np.diagonal(curvature, axis1=1, axis2=2)
        return Posterior(mean, np.log(variance))

    return SimpleNamespace(
        name="linear",
        run=SimpleNamespace(manifest=SimpleNamespace(files={})),
        latent_dim=latent_dim,
        encode=encode,
        decode_logits=decode_logits,
        decode=lambda latents: inference.sigmoid(decode_logits(latents)),
    )


def drawn_by(model: Any, n: int, seed: int = 0) -> data.Digits:
    """Black-or-white images that the model makes from its prior; labels have no meaning."""
    generator = np.random.default_rng(seed)
    logits = model.decode_logits(generator.standard_normal((n, model.latent_dim)))
    white = generator.random(logits.shape) < inference.sigmoid(logits)
    return data.Digits(white.astype(np.uint8) * 255, np.arange(n, dtype=np.uint8) % 10)


def nll_by_prior_samples(model: Any, images: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """-log of the mean likelihood over n prior samples, and its standard error: both (m,)."""
    logits = model.decode_logits(latents.sample_prior(n, model.latent_dim, seed=0))
    logits = logits.reshape(n, 784).astype(np.float64)
    log_likelihood = images.reshape(-1, 784) @ logits.T - np.logaddexp(0, logits).sum(axis=1)
    top = log_likelihood.max(axis=1)
    weights = np.exp(log_likelihood - top[:, None])
    nll = -(top + np.log(weights.mean(axis=1)))
    return nll, weights.std(axis=1) / weights.mean(axis=1) / n**0.5  # of the log, to first order


def brightness_model() -> Any:
    """Stands in for a model: the only latent of an image is its first pixel, 0 to 255."""
    return SimpleNamespace(
        encode=lambda images: Posterior(images[:, 0, :1] * 255, np.zeros((len(images), 1)))
    )


def with_brightness(values: list[int], labels: list[int]) -> data.Digits:
    images = np.zeros((len(values), 28, 28), np.uint8)
    images[:, 0, 0] = values
    return data.Digits(images, np.array(labels, np.uint8))


@pytest.mark.parametrize("binarise", [False, True])
def test_the_elbo_equals_a_direct_loop(
    small: inference.Model, splits: data.Splits, binarise: bool
) -> None:
    images, draws = splits.test.pixels[::50], 3
    found = evaluation.elbo(small, images, np.random.default_rng(5), draws, binarise)
    generator = np.random.default_rng(5)
    reconstruction, divergence = np.zeros(len(images)), np.zeros(len(images))
    for _ in range(draws):
        seen = evaluation.binarised(images, generator) if binarise else images
        posterior = small.encode(seen)
        logits = small.decode_logits(posterior.sample(generator)).astype(np.float64)
        for i, image in enumerate(seen):
            p = 1 / (1 + np.exp(-logits[i]))
            log_likelihood = image * np.log(p) + (1 - image) * np.log1p(-p)
            reconstruction[i] -= log_likelihood.sum() / draws
            for m, v in zip(posterior.mean[i], posterior.log_variance[i], strict=True):
                divergence[i] += 0.5 * (m**2 + np.exp(v) - 1 - v) / draws
    assert found["reconstruction_loss"].mean == pytest.approx(reconstruction.mean(), rel=1e-5)
    assert found["kl_divergence"].mean == pytest.approx(divergence.mean(), rel=1e-5)
    assert found["elbo"].mean == pytest.approx(-(reconstruction + divergence).mean(), rel=1e-5)
    error = stdev(reconstruction + divergence) / len(images) ** 0.5
    assert found["elbo"].standard_error == pytest.approx(error, rel=1e-4)


def test_chunks_do_not_change_the_elbo(
    small: inference.Model, splits: data.Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = splits.test.pixels[::25]
    whole = evaluation.elbo(small, images, np.random.default_rng(0), 2, binarise=False)
    monkeypatch.setattr(likelihood, "CHUNK", 7)
    cut = evaluation.elbo(small, images, np.random.default_rng(0), 2, binarise=False)
    assert cut["elbo"].mean == pytest.approx(whole["elbo"].mean, rel=1e-5)


def test_the_loss_of_grey_pixels_is_the_mean_over_black_or_white_ones(
    small: inference.Model, splits: data.Splits
) -> None:
    images, draws = splits.test.pixels[::50], 400
    logits = small.decode_logits(small.encode(images).mean)
    grey = losses.reconstruction_loss(images, logits)
    generator = np.random.default_rng(0)
    drawn = np.array(
        [
            losses.reconstruction_loss(evaluation.binarised(images, generator), logits)
            for _ in range(draws)
        ]
    )
    error = drawn.std(axis=0, ddof=1) / draws**0.5
    np.testing.assert_array_less(np.abs(drawn.mean(axis=0) - grey), 4 * error)


def test_a_binarised_pixel_is_white_with_the_probability_of_its_grey() -> None:
    grey = np.tile(np.linspace(0, 1, 5, dtype=np.float32), (20000, 1))
    binary = evaluation.binarised(grey, np.random.default_rng(0))
    assert binary.dtype == np.float32
    assert set(np.unique(binary)) == {0.0, 1.0}
    np.testing.assert_allclose(binary.mean(axis=0), grey[0], atol=4 * 0.5 / 20000**0.5)
    assert not binary[:, 0].any()  # black stays black, white stays white
    assert binary[:, -1].all()


def test_the_likelihood_on_a_grid_equals_many_samples_of_the_prior(
    small: inference.Model, binary: np.ndarray
) -> None:
    linear = linear_model()
    for model, images in ((small, binary[::5]), (linear, drawn_by(linear, 4).pixels)):
        expected, errors = nll_by_prior_samples(model, images, 20000)
        assert errors.max() < 0.1
        for i, image in enumerate(images):
            found = evaluation.nll_on_grid(model, image[None], 64)[0]
            assert found == pytest.approx(expected[i], abs=4 * errors[i])


def test_a_finer_grid_changes_nothing() -> None:
    model = linear_model()
    images = drawn_by(model, 20).pixels
    coarse, fine = (evaluation.nll_on_grid(model, images, n).mean() for n in (128, 256))
    assert coarse == pytest.approx(fine, abs=0.005)


def test_importance_weights_agree_with_the_grid(small: inference.Model, binary: np.ndarray) -> None:
    linear = linear_model(spread=1.5)
    for model, images in ((small, binary), (linear, drawn_by(linear, 20).pixels)):
        exact = evaluation.nll_on_grid(model, images, 64)
        sampled = evaluation.nll_by_importance(model, images, np.random.default_rng(0), 400)
        assert sampled.mean() == pytest.approx(exact.mean(), abs=0.05)
        np.testing.assert_allclose(sampled, exact, atol=0.5)


def test_importance_weights_agree_with_many_samples_of_the_prior_in_three_dimensions() -> None:
    model = linear_model(latent_dim=3, spread=1.5)
    images = drawn_by(model, 10).pixels
    expected, errors = nll_by_prior_samples(model, images, 20000)
    sampled = evaluation.nll_by_importance(model, images, np.random.default_rng(0), 2000)
    assert sampled.mean() == pytest.approx(expected.mean(), abs=4 * errors.mean())


def test_the_bound_falls_as_importance_samples_grow() -> None:
    model = linear_model(spread=3)
    images = drawn_by(model, 200).pixels
    exact = evaluation.nll_on_grid(model, images, 64).mean()
    generator = np.random.default_rng(0)
    bounds = [
        evaluation.nll_by_importance(model, images, generator, n).mean() - exact for n in (1, 4, 16)
    ]
    assert bounds[0] > 2 * bounds[1] > 4 * bounds[2] > 0


def test_one_importance_sample_gives_the_negative_elbo() -> None:
    model = linear_model(spread=2)
    images = drawn_by(model, 400).pixels
    elbo = evaluation.elbo(model, images, np.random.default_rng(0), 40, binarise=False)["elbo"]
    generator = np.random.default_rng(1)
    sampled = [evaluation.nll_by_importance(model, images, generator, 1).mean() for _ in range(40)]
    assert np.mean(sampled) == pytest.approx(-elbo.mean, abs=4 * stdev(sampled) * (2 / 40) ** 0.5)


def test_the_negative_elbo_bounds_the_likelihood_from_above() -> None:
    for spread in (0.5, 2.0):
        model = linear_model(spread=spread)
        images = drawn_by(model, 100).pixels
        bound = evaluation.elbo(model, images, np.random.default_rng(0), 10, binarise=False)["elbo"]
        assert evaluation.nll_on_grid(model, images, 64).mean() < -bound.mean - 0.1


def test_a_unit_is_active_if_its_mean_varies_over_images() -> None:
    steps = np.linspace(-1, 1, 101)[:, None]  # their variance is 0.34
    mean = steps * [1, 0.5, 0.1, 0] + [0, 5, 5, 5]  # scaled: 0.34, 0.085, 0.0034, 0
    assert evaluation.active_units(mean) == 2


def test_nearest_neighbours_equal_brute_force() -> None:
    generator = np.random.default_rng(0)
    query, reference = generator.standard_normal((30, 4)), generator.standard_normal((200, 4))
    found = evaluation.nearest_neighbours(query, reference, 7)
    for point, row in zip(query, found, strict=True):
        distances = [sum((a - b) ** 2 for a, b in zip(point, r, strict=True)) for r in reference]
        assert list(row) == sorted(range(200), key=distances.__getitem__)[:7]


def test_all_points_may_be_asked_for() -> None:
    reference = np.array([[3.0], [1.0], [2.0]])
    found = evaluation.nearest_neighbours(np.zeros((1, 1)), reference, 3)
    assert found.tolist() == [[1, 2, 0]]


def test_separable_posteriors_are_classified_without_error() -> None:
    labels = [digit for digit in range(10) for _ in range(20)]
    digits = with_brightness([20 * label for label in labels], labels)
    accuracy = evaluation.knn_accuracy(
        brightness_model(), digits, digits, (150,), np.random.default_rng(0)
    )[150].mean
    assert accuracy == 1.0


def test_posteriors_that_tell_nothing_are_classified_by_chance() -> None:
    generator = np.random.default_rng(0)
    brightness, labels = generator.integers(0, 256, 2000), generator.integers(0, 10, 2000)
    digits = with_brightness(brightness.tolist(), labels.tolist())
    # nobody is their own neighbour: the labelled digits are others than those that are tested
    accuracy = evaluation.knn_accuracy(
        brightness_model(), digits[:1000], digits[1000:], (1000,), generator
    )[1000].mean
    assert accuracy == pytest.approx(0.1, abs=0.05)


def test_where_classes_draw_the_nearest_wins() -> None:
    labelled = with_brightness([101, 103, 105, 107, 109], [4, 9, 9, 4, 2])
    asked = with_brightness([100], [4])
    accuracy = evaluation.knn_accuracy(
        brightness_model(), labelled, asked, (5,), np.random.default_rng(0)
    )[5].mean
    assert accuracy == 1.0


def test_a_majority_wins_over_the_nearest() -> None:
    labelled = with_brightness([101, 103, 105, 107, 109], [4, 9, 9, 9, 4])
    asked = with_brightness([100], [9])
    accuracy = evaluation.knn_accuracy(
        brightness_model(), labelled, asked, (5,), np.random.default_rng(0)
    )[5].mean
    assert accuracy == 1.0


def test_the_standard_error_is_the_spread_of_means() -> None:
    generator = np.random.default_rng(0)
    samples = generator.normal(3, 2, (4000, 25))
    errors = [evaluation.estimate(row).standard_error for row in samples]
    assert evaluation.estimate(samples[0]).mean == pytest.approx(sum(samples[0]) / 25)
    assert errors[0] == pytest.approx(stdev(samples[0]) / 5)
    assert np.mean(np.square(errors)) == pytest.approx(samples.mean(axis=1).var(), rel=0.1)


@pytest.fixture(scope="module")
def judge(digits: data.Digits) -> classifier.Classifier:
    """A classifier of the embedded digits, half of each class."""
    return classifier.train(digits[np.arange(5000) % 500 < 250])


def evaluated(model: Any, test: data.Digits, labelled: data.Digits, **given: Any) -> Any:
    """All figures, with few draws and, unless another is given, a judge of no experience."""
    weights = np.random.default_rng(0).normal(0, 0.3, (784, 10))
    judge = classifier.Classifier((np.eye(784), weights), (np.zeros(784), np.zeros(10)))
    few = {"importance_samples": 20, "grid": 32, "prior_samples": 100, "draws": 2}
    defaults: dict[str, Any] = {**few, "classifier": judge}
    return evaluation.evaluate(model, test, labelled, **(defaults | given))


def test_all_figures_are_told_and_repeat_with_the_seed() -> None:
    told: dict[str, list[float]] = {}
    model = linear_model(spread=2)
    # black-or-white already, so that every protocol sees the same images
    test, labelled = drawn_by(model, 30), drawn_by(model, 200, seed=1)
    first = evaluated(
        model, test, labelled, progress=lambda what, share: told.setdefault(what, []).append(share)
    )
    assert evaluated(model, test, labelled) == first
    assert evaluated(model, test, labelled, seed=1) != first
    assert list(told) == [
        *("ELBO, dynamic", "ELBO, grey", "k-NN", "NLL, dynamic", "NLL, dynamic, checked"),
        *("samples of the prior", "variety of the samples"),
    ]
    assert all(0 <= share <= 1 for shares in told.values() for share in shares)
    assert first.nll_dynamic.mean < -first.elbo_dynamic.mean
    assert first.elbo_dynamic.mean == pytest.approx(first.elbo_grey.mean, abs=1)
    assert first.elbo_grey.mean == pytest.approx(
        -first.reconstruction_loss_grey.mean - first.kl_divergence_grey.mean
    )
    assert sum(first.kl_per_dimension) == pytest.approx(first.kl_divergence_grey.mean)
    assert first.active_units == 2
    assert list(first.knn_accuracy) == ["100", "600", "1000"]
    assert first.knn_accuracy["1000"].mean < 0.4  # the labels have no meaning


def test_the_likelihood_is_checked_by_two_other_methods_on_the_same_images() -> None:
    model = linear_model(spread=1.5)
    test, labelled = drawn_by(model, 60), drawn_by(model, 200, seed=1)
    found = evaluated(model, test, labelled, grid=64, importance_samples=200)
    assert found.nll_method == "grid of 64 x 64"
    assert list(found.nll_checks) == [
        *("grid of 32 x 32", "1,024 samples of the prior"),
        "200 importance samples of the posterior, a bound",
    ]
    grid, prior, posterior = found.nll_checks.values()
    assert (grid.mean, posterior.mean) == pytest.approx((0, 0), abs=0.05)
    assert prior.mean == pytest.approx(0, abs=0.5)


def test_samples_of_the_prior_tell_the_likelihood_where_the_encoder_errs() -> None:
    model = linear_model()
    images, generator = drawn_by(model, 30).pixels, np.random.default_rng(0)
    exact = evaluation.nll_on_grid(model, images, 64)
    wrong: Any = SimpleNamespace(**vars(model))
    wrong.encode = lambda images: Posterior(model.encode(images).mean + 2, np.full((30, 2), -4.0))
    assert evaluation.nll_by_importance(wrong, images, generator, 50).mean() > exact.mean() + 5
    found = evaluation.nll_by_prior_samples(wrong, images, generator, 128)
    assert found.mean() == pytest.approx(exact.mean(), abs=0.1)


def test_more_than_two_dimensions_are_evaluated_by_importance() -> None:
    model = linear_model(latent_dim=3, spread=2)
    test, labelled = drawn_by(model, 30), drawn_by(model, 200, seed=1)
    found = evaluated(model, test, labelled, importance_samples=50)
    expected, errors = nll_by_prior_samples(model, test.pixels, 20000)
    assert found.nll_dynamic.mean == pytest.approx(expected.mean(), abs=0.1 + 4 * errors.mean())
    assert found.nll_method.startswith("50 importance samples")
    assert found.nll_checks == {}
    assert found.active_units == 3


def test_the_figures_of_a_trained_run_agree_with_direct_computations(
    run_of_five: runs.Run, splits: data.Splits, judge: classifier.Classifier
) -> None:
    model, test = inference.load(run_of_five.path), splits.test[::5]
    found = evaluated(model, test, splits.train, classifier=judge, draws=10, prior_samples=2000)
    assert found.nll_dynamic.mean == pytest.approx(-found.elbo_dynamic.mean, rel=0.1)
    served = {n: s for n, s in run_of_five.manifest.files.items() if n != "model.keras"}
    assert (found.run, found.files, found.images) == ("five", served, 100)

    by_class, hard, again = found.loss_by_class, found.hardest, np.random.default_rng(9)
    assert np.mean([e.mean for e in by_class]) == pytest.approx(-found.elbo_dynamic.mean, rel=1e-6)
    loss = -evaluation.elbo_terms(model, test.pixels, again, 10, binarise=True).elbo
    assert by_class[3].mean == pytest.approx(
        loss[test.labels == 3].mean(), abs=4 * loss[test.labels == 3].std() / 10**0.5
    )
    assert [h.label for h in hard] == [int(test.labels[h.index]) for h in hard]
    assert [h.loss for h in hard] == sorted((h.loss for h in hard), reverse=True)
    assert len({h.index for h in hard} & set(np.argsort(-loss)[:12].tolist())) >= 7

    drawn = model.decode(np.random.default_rng(9).standard_normal((2000, 5)))
    sure = judge.probabilities(drawn).max(axis=1) >= found.confidence
    error = 4 * (2 * 0.25 / 2000) ** 0.5
    assert found.accepted_samples.mean == pytest.approx(sure.mean(), abs=error)
    assert sum(found.samples_by_class) == round(2000 * found.accepted_samples.mean)
    assert found.reconstruction_loss_at_mean.mean == pytest.approx(
        model.terms(test.pixels, model.encode(test.pixels))[0].mean(), rel=1e-5
    )
    assert results.Figures.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_classifier_learns_digits_and_repeats_with_its_seed(
    judge: classifier.Classifier, digits: data.Digits
) -> None:
    unseen = digits[np.arange(5000) % 500 >= 250]
    assert judge.accuracy(unseen) > 0.92
    assert judge.accuracy(unseen[unseen.labels == 3]) > 0.85
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "_FEWEST_STEPS", 5)
        first, same, other = (classifier.train(digits[::500], seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.weights[0], same.weights[0])
    assert (first.weights[0] != other.weights[0]).any()


def test_the_classifier_doubts_noise_more_than_digits(
    judge: classifier.Classifier, digits: data.Digits
) -> None:
    noise = np.random.default_rng(0).permuted(digits.pixels[:500].reshape(500, 784), axis=1)
    sure, unsure = (judge.probabilities(x).max(axis=1) for x in (digits.pixels, noise))
    assert (sure >= evaluation.CONFIDENCE).mean() > 0.85
    assert (unsure >= evaluation.CONFIDENCE).mean() < 0.5


def test_the_classifier_learns_by_the_gradient_that_keras_finds(digits: data.Digits) -> None:
    import keras
    import tensorflow as tf  # only for the tests that need it

    generator = np.random.default_rng(0)
    shapes = [(784, 16), (16,), (16, 10), (10,)]
    parameters = [generator.normal(0, 0.1, shape).astype(np.float32) for shape in shapes]
    few = digits[::100]
    images = few.pixels.reshape(-1, 784)
    variables = [tf.Variable(p) for p in parameters]
    with tf.GradientTape() as tape:
        hidden = tf.nn.relu(images @ variables[0] + variables[1])
        logits = hidden @ variables[2] + variables[3]
        loss: Any = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(few.labels, logits)
    expected = tape.gradient(loss, variables)
    found = classifier._gradients(parameters, images, few.labels)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, np.asarray(theirs), atol=1e-6)
