"""Model cards: what a run is, how good, and where it fails, told from the run itself."""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae import pictures, results, runs
from vae.config import PRESETS
from vae.data import Digits
from vae.inference import Model
from vae.jobs import command
from vae.mnist import CLASSES, SIDE
from vae.results import Estimate, Figures
from vae.runs import Manifest

FILE, PICTURE = "README.md", "hardest.png"
START, END = "<!-- figures: python -m vae card -->", "<!-- end of figures -->"


@dataclass(frozen=True)
class Row:
    """One figure in words: its name, how it is measured, and the text of its value."""

    name: str
    protocol: str
    text: Callable[[Manifest, Figures], str]
    of_density: bool = False
    """Whether only a model of a density has it: a plain autoencoder has no ELBO."""

    def __call__(self, manifest: Manifest, figures: Figures) -> str:
        """The value of one run as text; a dash where it has none."""
        if self.of_density and manifest.training.is_autoencoder:
            return "–"
        return self.text(manifest, figures)


def _nats(estimate: Estimate, sign: int = 1) -> str:
    error = f"{estimate.standard_error:.1f}"
    return f"{sign * estimate.mean:.1f}" + (f" ± {error}" if error != "0.0" else "")


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.mean:.1f} ± {100 * estimate.standard_error:.1f} %"


def _knn(n: str) -> Row:
    return Row(
        f"k-NN accuracy, {n} labels",
        f"5 neighbours among {n} labelled posterior means, 10 draws of these",
        lambda manifest, figures: _percent(figures.knn_accuracy[n]),
    )


ROWS = (
    Row(
        "-ELBO, dynamic",
        "pixels drawn anew as black or white, 5 samples of each posterior",
        lambda manifest, figures: _nats(figures.elbo_dynamic, -1),
        of_density=True,
    ),
    Row(
        "NLL, dynamic",
        "exact on a 512 x 512 grid for 2 dimensions, else a bound from importance samples",
        lambda manifest, figures: _nats(figures.nll_dynamic),
        of_density=True,
    ),
    Row(
        "-ELBO, grey",
        "grey pixels as targets, as in the examples of Keras and PyTorch",
        lambda manifest, figures: _nats(figures.elbo_grey, -1),
        of_density=True,
    ),
    Row(
        "of that: reconstruction loss",
        "decoded from samples of the posterior",
        lambda manifest, figures: _nats(figures.reconstruction_loss_grey),
        of_density=True,
    ),
    Row(
        "of that: KL divergence",
        "of the posterior from the prior, closed form",
        lambda manifest, figures: _nats(figures.kl_divergence_grey),
        of_density=True,
    ),
    Row(
        "reconstruction loss at the mean, grey",
        "decoded from the posterior mean, as the app shows it",
        lambda manifest, figures: _nats(figures.reconstruction_loss_at_mean),
    ),
    Row(
        "active units",
        "latent dimensions whose posterior mean varies by more than 0.01",
        lambda manifest, figures: f"{figures.active_units} of {manifest.model.latent_dim}",
    ),
    *(_knn(n) for n in ("100", "600", "1000")),
    Row(
        "samples accepted",
        "pictures decoded from the prior that a small classifier is 90 % sure of",
        lambda manifest, figures: _percent(figures.accepted_samples),
    ),
    Row(
        "training",
        "epochs, wall-clock time",
        lambda manifest, figures: f"{manifest.epochs_done} epochs, {minutes(manifest.seconds)}",
    ),
    Row("parameters", "both networks", lambda manifest, figures: f"{manifest.parameters:,}"),
)


def minutes(seconds: float) -> str:
    """A training's time in words."""
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def training_command(run: runs.Run) -> str:
    """The command that trains this run again."""
    m = run.manifest
    preset = m.preset if m.preset in PRESETS else next(iter(PRESETS))
    arguments = command(m.model, m.training, preset, Path("runs") / run.name)
    return shlex.join(["python", *arguments, "--data", "MNIST"])


