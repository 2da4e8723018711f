"""What stands for networks until somebody needs them: it shows what they would."""

from base64 import b64encode
from typing import Any

import numpy as np
import pytest
from node import evaluate, needs_node

from vae import live, runs
from vae.data import Digits
from vae.inference import Model
from vae.live import recording

pytestmark = needs_node
UNPACKED = """
    const { unpack } = await live("bundle.js");
    const bundle = unpack(Uint8Array.from(Buffer.from(input.bundle, "base64")));
"""
SKETCHED = (
    UNPACKED
    + """
    const { Sketch } = await live("sketch.js");
    const sketch = new Sketch(bundle);
    return {
        kind: [bundle.values.kind, bundle.values.id],
        pictures: input.latents.map((latent) => Array.from(sketch.decode(latent))),
        known: input.latents.map((latent) => sketch.knows(latent)),
        means: input.images.map((image) => Array.from(sketch.encode(image).mean)),
    };
"""
)
RECORDED = (
    UNPACKED
    + """
    const { Recording } = await live("recording.js");
    const recording = new Recording(bundle);
    const parts = ["encoder/a", "decoder/a"].map((name) => recording.standIn(name, () => {}));
    const { mean, logVariance } = parts[0].encode();
    return {
        features: parts.map(({ features }) => features.map(
            ({ data, shape }) => ({ data: Array.from(data), shape }))),
        mean: Array.from(mean), logVariance: Array.from(logVariance),
        logits: Array.from(parts[1].logits()),
    };
"""
)
COMPUTED = """
    const { unpack } = await live("bundle.js");
    const { Decoder, Encoder } = await live("network.js");
    const read = (text) => unpack(Uint8Array.from(Buffer.from(text, "base64")));
    const encoder = new Encoder(read(input.encoder));
    const decoder = new Decoder(read(input.decoder));
    const { mean } = encoder.encode(Float32Array.from(input.image));
    decoder.logits(mean);
    return [encoder, decoder].map((network) => network.features.map(
        ({ data, shape }) => ({ data: Array.from(data), shape })));
"""


def as_text(bundle: bytes) -> str:
    """A bundle as JSON can hold it."""
    return b64encode(bundle).decode()


def sketched(bundle: bytes, latents: np.ndarray, images: np.ndarray) -> dict[str, Any]:
    """What the page makes of a sketch."""
    given = {"latents": latents.tolist(), "images": images.reshape(-1, 784).tolist()}
    return evaluate(SKETCHED, {"bundle": as_text(bundle), **given})


def test_a_sketch_shows_what_the_model_decodes(best: Model) -> None:
    generator = np.random.default_rng(0)
    latents = generator.standard_normal((20, best.latent_dim)).astype(np.float32)
    bundle = live.sketch_bundle("sketch/one", best, latents)
    found = sketched(bundle, latents, np.zeros((0, 784)))
    assert found["kind"] == ["sketch", "one"]
    assert all(found["known"])
    decoded = best.decode(latents).reshape(20, -1)
    np.testing.assert_allclose(found["pictures"], decoded, atol=0.5001 / 255)
    assert len(bundle) < 20 * 1000
    assert not any(sketched(bundle, latents + 0.01, np.zeros((0, 784)))["known"])


def test_examples_are_rebuilt_as_the_model_does_it(best: Model, digits: Digits) -> None:
    images = digits[:3].pixels
    posterior = best.encode(images)
    bundle = live.examples_bundle("sketch/three", best, images)
    found = sketched(bundle, posterior.latents, images)
    np.testing.assert_allclose(found["means"], posterior.mean, atol=1e-6)
    rebuilt = best.reconstruct(images).reshape(3, -1)
    np.testing.assert_allclose(found["pictures"], rebuilt, atol=1e-6)


@pytest.mark.parametrize("name", ["map", "best", "autoencoder"])
def test_a_recording_has_every_layer_as_the_page_computes_it(name: str, digits: Digits) -> None:
    model = Model(runs.read(runs.SHIPPED / name))
    image = digits[1478:1479].pixels[0]
    bundle = recording.recording_bundle("recording/it", model, image, "3")
    found = evaluate(RECORDED, {"bundle": as_text(bundle)})
    posterior = model.encode(image[None])
    np.testing.assert_allclose(found["mean"], posterior.mean[0], atol=1e-4)
    np.testing.assert_allclose(found["logVariance"], posterior.log_variance[0], atol=1e-3)
    logits = model.decode_logits(posterior.latents)[0].ravel()
    np.testing.assert_allclose(found["logits"], logits, atol=1e-3)
    networks = {
        "encoder": as_text(live.encoder_bundle(model)),
        "decoder": as_text(live.decoder_bundle(model)),
    }
    computed = evaluate(COMPUTED, {**networks, "image": image.ravel().tolist()})
    for recorded, own in zip(found["features"], computed, strict=True):
        assert [one["shape"] for one in recorded] == [one["shape"] for one in own]
        for ours, theirs in zip(recorded, own, strict=True):
            np.testing.assert_allclose(ours["data"], theirs["data"], rtol=2e-3, atol=2e-3)
    assert len(bundle) < 300_000


@pytest.fixture(scope="module")
def best() -> Model:
    """The shipped model of this name."""
    return Model(runs.read(runs.SHIPPED / "best"))
