"""What the models make of a drawing."""

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.parts.draw import live_drawing
from pages.shared import canvas, markup, missions, resources, session, widgets
from vae import pictures, posterior_cloud, preprocess, runs
from vae.inference import Posterior
from vae.preprocess import Blank, strokes
from vae.prior import STANDARD

EXAMPLE = "3"  # of the ready drawings
DRAWS, NEIGHBOURS = 6, 6
SEND: dict[str, tuple[session.Destination, str]] = {
    "Pin on map": ("pin", "Pinned: open [Latent space](latent_space)."),
    "Morph end A": ("end A", "It is end A: open [Morph](morph)."),
    "Morph end B": ("end B", "It is end B: open [Morph](morph)."),
    "Compare": ("compare", "Ready: open [Compare](compare)."),
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
    "real digits near by."
)
_POINT = (
    "A plain autoencoder gives one point, among the real digits near by, and no cloud: nothing "
    "made it learn how sure it is, so nothing can be drawn from around it."
)


class Answer(NamedTuple):
    """What a run rebuilds of an image, and its figures beside those for real digits."""

    run: runs.Run
    reconstruction: np.ndarray
    unusual: list[tuple[str, str]]


def answer(image: np.ndarray, run: runs.Run) -> Answer:
    """What this run makes of an image (28, 28)."""
    model = resources.model(run)
    posterior = model.encode(image[None])
    loss, kl = (float(term[0]) for term in model.terms(image[None], posterior))
    return Answer(run, model.decode(posterior.latents)[0], _unusual(run, loss, kl))


def show(image: np.ndarray | Blank, asked: list[runs.Run], left: list[runs.Run]) -> None:
    """What models make of a drawing, as far as the page does not show it: that is `left`."""
    if not isinstance(image, Blank):
        if not asked:
            st.info("Choose a model, or several.", icon=":material/compare_arrows:")
        if left:
            rebuilt(image, [answer(image, run) for run in left])
        if more := asked[live_drawing.MOST :]:
            st.caption(
                f"{live_drawing.MOST} models answer while you draw, the others once the pen is up: "
                f"{', '.join(widgets.plain(run.name) for run in more)}."
            )
    elif canvas.is_used():
        st.info(image.reason, icon=":material/draw:")
    elif left == asked:  # nothing moves there yet
        example(asked)
        st.caption("Draw in the black box or try a ready one; what models see appears here.")


def example(asked: list[runs.Run]) -> None:
    """A drawing, and what the models rebuild of it: what is seen here before anybody draws."""
    drawn = [strokes.as_object(points, canvas.PEN) for points in canvas.READY.get(EXAMPLE, [])]
    image = preprocess.drawing_to_image(None, drawn)
    if isinstance(image, Blank):
        return  # the file of ready drawings is missing
    columns = [markup.figure(image, f"A drawn {EXAMPLE}", "An example")]
    for run in asked:
        rebuilt = resources.model(run).reconstruct(image[None])[0]
        words = f"drawn again by <b>{escape(run.name)}</b>, from its place on the map"
        columns.append(markup.figure(rebuilt, words, f"The example, rebuilt by {run.name}"))
    st.html(f'<div class="digits">{"".join(f"<div>{one}</div>" for one in columns)}</div>')


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
    rebuilt = f"{loss:.1f} nats", f"to rebuild: harder than {harder:.0f} % of real digits."
    if run.manifest.training.is_autoencoder:
        return [rebuilt, ("One point", "and no posterior: it is a plain autoencoder.")]
    return [rebuilt, (f"{kl:.1f} nats", f"of KL divergence: more than {more:.0f} % of them.")]


def landing(image: np.ndarray, run: runs.Run, posterior: Posterior, with_map: bool) -> None:
    """Where the image lands on the map of a run: the posterior, and what lies near.

    Without the whole map where the page shows that already.
    """
    missions.drew(run, image)
    latent_map = resources.latent_map(run)
    point = latent_map.plane.project(posterior.latents[0])
    if run.manifest.training.is_autoencoder:
        shape, words = None, _POINT
    elif latent_map.model.prior is STANDARD:
        shape = latent_map.plane.spread(posterior.standard_deviation[0])
        words = _POSTERIOR.format("shown at 1 (line) and 2 (dashes) standard deviations")
    else:
        shape, words = posterior_cloud.draw(posterior, latent_map.plane), _POSTERIOR.format(CLOUD)
    close = markup.close_up(latent_map, point, shape)
    closer = f'<div>{close}<p class="aside faint">The same place, closer. {words}</p></div>'
    whole = _whole_map(run, posterior.latents[0], point, shape) if with_map else ""
    st.html(f'<div class="side">{whole}{closer}</div>')


def _whole_map(
    run: runs.Run,
    latent: np.ndarray,
    point: np.ndarray,
    shape: np.ndarray | posterior_cloud.Cloud | None,
) -> str:
    theme = widgets.theme()
    whole = markup.whole_map(resources.latent_map(run), resources.locator(run, theme), point, shape)
    return (
        f'<div>{whole}<p class="aside faint">The real digits on the map of '
        f"<b>{escape(run.name)}</b>, and in the ring this one: {widgets.latent_text(latent)}</p>"
        "</div>"
    )


def said(run: runs.Run, posterior: Posterior) -> str:
    """What happened, for who cannot see it; why nothing did is said where it is shown."""
    likeliest = resources.latent_map(run).classes.likeliest(posterior.latents[0])
    return f"The models see a digit. To {run.name} it is most like a {likeliest}."


def nearest(run: runs.Run, posterior: Posterior) -> None:
    """The real digits whose latents are nearest."""
    latent_map = resources.latent_map(run)
    found = latent_map.nearest(posterior.latents[0], NEIGHBOURS)
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
        st.download_button(
            "PNG", lambda: pictures.png(pictures.to_bytes(image)), "digit.png",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    if words := st.session_state.pop("just sent", None):
        st.toast(words, icon=":material/check:")


def _send(label: str, image: np.ndarray) -> None:
    place, words = SEND[label]
    session.send(place, image)
    # Not told here: what a fragment's callback draws takes the place of the page's first element.
    st.session_state["just sent"] = words
