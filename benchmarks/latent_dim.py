"""How many latent dimensions: `python -m benchmarks.latent_dim --data MNIST --out runs/latent_dim`.

One recipe, trained at 2, 4, 8, 16, 32 and 64 dimensions, one after the other; each is measured on
the validation digits, so that the test digits stay untouched by the choice. What is done already
is not done again: start it once more after an interruption, or with another seed.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from matplotlib.figure import Figure

from vae import data, evaluation, inference, latent_study, runs
from vae.config import ModelConfig, TrainingConfig
from vae.latent_study import Study, Trial
from vae.palette import PALETTES

LATENT_DIMS = (2, 4, 8, 16, 32, 64)
MODEL = ModelConfig()  # the networks of the baseline
TRAINING = TrainingConfig(
    epochs=10,
    batch_size=256,
    learning_rate=2e-3,
    schedule="cosine",
    kl_warmup_epochs=1,
    pixels="mixed",
)
DRAWS = 5


def trained(
    path: Path, model: ModelConfig, training: TrainingConfig, splits: data.Splits
) -> runs.Run:
    """The finished run of these configs, trained or gone on with as far as it is not."""
    if (path / "manifest.json").exists():
        run = runs.read(path)
        if run.manifest.state == "finished":
            return run
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # TensorFlow: seconds, and only where something is to be trained
    from vae.training.loop import train

    resume = (path / "checkpoint.npz").exists()
    return train(model, training, splits, path, resume=resume)


def measured(run: runs.Run, digits: data.Digits) -> Trial:
    """A run's figures on these digits."""
    model, images = inference.Model(run), digits.pixels
    terms = evaluation.elbo(model, images, np.random.default_rng(0), DRAWS, binarise=True)
    seconds = [e["seconds"] for e in runs.read_events(run.path)[0] if e["event"] == "epoch"]
    return Trial(
        latent_dim=model.latent_dim,
        seed=run.manifest.training.seed,
        elbo=terms["elbo"].mean,
        elbo_standard_error=terms["elbo"].standard_error,
        reconstruction_loss=terms["reconstruction_loss"].mean,
        kl_divergence=terms["kl_divergence"].mean,
        active_units=evaluation.active_units(model.encode(images).mean),
        parameters=run.manifest.parameters,
        seconds=median(seconds) * len(seconds),
    )


def drawn(study: Study) -> Figure:
    """The experiment for print: what the ELBO is made of, and how many dimensions are used."""
    of_reconstruction, of_kl, of_active = PALETTES["light"].runs[:3]
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    sizes = study.latent_dims
    names = [str(size) for size in sizes]
    reconstruction = [study.mean(size, lambda t: t.reconstruction_loss) for size in sizes]
    kl = [study.mean(size, lambda t: t.kl_divergence) for size in sizes]
    left.bar(names, reconstruction, color=of_reconstruction, label="reconstruction loss")
    bars = left.bar(names, kl, bottom=reconstruction, color=of_kl, label="KL divergence")
    totals = [f"{r + k:.1f}" for r, k in zip(reconstruction, kl, strict=True)]
    left.bar_label(bars, totals, padding=2)
    left.set(xlabel="latent dimensions", ylabel="nats per image", title="-ELBO")
    left.margins(y=0.35)
    left.legend(loc="upper right")
    right.bar(names, sizes, color="lightgrey", label="all")
    active = [study.mean(size, lambda t: t.active_units) for size in sizes]
    used = right.bar(names, active, color=of_active, label="active")
    right.bar_label(used, fmt="%g", padding=2)
    right.set(xlabel="latent dimensions", title="Active units")
    right.legend(loc="upper left")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Train what is missing; keep the results and the figure in --out after each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a folder with MNIST; else what training would find")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/latent_dim"), help="for all it makes"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one pass for each")
    parser.add_argument("--epochs", type=int, default=TRAINING.epochs)
    parser.add_argument("--train-images", type=int, help="at most so many; default: all")
    arguments = parser.parse_args()
    training = replace(TRAINING, epochs=arguments.epochs, train_images=arguments.train_images)
    splits = data.load(arguments.data, arguments.train_images)
    trials: list[Trial] = []
    for seed in arguments.seeds:
        for latent_dim in LATENT_DIMS:
            path = arguments.out / f"latent-dim-{latent_dim:02}-seed-{seed}"
            model = replace(MODEL, latent_dim=latent_dim)
            run = trained(path, model, replace(training, seed=seed), splits)
            trials.append(measured(run, splits.validation))
            manifest = run.manifest
            study = Study(MODEL, training, manifest.data, manifest.versions, tuple(trials))
            latent_study.write(arguments.out / "latent_dim.json", study)
            drawn(study).savefig(arguments.out / "latent_dim.pdf")
            last = trials[-1]
            print(
                f"{latent_dim:>2} dimensions, seed {seed}: -ELBO {-last.elbo:.2f} "
                f"+- {last.elbo_standard_error:.2f} = reconstruction "
                f"{last.reconstruction_loss:.2f} + KL {last.kl_divergence:.2f}, "
                f"{last.active_units} active, {last.seconds:.0f} s",
                flush=True,
            )
    chosen = latent_study.read(arguments.out / "latent_dim.json").chosen
    print(f"chosen: {chosen} dimensions, the fewest within {latent_study.TOLERANCE} nats")


if __name__ == "__main__":
    main()
