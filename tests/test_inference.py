"""A run served through LiteRT: equal to Keras, strict about its input, safe among threads."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from vae import data, inference, runs
from vae.inference import Posterior, sigmoid
from vae.mnist import PIXELS

TAKEN = """  # megabytes that the model takes once it has answered
import numpy as np
from pathlib import Path
from vae import inference, runs
run = runs.read(runs.SHIPPED / "flow")
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
before = resident()
model = inference.Model(run, lean=%s)
model.decode(model.encode(np.zeros((1, 28, 28))).latents)
print(resident() - before)
"""
FLOW_FILES = runs.served_files(runs.read(runs.SHIPPED / "flow").manifest.model)
SHIPPED = {run.name: run for run in runs.list_runs(runs.SHIPPED)}


@pytest.fixture(scope="module")
def small(small_run: runs.Run) -> inference.Model:
    return inference.load(small_run.path)


def as_keras(run: runs.Run) -> Any:
    """The run's model in Keras; a shipped one has its weights in the served networks only."""
    from vae.training.model import LOG_VARIANCE_BOUND, VAE, load_weights
    from vae.training.places import RANK

    if "model.keras" in run.manifest.files:
        return load_weights(run.manifest.model, run.path / "model.keras")
    vae = VAE(run.manifest.model)
    decoder = constants(run.path / "decoder.tflite")  # behind a flow, if the prior is one
    vae.decoder.set_weights(decoder[-len(vae.decoder.get_weights()) :])
    encoder = constants(run.path / "encoder.tflite")
    if run.manifest.model.has_places:  # made anew of the decoder, and of the encoder as trained
        places = run.manifest.model.encoder_places
        kernels = {(PIXELS, RANK), (RANK, places), (2, places), (places, 2)}
        pairs = zip(encoder[::2], encoder[1::2], strict=True)
        trained = [one for pair in pairs if pair[0].shape not in kernels for one in pair]
        unused = [np.zeros_like(one) for one in trained[-2:]]
        vae.encoder.set_weights([*trained[:-2], *unused, *trained[-2:]])
        vae.encoder = vae.served()["encoder"]
        return vae
    # LiteRT folds the scaling before the tanh into the last layer, and computes the mean first.
    *body, mean, mean_bias, scaled, scaled_bias = encoder
    bound = np.float32(LOG_VARIANCE_BOUND)
    vae.encoder.set_weights([*body, scaled * bound, scaled_bias * bound, mean, mean_bias])
    return vae


def constants(file: Path) -> list[np.ndarray]:
    """The weights of a served network in the order of its layers, each as Keras has it."""
    model: Any = schema.ModelT.InitFromPackedBuf(file.read_bytes(), 0)
    (graph,) = model.subgraphs
    axes = {
        schema.BuiltinOperator.FULLY_CONNECTED: (1, 0),
        schema.BuiltinOperator.CONV_2D: (1, 2, 3, 0),
        schema.BuiltinOperator.TRANSPOSE_CONV: (1, 2, 0, 3),
    }
    found = []
    for operator in graph.operators:
        code, before = model.operatorCodes[operator.opcodeIndex].builtinCode, len(found)
        for tensor in (graph.tensors[i] for i in operator.inputs if i >= 0):
            content = model.buffers[tensor.buffer].data
            is_number = tensor.type == schema.TensorType.FLOAT32
            if is_number and content is not None and len(tensor.shape):
                values = np.frombuffer(bytes(content), "<f4").reshape(tensor.shape)
                is_kernel = values.ndim == len(axes.get(code, ()))
                found.append(values.transpose(axes[code]) if is_kernel else values)
        if code in axes and len(found) == before + 1:  # LiteRT leaves a bias of zeros away
            found.append(np.zeros(found[-1].shape[-1], np.float32))
    return found


def agrees_with_keras(run: runs.Run, images: np.ndarray) -> None:
    served = inference.load(run.path)
    keras_model = as_keras(run)
    mean, log_variance = (np.asarray(output) for output in keras_model.encoder(images))
    posterior = served.encode(images)
    # float32 has about seven digits, and means of a flow's z reach beyond 15. Places are weighed by
    # the exponential of hundreds of nats: of 400 means 3 are 0.0002 off on a processor with AVX-512
    least = 1e-3 if run.manifest.model.has_places else 1e-5
    np.testing.assert_allclose(posterior.mean, mean, rtol=1e-5, atol=least)
    np.testing.assert_allclose(posterior.log_variance, log_variance, rtol=1e-5, atol=least)
    latents = np.random.default_rng(0).standard_normal(mean.shape).astype(np.float32)
    logits = np.asarray(keras_model.decoder(served.prior.from_base(latents)))
    expected = 1 / (1 + np.exp(-logits.astype(np.float64)))
    np.testing.assert_allclose(served.decode(latents), expected, atol=1e-5)
    # logits reach far beyond 1, too
    np.testing.assert_allclose(served.decode_logits(latents), logits, rtol=1e-5, atol=1e-4)


