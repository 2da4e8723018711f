"""The figures of runs in a table, their curves, and what can be saved of the page."""

from collections.abc import Callable

import streamlit as st

from pages.parts.compare import marks, pictures
from pages.shared import resources, widgets
from vae import comparison, runs
from vae.comparison import Inputs, Row
from vae.losses import TERMS


def table(compared: list[runs.Run]) -> list[Row]:
    """The table of figures, the best of each bold."""
    rows = comparison.table(compared, [resources.measured(run) for run in compared])
    heads = "".join(f"<th>{marks.name(i, run.name)}</th>" for i, run in enumerate(compared))
    lines = "".join(
        f"<tr><th>{row.name}</th>{''.join(f'<td>{text}</td>' for text in marks.texts(row))}</tr>"
        for row in rows
    )
    st.html(
        f'<div class="wide" tabindex="0" role="region" aria-label="Figures">'
        f'<table class="figures"><tr><td></td>{heads}</tr>{lines}</table></div>'
    )
    st.caption(
        "Losses are in nats per image, lower is better. The first four figures are measured here,"
        " on the same 1,000 digits that no model was trained on. *Negative ELBO* is the sum of "
        "the next two: what the latent leaves untold of a digit, and what it tells. A plain "
        "autoencoder has only the reconstruction loss. *Active units* are latent dimensions in "
        "use. What is called *test* was measured before, on MNIST's 10,000 test images, of the "
        "models that have a card; *NLL* is the negative log-likelihood, and a sample is "
        "*accepted* if a small classifier is 90 % sure of its class. The validation loss is each "
        "training's own, with its own KL weight and digits."
    )
    return rows


def curves(compared: list[runs.Run]) -> None:
    """The losses of all runs over their epochs, term by term."""
    overlaid = resources.overlaid_curves(compared, widgets.theme())
    legend = "".join(
        f"<span>{marks.name(i, name)}</span>" for i, name in enumerate(run.name for run in compared)
    )
    st.html(
        f'<p class="legend">{legend}<span class="faint">line: validation, dots: training; '
        "in nats per image</span></p>"
    )
    for column, term in zip(st.columns(len(TERMS)), TERMS, strict=True):
        column.plotly_chart(
            overlaid[term],
            key=f"overlaid-{term}",
            config={"displayModeBar": False},
            alt=f"{TERMS[term]} of each model over epochs",
        )
    if any(run.manifest.training.encoder_share for run in compared):
        st.caption(
            "Where a training loss jumps up, the decoder rests from there on and the encoder goes "
            "on with digits that are turned and shifted more."
        )


def downloads(inputs: Inputs, compared: list[runs.Run], table: str) -> None:
    """The page's pictures and curves for print, and its table.

    A visitor's session keeps what is to be saved, so histories and answers are looked up then.
    """

    def printed(kind: str) -> bytes:
        from vae import print_charts  # Matplotlib takes 27 MB: not before somebody saves

        epochs = {run.name: resources.comparable(run) for run in compared}
        if kind == "curves":
            return print_charts.png(print_charts.curves_of(epochs))
        answers = pictures.asked(inputs, compared)
        shown = print_charts.pictures_of(inputs, answers)
        if kind == "pictures":
            return print_charts.png(shown)
        return print_charts.pdf(shown, print_charts.curves_of(epochs))

    ends = inputs.ends
    files: list[tuple[str, str, str | Callable[[], bytes]]] = [
        ("Figures (PDF)", "comparison.pdf", lambda: printed("both")),
        ("Pictures (PNG)", "pictures.png", lambda: printed("pictures")),
        ("Curves (PNG)", "curves.png", lambda: printed("curves")),
        ("Table (CSV)", "figures.csv", table),
    ]
    st.caption(f"Pictures as under *Pictures*: seed {inputs.seed}, from {ends[0]} to {ends[1]}.")
    with st.container(horizontal=True, gap="small"):
        for label, name, content in files:
            st.download_button(label, content, name, icon=":material/download:", on_click="ignore")
