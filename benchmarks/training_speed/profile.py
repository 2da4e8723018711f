"""What the operations of a training step take, by TensorFlow's own profiler."""

import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace  # pyright: ignore

from benchmarks.training_speed import keras_fit, ours
from vae import training_cost
from vae.presets import Preset
from vae.training.trainer import Trainer

STEPS = 20
STEP, PRODUCTS = "**the step**", "**products and convolutions**"
LARGE = "**their multiply-adds in one large product**"
PRODUCT = re.compile("MatMul|Conv2D")
SIDE = 2048  # of the matrices whose product says what the processor can do
OPERATION = re.compile(r"[^:\s]+:_?(?:Mkl)?(?:Native)?(?:Fused)?(\w+?)(?:WithBias)?")
COMPILED = "CpuExecutable::ExecuteAsyncOnStream"


def one_at_a_time() -> None:
    """Let each operation wait for the one before: what overlaps is counted twice else.

    Raises:
        RuntimeError: TensorFlow has computed something already.
    """
    tf.config.threading.set_inter_op_parallelism_threads(1)


def of_step(preset: Preset, images: np.ndarray, plain: bool = False) -> dict[str, float]:
    """What the operations of one step take.

    Args:
        preset: what to train and how.
        images: (n, 28, 28) uint8.
        plain: as Keras `fit` takes it, but never compiled by XLA, which would be one operation.

    Returns:
        Milliseconds of a step by the name of the operation; and of the whole step, without the
        profiler, a median (`STEP`), of all products and convolutions (`PRODUCTS`), and what their
        multiply-adds would take at the speed of one large product (`LARGE`).
    """
    take = (_plain if plain else _ours)(preset, images)
    for _ in range(ours.WARM_UP):
        take()
    seconds = []
    for _ in range(STEPS):
        began = time.perf_counter()
        take()
        seconds.append(time.perf_counter() - began)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            for _ in range(STEPS):
                take()
        operations = _operations(next(Path(folder).rglob("*.xplane.pb")))
    batch = min(preset.training.batch_size, len(images))
    # forwards once, and backwards twice: to what came in, and to the weights
    work = 3 * batch * training_cost.multiply_adds(preset.model)
    return {
        STEP: 1e3 * float(np.median(seconds)),
        PRODUCTS: sum(took for name, took in operations.items() if PRODUCT.match(name)),
        LARGE: 1e3 * work * _seconds_of_a_product(preset.training.precision) / SIDE**3,
        **operations,
    }


def _ours(preset: Preset, images: np.ndarray) -> Callable[[], object]:
    trainer = Trainer(preset.model, preset.training, images)
    order = trainer.order(1)
    numbers = cycle(range(len(order)))

    def step() -> object:
        number = next(numbers)
        return trainer.steps(order[number : number + 1], number)

    return step


def _plain(preset: Preset, images: np.ndarray) -> Callable[[], object]:
    model = keras_fit.compiled(preset, by_xla=False)
    batch = tf.constant(images[: preset.training.batch_size].astype("float32") / 255)
    step = tf.function(model.train_step)
    return lambda: step(batch)["loss"].numpy()


def _operations(recorded: Path) -> dict[str, float]:
    """Milliseconds a step by the operation; one that is fused counts as what it begins with."""
    found: Counter[str] = Counter()
    space = XSpace.FromString(recorded.read_bytes())
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                operation = OPERATION.fullmatch(name)
                if operation or name == COMPILED:
                    kind = operation[1] if operation else "compiled by XLA"
                    found[kind] += event.duration_ps / 1e9 / STEPS
    return dict(found.most_common())


def _seconds_of_a_product(precision: str) -> float:
    """Of two large square matrices; the best of some."""
    ones = tf.ones((SIDE, SIDE), precision)
    product = tf.function(lambda matrix: tf.matmul(matrix, matrix)[0, 0])
    seconds = []
    for _ in range(10):
        began = time.perf_counter()
        product(ones).numpy()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
