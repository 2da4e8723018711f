"""Model cards: what a run is, how good, and where it fails, told from the run itself."""

import re
from pathlib import Path

import numpy as np

from vae import catalogue, pictures, results, runs
from vae.catalogue import Known
from vae.data import Digits
from vae.inference import Model
from vae.jobs import command_of
from vae.mnist import CLASSES, SIDE
from vae.presets import PRESETS
from vae.results import Figures
from vae.runs import Manifest

FILE, PICTURE = "README.md", "hardest.png"
START, END = "<!-- figures: python -m vae card -->", "<!-- end of figures -->"


def table(named: list[tuple[runs.Run, Figures]]) -> str:
    """All figures of these runs, a column each: a Markdown table."""
    heads = [f"`{run.name}`, {run.manifest.model.latent_dim} dimensions" for run, _ in named]
    lines = [_line("figure", "protocol", *heads), _line(*["---"] * (2 + len(heads)))]
    known = [Known(run.manifest, figures) for run, figures in named]
    for figure in catalogue.of("card"):
        lines.append(_line(figure.name, figure.protocol, *map(figure.text, known)))
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
{catalogue.minutes(m.seconds)} with {versions}. `MNIST` is a folder with `mnist.npz` or the four \
idx files:

```sh
{command_of(run, run.name)} --data MNIST
```

SHA-256 of the data: `{m.data["sha256"]}`.

## Figures

Measured on {figures.images:,} {figures.digits}, which nothing was chosen by. Losses are in nats \
per image, lower is better. ± is the standard error: for losses and accepted samples over images, \
for k-NN accuracy over draws of the labelled digits. `python -m vae evaluate` prints them again; \
on another processor the classifier, trained anew, may judge a few samples in a thousand otherwise.

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
    images = digits[np.array([hard.index for hard in figures.hardest])].pixels
    both = np.concatenate([images, model.reconstruct(images)])
    return pictures.enlarged(pictures.contact_sheet(both, len(images), ground=128), 2)


def write(run: runs.Run, figures: Figures) -> None:
    """Write the card into the run directory."""
    (run.path / FILE).write_text(card(run, figures), encoding="utf-8")


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
    path.write_text(with_table(path.read_text(encoding="utf-8"), named), encoding="utf-8")
