"""The small classifier that comes with the project: kept in half precision, read strictly."""

from pathlib import Path

import numpy as np
import pytest

from vae import data
from vae.evaluation import classifier
from vae.evaluation.classifier import Classifier, ClassifierError


def any_classifier() -> Classifier:
    generator = np.random.default_rng(0)
    shapes = [(784, 256), (256, 10), (256,), (10,)]
    first, second, first_bias, second_bias = (generator.normal(0, 0.1, shape) for shape in shapes)
    return Classifier((first, second), (first_bias, second_bias))


def test_a_classifier_is_read_as_it_was_written_but_for_half_precision(tmp_path: Path) -> None:
    written = any_classifier()
    classifier.write(tmp_path / "one.npz", written)
    found = classifier.read(tmp_path / "one.npz")
    images = np.random.default_rng(1).random((20, 28, 28))
    expected = written.probabilities(images)
    np.testing.assert_allclose(found.probabilities(images), expected, atol=0.01)
    assert (tmp_path / "one.npz").stat().st_size < 500_000


def test_the_shipped_one_reads_digits_that_it_has_not_learned(digits: data.Digits) -> None:
    assert classifier.read().accuracy(digits) > 0.97


def test_a_classifier_that_is_missing_or_damaged_is_named_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "one.npz"
    with pytest.raises(ClassifierError, match=r"no one\.npz in .*python -m vae classifier"):
        classifier.read(file)
    classifier.write(file, any_classifier())
    content = file.read_bytes()
    file.write_bytes(content[:-100])
    with pytest.raises(ClassifierError, match=r"one\.npz cannot be read: .*python -m vae class"):
        classifier.read(file)
    np.savez(file, weights=np.zeros((3, 3)))
    with pytest.raises(ClassifierError, match="not a classifier's"):
        classifier.read(file)
    weights = {name: np.full(shape, np.nan) for name, shape in classifier._SHAPES.items()}
    np.savez(file, allow_pickle=False, **weights)
    with pytest.raises(ClassifierError, match=r"not finite|larger than"):
        classifier.read(file)
