"""The dial: what its bundle says of each run is what the run itself says."""

import gzip
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from vae import inference, runs, series, snapshots
from vae.latent_map import lay_out
from vae.latents import sample_prior, turn
from vae.live.dial import SIDE, dial_data
from vae.series import Series


def unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Values and arrays of a bundle."""
    content = gzip.decompress(content)
    begin = 4 + int.from_bytes(content[:4], "little")
    header = json.loads(content[4:begin])
    arrays = {}
    for name, entry in header["arrays"].items():
        start = begin + entry["start"]
        count = int(np.prod(entry["shape"]))
        array = np.frombuffer(content, entry["type"], count, start)
        arrays[name] = array.reshape(entry["shape"])
    return header["values"], arrays


@pytest.fixture(scope="module")
def shipped() -> Series:
    (found,) = series.find(runs.list_runs(series.SHIPPED))
    return found


@pytest.fixture(scope="module")
def bundle(shipped: Series) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    return unpacked(dial_data(shipped))


def test_every_run_is_asked_the_same(shipped: Series, bundle: Any) -> None:
    values, arrays = bundle
    assert (values["name"], values["labels"]) == ("β", shipped.values)
    digits = snapshots.rebuilt_digits()
    drawn = sample_prior(snapshots.SAMPLES, 2, seed=0)
    for i, run in enumerate(shipped.runs):
        model = inference.Model(run)
        for name, images in (
            ("rebuilt", model.reconstruct(digits.pixels)),
            ("samples", model.decode(drawn)),
        ):
            assert np.abs(arrays[name][i] - 255 * images).max() <= 0.51, (name, run.name)


def test_a_map_is_turned_as_a_whole_and_what_is_decoded_on_it_with_it(
    shipped: Series, bundle: Any
) -> None:
    values, arrays = bundle
    model = inference.Model(shipped.runs[3])
    latents = model.encode(snapshots.mapped_digits().pixels).latents
    turned = arrays["points"][3]
    back = turn(turned, latents)
    np.testing.assert_allclose(back @ back.T, np.eye(2), atol=1e-5)
    np.testing.assert_allclose(turned @ back, latents, atol=1e-3)
    extent = values["extents"][3]
    corner = np.array([[-1, 1]]) * extent * (1 - 1 / SIDE)  # the middle of the first cell
    image = model.decode((corner @ back).astype(np.float32))[0]
    assert np.abs(arrays["manifold"][3, 0] - 255 * image).max() <= 1


def test_each_map_lies_as_near_to_the_one_before_as_any_turn_can_bring_it(bundle: Any) -> None:
    points = bundle[1]["points"].astype(np.float64)
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    for before, here in pairwise(points):
        apart = np.square(here - before).sum()
        for angle in angles:
            for mirror in (1, -1):
                other = np.array(
                    [
                        [np.cos(angle), -np.sin(angle)],
                        [mirror * np.sin(angle), mirror * np.cos(angle)],
                    ]
                )
                assert apart <= np.square(here @ other - before).sum() + 1e-3


def test_losses_are_those_of_the_test_digits_where_every_training_measured_them(
    shipped: Series, bundle: Any, small_run: runs.Run
) -> None:
    values, _ = bundle
    assert values["source"] == "test digits"
    metrics = [run.manifest.metrics for run in shipped.runs]
    lost = [m["test_reconstruction_loss"] for m in metrics]
    assert values["lost"] == pytest.approx(lost, abs=1e-3)
    assert values["told"] == pytest.approx([m["test_kl_divergence"] for m in metrics], abs=1e-3)
    plain = runs.read(runs.SHIPPED / "autoencoder")  # measured by no training, and without KL
    other, _ = unpacked(dial_data(Series("seed", (small_run, plain))))
    assert other["source"].startswith("1,000 digits")
    assert other["told"][1] is None
    assert other["lost"][0] > other["lost"][1] > 50


def test_runs_of_any_size_and_prior_can_be_laid_side_by_side(
    small_run: runs.Run, run_of_five: runs.Run, run_with_a_flow: runs.Run
) -> None:
    _, arrays = unpacked(dial_data(Series("latent_dim", (small_run, run_of_five))))
    kl = lay_out(inference.Model(small_run), snapshots.mapped_digits()).kl_per_dimension
    assert kl is not None
    assert arrays["kl"].shape == (2, 5)
    np.testing.assert_allclose(arrays["kl"][0], np.pad(kl, (0, 3)), rtol=1e-4)
    _, arrays = unpacked(dial_data(Series("prior", (run_of_five, run_with_a_flow))))
    assert arrays["kl"].shape == (2, 0)
