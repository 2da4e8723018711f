"""Runs side by side: what each makes of the same inputs, and their figures in one table."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np

from vae import catalogue, evaluation, latents, losses, results, snapshots
from vae.catalogue import Better, Known
from vae.data import Digits
from vae.inference import Model
from vae.mnist import CLASSES
from vae.runs import Run

SAMPLES = STEPS = 10
"""Prior samples, and pictures from one end of an interpolation to the other."""

_TEST = ("test digits of MNIST", 10_000)


@dataclass(frozen=True)
class Inputs:
    """What every run is given.

    `digits` are ten, one of each class; `drawing` is an image (28, 28) in [0, 1]; `seed` is that
    of the prior samples; `ends` are the classes of the two digits between which to interpolate.
    """

    digits: Digits
    drawing: np.ndarray
    seed: int
    ends: tuple[int, int]


@dataclass(frozen=True)
class Answers:
    """What one run makes of the inputs: images in [0, 1], losses in nats per image.

    `rebuilt` (10, 28, 28) with its `reconstruction_loss` (10,); `drawing` (28, 28) with its
    `drawing_loss`; `samples` (10, 28, 28) and `path` (10, 28, 28).
    """

    rebuilt: np.ndarray
    reconstruction_loss: np.ndarray
    drawing: np.ndarray
    drawing_loss: float
    samples: np.ndarray
    path: np.ndarray


def ten_digits(seed: int) -> Digits:
    """One digit of each class, 0 to 9, of those that no model here is trained on."""
    chosen = np.random.default_rng(seed).integers(100, size=len(CLASSES))
    return snapshots.mapped_digits()[np.array(CLASSES) * 100 + chosen]


def ask(model: Model, inputs: Inputs) -> Answers:
    """What a model makes of the inputs; reconstructions are decoded from the posterior mean."""
    images = np.concatenate([inputs.digits.pixels, inputs.drawing[None]])
    mean = model.encode(images).latents
    logits = model.decode_logits(mean)
    loss = losses.reconstruction_loss(images, logits)
    rebuilt = model.decode(mean)
    start, end = (mean[label] for label in inputs.ends)
    prior = latents.sample_prior(SAMPLES, model.latent_dim, inputs.seed)
    path = latents.interpolate(start, end, STEPS)
    return Answers(
        rebuilt[:-1],
        loss[:-1],
        rebuilt[-1],
        float(loss[-1]),
        model.decode(prior),
        model.decode(path),
    )


def comparable(run: Run, epochs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A run's epoch events without what means nothing: a plain autoencoder's KL divergence."""
    if not run.manifest.training.is_autoencoder:
        return epochs
    return [
        event | {split: {n: v for n, v in event[split].items() if n != "kl_divergence"}
                 for split in ("train", "validation")}
        for event in epochs
    ]  # fmt: skip


def measure(model: Model, digits: Digits, seed: int = 0) -> dict[str, float]:
    """A run's figures on these digits, grey pixels as targets, one draw of each posterior.

    A plain autoencoder has no posterior: only its reconstruction loss counts.
    """
    if model.run.manifest.training.is_autoencoder:
        logits = model.decode_logits(model.encode(digits.pixels).latents)
        loss = losses.reconstruction_loss(digits.pixels, logits)
        return {"reconstruction_loss": float(loss.mean())}
    generator = np.random.default_rng(seed)
    terms = evaluation.elbo(model, digits.pixels, generator, draws=1, binarise=False)
    return {
        "negative_elbo": -terms["elbo"].mean,
        "reconstruction_loss": terms["reconstruction_loss"].mean,
        "kl_divergence": terms["kl_divergence"].mean,
        "active_units": evaluation.active_units(model.encode(digits.pixels).latents),
    }


@dataclass(frozen=True)
class Row:
    """One figure of every run; None where a run has none. `better` says which is best, if any."""

    name: str
    values: tuple[float | None, ...]
    better: Better = None
    form: str = ",.1f"

    @property
    def best(self) -> set[int]:
        """Which runs have the best value, as it is shown; none where there is nothing to choose."""
        shown = {i: float(format(v, self.form).replace(",", "").rstrip("%"))
                 for i, v in enumerate(self.values) if v is not None}  # fmt: skip
        if self.better is None or len(set(shown.values())) < 2:
            return set()
        best = min(shown.values()) if self.better == "lower" else max(shown.values())
        return {i for i, value in shown.items() if value == best}

    def text(self, i: int) -> str:
        """The value of run i as it is shown."""
        value = self.values[i]
        return "–" if value is None else format(value, self.form)


def table(chosen: Sequence[Run], measured: Sequence[dict[str, float]]) -> list[Row]:
    """The figures of runs: what `measure` found on the same digits for each of them, what was
    measured on MNIST's test images if it was, and what their manifests tell."""
    known = [
        Known(run.manifest, _tested(run), found)
        for run, found in zip(chosen, measured, strict=True)
    ]
    return [
        Row(figure.heading, tuple(map(figure.of, known)), figure.better, figure.form)
        for figure in catalogue.of("comparison")
    ]


def _tested(run: Run) -> results.Figures | None:
    """What was measured of a run on MNIST's test images; None if it was not."""
    try:
        figures = results.read(run)
    except results.ResultsError:
        return None
    return figures if (figures.digits, figures.images) == _TEST else None


def as_csv(rows: Sequence[Row], names: Sequence[str]) -> str:
    """The table as CSV: a line for each figure, a column for each run, values unrounded."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["figure", *names])
    for row in rows:
        writer.writerow([row.name, *("" if value is None else value for value in row.values)])
    return text.getvalue()
