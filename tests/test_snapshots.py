"""Snapshots: what they hold, which are kept, and what is refused."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from conftest import SMALL_TRAINING

from vae import data, inference, runs, snapshots
from vae.snapshots import SnapshotError, mapped_digits, rebuilt_digits


def encode_in(latent_dim: int, turn: float = 0.0):
    """A stand-in for an encoder: some linear view of the pixels, turned in its first plane."""
    view = np.random.default_rng(5).standard_normal((784, latent_dim)).astype(np.float32) / 28
    view *= np.linspace(2, 1, latent_dim)
    c, s = np.cos(turn), np.sin(turn)
    view[:, :2] = view[:, :2] @ np.array([[c, -s], [s, c]])

    def encode(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = images.reshape(-1, 784) @ view
        return mean, np.zeros_like(mean)

    return encode


def decode(latents: np.ndarray) -> np.ndarray:
    return np.full((len(latents), 28, 28), 0.5) + 0.1 * np.tanh(latents[:, :1, None])


@pytest.fixture
def snapshot() -> snapshots.Snapshot:
    return snapshots.take(3, encode_in(2), decode)


def test_no_model_is_trained_on_what_a_snapshot_shows(splits: data.Splits) -> None:
    seen = {image.tobytes() for image in data.load(download=False).train.images}
    assert not any(image.tobytes() in seen for image in mapped_digits().images)
    assert not seen & {image.tobytes() for image in splits.validation.images}  # the check can see


def test_the_map_has_a_hundred_digits_of_each_class_and_sixteen_different_ones_are_rebuilt() -> (
    None
):
    assert np.bincount(mapped_digits().labels).tolist() == [100] * 10
    shown = rebuilt_digits()
    counts = np.bincount(shown.labels, minlength=10)
    assert len(shown) == 16
    assert counts.min() == 1
    assert counts.max() == 2
    assert len({image.tobytes() for image in shown.images}) == 16


def test_a_snapshot_comes_back_as_it_was_written(
    snapshot: snapshots.Snapshot, tmp_path: Path
) -> None:
    snapshots.write(tmp_path, snapshot)
    (found,) = snapshots.read_all(tmp_path)
    assert found.epoch == 3
    for name in ("rebuilt", "samples", "points", "kl_per_dimension"):
        np.testing.assert_array_equal(getattr(found, name), getattr(snapshot, name))


def test_a_map_of_many_dimensions_is_turned_to_the_one_before() -> None:
    before = snapshots.take(1, encode_in(5), decode)
    alone = snapshots.take(2, encode_in(5, turn=2.5), decode)
    turned = snapshots.take(2, encode_in(5, turn=2.5), decode, before)
    distance = [np.abs(s.points - before.points).max() for s in (alone, turned)]
    assert distance[1] < 0.05
    assert distance[0] > 1


def test_the_newest_snapshot_stays_and_earlier_ones_only_if_chosen(
    snapshot: snapshots.Snapshot, tmp_path: Path
) -> None:
    for epoch in range(15):
        snapshots.write(tmp_path, replace(snapshot, epoch=epoch))
    assert list(snapshots.files(tmp_path)) == [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14]
    assert len(snapshots.KEPT) == 25


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9])
def test_a_cut_snapshot_is_refused_and_the_others_are_still_shown(
    snapshot: snapshots.Snapshot, tmp_path: Path, share: float
) -> None:
    for epoch in (1, 2):
        snapshots.write(tmp_path, replace(snapshot, epoch=epoch))
    file = snapshots.files(tmp_path)[1]
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    with pytest.raises(SnapshotError, match=r"^0001\.npz is not a snapshot: "):
        snapshots.read(file)
    assert [found.epoch for found in snapshots.read_all(tmp_path)] == [2]


def repacked(tmp_path: Path, **arrays: np.ndarray) -> Path:
    good = snapshots.take(1, encode_in(2), decode)
    names = ("rebuilt", "samples", "points", "kl_per_dimension")
    everything: Any = {n: getattr(good, n) for n in names} | arrays
    np.savez_compressed(tmp_path / "0001.npz", **everything)
    return tmp_path / "0001.npz"


@pytest.mark.parametrize(
    ("name", "array", "text"),
    [
        ("rebuilt", np.zeros((16, 28, 27), np.uint8), "rebuilt is uint8"),
        ("samples", np.zeros((25, 28, 28), np.int8), "samples is int8"),
        ("points", np.full((1000, 2), np.nan, np.float16), "points has values that are not finite"),
        ("kl_per_dimension", np.zeros((2, 2), np.float16), "kl_per_dimension is float16"),
        ("more", np.zeros(1), "it holds"),
        ("drawing", np.zeros((28, 27), np.uint8), "drawing is uint8"),
        ("rebuilt", np.array([{"code": 1}]), "is no array of numbers"),
        ("samples", np.zeros((25, 2800, 2800), np.uint8), "is larger than 187,456 bytes"),
    ],
    ids=str.split("shape dtype nan rank extra drawing object bomb"),
)
def test_what_is_no_snapshot_is_refused(
    tmp_path: Path, name: str, array: np.ndarray, text: str
) -> None:
    with pytest.raises(SnapshotError, match=text):
        snapshots.read(repacked(tmp_path, **{name: array}))


def test_a_header_that_asks_for_more_memory_than_the_file_has_is_refused(tmp_path: Path) -> None:
    file = repacked(tmp_path)
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["samples.npy"] = entries["samples.npy"].replace(b"(25, 28, 28), ", b"(9**9,), ")
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(SnapshotError):
        snapshots.read(file)


def test_a_training_leaves_snapshots_small_enough_to_ship_and_of_its_last_epoch_too(
    run_of_five: runs.Run,
) -> None:
    found = snapshots.read_all(run_of_five.path)
    assert [snapshot.epoch for snapshot in found] == [0, 1, 2]
    assert all(f.stat().st_size < 50_000 for f in snapshots.files(run_of_five.path).values())
    assert found[0].kl_per_dimension.shape == (5,)


def test_a_snapshot_shows_what_the_served_model_draws(small_run: runs.Run) -> None:
    model = inference.Model(small_run)
    last = {s.epoch: s for s in snapshots.read_all(small_run.path)}[small_run.manifest.best_epoch]
    served = model.reconstruct(rebuilt_digits().pixels)
    np.testing.assert_allclose(last.rebuilt / 255, served, atol=0.01)
    np.testing.assert_allclose(last.points, model.encode(mapped_digits().pixels).mean, atol=0.02)


def test_the_losses_of_a_run_are_tensorboard_events(small_run: runs.Run) -> None:
    (file,) = (small_run.path / "tensorboard").glob("events.out.tfevents.*")
    found: dict[tuple[str, int], float] = {}
    for record in tf.data.TFRecordDataset(str(file)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            assert value.metadata.plugin_data.plugin_name == "scalars"
            found[value.tag, event.step] = float(tf.make_ndarray(value.tensor))
    told = [e for e in runs.read_events(small_run.path)[0] if e["event"] == "epoch"]
    assert len(told) == SMALL_TRAINING.epochs
    for event in told:
        step = event["epoch"] * 1000 // SMALL_TRAINING.batch_size
        for split in ("train", "validation"):
            for name, value in event[split].items():
                assert found[f"{split}/{name}", step] == pytest.approx(value, rel=1e-6)


def test_a_drawing_is_kept_and_comes_back(tmp_path: Path) -> None:
    assert snapshots.read_drawing(tmp_path) is None
    drawing = rebuilt_digits().pixels[0]
    snapshots.write_drawing(tmp_path, drawing)
    np.testing.assert_array_equal(snapshots.read_drawing(tmp_path), drawing)
    with pytest.raises(ValueError, match=r"^the drawing has shape \(28, 28\); give"):
        snapshots.write_drawing(tmp_path, drawing + 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        np.zeros((28, 28)).tobytes(),
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<f4', 'fortran_order': False, 'shape': (9**9,), }".ljust(117)
        + b"\n",
    ],
    ids=str.split("empty cut raw bomb"),
)
def test_a_damaged_drawing_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / snapshots.DRAWING).write_bytes(content)
    assert snapshots.read_drawing(tmp_path) is None