def table(named: list[tuple[runs.Run, Figures]]) -> str:
    """All figures of these runs, a column each: a Markdown table."""
    heads = [f"`{run.name}`, {run.manifest.model.latent_dim} dimensions" for run, _ in named]
    lines = [_line("figure", "protocol", *heads), _line(*["---"] * (2 + len(heads)))]
    for row in ROWS:
        values = (row(run.manifest, figures) for run, figures in named)
        lines.append(_line(row.name, row.protocol, *values))
    return "\n".join(lines)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def card(run: runs.Run, figures: Figures) -> str:
    """The model card: Markdown, made from nothing but the run's manifest and its figures."""
    m = run.manifest
    summary = PRESETS[m.preset].summary if m.preset in PRESETS else "A model trained in the app."
    versions = ", ".join(f"{name} {version}" for name, version in m.versions.items())
    kind = "A plain autoencoder" if m.training.is_autoencoder else "A variational autoencoder"
    return f"""# {run.name}

{summary} {kind} for handwritten digits of {SIDE} x {SIDE} pixels, with {m.model.latent_dim} \
latent dimensions and {m.parameters:,} parameters. It is made to be looked at and learned from, \
not to read digits for you.

## How it was trained

On {m.data["train"]:,} digits of {m.data["source"]}; epoch {m.best_epoch} of {m.epochs_done} had \
the lowest loss on {m.data["validation"]:,} validation digits and was kept. It took \
{minutes(m.seconds)} with {versions}. `MNIST` is a folder with `mnist.npz` or the four idx files:

```sh
{training_command(run)}
```

SHA-256 of the data: `{m.data["sha256"]}`.

## Figures

Measured on {figures.images:,} {figures.digits}, which nothing was chosen by. Losses are in nats \
per image, lower is better. ± is the standard error: for losses and accepted samples over images, \
for k-NN accuracy over draws of the labelled digits. `python -m vae evaluate` prints them again.

{table([(run, figures)])}

{_nll_checks(m, figures)}
## Where it fails

{_failures(m, figures)}
{"" if m.training.is_autoencoder else _hardest(figures)}\
| class | {" | ".join(map(str, CLASSES))} |
|{"---|" * (1 + len(CLASSES))}
{"" if m.training.is_autoencoder else _loss_by_class(figures)}\
| accepted samples | {" | ".join(f"{n:,}" for n in figures.samples_by_class)} |
"""


def _hardest(figures: Figures) -> str:
    return f"""\
The ten digits with the highest -ELBO (dynamic), originals above, reconstructions below:

![The ten hardest digits]({PICTURE})

| | {" | ".join(str(i + 1) for i in range(len(figures.hardest)))} |
|{"---|" * (len(figures.hardest) + 1)}
| index | {" | ".join(str(hard.index) for hard in figures.hardest)} |
| class | {" | ".join(str(hard.label) for hard in figures.hardest)} |
| nats | {" | ".join(f"{hard.loss:.0f}" for hard in figures.hardest)} |

"""


def _loss_by_class(figures: Figures) -> str:
    return f"| -ELBO, dynamic | {' | '.join(f'{e.mean:.0f}' for e in figures.loss_by_class)} |\n"


def _nll_checks(manifest: Manifest, figures: Figures) -> str:
    if manifest.training.is_autoencoder:
        return ""
    if not figures.nll_checks:
        return f"NLL by {figures.nll_method}.\n"
    checks = "; ".join(
        f"{name}, {check.mean:+.2f} ± {check.standard_error:.2f}"
        for name, check in figures.nll_checks.items()
    )
    return (
        f"NLL by a {figures.nll_method}. What other methods add to it on the first 1,000 of the "
        f"images, pair by pair: {checks}. A bound from the posterior is loose where the encoder "
        "is sure of a wrong place.\n"
    )


def _failures(manifest: Manifest, figures: Figures) -> str:
    losses = [estimate.mean for estimate in figures.loss_by_class]
    order = np.argsort(losses)
    share = 100 * np.array(figures.samples_by_class) / max(1, sum(figures.samples_by_class))
    lines = []
    if not manifest.training.is_autoencoder:
        lines.append(
            f"Of the classes it finds {order[-1]} and {order[-2]} hardest "
            f"({losses[order[-1]]:.0f} and {losses[order[-2]]:.0f} nats), {order[0]} easiest "
            f"({losses[order[0]]:.0f})."
        )
    lines.append(
        f"The classifier (accuracy {100 * figures.classifier_accuracy:.1f} %) is "
        f"{100 * figures.confidence:.0f} % sure of {100 * figures.accepted_digits:.1f} % of real "
        f"digits, and of {100 * figures.accepted_samples.mean:.1f} % of samples: of the rest many "
        f"are no digit. Among the accepted, {share.argmax()} is the most frequent class "
        f"({share.max():.0f} %), {share.argmin()} the rarest ({share.min():.0f} %)."
    )
    if unused := manifest.model.latent_dim - figures.active_units:
        lines.append(f"{unused} latent dimensions are not used.")
    return "".join(f"- {line}\n" for line in lines)


def picture(model: Model, digits: Digits, figures: Figures) -> np.ndarray:
    """The hardest digits above, their reconstructions below: a uint8 picture."""
    images = digits.pixels[[hard.index for hard in figures.hardest]]
    both = np.concatenate([images, model.reconstruct(images)])
    return pictures.enlarged(pictures.contact_sheet(both, len(images), ground=128), 2)


def write(run: runs.Run, figures: Figures) -> None:
    """Write the card into the run directory."""
    (run.path / FILE).write_text(card(run, figures))


def with_table(text: str, named: list[tuple[runs.Run, Figures]]) -> str:
    """A document with the table of these runs between its two marks.

    Raises:
        results.ResultsError: it has no marks.
    """
    pattern = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(text):
        raise results.ResultsError(f"no place for the table; mark it with {START} and {END}")
    return pattern.sub(lambda match: f"{START}\n{table(named)}\n{END}", text)


def update(path: Path, named: list[tuple[runs.Run, Figures]]) -> None:
    """Put the table of these runs into the document `path`."""
    path.write_text(with_table(path.read_text(), named))
