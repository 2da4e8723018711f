"""What runs beside each other teach: holes, early and late epochs, the size of the latent."""

from html import escape

import numpy as np
import streamlit as st

from pages.shared import markup, resources, widgets
from vae import failures, latent_study, pictures, results, runs, snapshots


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
    st.header("What the KL divergence is for", anchor=False)
    st.markdown(
        f"**{widgets.plain(plain.name)}** has no KL divergence in its loss, which makes it a plain "
        "*autoencoder*: trained to rebuild, and nothing else. It may put its digits anywhere, far "
        "from 0 and with *holes* between them, and what it decodes from a hole is no digit. The KL "
        "divergence of a VAE draws all posteriors to the prior (circles: 1 and 2 standard "
        "deviations of it), so that there are digits wherever one samples."
    )
    for column, run in zip(st.columns(2, gap="medium"), (twin, plain), strict=True):
        with column:
            _space(run)


def _of_best() -> str:
    """How many dimensions the best model has and uses; nothing before it has been measured."""
    try:
        best = runs.read(runs.SHIPPED / "best")
        used = results.read(best).active_units
    except (runs.RunError, results.ResultsError):
        return ""
    return f"**best** has {best.manifest.model.latent_dim} and uses {used} of them."


def _space(run: runs.Run) -> None:
    latent_map = resources.latent_map(run)
    prior = latent_map.plane.spread(np.ones(latent_map.model.latent_dim, np.float32))
    st.html(
        f"<p><b>{escape(run.name)}</b>, where the digits land</p>"
        f"{markup.space(latent_map, resources.locator(run, widgets.theme()), prior)}"
        "<p>what is decoded all over the same area</p>"
        '<div class="digits"><div class="sheet">'
        f'<img src="{markup.linked(resources.manifold(run))}" '
        f'alt="Decoded latent space of {escape(run.name)}">'
        "</div></div>"
    )


def early_and_late(compared: list[runs.Run]) -> None:
    """One run at two of its epochs, side by side."""
    kept = {run.name: run for run in compared if len(snapshots.files(run.path)) > 1}
    if not kept:
        st.info("None of these models has kept what it drew while it learned.")
        return
    st.header("Early and late", anchor=False)
    st.markdown("The same model at two moments of its training.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Model", list(kept), key="snapshots-of", format_func=widgets.titles(kept), width=240
        )
        files = snapshots.files(kept[name].path)
        epochs = list(files)
        two = st.select_slider(
            "Epochs", epochs, (epochs[1], epochs[-1]), key=f"two-of-{name}", width=440,
            help="0 is before training.",
        )  # fmt: skip
    try:
        early, late = (snapshots.read(files[epoch]) for epoch in two)
    except snapshots.SnapshotError as error:
        st.error(widgets.plain(error))
        return
    digits = snapshots.rebuilt_digits().images
    originals = _sheet(digits, 8, "digits as they are", "Digits, as they are")
    st.columns(2, gap="medium")[0].html(originals)  # as large as what is rebuilt of them
    for column, shown in zip(st.columns(2, gap="medium"), (early, late), strict=True):
        column.html(
            f"<p><b>After epoch {shown.epoch}</b></p>"
            + _sheet(shown.rebuilt, 8, "rebuilt", f"Rebuilt after epoch {shown.epoch}")
            + _sheet(shown.samples[:24], 8, "samples", f"Samples after epoch {shown.epoch}")
        )


def _sheet(images: np.ndarray, columns: int, caption: str, alt: str) -> str:
    sheet = pictures.contact_sheet(images / np.float32(255), columns)
    picture = f'<img src="{markup.source(sheet)}" alt="{alt}">'
    return f'<figure class="sheet">{picture}<figcaption>{caption}</figcaption></figure>'


def latent_dims() -> None:
    """The experiment behind the size of the latent."""
    try:
        study = latent_study.read()
    except latent_study.StudyError as error:
        st.error(widgets.plain(failures.words(error)), icon=":material/error:")
        return
    st.header("How many latent dimensions", anchor=False)
    st.markdown(
        f"One recipe, {len(study.latent_dims)} sizes of the latent, "
        f"{study.training.epochs} epochs each, measured on digits that were not trained on. More "
        "dimensions tell more of a digit (KL divergence) and leave less untold (reconstruction "
        f"loss), until they no longer pay: with this recipe **{study.chosen}** are enough, and of "
        f"more the model leaves some unused. {_of_best()}"
    )
    st.plotly_chart(
        resources.latent_dims(study, widgets.theme()),
        key="latent-dims",
        config={"displayModeBar": False},
        alt="Loss terms and active units by the number of latent dimensions",
    )
