"""The networks in the page compute what the served model and Keras compute."""

from base64 import b64encode

import numpy as np
import pytest
from node import evaluate, needs_node

from vae import inference, live, runs
from vae.data import Digits
from vae.inference import Model
from vae.live import bundle, network

SHIPPED = [run.name for run in runs.list_runs(runs.SHIPPED)]
DECODE = """
    const { unpack } = await live("bundle.js");
    const { Decoder } = await live("network.js");
    const decoder = new Decoder(unpack(Uint8Array.from(Buffer.from(input.bundle, "base64"))));
    return input.latents.map((latent) => Array.from(decoder.decode(latent)));
"""
ENCODE = """
    const { unpack } = await live("bundle.js");
    const { Encoder } = await live("network.js");
    const encoder = new Encoder(unpack(Uint8Array.from(Buffer.from(input.bundle, "base64"))));
    return input.images.map((image) => Object.values(encoder.encode(image)).map((v) => [...v]));
"""

pytestmark = needs_node


def decoded(content: bytes, latents: np.ndarray) -> np.ndarray:
    """What the page decodes from latents (n, latent_dim): (n, 28, 28) in [0, 1]."""
    value = {"bundle": b64encode(content).decode(), "latents": latents.tolist()}
    return np.array(evaluate(DECODE, value)).reshape(-1, 28, 28)


def encoded(content: bytes, images: np.ndarray) -> np.ndarray:
    """What the page encodes images (n, 28, 28) to: (n, 2, latent_dim), means and log variances."""
    value = {"bundle": b64encode(content).decode(), "images": images.reshape(-1, 784).tolist()}
    return np.array(evaluate(ENCODE, value))


BASE = """
    const { unpack } = await live("bundle.js");
    const { Encoder } = await live("network.js");
    const { draw, evenNoise, klDivergence } = await live("latents/posterior.js");
    const encoder = new Encoder(unpack(Uint8Array.from(Buffer.from(input.bundle, "base64"))));
    return input.images.map((image) => {
        const posterior = encoder.encode(image);
        const noises = evenNoise(16, posterior.mean.length);
        const draws = noises.map((noise) => encoder.toBase(draw(posterior, noise)));
        const { latent, logVolume } = encoder.toBase(posterior.mean);
        return [[...latent, logVolume], klDivergence(encoder, posterior, draws, noises)];
    });
"""


def some_images(digits: Digits) -> np.ndarray:
    """Digits of all classes, noise, and the two extremes."""
    noise = np.random.default_rng(0).random((3, 28, 28))
    return np.concatenate(
        [digits.pixels[::125], noise, np.zeros((1, 28, 28)), np.ones((1, 28, 28))]
    )


def by_model(model: Model, images: np.ndarray) -> np.ndarray:
    posterior = model.encode(images)
    return np.stack([posterior.mean, posterior.log_variance], axis=1)


def random_latents(model: Model, n: int = 200) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1.5, (n, model.latent_dim)).astype(np.float32)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_run_is_decoded_as_it_is_served(name: str) -> None:
    model = inference.load(runs.SHIPPED / name)
    latents = random_latents(model)
    apart = decoded(live.decoder_bundle(model), latents) - model.decode(latents)
    assert np.abs(apart).max() < (3e-5 if name == "flow" else 1e-5)  # couplings come before


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_run_encodes_as_it_is_served(name: str, digits: Digits) -> None:
    model, images = inference.load(runs.SHIPPED / name), some_images(digits)
    apart = encoded(live.encoder_bundle(model), images) - by_model(model, images)
    assert np.abs(apart).max() < 1e-4


@pytest.mark.parametrize("fixture", ["small_run", "run_of_five"])
def test_a_fresh_run_encodes_as_it_is_served(
    fixture: str, digits: Digits, request: pytest.FixtureRequest
) -> None:
    model, images = inference.Model(request.getfixturevalue(fixture)), some_images(digits)
    apart = encoded(live.encoder_bundle(model), images) - by_model(model, images)
    assert np.abs(apart).max() < 1e-4


LEARNED = ["run_with_a_flow", *(name for name in SHIPPED if name == "flow")]


@pytest.mark.parametrize("name", LEARNED)
def test_behind_a_learned_prior_an_image_lands_where_it_is_served_and_its_kl_divergence_is_near(
    name: str, digits: Digits, request: pytest.FixtureRequest
) -> None:
    run = runs.read(runs.SHIPPED / name) if name in SHIPPED else request.getfixturevalue(name)
    model, images = inference.Model(run), digits.pixels[::250]
    posterior = model.encode(images)
    content = b64encode(live.encoder_bundle(model)).decode()
    found = evaluate(BASE, {"bundle": content, "images": images.reshape(-1, 784).tolist()})
    bases = np.array([base for base, _ in found])
    latents, log_volume = model.prior.to_base(posterior.mean)
    assert np.abs(bases - np.column_stack([latents, log_volume])).max() < 1e-3
    apart = np.array([kl for _, kl in found]) - posterior.kl_divergence(draws=400)
    assert np.abs(apart).mean() < 0.5  # nats, by 16 draws