def test_a_run_of_two_dimensions_agrees_with_keras(
    small_run: runs.Run, digits: data.Digits
) -> None:
    agrees_with_keras(small_run, digits.pixels[::25])


def test_a_run_of_five_dimensions_agrees_with_keras(
    run_of_five: runs.Run, digits: data.Digits
) -> None:
    agrees_with_keras(run_of_five, digits.pixels[::25])


def test_the_app_ships_its_two_models() -> None:
    assert {"map", "best"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_agrees_with_keras(name: str, digits: data.Digits) -> None:
    agrees_with_keras(SHIPPED[name], digits.pixels[::25])


def test_many_threads_get_the_answers_of_one(small: inference.Model, digits: data.Digits) -> None:
    sizes = [1, 3, 256, 257] * 8
    batches = [digits.pixels[i * 100 : i * 100 + size] for i, size in enumerate(sizes)]
    latents = [batch[:, 14, 12:14] * 4 - 2 for batch in batches]
    expected = [
        (small.encode(b).mean, small.decode(z)) for b, z in zip(batches, latents, strict=True)
    ]
    with ThreadPoolExecutor(16) as threads:
        means = threads.map(lambda batch: small.encode(batch).mean, batches)
        decoded = threads.map(small.decode, latents)
        found = list(zip(means, decoded, strict=True))
    for (mean, image), (expected_mean, expected_image) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mean, expected_mean)
        np.testing.assert_array_equal(image, expected_image)


def test_a_large_batch_gives_what_single_images_give(
    small: inference.Model, digits: data.Digits
) -> None:
    images = digits.pixels[: inference.BATCH + 44]
    together = small.encode(images)
    picked = [0, 1, inference.BATCH - 1, inference.BATCH, len(images) - 1]
    for i in picked:
        alone = small.encode(images[i : i + 1])
        np.testing.assert_allclose(together.mean[i], alone.mean[0], atol=1e-5)
        np.testing.assert_allclose(together.log_variance[i], alone.log_variance[0], atol=1e-5)
    decoded = small.decode(together.mean)
    for i in picked:
        np.testing.assert_allclose(decoded[i], small.decode(together.mean[i][None])[0], atol=1e-5)


def test_decoded_images_lie_between_0_and_1_even_far_out(small: inference.Model) -> None:
    far = np.array([[0, 0], [50, -50], [-1000, 1000]], np.float32)
    images = small.decode(far)
    assert (images.shape, images.dtype) == ((3, 28, 28), np.float32)
    assert images.min() >= 0
    assert images.max() <= 1


def test_a_reconstruction_is_decoded_from_the_posterior_mean(
    small: inference.Model, digits: data.Digits
) -> None:
    images = digits.pixels[::1000]
    expected = small.decode(small.encode(images).mean)
    np.testing.assert_array_equal(small.reconstruct(images), expected)


def test_the_loss_terms_are_those_of_their_definitions(
    small: inference.Model, digits: data.Digits
) -> None:
    images = digits.pixels[::1000]
    posterior = small.encode(images)
    reconstruction_loss, kl_divergence = small.terms(images, posterior)
    p = 1 / (1 + np.exp(-small.decode_logits(posterior.mean).astype(np.float64)))
    cross_entropy = -(images * np.log(p) + (1 - images) * np.log1p(-p)).sum(axis=(1, 2))
    np.testing.assert_allclose(reconstruction_loss, cross_entropy, rtol=1e-5)
    # the divergence as the difference of two expectations, averaged over many samples
    noise = np.random.default_rng(0).standard_normal((200000, 1, 2))
    mean, deviation = posterior.mean.astype(float), posterior.standard_deviation.astype(float)
    difference = 0.5 * ((mean + deviation * noise) ** 2 - noise**2) - np.log(deviation)
    samples = difference.sum(axis=2)
    error = samples.std(axis=0) / len(samples) ** 0.5
    np.testing.assert_array_less(np.abs(samples.mean(axis=0) - kl_divergence), 4 * error)


@pytest.mark.parametrize("shape", [(28, 28), (2, 784), (2, 28, 28, 1), (0, 28, 28)])
def test_images_of_another_shape_are_refused(
    small: inference.Model, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"images have shape .*; expected \(n, 28, 28\) with n >="):
        small.encode(np.zeros(shape))


