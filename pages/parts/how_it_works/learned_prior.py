"""What How it works shows of a model whose prior is a flow."""

import streamlit as st

from pages.shared import markup, resources, widgets
from vae import latents, pictures, runs

SAMPLES, STANDARD_RUN = 20, "best"


def show(run: runs.Run) -> None:
    """The base space bent into z, and samples beside those of a model without a flow."""
    st.header("What the prior learned", anchor=False)
    st.markdown(
        "On the left the base space, along the two dimensions that move most ink: the digits lie "
        "as a bell curve would have them. On the right $z$, on the plane on which they spread "
        "most: there they gather by class. $T$ bends the one into the other, and with it the grid, "
        "whose other dimensions are at 0."
    )
    base, bent = resources.bent_grid(run, widgets.theme())
    squares = "".join(
        f"<div>{markup.still_map(label, still.picture, still.names)}"
        f'<p class="aside faint">{label}</p></div>'
        for still, label in ((base, "Base space: u"), (bent, "Bent by the flow: z = T(u)"))
    )
    st.html(f'<div class="side">{squares}</div>')
    standard = resources.usable_runs().get(STANDARD_RUN)
    if standard is None:
        return
    st.markdown(
        "So what is drawn from the prior falls where digits are, and seldom between. "
        f"**{widgets.plain(run.name)}** and **{STANDARD_RUN}**, whose prior is the bell curve "
        "itself, from the same seed:"
    )
    seed = st.session_state.get("prior seed", 0)
    for one in (run, standard):
        st.html(_samples(one, seed))
    st.button("Draw others", icon=":material/casino:", on_click=_resample)


def _samples(run: runs.Run, seed: int) -> str:
    model = resources.model(run)
    images = model.decode(latents.sample_prior(SAMPLES, model.latent_dim, seed))
    sheet = pictures.contact_sheet(images, SAMPLES // 2)
    picture = markup.image(sheet, f"Samples of {run.name}")
    return f'<figure class="sheet"><figcaption><b>{run.name}</b></figcaption>{picture}</figure>'


def _resample() -> None:
    st.session_state["prior seed"] = st.session_state.get("prior seed", 0) + 1
