"""How wide MNIST's strokes are: `python -m benchmarks.pen_width --data MNIST`.

Two ways that know nothing of each other. *Ink*: the pen that leaves as much ink on a digit's
centre lines as the digit has. *Area over outline*: twice a digit's area, divided by the length of
its outline, as for a long ribbon.
"""

import argparse

import numpy as np
from PIL import Image

from vae import data
from vae.preprocess import edge, pen, placement

ENLARGED = 8  # so that half pixels of the outline count
EDGE = 0.4


def by_ink(image: np.ndarray) -> float:
    """The pen that leaves as much ink as image (28, 28) in [0, 1] has: pixels."""
    lines = placement.fitted(edge.centre_lines(image))
    return float(pen.PEN_WIDTH * image.sum() / pen.draw(lines).sum())


def by_outline(image: np.ndarray) -> float:
    """Area over outline of one image (28, 28) in [0, 1]: pixels."""
    size = 28 * ENLARGED
    large = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))
    mask = np.pad(large > EDGE, 1)
    down, right = np.diff(mask, axis=0)[:, :-1], np.diff(mask, axis=1)[:-1]
    # steps along a slanted outline are longer than the outline: a step both ways is a diagonal
    both = (down & right).sum()
    outline = down.sum() + right.sum() - (2 - np.sqrt(2)) * both
    return float(2 * mask.sum() / outline / ENLARGED)


def main() -> None:
    """Print the median of both, and between what values half of the digits lie."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a folder with MNIST; else what training would find")
    parser.add_argument("--images", type=int, default=2000)
    arguments = parser.parse_args()
    splits = data.load(arguments.data, train_images=arguments.images)
    print(f"{len(splits.train):,} training images of {splits.source}; pixels")
    for name, measure in (("ink", by_ink), ("area over outline", by_outline)):
        low, median, high = np.quantile(
            [measure(i) for i in splits.train.pixels], (0.25, 0.5, 0.75)
        )
        print(f"{name}: median {median:.2f}, half between {low:.2f} and {high:.2f}")


if __name__ == "__main__":
    main()
