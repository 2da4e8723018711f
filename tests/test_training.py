"""Training: what it lowers, what it keeps and tells, and how it fails."""

import errno
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import EVERYTHING, SMALL_MODEL, SMALL_TRAINING, validation_losses
from long import first

from vae import data, failures, history, inference, runs, snapshots
from vae.config import TrainingConfig
from vae.losses import elbo, reconstruction_loss
from vae.training import commits, converter
from vae.training.loop import TrainingError, train
from vae.training.model import load_weights
from vae.training.trainer import Losses, Trainer, as_trained, augmented

Event = dict[str, Any]


@pytest.fixture
def given_losses(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[np.ndarray]]]:
    """Makes the validation losses what a test wants; returns the weights that each stood for."""

    def give(*losses: float) -> list[list[np.ndarray]]:
        left, weights = list(losses), []

        def validate(self: Trainer, digits: data.Digits, pixels: str = "") -> Losses:
            if pixels:  # the test images, at the end
                return Losses(99.0, 90.0, 9.0)
            weights.append(self.averaged.get_weights())
            loss = left.pop(0)
            return Losses(loss, loss - 1, 1.0)

        monkeypatch.setattr(Trainer, "validate", validate)
        return weights

    return give


def trained(config: TrainingConfig, few: data.Splits, path: Path, **options: Any) -> list[float]:
    """The validation losses of a training."""
    train(SMALL_MODEL, config, few, path, **options)
    return validation_losses(path)


@pytest.mark.usefixtures("without_export")
def test_a_visitors_drawing_is_rebuilt_in_every_snapshot(few: data.Splits, tmp_path: Path) -> None:
    drawing = few.test.pixels[0]
    snapshots.write_drawing(tmp_path, drawing)
    config = replace(SMALL_TRAINING, epochs=6)
    train(SMALL_MODEL, config, few, tmp_path)
    found = snapshots.read_all(tmp_path)
    trainer = Trainer(SMALL_MODEL, config, few.train.images)
    trainer.averaged.set_weights(
        load_checkpoint_weights(tmp_path / "checkpoint.npz", len(trainer.averaged.get_weights()))
    )
    last = trainer.decode(trainer.encode(drawing[None])[0])[0]
    assert found[-1].drawing is not None
    np.testing.assert_allclose(found[-1].drawing / 255, last, atol=0.003)
    errors = [np.abs(s.drawing / 255 - drawing).mean() for s in found if s.drawing is not None]
    assert len(errors) == 7
    assert errors[-1] < errors[0]


def load_checkpoint_weights(file: Path, n: int) -> list[np.ndarray]:
    with np.load(file, allow_pickle=False) as arrays:
        return [arrays[f"averaged/{i}"] for i in range(n)]


@pytest.mark.usefixtures("without_export")
@pytest.mark.parametrize("pixels", first(1, ["mixed", "grey", "binarised"]))
def test_the_losses_fall_in_every_pixel_mode(
    splits: data.Splits, tmp_path: Path, pixels: str
) -> None:
    config = replace(SMALL_TRAINING, epochs=6, kl_warmup_epochs=5, pixels=pixels)
    before = Trainer(SMALL_MODEL, config, splits.train.images).validate(splits.validation).loss
    losses = trained(config, splits, tmp_path)
    assert before > losses[1] > losses[-1]
    assert losses[-1] < before - 10


@pytest.mark.long
@pytest.mark.usefixtures("without_export")
def test_the_kl_divergence_falls_as_its_weight_grows_until_the_latent_space_is_collapsed(
    splits: data.Splits, tmp_path: Path
) -> None:
    found, collapses = [], []
    for weight in (0.1, 0.3, 1000.0):
        config = replace(SMALL_TRAINING, epochs=3, kl_weight=weight)
        run = train(SMALL_MODEL, config, splits, tmp_path / str(weight))
        found.append(run.manifest.metrics["validation_kl_divergence"])
        epoch = [e for e in runs.read_events(run.path)[0] if e["event"] == "epoch"][-1]
        assert len(epoch["kl_per_dimension"]) == SMALL_MODEL.latent_dim
        collapses.append(history.collapse(epoch["kl_per_dimension"], weight))
    assert found[0] > 2 * found[1] > 100 * found[2]
    assert found[2] < 0.01
    assert collapses[0] is None
    assert collapses[2] is not None
    assert collapses[2].dead == (0, 1)


