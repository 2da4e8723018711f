"""A morph to take along. A visitor's session keeps these calls, so they hold no model."""

import numpy as np

from pages.shared import resources
from vae import pictures, runs

COLUMNS = 16


def gif(run: runs.Run, path: np.ndarray, speed: int) -> bytes:
    """The path (n, latent_dim), so many frames a second."""
    images = pictures.to_bytes(resources.model(run).decode(path))
    return pictures.gif(np.stack([pictures.enlarged(image, 10) for image in images]), speed)


def strip(run: runs.Run, path: np.ndarray) -> bytes:
    """The path (n, latent_dim) side by side, as a PNG."""
    images = resources.model(run).decode(path)
    sheet = pictures.contact_sheet(images, min(COLUMNS, len(path)))
    return pictures.png(pictures.enlarged(sheet, 4))
