"""The decoder in the page draws what the served model and Keras draw."""

from base64 import b64encode

import numpy as np
import pytest
from node import evaluate, needs_node

from vae import inference, live, runs
from vae.inference import Model
from vae.live import bundle, network

SHIPPED = [run.name for run in runs.list_runs(runs.SHIPPED)]
DECODE = """
    const { unpack } = await live("bundle.js");
    const { Decoder } = await live("decoder.js");
    const decoder = new Decoder(unpack(Uint8Array.from(Buffer.from(input.bundle, "base64"))));
    return input.latents.map((latent) => Array.from(decoder.decode(latent)));
"""

pytestmark = needs_node


def decoded(content: bytes, latents: np.ndarray) -> np.ndarray:
    """What the page decodes from latents (n, latent_dim): (n, 28, 28) in [0, 1]."""
    value = {"bundle": b64encode(content).decode(), "latents": latents.tolist()}
    return np.array(evaluate(DECODE, value)).reshape(-1, 28, 28)


def random_latents(model: Model, n: int = 200) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1.5, (n, model.latent_dim)).astype(np.float32)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_run_is_decoded_as_it_is_served(name: str) -> None:
    model = inference.load(runs.SHIPPED / name)
    latents = random_latents(model)
    assert np.abs(decoded(live.decoder_bundle(model), latents) - model.decode(latents)).max() < 1e-5


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
    ],
    ids=["smallest", "residual", "refined", "smooth"],
)
def test_every_shape_of_decoder_is_decoded_as_keras_does(options: dict) -> None:
    from vae.config import ModelConfig
    from vae.training import converter  # TensorFlow: only for the tests that need it
    from vae.training.model import build_decoder

    decoder = build_decoder(ModelConfig(**options), seed=1)
    read = network.read(converter.convert(decoder))
    latents = np.random.default_rng(1).normal(size=(20, options["latent_dim"]))
    values = {"latent_dim": read.latent_dim, "latent": read.latent, "layers": read.layers}
    images = decoded(bundle.pack(values, read.weights), latents)
    by_keras = inference.sigmoid(np.asarray(decoder(latents.astype(np.float32))))
    assert np.abs(images - by_keras).max() < 1e-5


def test_weights_travel_in_half_precision_and_lose_nothing(small_run: runs.Run) -> None:
    read = network.describe(inference.Model(small_run))
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
    hidden = layers.Reshape((28, 28))(layers.Dense(784, activation="softmax")(latents))
    with pytest.raises(network.NetworkError, match="SOFTMAX, which the page cannot compute"):
        network.read(converter.convert(Model(latents, hidden)))


def test_bundles_take_only_types_that_the_page_knows() -> None:
    with pytest.raises(ValueError, match="points is float64; make it one of uint8"):
        bundle.pack({}, {"points": np.zeros(2)})
