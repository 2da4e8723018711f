"""The pipeline of How it works: what the page computes of a digit is what the library does."""

from base64 import b64encode
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from node import evaluate, needs_node

from vae import inference, live, losses, runs
from vae.data import Digits
from vae.inference import Model
from vae.live import network

SHIPPED = [run.name for run in runs.list_runs(runs.SHIPPED)]
PASSAGE = """
    const { unpack } = await live("bundle.js");
    const { Decoder, Encoder } = await live("network.js");
    const { Passage } = await live("pipeline/passage.js");
    const read = (text) => unpack(Uint8Array.from(Buffer.from(text, "base64")));
    const encoder = new Encoder(read(input.encoder));
    const decoder = new Decoder(read(input.decoder));
    const passage = new Passage(encoder, decoder, input.isAutoencoder);
    return input.images.map((image) => {
        passage.follow(Float32Array.from(image));
        passage.take(Float32Array.from(input.noise));
        const { z, latent, expected, perPixel, lost, told, posterior, deviation } = passage;
        const arrays = { z, latent, expected, perPixel, deviation, mean: posterior.mean };
        const parts = passage.toldPerDimension;
        const features = [encoder, decoder].map((network) => network.features.map(
            ({ data, shape }) => ({ data: Array.from(data), shape })));
        return {
            ...Object.fromEntries(Object.entries(arrays).map(([name, v]) => [name, Array.from(v)])),
            lost, told, parts: parts && Array.from(parts), features, foremost: passage.foremost,
        };
    });
"""

pytestmark = needs_node


def followed(model: Model, images: np.ndarray, noise: np.ndarray) -> list[dict[str, Any]]:
    """What the page makes of images (n, 28, 28) with one noise (latent_dim,)."""
    value = {
        "encoder": b64encode(live.encoder_bundle(model)).decode(),
        "decoder": b64encode(live.decoder_bundle(model)).decode(),
        "isAutoencoder": model.run.manifest.training.is_autoencoder,
        "images": images.reshape(-1, 784).tolist(),
        "noise": noise.tolist(),
    }
    return evaluate(PASSAGE, value)


def check(model: Model, images: np.ndarray, noise: np.ndarray) -> None:
    """Compare the page with the library, for one noise."""
    posterior = model.encode(images)
    z = posterior.mean
    if not model.run.manifest.training.is_autoencoder:
        z = z + posterior.standard_deviation * noise
    latents, _ = model.prior.to_base(z)
    logits = model.decode_logits(latents)
    for i, found in enumerate(followed(model, images, noise)):
        np.testing.assert_allclose(found["z"], z[i], atol=1e-4)
        np.testing.assert_allclose(found["latent"], latents[i], atol=1e-3)
        np.testing.assert_allclose(found["deviation"], posterior.standard_deviation[i], rtol=1e-4)
        image = images[i].astype(np.float64)
        per_pixel = losses.reconstruction_per_pixel(image, logits[i].astype(np.float64))
        np.testing.assert_allclose(found["perPixel"], per_pixel.ravel(), atol=1e-4)
        expected = inference.sigmoid(logits[i]).ravel()
        np.testing.assert_allclose(found["expected"], expected, atol=1e-5)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_terms_of_a_digits_loss_are_those_of_the_library(name: str, digits: Digits) -> None:
    model, images = inference.load(runs.SHIPPED / name), digits.pixels[::1250]
    nothing = np.zeros(model.latent_dim, np.float32)
    posterior = model.encode(images)
    lost, told = model.terms(images, posterior)
    parts = losses.kl_per_dimension(posterior.mean, posterior.log_variance)
    for i, found in enumerate(followed(model, images, nothing)):
        assert found["lost"] == pytest.approx(lost[i], abs=1e-3)
        if model.prior is inference.STANDARD:
            assert found["told"] == pytest.approx(told[i], abs=1e-3)
            np.testing.assert_allclose(found["parts"], parts[i], atol=1e-3)
            assert set(found["foremost"]) == set(np.argsort(parts[i])[-2:])
    check(model, images, np.random.default_rng(0).normal(size=model.latent_dim).astype("f4"))


def test_behind_a_learned_prior_the_latent_is_of_the_base_space_and_the_kl_a_mean_over_draws(
    run_with_a_flow: runs.Run, digits: Digits
) -> None:
    model, images = inference.load(run_with_a_flow.path), digits.pixels[::1250]
    noise = np.random.default_rng(0).normal(size=model.latent_dim).astype(np.float32)
    check(model, images, noise)
    told = model.encode(images).kl_divergence(draws=4000)
    found = followed(model, images, noise)
    assert all(one["parts"] is None for one in found)
    np.testing.assert_allclose([one["told"] for one in found], told, atol=0.15)


@pytest.mark.parametrize("name", ["map", "best", "baseline"])
def test_feature_maps_are_what_the_served_networks_compute_inside(
    name: str, digits: Digits
) -> None:
    model, image = inference.load(runs.SHIPPED / name), digits.pixels[1932:1933]
    latent = model.encode(image).latents
    (found,) = followed(model, image, np.zeros(model.latent_dim, np.float32))
    for file, given, features, read in (
        ("encoder.tflite", image, found["features"][0], network.encoder),
        ("decoder.tflite", latent, found["features"][1], network.decoder),
    ):
        computed = inside(runs.model_files(model.run)[file].read_bytes(), given, read(model))
        assert len(features) >= 2
        for one in features:
            same = [values for values in computed if len(values) == len(one["data"])]
            assert min(np.abs(values - one["data"]).max() for values in same) < 1e-3
    assert [one["shape"] for one in found["features"][1]][-1][:2] == [14, 14]


def inside(content: bytes, given: np.ndarray, net: network.Network) -> list[np.ndarray]:
    """What LiteRT computes between a network's input and its outputs."""
    interpreter = Interpreter(
        model_content=content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], given.astype(np.float32))
    interpreter.invoke()
    inner = [layer["output"] for layer in net.layers if layer["output"] not in net.outputs]
    return [interpreter.get_tensor(number).ravel() for number in inner]


def test_a_plain_autoencoder_takes_no_noise(digits: Digits) -> None:
    model = inference.load(runs.SHIPPED / "autoencoder")
    (found,) = followed(model, digits.pixels[:1], np.array([2, -2], np.float32))
    np.testing.assert_allclose(found["z"], model.encode(digits.pixels[:1]).mean[0], atol=1e-4)
