"""What each run makes of the same inputs: strips of digits."""

from collections.abc import Iterable, Mapping

import numpy as np
import streamlit as st

from pages.parts.compare import marks
from pages.shared import canvas, markup, resources, session, widgets
from vae import pictures, preprocess, runs
from vae.comparison import Answers, Inputs, Row
from vae.data import Digits
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
        return widgets.plain(canvas.source()) or "What is on the Draw page now.", image
    ready = [strokes.as_object(points, canvas.PEN) for points in canvas.READY.get(READY, [])]
    image = preprocess.drawing_to_image(None, ready)
    if isinstance(image, Blank):  # their file is missing
        return "A real digit, as you have drawn nothing yet.", resources.digits()[:1].pixels[0]
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
            width=90,
            help=f"The class of the digit {words} the path.",
        )
        for label, start, key, words in (
            ("From", 4, "from", "that begins"),
            ("To", 0, "to", "that ends"),
        )
    )
    return first, last


def show(inputs: Inputs, words: str, compared: list[runs.Run]) -> None:
    """Every question, and what the runs answer."""
    st.header("The same digits, rebuilt", anchor=False)
    st.markdown(
        "Ten digits that no model here was trained on. The model sees them as numbers in its "
        "latent space, and rebuilds them from these. Right: its reconstruction loss, the mean of "
        "the ten; the lowest is bold."
    )
    digits = st.container()
    st.header("The same drawing", anchor=False)
    st.markdown(words)
    drawing = st.container()
    st.header("The same samples", anchor=False)
    st.markdown(
        "New digits, each decoded from numbers drawn at random from the *prior*. Models with as "
        "many latent dimensions decode the same numbers, though they mean something else to each."
    )
    samples = st.container()
    st.header("The same path", anchor=False)
    st.markdown(
        f"From the {inputs.ends[0]} of the ten digits to the {inputs.ends[1]}, in equal steps on a "
        "straight line of latents."
    )
    path = st.container()
    answers = asked(inputs, compared)  # after the words, which can be read meanwhile
    with digits:
        rebuilt(inputs.digits, answers)
    with drawing:
        drawn(inputs.drawing, answers)
    with samples:
        sampled(compared, answers)
    with path:
        strips({name: answer.path for name, answer in answers.items()}, "Path of")


def asked(inputs: Inputs, compared: list[runs.Run]) -> dict[str, Answers]:
    """What each run makes of the inputs, by its name."""
    return {run.name: resources.answers(run, inputs) for run in compared}


def rebuilt(digits: Digits, answers: dict[str, Answers]) -> None:
    """The ten digits, and under them each model's reconstructions with their mean loss."""
    means = [float(answer.reconstruction_loss.mean()) for answer in answers.values()]
    losses = Row("", tuple(means), "lower")
    images = {name: answer.rebuilt for name, answer in answers.items()}
    strips({"": digits.pixels} | images, "Digits rebuilt by", ["", *marks.texts(losses, " nats")])


def drawn(drawing: np.ndarray, answers: dict[str, Answers]) -> None:
    """The drawing, and beside it each model's reconstruction with its loss."""
    losses = Row("", tuple(answer.drawing_loss for answer in answers.values()), "lower")
    columns = "".join(
        markup.figure(
            answer.drawing,
            f"{marks.name(i, name)}<br>{loss}",
            f"Drawing rebuilt by {name}",
        )
        for i, ((name, answer), loss) in enumerate(
            zip(answers.items(), marks.texts(losses, " nats"), strict=True)
        )
    )
    seen = markup.figure(drawing, "as the models see it", "The drawing")
    st.html(f'<div class="digits compared">{seen}{columns}</div>')


def sampled(compared: list[runs.Run], answers: dict[str, Answers]) -> None:
    """What each model that has a prior decodes from samples of it."""
    rows: dict[str, np.ndarray | None] = {name: one.samples for name, one in answers.items()}
    rows |= {run.name: None for run in compared if run.manifest.training.is_autoencoder}
    strips(rows, "Samples of", missing="A plain autoencoder has no prior to draw from.")


def strips(
    rows: Mapping[str, np.ndarray | None], alt: str, notes: Iterable[str] = (), missing: str = ""
) -> None:
    """A row of digits for each model, or words; a row without a name is what all were given."""
    notes = list(notes) or [""] * len(rows)
    given = "" in rows
    html = ""
    for i, ((name, images), note) in enumerate(zip(rows.items(), notes, strict=True)):
        label = marks.name(i - given, name) if name else "as they are"
        if images is None:
            picture = f'<i class="faint">{missing}</i>'
        else:
            strip = pictures.contact_sheet(images, len(images))
            picture = markup.image(strip, f"{alt} {name}" if name else "The digits")
        words = f'<span>{label}</span><span class="note">{note}</span>'
        html += f'<div class="strip">{words}{picture}</div>'
    st.html(html)
