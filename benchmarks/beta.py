"""The dial of beta: `python -m benchmarks.beta --data MNIST --out runs/beta`.

One recipe with two latent dimensions, trained with eight weights of the KL divergence, one after
the other; the Compare page lays them side by side. What is done already is not done again: start
it once more after an interruption. The networks are narrow, so that all eight are small enough to
come with the project: `--ship` puts them there.
"""

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

from benchmarks.latent_dim import trained
from vae import data, series, shipping, snapshots
from vae.config import ModelConfig, TrainingConfig

KL_WEIGHTS = (0.0, 0.1, 0.3, 1.0, 2.0, 4.0, 8.0, 20.0)
MODEL = ModelConfig(
    latent_dim=2,
    encoder_channels=(8, 16),
    encoder_units=(64,),
    decoder_units=(64, 96),
    decoder_channels=(8, 8),
)
TRAINING = TrainingConfig(
    epochs=8,
    batch_size=256,
    learning_rate=3e-3,
    schedule="cosine",
    kl_warmup_epochs=1,
    pixels="mixed",
    ema_decay=0.99,
)


def main() -> None:
    """Train what is missing, and print what each loses and tells of a test digit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a folder with MNIST; else what training would find")
    parser.add_argument("--out", type=Path, default=Path("runs/beta"), help="for all it makes")
    parser.add_argument("--epochs", type=int, default=TRAINING.epochs)
    parser.add_argument("--train-images", type=int, help="at most so many; default: all")
    parser.add_argument("--ship", action="store_true", help="put them among the shipped runs")
    arguments = parser.parse_args()
    training = replace(TRAINING, epochs=arguments.epochs, train_images=arguments.train_images)
    splits = data.load(arguments.data, arguments.train_images)
    for kl_weight in KL_WEIGHTS:
        path = arguments.out / f"beta-{kl_weight:g}"
        run = trained(path, MODEL, replace(training, kl_weight=kl_weight), splits)
        lost, told = (
            run.manifest.metrics[f"test_{term}"]
            for term in ("reconstruction_loss", "kl_divergence")
        )
        print(
            f"beta {kl_weight:>4g}: reconstruction loss {lost:.1f}, KL divergence {told:.1f} nats "
            f"on test digits, {run.manifest.seconds:.0f} s",
            flush=True,
        )
        if arguments.ship:
            series.SHIPPED.mkdir(exist_ok=True)
            shipped = shipping.ship(run, series.SHIPPED)
            shutil.rmtree(shipped.path / snapshots.FOLDER)  # the dial asks the model itself


if __name__ == "__main__":
    main()
