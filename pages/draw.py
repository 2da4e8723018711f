"""Draw a digit; see what each model makes of it, and where it lands on the map."""

import numpy as np
import streamlit as st

from pages.shared import resources, session, widgets
from vae import figures, runs
from vae.preprocess import Blank, drawing_to_image

CANVAS = 280  # pixels; fits a phone of 390
PEN = 20
DIGIT = 140  # pixels on screen for each small picture
WIDE = 3 * DIGIT + 2 * 16

chosen = widgets.begin("Draw")
found = resources.usable_runs()
shown = list(dict.fromkeys([chosen.name, *(n for n in ("map", "best") if n in found)]))
on_map = next((n for n in shown if found[n].manifest.model.latent_dim == 2), chosen.name)


def canvas() -> None:
    """The canvas and its buttons; what is drawn goes to the session."""
    from streamlit_drawable_canvas import st_canvas  # it can only be imported in a running app

    state = session.canvas()
    result = st_canvas(
        stroke_width=PEN,
        stroke_color="#ffffff",
        background_color="#000000",
        width=CANVAS,
        height=CANVAS,
        initial_drawing={"objects": state["initial"]} if state["initial"] else None,
        key=f"canvas-{state['version']}",
    )
    if result.json_data is not None:
        state["strokes"] = result.json_data.get("objects", [])
    empty = not state["strokes"]
    with st.container(horizontal=True, width=CANVAS):
        st.button(
            "Undo",
            icon=":material/undo:",
            on_click=session.redraw,
            args=(state["strokes"][:-1],),
            disabled=empty,
        )
        st.button(
            "Clear", icon=":material/delete:", on_click=session.redraw, args=([],), disabled=empty
        )


def rebuilt(run: runs.Run, image: np.ndarray) -> None:
    """The reconstruction by one model, with its loss terms."""
    model = resources.model(run)
    posterior = model.encode(image[None])
    reconstruction_loss, kl_divergence = model.terms(image[None], posterior)
    widgets.digit(
        model.decode(posterior.mean)[0],
        f"**{run.name}**  \n{widgets.nats(reconstruction_loss[0], kl_divergence[0])}",
        alt=f"Reconstruction by {run.name}",
        width=DIGIT,
    )


def place(image: np.ndarray | None) -> None:
    """The map, with a ring where the image lands."""
    atlas = resources.map_of(found[on_map])
    latent = None if image is None else atlas.model.encode(image[None]).mean[0]
    point = None if latent is None else atlas.plane.project(latent)
    picture = figures.locator(atlas, point, dark=st.context.theme.type == "dark")
    st.image(picture, width="stretch", alt="The latent map, with a ring where the drawing lands")
    where = "" if latent is None else f" · {widgets.latent_text(latent)}"
    st.caption(f"5,000 digits on the latent map of **{on_map}**, coloured by label{where}")


row = st.container(horizontal=True, gap="medium")
with row.container(width=CANVAS):
    st.subheader("Your digit", anchor=False)
    canvas()
drawing = drawing_to_image(None, session.canvas()["strokes"])
image = None if isinstance(drawing, Blank) else drawing
with row.container(width=WIDE):
    st.subheader("Seen and rebuilt", anchor=False)
    if isinstance(drawing, Blank):
        st.info(f"{drawing.reason} Use the black box.", icon=":material/draw:")
    else:
        with st.container(horizontal=True):
            widgets.digit(drawing, "**What the models see**", "What the models see", DIGIT)
            for name in shown:
                rebuilt(found[name], drawing)
        st.caption(
            "Under each reconstruction: *reconstruction loss + KL divergence*, in nats (1 nat is "
            "1.44 bits). The first says how badly the pixels are rebuilt, the second how much the "
            "latent tells of this digit. Their sum is the loss; less is better."
        )
with row.container(width=400):
    st.subheader("Where it lands", anchor=False)
    place(image)
