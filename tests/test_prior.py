"""A learned prior: exact both ways, a density, N(0, I) at first; and how it serves."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import EVERYTHING, SMALL_MODEL

from vae import data, evaluation, inference, losses, runs
from vae.config import ModelConfig, TrainingConfig
from vae.evaluation import classifier
from vae.prior import STANDARD
from vae.training.model import VAE, load_weights, sampled_kl_divergence
from vae.training.trainer import Trainer

FLOW = replace(SMALL_MODEL, latent_dim=5, prior="flow", couplings=3, coupling_units=16)


def bent(config: ModelConfig, scale: float = 0.3) -> VAE:
    """A model whose flow is far from where it starts."""
    vae, generator = VAE(config), np.random.default_rng(6)
    assert vae.to_base
    vae.to_base.set_weights(
        [w + generator.normal(0, scale, w.shape) for w in vae.to_base.get_weights()]
    )
    return vae


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("latent_dim", [2, 5])
def test_what_the_flow_bends_it_bends_back(latent_dim: int) -> None:
    vae, z = bent(replace(FLOW, latent_dim=latent_dim)), normal(50, latent_dim)
    assert vae.to_base
    assert vae.from_base
    latents, _ = vae.to_base(z)
    assert np.abs(latents - z).max() > 0.5  # so there was something to bend
    np.testing.assert_allclose(vae.from_base(latents), z, atol=1e-5)
    np.testing.assert_allclose(vae.to_base(vae.from_base(z))[0], z, atol=1e-5)


def test_the_log_volume_is_that_of_the_jacobian() -> None:
    vae, z = bent(FLOW), tf.constant(normal(20, 5))
    assert vae.to_base
    with tf.GradientTape() as tape:
        tape.watch(z)
        latents, log_volume = vae.to_base(z)
    jacobian = np.asarray(tape.batch_jacobian(latents, z), np.float64)
    np.testing.assert_allclose(log_volume, np.linalg.slogdet(jacobian)[1], atol=1e-5)
    assert np.std(log_volume) > 0.1


def test_the_density_of_a_bent_prior_is_one_in_all() -> None:
    vae = bent(replace(FLOW, latent_dim=2), scale=0.2)
    axis = np.arange(-12, 12, 0.04, dtype=np.float32) + 0.02
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    latents, log_volume = vae.base(z)
    density = np.exp(losses.log_normal(np.asarray(latents)) + np.asarray(log_volume))
    assert density.sum() * 0.04**2 == pytest.approx(1, abs=1e-3)
    plain = np.exp(losses.log_normal(z))
    assert np.abs(density - plain).max() > 0.01  # so it is not N(0, I) that was summed


def test_a_flow_starts_as_a_standard_prior(few: data.Splits) -> None:
    flow, standard = VAE(FLOW, seed=1), VAE(replace(FLOW, prior="standard"), seed=1)
    z = normal(8, 5)
    latents, log_volume = flow.base(z)
    np.testing.assert_array_equal(latents, z)
    np.testing.assert_array_equal(log_volume, 0)
    by_flow, by_standard = (np.asarray(vae.served()["decoder"](z)) for vae in (flow, standard))
    np.testing.assert_array_equal(by_flow, by_standard)


def test_the_sampled_kl_divergence_and_its_gradient_are_right_on_average() -> None:
    vae, n = VAE(FLOW), 20_000  # at first, where there is a closed form to compare with
    mean, log_variance = (tf.constant([values]) for values in normal(2, 5))
    noise = normal(n, 5)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([mean, log_variance])
        z = mean + tf.exp(0.5 * log_variance) * noise
        every = [tf.repeat(values, n, axis=0) for values in (mean, log_variance)]
        sampled = tf.reduce_mean(sampled_kl_divergence(vae, z, *every))
        exact = tf.reduce_sum(0.5 * (mean**2 + tf.exp(log_variance) - 1 - log_variance))
    assert float(sampled) == pytest.approx(float(exact), rel=0.02)
    for values in (mean, log_variance):
        gradients: list[Any] = [tape.gradient(kl, values) for kl in (sampled, exact)]
        found, expected = (gradient.numpy() for gradient in gradients)
        np.testing.assert_allclose(found, expected, atol=0.03)


def test_the_posterior_does_not_vary_the_gradient_where_it_is_exact() -> None:
    vae = VAE(FLOW)
    mean, log_variance = tf.zeros([100, 5]), tf.zeros([100, 5])  # the prior itself
    with tf.GradientTape() as tape:
        tape.watch(mean)
        z = mean + tf.exp(0.5 * log_variance) * normal(100, 5)
        kl = sampled_kl_divergence(vae, z, mean, log_variance)
    gradient: Any = tape.gradient(kl, mean)
    np.testing.assert_allclose(gradient, 0, atol=1e-6)


def test_weight_decay_leaves_the_flow_alone(few: data.Splits) -> None:
    trainer = Trainer(FLOW, replace(EVERYTHING, weight_decay=1.0), few.train.images)
    vae = trainer.vae
    vae.set_weights(bent(FLOW).get_weights())
    before = vae.get_weights()
    variables = vae.trainable_variables
    trainer.optimizer.apply_gradients([(tf.zeros_like(v), v) for v in variables])
    moved = [
        np.any(weight != earlier) for weight, earlier in zip(vae.get_weights(), before, strict=True)
    ]
    assert vae.to_base
    n = len(vae.to_base.weights)
    assert any(moved[:-n])
    assert not any(moved[-n:])


def test_a_flow_learns_where_the_posteriors_lie() -> None:
    """Between two hills N(0, I) is far too likely; the flow takes its density to them."""
    vae = VAE(FLOW)
    assert vae.to_base
    z = np.concatenate([0.1 * normal(500, 5) + 2, 0.1 * normal(500, 5) - 2])

    def surprise() -> tf.Tensor:
        latents, log_volume = vae.base(z)
        return -tf.reduce_mean(losses.log_normal(latents, ops=keras.ops) + log_volume)

    before, variables = float(surprise()), vae.to_base.trainable_variables

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = surprise()
        gradients: Any = tape.gradient(loss, variables)
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign_sub(0.05 * gradient / (tf.norm(gradient) + 1e-6))

    for _ in range(200):
        step()
    assert float(surprise()) < before - 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"latents": "mean"}, "latents is mean; set latents to sampled or prior to standard"),
        ({"free_bits": 0.1}, "free_bits is 0.1, but with a flow .* set free_bits to 0"),
    ],
)
def test_what_a_flow_cannot_be_trained_with_is_said(
    change: dict[str, object], words: str, few: data.Splits
) -> None:
    training = replace(EVERYTHING, **change)
    training.check(replace(FLOW, prior="standard"))
    with pytest.raises(ValueError, match=words):
        Trainer(FLOW, training, few.train.images)


def test_a_flow_of_one_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="latent_dim is 1, but a flow needs two dimensions"):
        ModelConfig(latent_dim=1, prior="flow")


@pytest.fixture(scope="module")
def served(run_with_a_flow: runs.Run) -> inference.Model:
    return inference.load(run_with_a_flow.path)


@pytest.fixture(scope="module")
def trained(run_with_a_flow: runs.Run) -> VAE:
    file = runs.model_files(run_with_a_flow)["model.keras"]
    return load_weights(run_with_a_flow.manifest.model, file)


def test_a_flow_serves_what_keras_computes(served: inference.Model, trained: VAE) -> None:
    z = normal(300, 5)
    latents, log_volume = (np.asarray(value) for value in trained.base(z))
    assert np.abs(latents - z).max() > 0.01  # it was trained
    found, volume = served.prior.to_base(z)
    np.testing.assert_allclose(found, latents, atol=1e-5)
    np.testing.assert_allclose(volume, log_volume, atol=1e-5)
    np.testing.assert_allclose(served.prior.from_base(found), z, atol=1e-5)
    expected = losses.log_normal(latents) + log_volume
    np.testing.assert_allclose(served.prior.log_density(z), expected, atol=1e-5)
    by_keras = inference.sigmoid(np.asarray(trained.decoder(z)))
    np.testing.assert_allclose(served.decode(latents), by_keras, atol=1e-5)


def test_a_posterior_lies_in_the_base_space_where_its_mean_is_decoded(
    served: inference.Model, trained: VAE, digits: data.Digits
) -> None:
    posterior = served.encode(digits.pixels[:20])
    np.testing.assert_allclose(posterior.latents, trained.base(posterior.mean)[0], atol=1e-5)
    by_keras = inference.sigmoid(np.asarray(trained.decoder(posterior.mean)))
    np.testing.assert_allclose(served.reconstruct(digits.pixels[:20]), by_keras, atol=1e-5)


def test_draws_and_their_log_ratios_are_those_of_the_posterior(
    served: inference.Model, digits: data.Digits
) -> None:
    posterior = served.encode(digits.pixels[:1].repeat(5000, axis=0))
    drawn = posterior.draw(np.random.default_rng(3))
    z = served.prior.from_base(drawn.latents)
    spread = (z - posterior.mean) / posterior.standard_deviation
    assert np.abs(spread.mean(axis=0)).max() < 0.06
    assert np.abs(spread.std(axis=0) - 1).max() < 0.06
    density = losses.log_normal(z, posterior.mean, posterior.log_variance)
    ratio = density - served.prior.log_density(z)
    np.testing.assert_allclose(drawn.log_ratio, ratio, atol=1e-3)
    kl = posterior.kl_divergence()[0]
    assert kl == pytest.approx(drawn.log_ratio.mean(), abs=0.3)


def test_the_elbo_of_a_flow_is_that_of_its_terms(
    served: inference.Model, digits: data.Digits
) -> None:
    images = digits.pixels[:100]
    terms = evaluation.elbo_terms(served, images, np.random.default_rng(0), 20, binarise=False)
    generator, total = np.random.default_rng(5), np.zeros(100)
    posterior = served.encode(images)
    for _ in range(20):
        noise = generator.standard_normal(posterior.mean.shape).astype(np.float32)
        z = posterior.mean + posterior.standard_deviation * noise
        latents, _ = served.prior.to_base(z)
        log_joint = served.prior.log_density(z) - losses.reconstruction_loss(
            images, served.decode_logits(latents)
        )
        total += log_joint - losses.log_normal(z, posterior.mean, posterior.log_variance)
    assert terms.elbo.mean() == pytest.approx(total.mean() / 20, abs=0.5)


def test_with_a_flow_two_methods_agree_about_the_nll(
    served: inference.Model, few: data.Splits
) -> None:
    generator = np.random.default_rng(0)
    images = evaluation.binarised(few.validation.pixels[:20], generator)
    unasked = evaluation.nll_by_prior_samples(served, images, generator, 150)
    bound = evaluation.nll_by_importance(served, images, generator, 1000)
    assert bound.mean() == pytest.approx(unasked.mean(), abs=0.3)


def test_a_standard_run_has_the_standard_prior(small_run: runs.Run) -> None:
    model = inference.load(small_run.path)
    assert model.prior is STANDARD
    z = normal(4, 2)
    np.testing.assert_array_equal(model.prior.from_base(z), z)
    np.testing.assert_allclose(model.prior.log_density(z), losses.log_normal(z))
    posterior = model.encode(np.zeros((2, 28, 28)))
    np.testing.assert_array_equal(posterior.latents, posterior.mean)
    kl = losses.kl_divergence(posterior.mean, posterior.log_variance)
    np.testing.assert_array_equal(posterior.kl_divergence(), kl)


def test_a_run_with_a_flow_needs_its_prior(run_with_a_flow: runs.Run) -> None:
    names = ("encoder.tflite", "decoder.tflite", "to_base.tflite", "from_base.tflite")
    assert runs.served_files(FLOW) == names
    assert set(run_with_a_flow.manifest.files) == {"model.keras", *names}
    files = {n: s for n, s in run_with_a_flow.manifest.files.items() if n != "to_base.tflite"}
    assert not replace(run_with_a_flow.manifest, files=files).usable


def test_a_training_config_says_nothing_against_a_flow() -> None:
    TrainingConfig().check(FLOW)


def test_the_figures_of_a_learned_prior_say_how_its_kl_divergence_was_measured(
    served: inference.Model, splits: data.Splits
) -> None:
    judge = classifier.train(splits.train)
    found = evaluation.evaluate(
        served, splits.test[::10], splits.train, judge, prior_samples=200, importance_samples=20
    )
    assert found.kl_method == "mean over the draws"
    assert found.kl_per_dimension == ()
    grey = evaluation.elbo(served, splits.test[::10].pixels, np.random.default_rng(8), 20, False)
    assert found.kl_divergence_grey.mean == pytest.approx(grey["kl_divergence"].mean, abs=0.3)
    assert found.nll_dynamic.mean < -found.elbo_dynamic.mean