@pytest.mark.long
@pytest.mark.usefixtures("without_export")
def test_during_warmup_the_kl_divergence_may_grow_where_its_full_weight_would_not_let_it(
    few: data.Splits, tmp_path: Path
) -> None:
    found = {}
    for warmup in (0, 1000):
        config = replace(SMALL_TRAINING, epochs=6, kl_weight=20.0, kl_warmup_epochs=warmup)
        run = train(SMALL_MODEL, config, few, tmp_path / str(warmup))
        found[warmup] = run.manifest.metrics["validation_kl_divergence"]
    assert found[1000] > 10 * found[0]


@pytest.mark.usefixtures("without_export")
def test_the_loss_is_the_reconstruction_loss_and_the_weighted_kl_divergence(
    few: data.Splits, tmp_path: Path
) -> None:
    config = replace(SMALL_TRAINING, epochs=1, kl_weight=4.0, kl_warmup_epochs=5)
    train(SMALL_MODEL, config, few, tmp_path)
    events, _ = runs.read_events(tmp_path)
    (epoch,) = (event for event in events if event["event"] == "epoch")
    for split in ("train", "validation"):
        terms = epoch[split]
        weighted = terms["reconstruction_loss"] + 4.0 * terms["kl_divergence"]
        assert terms["loss"] == pytest.approx(weighted, rel=1e-6)


def test_the_decoder_starts_at_the_mean_image(few: data.Splits) -> None:
    trainer = Trainer(SMALL_MODEL, SMALL_TRAINING, few.train.images)
    drawn = np.asarray(keras.ops.sigmoid(trainer.averaged.decoder(np.zeros((1, 2), np.float32))))
    np.testing.assert_allclose(drawn[0], few.train.pixels.mean(axis=0), atol=1.1e-3)


def test_an_epoch_visits_images_at_most_once_and_each_epoch_in_another_order(
    few: data.Splits,
) -> None:
    trainer = Trainer(SMALL_MODEL, replace(SMALL_TRAINING, batch_size=64), few.train.images)
    first, second = trainer.order(1), trainer.order(2)
    assert first.shape == (3, 64)  # 200 images: the 8 that fill no batch wait
    assert len(np.unique(first)) == first.size
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, trainer.order(1))


@pytest.mark.long
@pytest.mark.usefixtures("without_export")
def test_free_bits_keep_dimensions_alive_that_a_heavy_kl_weight_would_switch_off(
    few: data.Splits, tmp_path: Path
) -> None:
    found = {}
    for free_bits in (0.0, 2.0):
        config = replace(SMALL_TRAINING, epochs=6, kl_weight=20.0, free_bits=free_bits)
        run = train(SMALL_MODEL, config, few, tmp_path / str(free_bits))
        found[free_bits] = run.manifest.metrics["validation_kl_divergence"]
    assert found[2.0] > 0.5 > 10 * found[0.0]


def test_a_finished_training_knows_the_elbo_of_the_model_that_it_kept_on_test_images(
    small_run: runs.Run, splits: data.Splits
) -> None:
    model, generator = inference.load(small_run.path), np.random.default_rng(0)
    images = (generator.random((len(splits.test), 28, 28)) < splits.test.pixels).astype(np.float32)
    posterior = model.encode(images)
    logits = model.decode_logits(posterior.sample(generator))
    expected = elbo(images, logits, posterior.mean, posterior.log_variance).mean()
    assert small_run.manifest.metrics["test_elbo"] == pytest.approx(expected, rel=0.01)


