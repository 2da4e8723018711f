"""A small classifier of digits that judges what a model draws: NumPy, trained in seconds."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae import atomic, parsed_files, zip_files
from vae.data import Digits
from vae.mnist import CLASSES, PIXELS

SHIPPED = Path(__file__).parents[2] / "assets" / "classifier.npz"
"""One that has learned MNIST's training images; `python -m vae classifier` makes it."""

_MAX_BYTES = 1_000_000
_HIDDEN, _BATCH, _RATE, _SILENCED = 256, 128, 2e-3, 0.2
_EPOCHS, _FEWEST_STEPS = 8, 600
_SHAPES = {
    "hidden_weights": (PIXELS, _HIDDEN),
    "hidden_bias": (_HIDDEN,),
    "weights": (_HIDDEN, len(CLASSES)),
    "bias": (len(CLASSES),),
}


@dataclass(frozen=True)
class Classifier:
    """One hidden layer: weights (784, 256) and (256, 10), biases (256,) and (10,)."""

    weights: tuple[np.ndarray, np.ndarray]
    biases: tuple[np.ndarray, np.ndarray]

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Images (n, 28, 28) in [0, 1] -> the probability of each class: (n, 10)."""
        return _softmax(self.features(images) @ self.weights[1] + self.biases[1])

    def features(self, images: np.ndarray) -> np.ndarray:
        """Images (n, 28, 28) in [0, 1] -> what its hidden layer makes of them: (n, 256)."""
        return np.maximum(images.reshape(-1, PIXELS) @ self.weights[0] + self.biases[0], 0)

    def accuracy(self, digits: Digits) -> float:
        """The share of digits whose class it finds."""
        return float((self.probabilities(digits.pixels).argmax(axis=1) == digits.labels).mean())


def train(digits: Digits, seed: int = 0) -> Classifier:
    """A classifier that has learned these digits, the same for the same seed.

    A fifth of the pixels is silenced at random in each step, against overfitting. Source of the
    update: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1.
    """
    generator = np.random.default_rng(seed)
    parameters = [
        generator.normal(0, np.sqrt(2 / PIXELS), (PIXELS, _HIDDEN)).astype(np.float32),
        np.zeros(_HIDDEN, np.float32),
        generator.normal(0, np.sqrt(1 / _HIDDEN), (_HIDDEN, len(CLASSES))).astype(np.float32),
        np.zeros(len(CLASSES), np.float32),
    ]
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    steps = max(_FEWEST_STEPS, _EPOCHS * len(digits) // _BATCH)
    for step in range(1, steps + 1):
        chosen = generator.integers(len(digits), size=_BATCH)
        images = digits.images[chosen].reshape(-1, PIXELS) / np.float32(255)
        images *= (generator.random(images.shape, np.float32) >= _SILENCED) / (1 - _SILENCED)
        rate = _RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
        rate *= np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        gradients = _gradients(parameters, images, digits.labels[chosen])
        for p, (first, second), gradient in zip(parameters, moments, gradients, strict=True):
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient**2 - second)
            p -= rate * first / (np.sqrt(second) + 1e-8)
    return Classifier((parameters[0], parameters[2]), (parameters[1], parameters[3]))


class ClassifierError(Exception):
    """The file of a classifier is missing or damaged; the text says what to do."""


def write(path: Path, classifier: Classifier) -> None:
    """Keep a classifier in half precision, a file of 0.4 MB."""
    first, second = classifier.weights
    first_bias, second_bias = classifier.biases
    arrays = (first, first_bias, second, second_bias)
    named = dict(zip(_SHAPES, (array.astype(np.float16) for array in arrays), strict=True))
    with atomic.replaced(path) as file:
        np.savez_compressed(file, allow_pickle=False, **named)


def read(path: Path = SHIPPED) -> Classifier:
    """The classifier that `write` wrote.

    Raises:
        ClassifierError: it is missing or damaged.
    """
    return _read(path)


@parsed_files.parsed_once(kept=2)
def _read(path: Path) -> Classifier:
    remedy = "make it with python -m vae classifier"
    try:
        arrays = zip_files.arrays(path, _MAX_BYTES)
        if {name: array.shape for name, array in arrays.items()} != _SHAPES:
            raise ValueError("its arrays are not a classifier's")
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise ValueError("it has weights that are not finite")
    except FileNotFoundError:
        raise ClassifierError(f"no {path.name} in {path.parent}; {remedy}") from None
    except (OSError, ValueError) as error:
        raise ClassifierError(f"{path.name} cannot be read: {error}; {remedy}") from error
    first, first_bias, second, second_bias = (arrays[n].astype(np.float32) for n in _SHAPES)
    return Classifier((first, second), (first_bias, second_bias))


def _gradients(
    parameters: list[np.ndarray], images: np.ndarray, labels: np.ndarray
) -> list[np.ndarray]:
    """Of the mean cross-entropy of images (n, 784), by parameter."""
    first, first_bias, second, second_bias = parameters
    hidden = np.maximum(images @ first + first_bias, 0)
    error = _softmax(hidden @ second + second_bias)
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels)
    back = (error @ second.T) * (hidden > 0)
    return [images.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
