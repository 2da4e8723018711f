"""The parts of the Compare page: strips of digits, a table, curves, and what can be saved."""

from collections.abc import Callable, Iterable
from html import escape

import numpy as np
import streamlit as st

from pages.shared import canvas, markup, resources, session
from vae import (
    charts,
    comparison,
    latent_study,
    pictures,
    preprocess,
    print_charts,
    results,
    runs,
    snapshots,
)
from vae.comparison import Answers, Inputs, Row
from vae.data import Digits
from vae.losses import TERMS
from vae.mnist import CLASSES
from vae.preprocess import Blank, strokes

READY = "5"  # where nobody has drawn


def drawing() -> tuple[str, np.ndarray]:
    """The drawing to rebuild and words on where it is from: sent here, else drawn, else ready."""
    sent = session.sent("compare")
    if sent is not None:
        return "The digit that you sent here from the Draw page.", sent
    image = canvas.image()
    if not isinstance(image, Blank):
        return canvas.source() or "What is on the Draw page now.", image
    ready = [strokes.as_object(points, canvas.PEN) for points in canvas.READY[READY]]
    image = preprocess.drawing_to_image(None, ready)
    assert not isinstance(image, Blank)  # ready drawings are not
    return "A ready one, as you have drawn nothing yet: the Draw page has a canvas.", image


def ends() -> tuple[int, int]:
    """The classes of the two digits between which to go."""
    first, last = (
        st.selectbox(
            label,
            CLASSES,
            start,
            key=key,
            bind="query-params",
            persist_state="session",
            width=120,
        )
        for label, start, key in (("From", 4, "from"), ("To", 0, "to"))
    )
    return first, last


def rebuilt(digits: Digits, answers: dict[str, Answers]) -> None:
    """The ten digits, and under them each model's reconstructions with their mean loss."""
    means = [float(answer.reconstruction_loss.mean()) for answer in answers.values()]
    losses = Row("", tuple(means), "lower")
    images = {name: answer.rebuilt for name, answer in answers.items()}
    strips({"": digits.pixels} | images, "Digits rebuilt by", ["", *_marked(losses, " nats")])


def drawn(drawing: np.ndarray, answers: dict[str, Answers]) -> None:
    """The drawing, and beside it each model's reconstruction with its loss."""
    losses = Row("", tuple(answer.drawing_loss for answer in answers.values()), "lower")
    columns = "".join(
        markup.figure(
            answer.drawing, f"{_swatch(i)}{escape(name)}<br>{loss}", f"Drawing rebuilt by {name}"
        )
        for i, ((name, answer), loss) in enumerate(
            zip(answers.items(), _marked(losses, " nats"), strict=True)
        )
    )
    seen = markup.figure(drawing, "as the models see it", "The drawing")
    st.html(f'<div class="digits compared">{seen}{columns}</div>')


def strips(rows: dict[str, np.ndarray], alt: str, notes: Iterable[str] = ()) -> None:
    """A row of digits for each model; a row without a name is what all were given."""
    notes = list(notes) or [""] * len(rows)
    given = "" in rows
    html = ""
    for i, ((name, images), note) in enumerate(zip(rows.items(), notes, strict=True)):
        label = f"{_swatch(i - given)}{escape(name)}" if name else "as they are"
        strip = pictures.contact_sheet(images, len(images))
        picture = markup.image(strip, f"{alt} {name}" if name else "The digits")
        words = f'<span>{label}</span><span class="note">{note}</span>'
        html += f'<div class="strip">{words}{picture}</div>'
    st.html(html)


