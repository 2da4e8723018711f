"""Whether what is shown as a 7 is one: `python -m benchmarks.latent_arithmetic --data MNIST`.

100 latents from the prior are turned into each class, as Generate does it, and each class is
sampled 100 times. Who reads the answers is not who chose them: a classifier of the same kind that
learned from another seed. *Before* is the arithmetic with one mean a class and nobody who reads.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae import data, inference, latents, runs
from vae.class_search import ClassSearch, Found
from vae.classes import fit
from vae.evaluation import classifier
from vae.evaluation.classifier import Classifier
from vae.latent_map import lay_out
from vae.mnist import CLASSES

DIGITS = 100


class Row(NamedTuple):
    """Shares of digits: read as their class before and after, marked as failures, and found at the
    first try, so that what sets them apart is kept whole."""

    before: float
    after: float
    failures: float
    at_once: float

    def text(self) -> str:
        """All of them, as they are printed."""
        return " ".join(f"{share:8.1%}" for share in self)


def measured(model: inference.Model, chooser: Classifier, reader: Classifier) -> tuple[Row, Row]:
    """The arithmetic's row, and that of the classes' samples."""
    latent_map = lay_out(model, data.embedded())
    plain = fit(latent_map.latents, latent_map.digits.labels, most=1)
    classes = latent_map.classes
    search = ClassSearch(model, classes, chooser)

    def read(drawn: np.ndarray) -> np.ndarray:
        return reader.probabilities(model.decode(drawn.astype(np.float32))).argmax(axis=1)

    def row(before: list[np.ndarray], after: list[Found]) -> Row:
        wanted = np.concatenate([found.wanted for found in after])
        failed = np.concatenate([found.failed for found in after])
        right = read(np.concatenate([found.latents for found in after])) == wanted
        plainly = read(np.concatenate(before)) == wanted
        at_once = np.concatenate([found.tries == 0 for found in after]) & ~failed
        return Row(plainly.mean(), right[~failed].mean(), failed.mean(), at_once.mean())

    drawn = latents.sample_prior(DIGITS, model.latent_dim, seed=0)
    moved = row(
        [plain.moved(latent, plain.likeliest(latent))[0] for latent in drawn],
        [search.moved(latent, classes.likeliest(latent)) for latent in drawn],
    )
    sampled = row(
        [plain.sample(label, DIGITS, seed=0) for label in CLASSES],
        [search.sample(label, DIGITS, seed=0) for label in CLASSES],
    )
    return moved, sampled


def main() -> None:
    """Print two rows for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a folder with MNIST; else what training would find")
    parser.add_argument(
        "run", type=Path, nargs="*", default=[runs.SHIPPED / name for name in ("map", "best")]
    )
    arguments = parser.parse_args()
    splits = data.load(arguments.data)
    chooser, reader = classifier.read(), classifier.train(splits.train, seed=1)
    heads = " ".join(f"{head:>8}" for head in ("before", "after", "failed", "at once"))
    print(f"{'run':<13} {'digits':<16} {heads}")
    for path in arguments.run:
        model = inference.load(path)
        rows = measured(model, chooser, reader)
        for name, row in zip(("another digit", "sample of class"), rows, strict=True):
            print(f"{model.name:<13} {name:<16} {row.text()}", flush=True)


if __name__ == "__main__":
    main()
