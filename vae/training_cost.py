"""What a training will take, told before it starts: seconds, memory, weights.

The work of a training step is counted from the configs. What one unit of it costs was measured
once on 2 cores; the finished trainings of the machine at hand then tell how fast that is.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import log
from statistics import median

from vae import runs
from vae.config import ModelConfig, TrainingConfig
from vae.mnist import PIXELS, SIDE

# Seconds of a training step: 0.7 of its processor time, which is what two otherwise idle cores
# need. Fitted to the configs of benchmarks/training_cost.py, and within 20 % of each.
PER_STEP = 2.4e-3
PER_IMAGE = 1.9e-5
PER_DENSE = 7.3e-11  # a multiply-add of a dense layer, forwards and backwards
PER_CONVOLUTION = 4.6e-11
PER_AVERAGED_WEIGHT = 4.8e-10
START_SECONDS = 8.0  # loading TensorFlow and the data, tracing the first step, the last export
EMBEDDING_SECONDS = 15.0  # t-SNE at the end, of more than two latent dimensions
EPOCH_SECONDS = 0.6  # validation, a snapshot and a checkpoint

# An export takes about 1.5 s, and TensorFlow's converter keeps 23 bytes a weight for good. So it is
# done at most once in 15 s, and more and more seldom: each time the training is half as long again.
EXPORT_EVERY_SECONDS = 15.0
EXPORT_GROWTH = 0.5

# Memory: the highest resident sizes of the same trainings, and what each export leaves behind.
BASE_MEGABYTES = 660.0
BYTES_PER_WEIGHT = 29.0
BYTES_PER_WEIGHT_AND_EXPORT = 23.0
BYTES_PER_IMAGE = 1800.0

# Disk: what `tiny` and `best` leave, the checkpoint most of it; and a history with its snapshots.
DISK_BYTES_PER_WEIGHT = 28.0
DISK_MEGABYTES = 2.0


@dataclass(frozen=True)
class TrainingCost:
    """What a training is expected to take, on the machine at hand."""

    seconds: float
    megabytes: float
    disk_megabytes: float
    epoch_seconds: float
    parameters: int


@dataclass(frozen=True)
class _Work:
    """Of one network: its weights, and the multiply-adds for one image."""

    weights: int
    dense: int
    convolution: int


def estimate(
    model: ModelConfig,
    training: TrainingConfig,
    train_images: int,
    finished: list[runs.Run] | None = None,
) -> TrainingCost:
    """What this training will take.

    Args:
        model: what is built.
        training: how it is trained.
        train_images: how many training images there are.
        finished: runs of this machine; those that say how fast it is are taken into account.
    """
    pace = _pace(finished or [])
    epoch_seconds = pace * _epoch_seconds(model, training, train_images)
    weights = parameters(model)
    images = min(training.train_images or train_images, train_images)
    once = START_SECONDS + (EMBEDDING_SECONDS if model.latent_dim > 2 else 0.0)
    seconds = pace * once + training.epochs * epoch_seconds
    exports = 2 + log(max(seconds / EXPORT_EVERY_SECONDS, 1.0), 1 + EXPORT_GROWTH)
    per_weight = BYTES_PER_WEIGHT + BYTES_PER_WEIGHT_AND_EXPORT * exports
    megabytes = BASE_MEGABYTES + (per_weight * weights + BYTES_PER_IMAGE * images) / 1e6
    disk_megabytes = DISK_MEGABYTES + DISK_BYTES_PER_WEIGHT * weights / 1e6
    return TrainingCost(seconds, megabytes, disk_megabytes, epoch_seconds, weights)


def parameters(model: ModelConfig) -> int:
    """How many weights the model has."""
    return _encoder(model).weights + _decoder(model).weights + _flow(model).weights


def multiply_adds(model: ModelConfig) -> int:
    """Multiply-adds of dense layers and convolutions for one image, through all networks once."""
    networks = (_encoder(model), _decoder(model), _flow(model))
    return sum(work.dense + work.convolution for work in networks)


def _pace(found: list[runs.Run]) -> float:
    """How much slower this machine is than the one that was measured: a median over its runs.

    A run without a checkpoint was trained elsewhere, and the first epochs of a run are as slow
    as its start: so such runs say nothing.
    """
    ratios = []
    for run in found:
        m = run.manifest
        if m.epochs_done >= 2 and m.data and (run.path / "checkpoint.npz").exists():
            expected = _epoch_seconds(m.model, m.training, m.data["train"])
            ratios.append(m.seconds / m.epochs_done / expected)
    return median(ratios) if ratios else 1.0


def _epoch_seconds(model: ModelConfig, training: TrainingConfig, train_images: int) -> float:
    """Seconds of an epoch on the measured machine, a mean over the run's epochs."""
    images = min(training.train_images or train_images, train_images)
    batch = min(training.batch_size, images)
    encoder, decoder = _encoder(model), _decoder(model)
    # The encoder alone: the gradient still comes through the decoder, but not to its weights.
    alone = 1 - training.joint_epochs / training.epochs
    share = 1 - alone / 3
    dense = encoder.dense + share * (decoder.dense + _flow(model).dense)
    convolution = encoder.convolution + share * decoder.convolution
    step = PER_STEP
    if training.ema_decay or training.precision != "float32":  # which has a copy to serve
        step += PER_AVERAGED_WEIGHT * parameters(model)
    step += batch * (PER_IMAGE + PER_DENSE * dense + PER_CONVOLUTION * convolution)
    return EPOCH_SECONDS + images // batch * step


def _encoder(model: ModelConfig) -> _Work:
    side, channels = SIDE, [1, *model.encoder_channels]
    kernels = convolution = 0
    for before, after in pairwise(channels):
        side = (side + 1) // 2
        kernels += 16 * before * after
        convolution += side**2 * 16 * before * after
    sizes = [side**2 * channels[-1], *model.encoder_units]
    dense = _products(sizes) + 2 * sizes[-1] * model.latent_dim
    biases = sum(channels[1:]) + sum(sizes[1:]) + 2 * model.latent_dim
    return _Work(kernels + dense + biases, dense, convolution)


def _decoder(model: ModelConfig) -> _Work:
    small, large = model.decoder_channels
    quarter, half = SIDE // 4, SIDE // 2
    sizes = [model.latent_dim, *model.decoder_units, quarter**2 * small]
    dense = _products(sizes)
    kernels = {quarter: [16 * small * large], half: [16 * large]}  # by the side of what they read
    kernels[quarter] += [9 * small * small] * model.refinements
    kernels[half] += [9 * large * large] * model.refinements
    biases = sum(sizes[1:]) + large + 1 + model.refinements * (small + large) + PIXELS
    weights = dense + sum(map(sum, kernels.values())) + biases
    return _Work(weights, dense, sum(side**2 * sum(k) for side, k in kernels.items()))


def _flow(model: ModelConfig) -> _Work:
    if not model.has_learned_prior:
        return _Work(0, 0, 0)
    latent_dim, units, n = model.latent_dim, model.coupling_units, model.couplings
    dense = n * 3 * latent_dim * units
    return _Work(dense + n * (units + 2 * latent_dim), dense, 0)


def _products(sizes: list[int]) -> int:
    return sum(a * b for a, b in pairwise(sizes))
