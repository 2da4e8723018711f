"""The pipeline on its page: where a visitor is in it, and what stands beside each stage."""

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.how_it_works import formulas
from pages.shared import canvas, link, live, resources, session
from pages.shared.turns import turn
from vae import runs
from vae.live import recording
from vae.mnist import CLASSES
from vae.preprocess import Blank

EXAMPLES = (431, 966, 1478, 1932, 2451, 2981, 3445, 3982, 4481, 4977)
"""For each class one of the embedded digits: of the hundred that no model here is trained on, and
that lie among their like on the map of `map`, one of those that it rebuilds well."""

MINE, FIRST = "mine", "3"
_NEEDS = ("encoder", "decoder", "map", "digits")


@st.fragment
@turn()
def show(run: runs.Run) -> None:
    """The pipeline, and the formula and source of the stage in sight."""
    told = st.session_state.get("pipeline") or {}
    place = session.place()
    stage = _stage(told.get("stage") or place["stage"] or st.query_params.get("stage"), run)
    source = _source(told.get("source") or place["source"] or st.query_params.get("example"), run)
    place["stage"], place["source"] = stage, source
    for name, value in (("stage", stage), ("example", source)):
        if value:
            st.query_params[name] = value
    drawing = canvas.image()
    with st.container(key="pipeline-view"):
        live.view(
            "pipeline",
            "pipeline",
            live.needs(run, *_NEEDS),
            {
                "stage": stage or None,
                "source": source or FIRST,
                "examples": EXAMPLES,
                "drawing": None
                if isinstance(drawing, Blank)
                else np.round(drawing, 6).ravel().tolist(),
                "kl_weight": run.manifest.training.kl_weight,
            },
            _recording(run),
            on_stage_change=lambda: None,
            on_source_change=lambda: None,
        )
    formulas.show(stage or formulas.STAGES[0], run)


def supply(run: runs.Run) -> None:
    """Send what the view needs; call it last on the page."""
    live.supply(run, *_NEEDS, sketch=_recording(run))


def _recording(run: runs.Run) -> live.Sketch | None:
    """The first digit's way, until another is asked for; none behind a learned prior."""
    if run.manifest.model.has_learned_prior or session.place()["source"] not in ("", FIRST):
        return None
    return live.sketch(run, "how_it_works", partial(_recorded, run), "recording")


def _recorded(run: runs.Run, name: str) -> bytes:
    i = EXAMPLES[int(FIRST)]
    image = resources.digits()[i : i + 1].pixels[0]
    return recording.recording_bundle(name, resources.model(run), image, FIRST)


def _stage(named: Any, run: runs.Run) -> str:
    """A stage of this model; empty where none is named."""
    return named if named in formulas.stages(run) else ""


def _source(named: Any, run: runs.Run) -> str:
    """What can be followed, see source.js of vae/live/pipeline; empty if it is no such thing."""
    match named:
        case str() if named in map(str, CLASSES):
            return named
        case "mine" if not isinstance(canvas.image(), Blank):
            return MINE
        case str() if named.startswith("#"):
            index = link.whole(named[1:], len(resources.digits()))
            return "" if index is None else f"#{index}"
        case str():
            point = link.numbers(named, 2)
            reach = resources.latent_map(run).reach
            inside = point is not None and max(map(abs, point)) <= reach
            return ",".join(f"{value:.4f}" for value in point) if point and inside else ""
    return ""
