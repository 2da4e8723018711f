"""A map of more than two latent dimensions that keeps neighbours together: by t-SNE.

It takes 15 seconds of computing, so it is made where a run is trained or shipped, and kept with
the run; the server only reads it. Of the embedded digits, as `vae.latent_map`.
"""

from pathlib import Path

import numpy as np

from vae import atomic, data, inference, zip_files
from vae.runs import Run

FILE = "embedding.npz"
MAX_BYTES = 100_000
_POINTS = (5000, 2)
_SEED = 0


def needed(run: Run) -> bool:
    """Whether a run has more dimensions than a map can show, and no embedding yet."""
    return run.manifest.model.latent_dim > 2 and read(run) is None


def compute(latents: np.ndarray) -> np.ndarray:
    """Points (n, 2) float16 in [-1, 1] for latents (n, latent_dim): the same for the same.

    Source: van der Maaten and Hinton 2008, "Visualizing Data using t-SNE"; scikit-learn's.
    """
    from sklearn.manifold import TSNE  # seconds, and nothing that serves needs it

    # Half the usual rounds, and coarser forces from afar: 20 for 36 s. Of a digit's ten nearest in
    # `best` it keeps 40 % for 41.
    drawn = TSNE(max_iter=500, angle=0.8, random_state=_SEED, n_jobs=1).fit_transform(latents)
    middle = (drawn.max(axis=0) + drawn.min(axis=0)) / 2
    return ((drawn - middle) / np.abs(drawn - middle).max()).astype(np.float16)


def make(run: Run) -> None:
    """Compute the embedding of a run's latents, and keep it in the run directory."""
    points = compute(inference.Model(run).encode(data.embedded().pixels).latents)
    with atomic.replaced(run.path / FILE) as file:
        np.savez_compressed(file, allow_pickle=False, points=points, encoder=_fingerprint(run))


def read(run: Run) -> np.ndarray | None:
    """The points (5000, 2) float32 of the embedded digits.

    None if the run has none, or a damaged one, or that of an earlier state of it.
    """
    try:
        return check(run.path / FILE, run).astype(np.float32)
    except (OSError, ValueError):
        return None


def check(file: Path, run: Run) -> np.ndarray:
    """The points in a file, checked strictly: (5000, 2) float16.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no embedding of this run.
    """
    arrays = zip_files.arrays(file, MAX_BYTES)
    if set(arrays) != {"points", "encoder"}:
        raise ValueError(f"it holds {sorted(arrays)}")
    points, encoder = arrays["points"], arrays["encoder"]
    if (points.dtype, points.shape) != (np.float16, _POINTS):
        raise ValueError(f"its points are {points.dtype} {points.shape}")
    if not (np.abs(points) <= 1).all():  # also where they are not finite
        raise ValueError("it has points outside [-1, 1]")
    if not np.array_equal(encoder, _fingerprint(run)):
        raise ValueError("it is of another encoder")
    return points


def _fingerprint(run: Run) -> np.ndarray:
    """What tells the encoder, and the flow if there is one, from others: uint8."""
    names = [name for name in ("encoder.tflite", "to_base.tflite") if name in run.manifest.files]
    return np.frombuffer(bytes.fromhex("".join(run.manifest.files[n] for n in names)), np.uint8)