def test_a_plain_autoencoder_is_not_said_to_have_an_elbo(few: data.Splits, tmp_path: Path) -> None:
    config = replace(SMALL_TRAINING, latents="mean", kl_weight=0.0, epochs=1)
    assert "test_elbo" not in train(SMALL_MODEL, config, few, tmp_path).manifest.metrics


def test_an_autoencoder_decodes_the_mean_without_noise(few: data.Splits) -> None:
    config = replace(SMALL_TRAINING, latents="mean", kl_weight=0.0)
    trainer = Trainer(SMALL_MODEL, config, few.train.images)
    found = trainer.validate(few.validation)
    images = few.validation.pixels
    mean, _ = trainer.averaged.encoder(images)
    expected = reconstruction_loss(images, np.asarray(trainer.averaged.decoder(mean)))
    assert found.reconstruction_loss == pytest.approx(expected.mean(), rel=1e-5)
    assert found.loss == found.reconstruction_loss


def test_fewer_images_than_a_batch_are_one_batch(few: data.Splits) -> None:
    config = replace(SMALL_TRAINING, batch_size=2048)
    assert Trainer(SMALL_MODEL, config, few.train.images).order(1).shape == (1, 200)


def test_no_two_random_draws_of_a_training_step_share_a_seed(
    few: data.Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same seed gives the same bits: the latent's noise would know how the image was moved."""
    trainer = Trainer(SMALL_MODEL, EVERYTHING, few.train.images)
    seeds: list[tuple[int, ...]] = []
    for name in ("stateless_normal", "stateless_uniform"):
        draw = getattr(tf.random, name)

        def recorded(shape: Any, seed: Any, draw: Any = draw) -> Any:
            seeds.append(tuple(np.asarray(seed).tolist()))
            return draw(shape, seed)

        monkeypatch.setattr(tf.random, name, recorded)
    for step in range(2):
        trainer._update(tf.range(50), tf.constant(step), encoder_only=False)
    assert len(seeds) == 6  # augmentation, pixels, latents
    assert len(set(seeds)) == len(seeds)


SEED = tf.constant([1, 2])


def test_grey_pixels_stay_as_they_are(few: data.Splits) -> None:
    grey = tf.constant(few.train.pixels)
    np.testing.assert_array_equal(as_trained(grey, "grey", SEED), few.train.pixels)


def test_binarised_pixels_are_white_as_often_as_they_are_grey(few: data.Splits) -> None:
    grey = few.train.pixels
    binarised = np.asarray(as_trained(tf.constant(grey), "binarised", SEED))
    assert set(np.unique(binarised)) == {0.0, 1.0}
    standard_error = np.sqrt((grey * (1 - grey)).sum())
    assert abs(binarised.sum() - grey.sum()) < 5 * standard_error
    assert (binarised[grey == 0] == 0).all()
    assert (binarised[grey == 1] == 1).all()


def test_binarised_pixels_are_drawn_anew_for_another_seed(few: data.Splits) -> None:
    images = tf.constant(few.train.pixels)
    first = np.asarray(as_trained(images, "binarised", SEED))
    np.testing.assert_array_equal(as_trained(images, "binarised", SEED), first)
    assert (np.asarray(as_trained(images, "binarised", SEED + 1)) != first).any()


@pytest.mark.parametrize("n", [1, 8, 9])
def test_mixed_pixels_are_grey_in_one_half_of_the_images_and_binary_in_the_other(
    few: data.Splits, n: int
) -> None:
    images = few.train.pixels[:n]
    mixed = np.asarray(as_trained(tf.constant(images), "mixed", SEED))
    np.testing.assert_array_equal(mixed[: n // 2], images[: n // 2])
    assert set(np.unique(mixed[n // 2 :])) == {0.0, 1.0}


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_augmented_images_keep_their_shape_range_and_on_average_their_ink(
    few: data.Splits, strength: float
) -> None:
    images = few.train.pixels
    moved = np.asarray(augmented(tf.constant(images), strength, SEED))
    assert moved.shape == images.shape
    assert moved.min() >= 0
    assert moved.max() <= 1
    ratio = moved.sum(axis=(1, 2)) / images.sum(axis=(1, 2))
    # The ink goes with the area, so its spread is that of the map's determinant.
    assert abs(ratio.mean() - 1) < 0.05
    assert ratio.std() == pytest.approx(0.06 * np.sqrt(2) * strength, rel=0.3)
    assert (np.abs(moved - images).max(axis=(1, 2)) > 0.05).mean() > 0.95


def test_augmentation_without_strength_changes_nothing(few: data.Splits) -> None:
    moved = augmented(tf.constant(few.train.pixels), 0.0, SEED)
    np.testing.assert_allclose(moved, few.train.pixels, atol=1e-5)


def test_the_epoch_with_the_lowest_validation_loss_is_kept(
    few: data.Splits, tmp_path: Path, given_losses: Callable[..., list[list[np.ndarray]]]
) -> None:
    weights = given_losses(105.0, 101.0, 103.0, 102.0)
    run = train(SMALL_MODEL, replace(SMALL_TRAINING, epochs=4), few, tmp_path)
    assert run.manifest.best_epoch == 2
    assert run.manifest.epochs_done == 4
    assert run.manifest.metrics == {
        "validation_loss": 101.0,
        "validation_reconstruction_loss": 100.0,
        "validation_kl_divergence": 1.0,
        "test_elbo": -99.0,
        "test_reconstruction_loss": 90.0,
        "test_kl_divergence": 9.0,
    }
    kept = load_weights(SMALL_MODEL, runs.model_files(run)["model.keras"]).get_weights()
    halved = [[w.astype(np.float16) for w in of_epoch] for of_epoch in weights]
    assert all(np.array_equal(a, b) for a, b in zip(kept, halved[1], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(kept, halved[3], strict=True))


@pytest.mark.long
@pytest.mark.usefixtures("without_export")
def test_an_earlier_best_epoch_survives_a_resume(
    few: data.Splits, tmp_path: Path, given_losses: Callable[..., list[list[np.ndarray]]]
) -> None:
    given_losses(101.0, 105.0, 103.0)
    config = replace(SMALL_TRAINING, epochs=2)
    train(SMALL_MODEL, config, few, tmp_path)
    run = train(SMALL_MODEL, replace(config, epochs=3), few, tmp_path, resume=True)
    assert (run.manifest.epochs_done, run.manifest.best_epoch) == (3, 1)
    assert run.manifest.metrics["validation_loss"] == 101.0


@pytest.mark.usefixtures("without_export")
def test_the_history_on_disk_is_what_was_told_in_order(few: data.Splits, tmp_path: Path) -> None:
    told: list[Event] = []
    train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path, emit=told.append)
    lines = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    written = [json.loads(line) for line in lines]
    assert all(event.pop("crc32") for event in written)
    assert written == told
    kinds = [event["event"] for event in told]
    assert [kinds[0], kinds[-1]] == ["start", "end"]
    assert kinds.count("epoch") == 2
    assert told[0]["steps_per_epoch"] == 4
    last_of_epoch = [told[i - 1] for i, kind in enumerate(kinds) if kind == "epoch"]
    assert [(event["event"], event["step"]) for event in last_of_epoch] == [
        ("progress", 4),
        ("progress", 8),
    ]


@pytest.mark.usefixtures("without_export")
def test_an_event_is_on_disk_before_it_is_told(few: data.Splits, tmp_path: Path) -> None:
    def check(event: Event) -> None:
        assert runs.read_events(tmp_path)[0][-1] == event

    run = train(SMALL_MODEL, replace(SMALL_TRAINING, epochs=1), few, tmp_path, emit=check)
    assert run.manifest.state == "finished"


def test_a_run_tells_what_it_was_made_of(small_run: runs.Run, splits: data.Splits) -> None:
    manifest = small_run.manifest
    assert (manifest.state, manifest.preset, manifest.error) == ("finished", "tiny", "")
    assert (manifest.model, manifest.training) == (SMALL_MODEL, SMALL_TRAINING)
    assert manifest.data["sha256"] == splits.sha256
    assert [manifest.data[s] for s in ("train", "validation", "test")] == [1000, 500, 500]
    assert manifest.versions["tensorflow"] == tf.__version__
    assert manifest.versions["keras"] == keras.__version__
    weights = load_weights(SMALL_MODEL, small_run.path / "model.keras").get_weights()
    assert manifest.parameters == sum(w.size for w in weights)
    assert manifest.seconds > 0


def test_the_kept_model_has_the_loss_that_the_manifest_tells(
    small_run: runs.Run, splits: data.Splits
) -> None:
    trainer = Trainer(SMALL_MODEL, SMALL_TRAINING, splits.train.images)
    stored = load_weights(SMALL_MODEL, small_run.path / "model.keras")
    trainer.averaged.set_weights(stored.get_weights())
    loss = trainer.validate(splits.validation).loss
    assert loss == pytest.approx(small_run.manifest.metrics["validation_loss"], rel=1e-5)


def fails_from_step(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the n-th step on (from 0) the losses of a step are not numbers."""
    steps = Trainer.steps

    def broken(self: Trainer, indices: np.ndarray, first: int) -> np.ndarray:
        losses = steps(self, indices, first)
        return losses if first + len(indices) <= n else np.full_like(losses, np.nan)

    monkeypatch.setattr(Trainer, "steps", broken)


def test_a_loss_that_is_not_finite_ends_a_run_and_its_last_good_epoch_is_kept(
    few: data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_from_step(4 + 2, monkeypatch)
    text = "the loss is nan in epoch 2: .* lower the learning rate \\(now 0.003\\) and train again"
    with pytest.raises(TrainingError, match=text) as caught:
        train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path)
    run = runs.read(tmp_path)
    assert runs.model_files(run)
    assert (run.manifest.state, run.manifest.error) == ("failed", str(caught.value))
    assert (run.manifest.epochs_done, run.manifest.best_epoch) == (1, 1)
    assert run.manifest.diverged  # so it is not resumed
    end = {"event": "end", "state": "failed", "error": str(caught.value)}
    assert runs.read_events(tmp_path)[0][-1] == end
    weights = load_weights(SMALL_MODEL, tmp_path / "model.keras").get_weights()
    assert all(np.isfinite(w).all() for w in weights)


def test_a_run_that_fails_in_its_first_epoch_offers_no_model(
    few: data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_from_step(0, monkeypatch)
    with pytest.raises(TrainingError, match="the loss is nan in epoch 1"):
        train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path)
    assert runs.read(tmp_path).manifest.state == "failed"
    assert not runs.read(tmp_path).manifest.usable


@pytest.mark.long
@pytest.mark.usefixtures("without_export")
def test_a_validation_loss_that_is_not_finite_fails_too(
    few: data.Splits, tmp_path: Path, given_losses: Callable[..., list[list[np.ndarray]]]
) -> None:
    given_losses(101.0, float("inf"))
    with pytest.raises(TrainingError, match="the loss is inf in epoch 2"):
        train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path)
    assert runs.read(tmp_path).manifest.best_epoch == 1


def test_a_crash_during_a_later_export_leaves_the_earlier_model_usable(
    few: data.Splits,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given_losses: Callable[..., list[list[np.ndarray]]],
) -> None:
    """The promise of run directories; and visitors load a run while it is being trained."""
    given_losses(102.0, 101.0)
    monkeypatch.setattr(commits, "EXPORT_EVERY_SECONDS", 0.0)
    convert, calls = converter.convert, []

    def crashes_the_fourth_time(network: keras.Model) -> bytes:
        calls.append(network.name)
        if len(calls) == 4:  # encoder, decoder; encoder, decoder
            raise KeyboardInterrupt
        return convert(network)

    monkeypatch.setattr(converter, "convert", crashes_the_fourth_time)
    with pytest.raises(KeyboardInterrupt):
        train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path)
    assert calls == ["encoder", "decoder"] * 2
    run = runs.read(tmp_path)
    assert runs.state(run) == "interrupted"
    assert runs.model_files(run)
    assert run.manifest.best_epoch == 1


SHORT_OF_MEMORY = f"memory ran short; {failures.LESS_MEMORY}; the last committed epoch is kept"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError("Unable to allocate 2.30 MiB"), SHORT_OF_MEMORY),
        (
            tf.errors.ResourceExhaustedError(
                None, None, "OOM when allocating tensor\n" + "/srv/lib/trace.py\n" * 200
            ),
            SHORT_OF_MEMORY,
        ),
        (
            tf.errors.ResourceExhaustedError(None, None, "/srv/x; No space left on device"),
            "run cannot be written: No space left on device; free some space there, or delete a "
            "run for good; then resume; the last committed epoch is kept",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "/srv/app/runs/run/manifest.json"),
            "run cannot be written: Read-only file system; let VAE_RUNS_DIR name a folder that "
            "can be written; then resume; the last committed epoch is kept",
        ),
        (
            tf.errors.InternalError(None, None, "broken in /srv/lib/kernel.cc\n" + "frame\n" * 999),
            "TensorFlow met an error: broken in kernel.cc; the last committed epoch is kept",
        ),
    ],
    ids=["memory", "tensorflow memory", "tensorflow disk", "read-only", "other"],
)
@pytest.mark.usefixtures("without_export")
def test_what_ends_a_training_is_told_in_one_line_and_whole_in_the_log(
    few: data.Splits,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    said: str,
) -> None:
    def steps(*_: Any) -> None:
        raise error

    monkeypatch.setattr(Trainer, "steps", steps)
    with pytest.raises(TrainingError) as caught:
        train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path / "run")
    manifest = runs.read(tmp_path / "run").manifest
    assert (manifest.state, manifest.error, str(caught.value)) == ("failed", said, said)
    assert str(error) in capsys.readouterr().err


def test_memory_that_ends_within_a_layer_is_told_as_memory(
    few: data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras makes another error of it, which says nothing of memory."""

    def call(self: keras.layers.Dense, inputs: Any, training: bool | None = None) -> None:
        np.empty(2**55, np.uint8)

    monkeypatch.setattr(keras.layers.Dense, "call", call)
    with pytest.raises(TrainingError) as caught:
        train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path / "run")
    assert str(caught.value) == SHORT_OF_MEMORY


def test_a_fault_of_the_program_is_not_taken_for_one_of_the_machine(
    few: data.Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def steps(*_: Any) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(Trainer, "steps", steps)
    with pytest.raises(ValueError, match=r"^a fault$"):
        train(SMALL_MODEL, SMALL_TRAINING, few, tmp_path / "run")


@pytest.mark.usefixtures("without_export")
def test_temporary_files_of_a_training_lie_in_its_run_and_are_gone_at_its_end(
    few: data.Splits, tmp_path: Path
) -> None:
    path, before, found = tmp_path / "run", tempfile.gettempdir(), set()
    (path / runs.TEMPORARY).mkdir(parents=True)
    (path / runs.TEMPORARY / "old.py").touch()  # of one that was killed

    def look(_: Event) -> None:
        found.add(tempfile.gettempdir())
        assert not (path / runs.TEMPORARY / "old.py").exists()

    train(SMALL_MODEL, SMALL_TRAINING, few, path, emit=look)
    assert found == {str(path / runs.TEMPORARY)}
    assert not (path / runs.TEMPORARY).exists()
    assert tempfile.gettempdir() == before