@pytest.mark.parametrize("fixture", ["small_run", "run_of_five"])
def test_a_fresh_run_is_decoded_as_keras_does(fixture: str, request: pytest.FixtureRequest) -> None:
    from vae.training.model import load_weights  # TensorFlow: the fixture has loaded it, too

    run = request.getfixturevalue(fixture)
    model = inference.Model(run)
    vae = load_weights(run.manifest.model, runs.model_files(run)["model.keras"])
    latents = random_latents(model)
    by_keras = inference.sigmoid(np.asarray(vae.decoder(latents)))
    assert np.abs(decoded(live.decoder_bundle(model), latents) - by_keras).max() < 1e-5


@pytest.mark.parametrize(
    "options",
    [
        {"latent_dim": 1, "decoder_units": (8,), "decoder_channels": (1, 1)},
        {"latent_dim": 7, "decoder_units": (16, 24, 24), "decoder_channels": (3, 5)},
        {"latent_dim": 128, "decoder_channels": (4, 2), "refinements": 2},
        {"latent_dim": 3, "decoder_units": (16, 16), "refinements": 1, "activation": "silu"},
        {"latent_dim": 5, "decoder_units": (16,), "prior": "flow", "couplings": 3},
        {"latent_dim": 2, "encoder_channels": (3, 5, 7), "encoder_units": (16, 16)},
        {"latent_dim": 4, "encoder_channels": (8,), "encoder_units": (9,), "activation": "silu"},
        {"latent_dim": 2, "encoder_channels": (4,), "encoder_units": (9,), "encoder_places": 300},
    ],
    ids=[
        *("smallest", "residual", "refined", "smooth"),
        *("behind a flow", "convolved", "smoothly convolved", "with places"),
    ],
)
def test_every_shape_of_network_is_computed_as_keras_does(options: dict, digits: Digits) -> None:
    from vae.config import ModelConfig
    from vae.training import converter  # TensorFlow: only for the tests that need it
    from vae.training.model import VAE

    config = ModelConfig(**options)
    vae = VAE(config, seed=1)
    generator = np.random.default_rng(2)  # fresh variances are all 1, a fresh flow is N(0, I)
    vae.set_weights([w + generator.normal(0, 0.05, w.shape) for w in vae.get_weights()])
    decoder, encoder = (vae.served()[name] for name in ("decoder", "encoder"))
    latents = np.random.default_rng(1).normal(size=(20, config.latent_dim)).astype(np.float32)
    read = network.read(converter.convert(decoder), [(28, 28)])
    by_keras = inference.sigmoid(np.asarray(decoder(latents)))
    assert np.abs(decoded(bundle.pack(read.values, read.weights), latents) - by_keras).max() < 1e-5
    images = some_images(digits).astype(np.float32)
    read = network.read(converter.convert(encoder), [(config.latent_dim,)] * 2)
    posteriors = np.stack([np.asarray(part) for part in encoder(images)], axis=1)
    apart = encoded(bundle.pack(read.values, read.weights), images) - posteriors
    assert np.abs(apart).max() < 1e-4


def test_weights_travel_in_half_precision_and_lose_nothing(small_run: runs.Run) -> None:
    read = network.decoder(inference.Model(small_run))
    assert {weights.dtype.name for weights in read.weights.values()} == {"float16"}
    odd = network._compact(np.array([0.1], np.float32))
    assert odd.dtype == np.float32  # half precision would lose something


def test_bundles_bring_every_array_through_to_the_last_bit() -> None:
    halves = np.arange(65536, dtype=np.uint16).view(np.float16)
    arrays = {
        "bytes": np.arange(5, dtype=np.uint8),
        "whole": np.array([[-1, 2**31 - 1]], np.int32),
        "halves": halves,
        "single": np.array([1e-45, -0.1, 3e38], np.float32),
    }
    content = bundle.pack({"words": "é", "list": [1, 2.5]}, arrays)
    read = evaluate(
        """
        const { unpack } = await live("bundle.js");
        const { values, arrays } = unpack(Uint8Array.from(Buffer.from(input, "base64")));
        const all = Object.entries(arrays).map(([name, { data, shape }]) =>
            [name, [shape, Array.from(data, v => Number.isNaN(v) ? 'nan' : String(v))]]);
        return [values, Object.fromEntries(all)];
        """,
        b64encode(content).decode(),
    )
    assert read[0] == {"words": "é", "list": [1, 2.5]}
    for name, array in arrays.items():
        shape, texts = read[1][name]
        assert shape == list(array.shape)
        values = np.array([float(text.replace("Infinity", "inf")) for text in texts])
        np.testing.assert_array_equal(values, array.ravel().astype(np.float64))


def test_what_the_page_cannot_compute_is_named() -> None:
    from keras import Input, Model, layers

    from vae.training import converter

    latents = Input((2,))
    hidden = layers.Reshape((28, 28))(layers.Dense(784, activation="elu")(latents))
    with pytest.raises(network.NetworkError, match="ELU, which the page cannot compute"):
        network.read(converter.convert(Model(latents, hidden)), [(28, 28)])


def test_a_network_that_ends_in_another_shape_is_refused(small_run: runs.Run) -> None:
    content = runs.model_files(small_run)["encoder.tflite"].read_bytes()
    with pytest.raises(network.NetworkError, match=r"ends in the shapes .*, not in \[\(3,\)"):
        network.read(content, [(3,), (3,)])


def test_bundles_take_only_types_that_the_page_knows() -> None:
    with pytest.raises(ValueError, match="points is float64; make it one of uint8"):
        bundle.pack({}, {"points": np.zeros(2)})
