"""What a training step costs, measured against `vae/training_cost.py`, in many configs.

    python -m benchmarks.training_cost

Each config trains for some seconds in a process of its own. Compared is 0.7 of the median step's
processor time (what two otherwise idle cores need; it hardly depends on what else they do), and
the highest resident size, which exports then add to. It takes about five minutes.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from statistics import median

from vae import data, training_cost
from vae.config import ModelConfig, TrainingConfig
from vae.jobs import process
from vae.presets import PRESETS

TINY = PRESETS["tiny"]
PLAIN = replace(TINY.training, ema_decay=0.0)
VARIANTS = {
    **{f"tiny, batch {n}": (TINY.model, replace(PLAIN, batch_size=n)) for n in (32, 512, 2048)},
    "tiny, augmented": (TINY.model, replace(PLAIN, augmentation=0.5, pixels="mixed")),
    "wide": (replace(TINY.model, encoder_units=(1024,) * 3, decoder_units=(1024,) * 2), PLAIN),
    "decoder channels 64": (replace(TINY.model, decoder_channels=(64, 64)), PLAIN),
    "decoder channels 128": (replace(TINY.model, decoder_channels=(128, 128)), PLAIN),
    "two refinements": (replace(TINY.model, decoder_channels=(32, 32), refinements=2), PLAIN),
    "encoder channels 16": (replace(TINY.model, encoder_channels=(16, 32)), PLAIN),
    "encoder channels 64": (replace(TINY.model, encoder_channels=(64, 64)), PLAIN),
    "SiLU": (replace(TINY.model, activation="silu"), PLAIN),
}
CONFIGS = {name: (p.model, p.training) for name, p in PRESETS.items()} | VARIANTS


def measured(model: ModelConfig, training: TrainingConfig) -> tuple[float, float]:
    """Processor seconds of the median training step, and the highest resident megabytes."""
    import numpy as np

    from vae.training.loop import steps_at_once
    from vae.training.trainer import Trainer

    images = np.concatenate([data.embedded().images] * 4)
    trainer = Trainer(model, training, images)
    order = trainer.order(1)
    seconds: list[float] = []
    ends, first, at_once = time.monotonic() + 8, 0, 1
    while time.monotonic() < ends or len(seconds) < 20:
        indices, began = order[first : first + at_once], time.process_time()
        trainer.steps(indices, first)
        took = time.process_time() - began
        seconds.append(took / len(indices))
        first = (first + len(indices)) % len(order)
        at_once = steps_at_once(len(indices), took)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return median(seconds[3:]), megabytes


def main() -> None:
    """Print the comparison, a line a config."""
    if len(sys.argv) > 1:
        print(json.dumps(measured(*CONFIGS[sys.argv[1]])))
        return
    print(f"{'config':<24}{'weights':>10}{'step, ms':>10}{'estimated':>11}{'MB':>6}")
    for name, (model, training) in CONFIGS.items():
        command = [sys.executable, "-m", "benchmarks.training_cost", name]
        answer = subprocess.run(
            command,
            env=process.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        seconds, megabytes = json.loads(answer.stdout)
        found = training_cost.estimate(model, replace(training, encoder_share=0.0), 20_000)
        steps = 20_000 // training.batch_size
        step = (found.epoch_seconds - training_cost.EPOCH_SECONDS) / steps
        print(
            f"{name:<24}{found.parameters:>10,}{700 * seconds:>10.1f}{1000 * step:>11.1f}"
            f"{megabytes:>6.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
