"""The latent space as a map: under the finger, beside the theory, or for analysis."""

import streamlit as st

from pages.parts.latent_space import analysis, live_map, theory
from pages.shared import live, resources, widgets

FLAT, DEEP = ("Live", "Theory", "Analysis"), ("Live", "Projections", "Theory", "Analysis")

run = widgets.begin("Latent space")
dots = (
    "the encoder of this plain autoencoder gives it one latent, and no cloud around it"
    if run.manifest.training.is_autoencoder
    else "the encoder gives it a *posterior*, a small cloud of fitting latents, and the dot is its "
    "middle"
)
st.markdown(
    "A *latent* z is the short list of numbers from which the decoder draws a digit. Each dot is "
    f"a real digit: {dots}."
)
latent_dim = run.manifest.model.latent_dim
view = st.segmented_control(
    "View", DEEP if latent_dim > 2 else FLAT, default="Live", required=True, key="view",
    bind="query-params", label_visibility="collapsed",
)  # fmt: skip
if latent_dim > 2 and view != "Projections":
    share = 100 * resources.latent_map(run).variance_shown
    with st.container(key="deep"):
        st.caption(
            f"This model has {latent_dim} latent dimensions. The map is the plane on which the "
            "digits spread most (their two strongest principal components): it shows "
            f"{share:.0f}\u00a0% of their variance. *Projections* shows more of it."
        )
if view == "Live":
    st.caption(
        "Point at the map, or touch it, to see what the decoder draws there; click to pin it."
    )
    live_map.show(run)
    live_map.supply(run, *theory.BUNDLES)
    theory.prepare(run)
elif view == "Projections":
    needed = ("map", "digits", "projections")
    live.view("projections", f"projections-{run.name}", live.needs(run, *needed), {})
    live.supply(run, *needed)
elif view == "Theory":
    if obstacle := theory.obstacle(run):
        st.info(obstacle, icon=":material/info:")
        st.stop()
    st.caption("Click a digit: beside the encoder's posterior you see the true one, exactly.")
    live_map.show(run, with_theory=True)
    live.supply(run, *theory.bundles(run))
    live.supply(run, "encoder")  # to read drawings; the view does not wait for it
else:
    analysis.show(run)
