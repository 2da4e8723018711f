"""What the models make of a drawing."""

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.shared import markup, missions, resources, session, widgets
from vae import cloud, pictures, runs
from vae.prior import STANDARD

DRAWS, NEIGHBOURS = 6, 6
SEND: dict[str, tuple[session.Destination, str]] = {
    "Pin on map": ("pin", "Pinned: open Latent space."),
    "Morph end A": ("end A", "It is end A: open Morph."),
    "Morph end B": ("end B", "It is end B: open Morph."),
    "Compare": ("compare", "Ready: open Compare."),
}
CLOUD = (
    "shown by draws from it, with lines around the densest 39 % (line) and 86 % (dashes) of them: "
    "as much as lies within 1 and 2 standard deviations of a bell curve, which this cloud is not"
)

_TERMS = (
    '<p class="aside faint">To rebuild a digit, a model is given its <i>latent</i>, a few numbers '
    "that the encoder finds. <i>KL divergence</i> is what those numbers tell of the digit, and the "
    "first figure what they leave untold; their sum is the loss. A nat is 1.44 bits. <i>Test "
    "digits</i> are 5,000 of MNIST's that no shipped model was trained on.</p>"
)

_POSTERIOR = (
    "The model is not sure of one point: it gives a cloud, the <i>posterior</i>, {}, among the "
    "test digits near by."
)
_POINT = (
    "A plain autoencoder gives one point, among the test digits near by, and no cloud: nothing "
    "made it learn how sure it is, so nothing can be drawn from around it."
)


class Answer(NamedTuple):
    """What a run rebuilds of an image, and its figures beside those for test digits."""

    run: runs.Run
    reconstruction: np.ndarray
    unusual: list[tuple[str, str]]


def answer(image: np.ndarray, run: runs.Run) -> Answer:
    """What this run makes of an image (28, 28)."""
    model = resources.model(run)
    posterior = model.encode(image[None])
    loss, kl = (float(term[0]) for term in model.terms(image[None], posterior))
    return Answer(run, model.decode(posterior.latents)[0], _unusual(run, loss, kl))


def rebuilt(image: np.ndarray, answers: list[Answer]) -> None:
    """What the models see, and for each what it rebuilds, how far off that is and how unusual."""
    legend = (
        "<p>Under each reconstruction: where it differs from what the model sees. "
        '<span style="color: var(--too-much-ink-text)">Orange</span> is too much ink, '
        '<span style="color: var(--too-little-ink-text)">blue</span> too little.</p>'
    )
    seen = markup.figure(image, "<b>What the models see</b>", "What the models see")
    columns = "".join(f"<div>{_by_one(image, one)}</div>" for one in answers)
    st.html(f'<div class="digits"><div>{seen}{legend}</div>{columns}</div>{_TERMS}')


def _by_one(image: np.ndarray, answer: Answer) -> str:
    run, reconstruction, unusual = answer
    pair = markup.figure(
        reconstruction, f"<b>{escape(run.name)}</b>", f"Reconstruction by {run.name}"
    )
    apart = markup.difference(image, reconstruction)
    words = "".join(f"<p><b>{figure}</b> {words}</p>" for figure, words in unusual)
    return f"{pair}<figure>{markup.image(apart, f'Difference of {run.name}')}</figure>{words}"


def _unusual(run: runs.Run, loss: float, kl: float) -> list[tuple[str, str]]:
    usual = resources.loss_percentiles(run)
    harder, more = 100 * usual.harder_than(loss), 100 * usual.farther_than(kl)
    rebuilt = f"{loss:.1f} nats", f"to rebuild: harder than {harder:.0f} % of test digits."
    if run.manifest.training.is_autoencoder:
        return [rebuilt, ("One point", "and no posterior: it is a plain autoencoder.")]
    return [rebuilt, (f"{kl:.1f} nats", f"of KL divergence: more than {more:.0f} % of them.")]


def landing(image: np.ndarray, run: runs.Run) -> None:
    """Where the image lands on the map of a run: the posterior, and what lies near."""
    missions.drew(run, image)
    latent_map = resources.latent_map(run)
    posterior = latent_map.model.encode(image[None])
    point = latent_map.plane.project(posterior.latents[0])
    if run.manifest.training.is_autoencoder:
        shape, words = None, _POINT
    elif latent_map.model.prior is STANDARD:
        shape = latent_map.plane.spread(posterior.standard_deviation[0])
        words = _POSTERIOR.format("shown at 1 (line) and 2 (dashes) standard deviations")
    else:
        shape, words = cloud.draw(posterior, latent_map.plane), _POSTERIOR.format(CLOUD)
    whole = markup.whole_map(latent_map, resources.locator(run, widgets.theme()), point, shape)
    close = markup.close_up(latent_map, point, shape)
    latent = widgets.latent_text(posterior.latents[0])
    st.html(
        f'<div class="side"><div>{whole}<p class="aside faint">The test digits on the map of '
        f"<b>{escape(run.name)}</b>, and in the ring this one: {latent}</p></div>"
        f'<div>{close}<p class="aside faint">The same place, closer. {words}</p></div></div>'
    )


def said(image: np.ndarray, run: runs.Run) -> str:
    """What happened, for who cannot see it; why nothing did is said where it is shown."""
    latent = resources.model(run).encode(image[None]).latents[0]
    likeliest = resources.latent_map(run).classes.likeliest(latent)
    return f"The models see a digit. To {run.name} it is most like a {likeliest}."


def nearest(image: np.ndarray, run: runs.Run) -> None:
    """The test digits whose latents are nearest."""
    latent_map = resources.latent_map(run)
    found = latent_map.nearest(latent_map.model.encode(image[None]).latents[0], NEIGHBOURS)
    digits = ((latent_map.digits.images[i], str(latent_map.digits.labels[i])) for i in found)
    row = "".join(markup.figure(pixels, label, f"Nearest: {label}") for pixels, label in digits)
    st.html(f'<div class="digits small">{row}</div>')


def draws(image: np.ndarray, run: runs.Run, seed: int) -> None:
    """Several draws from the posterior, decoded."""
    if run.manifest.training.is_autoencoder:
        st.caption(f"{widgets.plain(run.name)} is a plain autoencoder: it has no posterior.")
        return
    model = resources.model(run)
    posterior = model.encode(image[None].repeat(DRAWS, axis=0))
    decoded = model.decode(posterior.sample(np.random.default_rng(seed)))
    row = "".join(
        f"<figure>{markup.image(digit, f'Draw {i} of {run.name}')}</figure>"
        for i, digit in enumerate(decoded, start=1)
    )
    st.html(f'<div class="digits small">{row}</div>')


def send(image: np.ndarray) -> None:
    """Buttons that send the image to other pages, and one that saves it."""
    with st.container(horizontal=True, gap="xsmall"):
        for label in SEND:
            st.button(label, on_click=_send, args=(label, image))
        picture = pictures.png(pictures.to_bytes(image))
        st.download_button(
            "PNG", picture, "digit.png", icon=":material/download:", on_click="ignore"
        )
    if words := st.session_state.pop("just sent", None):
        st.toast(words, icon=":material/check:")


def _send(label: str, image: np.ndarray) -> None:
    place, words = SEND[label]
    session.send(place, image)
    # Not told here: what a fragment's callback draws takes the place of the page's first element.
    st.session_state["just sent"] = words
