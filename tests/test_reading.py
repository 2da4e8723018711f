"""The benchmark of reading: its file, its pictures, its plain way, and its shares."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import reading
from vae.evaluation import classifier
from vae.preprocess import Blank

ZERO = [[0.5 + 0.15 * np.cos(t), 0.5 + 0.2 * np.sin(t)] for t in np.linspace(0, 2 * np.pi, 40)]
SEVEN = [[0.35, 0.3], [0.62, 0.3], [0.45, 0.7]]
ONE = [[0.5, 0.3], [0.5, 0.7]]
WRITTEN = [{"label": 0, "strokes": [ZERO]}, {"label": 7, "strokes": [SEVEN]}]


@pytest.fixture(scope="module")
def judge() -> classifier.Classifier:
    return classifier.read()


@pytest.fixture
def digits(tmp_path: Path) -> list[reading.PenDigit]:
    packed = tmp_path / "digits.json.gz"
    packed.write_bytes(gzip.compress(json.dumps(WRITTEN).encode()))
    return reading.pen_digits(packed)


def test_a_file_may_be_packed_or_not(digits: list[reading.PenDigit], tmp_path: Path) -> None:
    plain = tmp_path / "digits.json"
    plain.write_text(json.dumps(WRITTEN))
    assert [d.label for d in reading.pen_digits(plain)] == [d.label for d in digits] == [0, 7]


def test_the_picture_is_as_wide_as_scale_and_pen_say() -> None:
    one = reading.PenDigit(1, [np.array(ONE)])
    drawn = reading.picture(one, pen=20, scale=0.5) > 127
    assert drawn.shape == (280, 280)
    assert drawn.any(axis=0).sum() == pytest.approx(20, abs=1)
    assert drawn.any(axis=1).sum() == pytest.approx(0.4 * 0.5 * 280 + 20, abs=1)


def test_the_plain_way_keeps_the_pen_and_centres_the_mass() -> None:
    one = reading.PenDigit(1, [np.array(ONE)])
    image = reading.cropped_and_centred(reading.picture(one, pen=28, scale=1.0))
    rows, columns = np.nonzero(image > 0.5)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (20, 4)  # 28 of 140 pixels, of 20
    assert rows.mean() == pytest.approx(13.5, abs=0.5)
    assert columns.mean() == pytest.approx(13.5, abs=0.5)


def test_pixels_are_read_no_worse_than_the_plain_way(
    judge: classifier.Classifier, digits: list[reading.PenDigit]
) -> None:
    (row,) = reading.rows(judge, digits, pens=(20,), scales=(1.0,))
    pen, scale, shares, refused = row
    assert (pen, scale, refused) == (20, 1.0, 0)
    assert shares[1:] == [1.0, 1.0]


def test_what_is_refused_is_not_read(
    judge: classifier.Classifier, digits: list[reading.PenDigit]
) -> None:
    seen: list[np.ndarray | Blank] = [reading.from_strokes(digits[0]), Blank("no")]
    assert reading.share_read(judge, digits, seen) == 0.5
    assert reading.share_read(judge, digits, [Blank("no")] * 2) == 0.0