@pytest.mark.parametrize("shape", [(2,), (4, 3), (1, 2, 2), (0, 2)])
def test_latents_of_another_shape_are_refused(
    small: inference.Model, shape: tuple[int, ...]
) -> None:
    for call in (small.decode, small.decode_logits):
        with pytest.raises(ValueError, match=r"latents have shape .*; expected \(n, 2\) with n >="):
            call(np.zeros(shape))


def test_the_refusal_names_the_shape_that_was_given(small: inference.Model) -> None:
    with pytest.raises(ValueError, match=r"\(3, 7\)"):
        small.decode(np.zeros((3, 7)))


@pytest.mark.parametrize(("value", "reach"), [(255, "0 to 255"), (-0.5, "-0.5 to 0")])
def test_pixels_outside_0_to_1_are_refused(
    small: inference.Model, value: float, reach: str
) -> None:
    images = np.zeros((1, 28, 28))
    images[0, 3, 4] = value
    with pytest.raises(ValueError, match=rf"images reach from {reach}; scale them to \[0, 1\]"):
        small.encode(images)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(small: inference.Model, value: float) -> None:
    remedy = "not finite; replace nan and infinity"
    with pytest.raises(ValueError, match=f"images have values that are {remedy}"):
        small.encode(np.full((1, 28, 28), value))
    with pytest.raises(ValueError, match=f"latents have values that are {remedy}"):
        small.decode(np.array([[0, value]]))


@pytest.mark.parametrize("name", runs.MODEL_FILES)
def test_a_damaged_file_is_not_loaded(small_run: runs.Run, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(small_run.path, tmp_path / "copy"))
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(runs.RunError, match=f"copy is damaged: {name} has changed; restore"):
        inference.load(copy)


@pytest.mark.parametrize("name", runs.MODEL_FILES)
def test_an_incomplete_run_is_not_loaded(small_run: runs.Run, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(small_run.path, tmp_path / "copy"))
    (copy / name).unlink()
    with pytest.raises(runs.RunError, match=f"copy is incomplete: {name} is missing; restore"):
        inference.load(copy)


def test_where_no_run_is_none_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(runs.RunError, match=r"no run in .*: manifest.json is missing"):
        inference.load(tmp_path)


def test_the_sigmoid_is_exact_at_its_ends() -> None:
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(
            sigmoid(np.array([-1000, 0, 1000], np.float32)), [0.0, 0.5, 1.0]
        )


def test_the_sigmoid_equals_its_definition() -> None:
    logits = np.linspace(-30, 30, 601)
    np.testing.assert_allclose(sigmoid(logits), 1 / (1 + np.exp(-logits)), atol=1e-15)


def test_posterior_samples_have_its_mean_and_deviation() -> None:
    n = 40000
    mean, deviation = np.array([[1.5, -0.5, 0], [0.1, 1, 3]], np.float32)
    posterior = Posterior(np.tile(mean, (n, 1)), np.tile(2 * np.log(deviation), (n, 1)))
    np.testing.assert_allclose(posterior.standard_deviation[0], deviation, rtol=1e-6)
    samples = posterior.sample(np.random.default_rng(0))
    assert (samples.shape, samples.dtype) == ((n, 3), np.float32)
    # four standard errors, relative to the deviation
    np.testing.assert_allclose((samples.mean(axis=0) - mean) / deviation, 0, atol=4 / n**0.5)
    np.testing.assert_allclose(samples.std(axis=0) / deviation, 1, atol=4 / (2 * n) ** 0.5)


@pytest.mark.parametrize("name", ["map", "flow"])
def test_a_lean_model_answers_as_the_usual_one_does(name: str) -> None:
    usual, lean = (inference.Model(SHIPPED[name], lean=lean) for lean in (False, True))
    images = data.embedded().pixels[:40]
    by_usual, by_lean = usual.encode(images), lean.encode(images)
    np.testing.assert_allclose(by_lean.mean, by_usual.mean, atol=1e-4)
    np.testing.assert_allclose(by_lean.latents, by_usual.latents, atol=1e-4)
    apart = lean.decode_logits(by_usual.latents) - usual.decode_logits(by_usual.latents)
    assert np.abs(apart).max() < 1e-3


def test_a_lean_model_keeps_its_weights_once() -> None:
    def megabytes(lean: bool) -> float:
        result = subprocess.run(
            [sys.executable, "-c", TAKEN % lean], capture_output=True, text=True, timeout=60
        )
        return float(result.stdout)

    weights = sum((SHIPPED["flow"].path / f).stat().st_size for f in FLOW_FILES) / 1e6
    assert megabytes(lean=True) < 1.6 * weights < 2 * weights < megabytes(lean=False)
