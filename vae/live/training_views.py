"""How a training looks in the page: its loss curves, and a slider through its snapshots.

Python sends the numbers; the scripts beside this file draw them in the browser, so that dragging
the slider, or a new point on a curve, takes no rerun.
"""

import gzip
from typing import Any

import numpy as np

from vae import history, snapshots
from vae.config import TrainingConfig
from vae.live.bundle import pack
from vae.losses import TERMS
from vae.pictures import to_bytes
from vae.snapshots import Snapshot


def scrubber_data(
    taken: list[Snapshot],
    events: list[dict[str, Any]],
    training: TrainingConfig,
    drawing: np.ndarray | None = None,
    growing: bool = False,
) -> bytes:
    """A run's snapshots and the validation losses beside them, as a compressed bundle.

    Args:
        taken: at least one snapshot, by epoch.
        events: the run's history.
        training: the run's config.
        drawing: what a visitor had drawn, (28, 28) in [0, 1].
        growing: whether more are to come; who looks at the last one is then led on to the next.
    """
    losses = {
        e["epoch"]: [round(e["validation"][term], 3) for term in TERMS]
        for e in events
        if e["event"] == "epoch"
    }
    epochs = [snapshot.epoch for snapshot in taken]
    values = {
        "epochs": epochs,
        "planned": max(training.epochs, epochs[-1]),
        "losses": {epoch: losses[epoch] for epoch in epochs if epoch in losses},
        "kl_weight": training.kl_weight,
        "dead_below": history.DEAD_BELOW,
        "is_autoencoder": training.is_autoencoder,
        "growing": growing,
    }
    arrays = {
        "originals": snapshots.rebuilt_digits().images,
        "rebuilt": np.stack([snapshot.rebuilt for snapshot in taken]),
        "samples": np.stack([snapshot.samples for snapshot in taken]),
        "points": np.stack([snapshot.points for snapshot in taken]),
        "kl": np.stack([snapshot.kl_per_dimension for snapshot in taken]),
    }
    drawings = [snapshot.drawing for snapshot in taken if snapshot.drawing is not None]
    if drawing is not None and len(drawings) == len(taken):
        arrays |= {"drawing": to_bytes(drawing), "drawings": np.stack(drawings)}
    return gzip.compress(pack(values, arrays), compresslevel=6, mtime=0)


def curves_data(
    events: list[dict[str, Any]], is_autoencoder: bool = False, batches: int = 1000
) -> dict[str, Any]:
    """A run's losses: `planned` epochs, and a row for each epoch and for each progress event.

    Of a plain autoencoder only the reconstruction loss, which is all that it has. `terms` are the
    names of the losses. A row of `epochs` is the epoch and its training and validation losses, each
    term; one of `batches` is the place in epochs and the training losses there.

    Args:
        events: the run's history, with at least its start.
        is_autoencoder: whether the run is one.
        batches: rows of `batches` at most; where there are more, neighbours are averaged.
    """
    events = history.effective(events)
    terms = ["reconstruction_loss"] if is_autoencoder else [*TERMS]
    start = next(e for e in reversed(events) if e["event"] == "start")
    progress = np.array(
        [
            (e["step"] / start["steps_per_epoch"], *(e[term] for term in terms))
            for e in events
            if e["event"] == "progress"
        ]
    ).reshape(-1, 1 + len(terms))
    thinned = [part.mean(axis=0) for part in np.array_split(progress, batches) if len(part)]
    epochs = [
        [e["epoch"], *(e[split][term] for split in ("train", "validation") for term in terms)]
        for e in events
        if e["event"] == "epoch"
    ]
    return {
        "terms": [TERMS[term] for term in terms],
        "planned": max(start["epochs"], len(epochs)),
        "batches": np.round(thinned, 3).tolist(),
        "epochs": epochs,
    }
