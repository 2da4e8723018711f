"""How long one answer of a model takes: `python -m benchmarks.serving`.

LiteRT, as the app serves its shipped models with, against the same networks in Keras: `predict`, a
call, and a call compiled as a `tf.function` for any batch. Encoding and decoding, 1, 100 and 900 at
once, in one process, the ways in turn. Keras' weights are random: that does not change the time.
LiteRT computes with one thread, as in the app, TensorFlow with all cores.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from benchmarks import report
from vae import inference, runs
from vae.mnist import IMAGE

Way = Callable[[np.ndarray], Any]
TASKS = ("encode", "decode")
WAYS = ("LiteRT", "predict", "call", "tf.function")


def ways(run: runs.Run, task: str) -> dict[str, Way]:
    """The ways to compute a run's encoder or decoder."""
    import tensorflow as tf  # takes seconds: not before the arguments are read

    from vae.training.model import build_decoder, build_encoder

    served, config = inference.Model(run, lean=True), run.manifest.model
    network: Any = build_encoder(config) if task == "encode" else build_decoder(config)
    shape = IMAGE if task == "encode" else (config.latent_dim,)
    compiled = tf.function(network, input_signature=[tf.TensorSpec((None, *shape), tf.float32)])
    return {
        "LiteRT": served.encode if task == "encode" else served.decode_logits,
        "predict": lambda batch: network.predict(batch, verbose=0),
        "call": lambda batch: np.asarray(_first(network(batch))),
        "tf.function": lambda batch: np.asarray(_first(compiled(batch))),
    }


def _first(outputs: Any) -> Any:
    return outputs[0] if isinstance(outputs, list | tuple) else outputs


def inputs(run: runs.Run, task: str, n: int) -> np.ndarray:
    """Images or latents to compute from: (n, 28, 28) or (n, latent_dim)."""
    dice = np.random.default_rng(0)
    if task == "encode":
        return dice.random((n, *IMAGE), np.float32)
    return dice.standard_normal((n, run.manifest.model.latent_dim), np.float32)


def milliseconds(way: Way, batch: np.ndarray, seconds: float) -> float:
    """The median of as many calls as fit, after two that do not count."""
    for _ in range(2):
        way(batch)
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not times:
        began = time.perf_counter()
        way(batch)
        times.append(time.perf_counter() - began)
    return 1000 * median(times)


def measure(name: str, sizes: list[int], seconds: float, repeats: int) -> list[dict[str, Any]]:
    """A row for each task and size: the medians of each way, one a repeat."""
    run, rows = runs.read(runs.SHIPPED / name), []
    for task in TASKS:
        computed = ways(run, task)
        for n in sizes:
            batch, found = inputs(run, task, n), {way: [] for way in WAYS}
            for _ in range(repeats):
                for way in WAYS:
                    found[way].append(milliseconds(computed[way], batch, seconds))
            rows.append({"run": name, "task": task, "n": n, "milliseconds": found})
    return rows


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", nargs="+", default=["map", "best"], help="shipped ones")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 100, 900])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="JSON, and the table in the README")
    options = parser.parse_args(arguments)
    rows = [
        row
        for name in options.runs
        for row in measure(name, options.sizes, options.seconds, options.repeats)
    ]
    lines = [
        [
            f"`{row['run']}`, {row['task']} {row['n']}",
            *(report.spread(row["milliseconds"][way], 2) for way in WAYS),
        ]
        for row in rows
    ]
    head = ["milliseconds", "LiteRT (the app)", "Keras `predict`", "Keras call", "`tf.function`"]
    report.tell("serving", rows, report.table(head, lines), options.write)
    return rows


if __name__ == "__main__":
    main()
