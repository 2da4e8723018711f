"""Charts for print, on white, by Matplotlib."""

from io import BytesIO

import numpy as np
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from vae import pictures
from vae.charts import SPLITS, settled_range, with_term
from vae.comparison import Answers, Inputs
from vae.losses import TERMS
from vae.palette import PALETTES

_WIDTH = 7.0  # inches: a page of A4 with its margins
_DPI = 300
_LINES = {"dot": ":", "solid": "-"}
_MARGIN = 0.02  # of the width: nothing touches the paper's edge


def pictures_of(inputs: Inputs, answers: dict[str, Answers]) -> Figure:
    """What runs make of the same inputs: a block for each question, a row for each run."""
    first, last = inputs.ends
    given = np.concatenate([inputs.digits.pixels, inputs.drawing[None]])
    blocks = [
        (
            "Ten digits and a drawing, rebuilt",
            {"given": given}
            | {n: np.concatenate([a.rebuilt, a.drawing[None]]) for n, a in answers.items()},
        ),
        (f"Samples from the prior, seed {inputs.seed}", {n: a.samples for n, a in answers.items()}),
        (f"From a {first} to a {last}", {n: a.path for n, a in answers.items()}),
    ]
    rows = sum(len(strips) + 1 for _, strips in blocks)
    figure = Figure(figsize=(_WIDTH, 0.5 * rows), dpi=_DPI)
    row = 0.0
    for title, strips in blocks:
        figure.text(_MARGIN, 1 - (row + 0.8) / rows, title, fontsize=9, weight="bold")
        row += 1
        for name, images in strips.items():
            _strip(figure, name, images, 1 - (row + 0.95) / rows, 0.9 / rows)
            row += 1
    return figure


def _strip(figure: Figure, name: str, images: np.ndarray, bottom: float, height: float) -> None:
    """A row of digits with a name before it; a digit is as wide in every row."""
    figure.text(_MARGIN, bottom + height / 2, name, fontsize=8, va="center")
    axes = figure.add_axes((0.18, bottom, 0.0727 * len(images), height))
    axes.imshow(pictures.contact_sheet(images, len(images)), cmap="gray_r")
    axes.set_axis_off()


def curves_of(epochs: dict[str, list[dict]]) -> Figure:
    """Each term of the loss over epochs: training dotted, validation as a line."""
    figure = Figure(
        figsize=(_WIDTH, 2.8), dpi=_DPI, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.06)
    )
    panels, colours = figure.subplots(1, len(TERMS)), PALETTES["light"].runs
    for axes, (term, title) in zip(panels, TERMS.items(), strict=True):
        for i, (name, events) in enumerate(with_term(epochs, term).items()):
            number = [event["epoch"] for event in events]
            for split, dash in SPLITS.items():
                values = [event[split][term] for event in events]
                label = name if split == "validation" else None
                axes.plot(number, values, _LINES[dash], color=colours[i], lw=1, label=label)
        axes.set_ylim(settled_range(epochs, term))
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("epoch", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("nats per image", fontsize=8)
    lines, names = panels[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", ncols=3, fontsize=7, frameon=False)
    return figure


def pdf(*figures: Figure) -> bytes:
    """Figures as the pages of one PDF file, the same for the same figures."""
    buffer = BytesIO()
    with PdfPages(buffer, metadata={"CreationDate": None}) as pages:
        for figure in figures:
            pages.savefig(figure)
    return buffer.getvalue()


def png(figure: Figure) -> bytes:
    """A figure as a PNG file, 300 pixels an inch."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
