"""Every figure that a run can have: its name, how it is measured and how it is written.

The tables of the model cards, of the README, of `python -m vae evaluate` and of the Compare page
are made from `FIGURES`, in its order: another figure is another entry here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from vae.results import Estimate, Figures
from vae.runs import Manifest

Table = Literal["card", "comparison"]
Better = Literal["lower", "higher"] | None


@dataclass(frozen=True)
class Known:
    """What is known of a run: its manifest, its stored figures, and what a server measures of it
    on the 1,000 digits of `vae.comparison`, by name."""

    manifest: Manifest
    tested: Figures | None = None
    measured: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """One figure: `value` of a run, None where it has none, written in `form`, a format of Python.

    `better` says which values are, if any; `words`, for the cards, say more than the number.
    """

    name: str
    protocol: str
    value: Callable[[Known], Estimate | float | None]
    form: str = ",.1f"
    better: Better = None
    tables: tuple[Table, ...] = ("card", "comparison")
    words: Callable[[Manifest, float], str] | None = None
    is_tested: bool = False
    """Whether it is measured on test digits, and stored with the run."""

    @property
    def heading(self) -> str:
        """The name as a line of a table begins that has figures of several kinds."""
        if self.is_tested:
            return f"Test: {self.name}"
        return self.name[0].upper() + self.name[1:]

    def of(self, known: Known) -> float | None:
        """The value, without its standard error."""
        value = self.value(known)
        return value.mean if isinstance(value, Estimate) else value

    def text(self, known: Known) -> str:
        """The value in words, with its standard error if that shows; a dash where there is none."""
        value = self.value(known)
        if isinstance(value, Estimate):
            return _with_error(value, self.form)
        if value is None:
            return "–"
        return self.words(known.manifest, value) if self.words else format(value, self.form)


def _with_error(value: Estimate, form: str) -> str:
    mean, error = (format(v, form).rstrip("%") for v in (value.mean, value.standard_error))
    unit = " %" if form.endswith("%") else ""
    return f"{mean} ± {error}{unit}" if unit or error.strip("0.,") else mean


def _measured(name: str, key: str, better: Better = None, form: str = ",.1f") -> Figure:
    """A figure that a server measures."""
    protocol = "on 1,000 digits that no model is trained on, grey pixels as targets"
    return Figure(
        name, protocol, lambda run: run.measured.get(key), form, better, tables=("comparison",)
    )


def _tested(
    name: str,
    protocol: str,
    value: Callable[[Figures], Estimate | float | None],
    *tables: Table,
    better: Better = None,
    form: str = ",.1f",
    of_density: bool = False,
    words: Callable[[Manifest, float], str] | None = None,
) -> Figure:
    """A figure of the model cards; `of_density`: a plain autoencoder has none."""

    def tested(run: Known) -> Estimate | float | None:
        if run.tested is None or (of_density and run.manifest.training.is_autoencoder):
            return None
        return value(run.tested)

    return Figure(name, protocol, tested, form, better, ("card", *tables), words, True)


def _known(
    name: str, protocol: str, value: Callable[[Manifest], float | None], form: str = ",.0f"
) -> Figure:
    """A figure that the manifest tells."""
    return Figure(name, protocol, lambda run: value(run.manifest), form, tables=("comparison",))


def _knn(n: str, *tables: Table) -> Figure:
    return _tested(
        f"k-NN accuracy, {n} labels",
        f"5 neighbours among {n} labelled posterior means, 10 draws of these",
        lambda figures: figures.knn_accuracy.get(n),
        *tables,
        better="higher",
        form=".1%",
    )


def minutes(seconds: float) -> str:
    """A training's time in words."""
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


FIGURES = (
    _measured("negative ELBO", "negative_elbo", "lower"),
    _measured("reconstruction loss", "reconstruction_loss", "lower"),
    _measured("KL divergence", "kl_divergence"),
    _measured("active units", "active_units", form=",.0f"),
    _tested(
        "-ELBO, dynamic",
        "pixels drawn anew as black or white, 5 samples of each posterior",
        lambda figures: -figures.elbo_dynamic,
        "comparison",
        better="lower",
        of_density=True,
    ),
    _tested(
        "NLL, dynamic",
        "exact on a 512 x 512 grid for 2 dimensions, else a bound from importance samples",
        lambda figures: figures.nll_dynamic,
        "comparison",
        better="lower",
        of_density=True,
    ),
    _tested(
        "-ELBO, grey",
        "grey pixels as targets, as in the examples of Keras and PyTorch",
        lambda figures: -figures.elbo_grey,
        better="lower",
        of_density=True,
    ),
    _tested(
        "of that: reconstruction loss",
        "decoded from samples of the posterior",
        lambda figures: figures.reconstruction_loss_grey,
        better="lower",
        of_density=True,
    ),
    _tested(
        "of that: KL divergence",
        "of the posterior from the prior, in closed form; of a learned prior, the mean over draws",
        lambda figures: figures.kl_divergence_grey,
        of_density=True,
    ),
    _tested(
        "reconstruction loss at the mean, grey",
        "decoded from the posterior mean, as the app shows it",
        lambda figures: figures.reconstruction_loss_at_mean,
        better="lower",
    ),
    _tested(
        "active units",
        "latent dimensions whose posterior mean varies by more than 0.01",
        lambda figures: figures.active_units,
        form=",.0f",
        words=lambda manifest, units: f"{units:.0f} of {manifest.model.latent_dim}",
    ),
    _knn("100"),
    _knn("600"),
    _knn("1000", "comparison"),
    _tested(
        "samples accepted",
        "pictures decoded from the prior that a small classifier is 90 % sure of",
        lambda figures: figures.accepted_samples,
        "comparison",
        better="higher",
        form=".1%",
    ),
    _tested(
        "precision of the samples",
        "of 10,000, those that look like test digits: k-NN, features of the small classifier",
        lambda figures: figures.precision,
        better="higher",
        form=".1%",
    ),
    _tested(
        "recall of the samples",
        "of the test digits, those that look like samples, in the same way",
        lambda figures: figures.recall,
        better="higher",
        form=".1%",
    ),
    _tested(
        "from a sample to the nearest training digit",
        "Euclidean distance of pixels in [0, 1]; much less than the next row is copied",
        lambda figures: figures.nearest_to_samples,
        form=".2f",
    ),
    _tested(
        "the same from a test digit",
        "what is usual for real digits",
        lambda figures: figures.nearest_to_digits,
        form=".2f",
    ),
    Figure(
        "training",
        "epochs, wall-clock time",
        lambda run: run.manifest.epochs_done,
        ",.0f",
        tables=("card",),
        words=lambda manifest, epochs: f"{epochs:.0f} epochs, {minutes(manifest.seconds)}",
    ),
    _known("latent dimensions", "as it was built", lambda manifest: manifest.model.latent_dim),
    _known(
        "validation loss",
        "of the best epoch, with the training's own KL weight and digits",
        lambda manifest: manifest.metrics.get("validation_loss"),
        ",.1f",
    ),
    _known("best epoch", "by the validation loss", lambda manifest: manifest.best_epoch),
    _known("seconds of training", "wall-clock time", lambda manifest: manifest.seconds),
    Figure("parameters", "trained, of all networks", lambda run: run.manifest.parameters, ",.0f"),
)


def of(table: Table) -> list[Figure]:
    """The figures of one kind of table, in order."""
    return [figure for figure in FIGURES if table in figure.tables]