def figures_of(compared: list[runs.Run]) -> list[Row]:
    """The table of figures, the best of each bold."""
    rows = comparison.table(compared, [resources.measured(run) for run in compared])
    heads = "".join(f"<th>{_swatch(i)}{escape(run.name)}</th>" for i, run in enumerate(compared))
    lines = "".join(
        f"<tr><th>{row.name}</th>{''.join(f'<td>{text}</td>' for text in _marked(row))}</tr>"
        for row in rows
    )
    st.html(
        f'<div class="wide"><table class="figures"><tr><th></th>{heads}</tr>{lines}</table></div>'
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


def curves(compared: list[runs.Run]) -> dict[str, list[dict]]:
    """The losses of all runs over their epochs, term by term."""
    epochs = {run.name: comparison.told(run, resources.told(run).epochs) for run in compared}
    figures = resources.overlaid_curves(compared)
    legend = "".join(f"<span>{_swatch(i)}{escape(name)}</span>" for i, name in enumerate(epochs))
    st.html(
        f'<p class="legend">{legend}<span class="faint">line: validation, dots: training; '
        "in nats per image</span></p>"
    )
    for column, term in zip(st.columns(len(TERMS)), TERMS, strict=True):
        column.plotly_chart(
            figures[term],
            key=f"overlaid-{term}",
            config={"displayModeBar": False},
            alt=f"{TERMS[term]} of each model over epochs",
        )
    if any(run.manifest.training.encoder_share for run in compared):
        st.caption(
            "Where a training loss jumps up, the decoder rests from there on and the encoder goes "
            "on with digits that are turned and shifted more."
        )
    return epochs


def downloads(
    inputs: Inputs, answers: dict[str, Answers], epochs: dict[str, list[dict]], table: str
) -> None:
    """The page's pictures and curves for print, and its table."""

    def both() -> bytes:
        return print_charts.pdf(
            print_charts.pictures_of(inputs, answers), print_charts.curves_of(epochs)
        )

    files: list[tuple[str, str, str | Callable[[], bytes]]] = [
        ("Figures (PDF)", "comparison.pdf", both),
        (
            "Pictures (PNG)",
            "pictures.png",
            lambda: print_charts.png(print_charts.pictures_of(inputs, answers)),
        ),
        ("Curves (PNG)", "curves.png", lambda: print_charts.png(print_charts.curves_of(epochs))),
        ("Table (CSV)", "figures.csv", table),
    ]
    with st.container(horizontal=True, gap="small"):
        for label, name, content in files:
            st.download_button(label, content, name, icon=":material/download:", on_click="ignore")


def holes(found: dict[str, runs.Run]) -> None:
    """A plain autoencoder beside a VAE of as many dimensions, if this server has both."""
    plain = next((run for run in found.values() if run.manifest.training.is_autoencoder), None)
    if plain is None:
        return
    twins = [
        run
        for run in found.values()
        if run.manifest.model.latent_dim == plain.manifest.model.latent_dim
        and not run.manifest.training.is_autoencoder
    ]
    if not twins:
        return
    twin = max(twins, key=lambda run: run.manifest.model == plain.manifest.model)
    st.subheader("What the KL divergence is for", anchor=False)
    st.markdown(
        f"**{plain.name}** is a plain *autoencoder*: an encoder and a decoder, trained to rebuild "
        "and nothing else. It may put its digits anywhere, far from 0 and with *holes* between "
        "them, and what it decodes from a hole is no digit. The KL divergence of a VAE draws all "
        "posteriors to the prior (circles: 1 and 2 standard deviations of it), so that there are "
        "digits wherever one samples."
    )
    for column, run in zip(st.columns(2, gap="medium"), (twin, plain), strict=True):
        with column:
            _space(run)


def latent_dims() -> None:
    """The experiment behind the size of the latent."""
    try:
        study = latent_study.read()
    except latent_study.StudyError as error:
        st.error(str(error), icon=":material/error:")
        return
    best = runs.read(runs.SHIPPED / "best")
    st.subheader("How many latent dimensions", anchor=False)
    st.markdown(
        f"One recipe, {len(study.latent_dims)} sizes of the latent, "
        f"{study.training.epochs} epochs each, measured on digits that were not trained on. More "
        "dimensions tell more of a digit (KL divergence) and leave less untold (reconstruction "
        f"loss), until they no longer pay: with this recipe **{study.chosen}** are enough, and of "
        f"more the model leaves some unused. **best** has {best.manifest.model.latent_dim} and "
        f"uses {results.read(best).active_units} of them."
    )
    st.plotly_chart(
        resources.latent_dims(study),
        key="latent-dims",
        config={"displayModeBar": False},
        alt="Loss terms and active units by the number of latent dimensions",
    )


def _space(run: runs.Run) -> None:
    latent_map = resources.map_of(run)
    prior = latent_map.plane.spread(np.ones(latent_map.model.latent_dim, np.float32))
    st.html(
        f"<p><b>{escape(run.name)}</b>, where the digits land</p>"
        f"{markup.space(latent_map, resources.locator(run), prior)}"
        "<p>what is decoded all over the same area</p>"
        '<div class="digits"><div class="sheet">'
        f'<img src="{resources.manifold(run)}" alt="Decoded latent space of {escape(run.name)}">'
        "</div></div>"
    )


def early_and_late(compared: list[runs.Run]) -> None:
    """One run at two of its epochs, side by side."""
    kept = {run.name: run for run in compared if len(snapshots.files(run.path)) > 1}
    if not kept:
        return
    st.subheader("Early and late", anchor=False)
    st.markdown("The same model at two moments of its training.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Model", list(kept), key="snapshots-of", width=240)
        files = snapshots.files(kept[name].path)
        epochs = list(files)
        two = st.select_slider(
            "Epochs", epochs, (epochs[1], epochs[-1]), key=f"two-of-{name}", width=440,
            help="0 is before training.",
        )  # fmt: skip
    try:
        early, late = (snapshots.read(files[epoch]) for epoch in two)
    except snapshots.SnapshotError as error:
        st.error(str(error))
        return
    digits = snapshots.rebuilt_digits().images
    for column, shown in zip(st.columns(2, gap="medium"), (early, late), strict=True):
        column.html(
            f"<p><b>After epoch {shown.epoch}</b></p>"
            + _sheet(digits, 8, "digits as they are", f"Digits, for epoch {shown.epoch}")
            + _sheet(shown.rebuilt, 8, "rebuilt", f"Rebuilt after epoch {shown.epoch}")
            + _sheet(shown.samples[:24], 8, "samples", f"Samples after epoch {shown.epoch}")
        )


def _sheet(images: np.ndarray, columns: int, caption: str, alt: str) -> str:
    sheet = pictures.contact_sheet(images / np.float32(255), columns)
    picture = f'<img src="{pictures.data_url(sheet)}" alt="{alt}">'
    return f'<figure class="sheet">{picture}<figcaption>{caption}</figcaption></figure>'


def _marked(row: Row, unit: str = "") -> list[str]:
    """The texts of a row's values, the best bold."""
    texts = [row.text(i) + unit for i in range(len(row.values))]
    return [f"<b>{text}</b>" if i in row.best else text for i, text in enumerate(texts)]


def _swatch(i: int) -> str:
    """The colour of run i, as in the curves."""
    return f'<i class="swatch" style="background: {charts.RUN_COLOURS[i]}"></i>'
