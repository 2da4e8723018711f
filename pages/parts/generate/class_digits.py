"""Digits of a class, each read by the small classifier, and what is said where that fails."""

import numpy as np
import streamlit as st

from pages.parts.generate import current_latent
from pages.shared import resources, widgets
from vae import class_search, runs
from vae.class_search import Found

SHARES = {1.0: "", 0.75: "¾", 0.5: "½", 0.25: "¼", 0.0: "none"}


def moved(run: runs.Run, latent: np.ndarray, label: int) -> None:
    """A latent (latent_dim,) of the class `label` as each class."""
    if _tells_fault():
        return
    found = resources.class_search(run).moved(latent, label)
    shares = [SHARES[class_search.kept(tries)] for tries in found.tries]
    captions = [f"{c} · {s}" if s else str(c) for c, s in zip(found.wanted, shares, strict=True)]
    current_latent.sheet(run, "As", found.latents, captions, _doubts(found))
    notes = []
    if any(shares):
        notes.append(
            "With all that makes it special, some would be read as another digit, or hardly as "
            "themselves: of that they keep the share that is told (¾, ½, ¼, none)."
        )
    if found.failed.any():
        notes.append(
            f"Struck out: {_listed(found.wanted[found.failed])}. The model draws nothing near here "
            "that is read as such."
        )
    if notes:
        st.caption(" ".join(notes))


def sampled(run: runs.Run, label: int, n: int, seed: int, temperature: float) -> np.ndarray:
    """n samples (n, latent_dim) of one class, shown as a sheet; (0, latent_dim) where nobody can
    read them."""
    if _tells_fault():
        return np.zeros((0, run.manifest.model.latent_dim))
    found = resources.class_search(run).sample(label, n, seed, temperature)
    current_latent.sheet(run, "Sample", found.latents, doubts=_doubts(found))
    first, failed = int((found.tries == 0).sum()) - int(found.failed.sum()), int(found.failed.sum())
    told = f"The small classifier was sure at once that {first} of {n} are a {label}"
    if failed < n - first:
        told += f"; the others were drawn again, up to {class_search.REDRAWN} times"
    if failed:
        told += f", and {failed} (faint) never were one"
    st.caption(f"{told}.")
    return found.latents


def _tells_fault() -> bool:
    """Say why digits of a class cannot be shown, if they cannot."""
    if fault := resources.classifier_fault():
        st.error(
            f"Digits of a class are read by a small classifier, and there is none: "
            f"{widgets.plain(fault)}.",
            icon=":material/error:",
        )
    return bool(fault)


def _doubts(found: Found) -> list[str]:
    return [
        f"read as a {read}" if failed else ""
        for read, failed in zip(found.read, found.failed, strict=True)
    ]


def _listed(labels: np.ndarray) -> str:
    return ", ".join(map(str, labels))
