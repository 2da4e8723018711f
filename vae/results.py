"""What was measured of a run: `figures.json` in its directory. Standard library only.

`vae.evaluation` measures, `python -m vae card` writes the file, pages read it.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from vae import atomic, parsed_files, strict_json
from vae.mnist import CLASSES
from vae.runs import Run
from vae.strict_json import Count, Range

FILE = "figures.json"
FORMAT_VERSION = 1
Share = Annotated[float, Range(0, 1)]


class ResultsError(Exception):
    """A run's figures are missing, damaged, or another model's; the text says what to do."""


@dataclass(frozen=True)
class Estimate:
    """A mean, and its standard error: how far another sample of the same size would move it."""

    mean: float
    standard_error: Annotated[float, Range(0, 1e300)]

    def __neg__(self) -> "Estimate":
        return Estimate(-self.mean, self.standard_error)


@dataclass(frozen=True)
class Hard:
    """A test digit with a high loss: its index among them, its class, its -ELBO in nats."""

    index: Count
    label: int
    loss: float


@dataclass(frozen=True)
class Figures:
    """How good a run is. Losses are in nats per image; how each is measured: `vae.evaluation`.

    Protocols: *dynamic* draws each pixel anew from Bernoulli(grey value), so that the ELBO bounds
    a true likelihood; *grey* takes the grey values as targets. Standard errors of losses are over
    images, those of k-NN accuracies over draws of the labelled digits.
    """

    run: str
    files: dict[str, str]
    """The SHA-256 of the networks that were measured, by file name."""
    digits: str
    """What it was measured on, in words."""
    images: Count
    seed: Count
    draws: Count
    """Samples of each posterior behind an ELBO."""
    elbo_dynamic: Estimate
    reconstruction_loss_dynamic: Estimate
    kl_divergence_dynamic: Estimate
    elbo_grey: Estimate
    reconstruction_loss_grey: Estimate
    kl_divergence_grey: Estimate
    reconstruction_loss_at_mean: Estimate
    """Grey; decoded from the posterior mean, as the app shows it."""
    nll_dynamic: Estimate
    nll_method: str
    nll_checks: dict[str, Estimate]
    """What other methods add to the NLL on the same images, paired, by method."""
    kl_per_dimension: tuple[float, ...]
    active_units: Count
    knn_accuracy: dict[str, Estimate]
    """By the number of labelled digits."""
    classifier_accuracy: Share
    confidence: Share
    """The classifier accepts a picture if it gives one class at least this probability."""
    accepted_digits: Share
    """The share of real digits that it accepts."""
    accepted_samples: Estimate
    """The share of pictures decoded from the prior that it accepts."""
    samples_by_class: tuple[Count, ...]
    """The accepted ones by class."""
    loss_by_class: tuple[Estimate, ...]
    """-ELBO, dynamic, of the digits of each class."""
    hardest: tuple[Hard, ...]
    """The ten digits with the highest -ELBO, dynamic, the worst first."""
    kl_method: str = "closed form"
    precision: Estimate | None = None
    """The share of samples of the prior that look like test digits to the classifier."""
    recall: Estimate | None = None
    """The share of test digits that look like samples of the prior to it."""
    nearest_to_samples: Estimate | None = None
    """How far a sample's pixels are from those of the nearest training digit."""
    nearest_to_digits: Estimate | None = None
    """The same for test digits."""
    format_version: int = FORMAT_VERSION

    def to_json(self) -> dict[str, Any]:
        """The figures as plain JSON values."""
        return asdict(self)

    def __post_init__(self) -> None:
        """Raises: ValueError: a list has no value for each class, or the hardest have no class."""
        if not len(self.samples_by_class) == len(self.loss_by_class) == len(CLASSES):
            raise ValueError("samples_by_class and loss_by_class need a value for each class")
        if not all(hard.label in CLASSES for hard in self.hardest):
            raise ValueError("hardest has a class that is no digit")

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """The figures that `to_json` wrote.

        Raises:
            ValueError: they are not whole, or of another version.
        """
        said = strict_json.unsealed(values)
        version = said.get("format_version")
        if version != FORMAT_VERSION:
            raise ValueError(f"format version {version}, but this program reads {FORMAT_VERSION}")
        figures = cls(**strict_json.entries(cls, said))
        strict_json.check_seal(values)
        return figures


def write(path: Path, figures: Figures) -> None:
    """Keep figures in the run directory `path`."""
    atomic.write_text(path / FILE, strict_json.to_text(figures.to_json(), indent=1) + "\n")


@parsed_files.parsed_once(kept=200)
def _parsed(file: Path) -> Figures:
    return Figures.from_json(strict_json.read(file))


def read(run: Run) -> Figures:
    """The figures of a run, checked to be those of its present model.

    Raises:
        ResultsError: there are none, they cannot be read, or the model has changed since.
    """
    remedy = f"make them with python -m vae card {run.path}"
    try:
        figures = _parsed(run.path / FILE)
    except FileNotFoundError:
        raise ResultsError(f"{run.name} has no figures yet; {remedy}") from None
    except (OSError, ValueError) as error:
        raise ResultsError(
            f"the figures of {run.name} cannot be read: {error}; {remedy}"
        ) from error
    if any(run.manifest.files.get(name) != sha256 for name, sha256 in figures.files.items()):
        raise ResultsError(f"the figures of {run.name} are an earlier model's; {remedy}")
    return figures
