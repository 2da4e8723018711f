"""The gaps of all digits of a run's map, as they are kept."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from vae import gaps, inference, runs, true_posterior
from vae.__main__ import main
from vae.data import Digits
from vae.true_posterior import Gaussian


@pytest.fixture(scope="module")
def some(digits: Digits) -> Digits:
    return digits[np.arange(30, 5000, 625)]


@pytest.fixture(scope="module")
def measured(small_run: runs.Run, some: Digits) -> gaps.Gaps:
    return gaps.measure(inference.load(small_run.path), some)


@pytest.fixture
def kept(small_run: runs.Run, measured: gaps.Gaps, tmp_path: Path) -> runs.Run:
    """A run with gaps of its own."""
    run = replace(small_run, path=tmp_path)
    gaps.write(tmp_path, measured)
    return run


def test_both_gaps_are_those_of_each_digits_field(
    small_run: runs.Run, some: Digits, measured: gaps.Gaps
) -> None:
    model = inference.load(small_run.path)
    posterior = model.encode(some.pixels)
    found = true_posterior.explore(model, some.pixels, posterior)
    for i, field in enumerate(found):
        q = Gaussian(posterior.mean[i].astype(float), posterior.log_variance[i].astype(float))
        assert measured.nll[i] == pytest.approx(field.nll, rel=1e-5)
        assert measured.gap[i] == pytest.approx(field.gap(q), abs=1e-4)
        assert measured.hills[i] == len(field.hills())
    assert (measured.approximation > -1e-2).all()
    assert (measured.amortisation > -1e-6).all()


def test_what_is_written_is_read(kept: runs.Run, measured: gaps.Gaps) -> None:
    found = gaps.read(kept)
    for field in fields(gaps.Gaps):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(measured, field.name))


def test_none_an_earlier_models_and_damaged_ones_are_named_with_the_remedy(
    kept: runs.Run, measured: gaps.Gaps
) -> None:
    other = replace(
        kept, manifest=replace(kept.manifest, files=dict.fromkeys(kept.manifest.files, "0" * 64))
    )
    with pytest.raises(gaps.GapsError, match="earlier model's; make them with python -m vae gaps"):
        gaps.read(other)
    gaps.write(kept.path, replace(measured, hills=measured.hills[:-1]))
    with pytest.raises(gaps.GapsError, match=r"cannot be read: hills is uint8 \(7,\), not \(8,\)"):
        gaps.read(kept)
    gaps.write(kept.path, replace(measured, gap=measured.gap * np.nan))
    with pytest.raises(gaps.GapsError, match="gap has values that are not finite"):
        gaps.read(kept)
    (kept.path / gaps.FILE).write_bytes(b"PK")
    with pytest.raises(gaps.GapsError, match="cannot be read"):
        gaps.read(kept)
    (kept.path / gaps.FILE).unlink()
    with pytest.raises(gaps.GapsError, match="has no gaps yet; make them with"):
        gaps.read(kept)


def test_the_command_refuses_what_has_no_gaps(capsys: pytest.CaptureFixture) -> None:
    assert main(["gaps", str(runs.SHIPPED / "best")]) == 2
    assert "best has 16 latent dimensions" in capsys.readouterr().err


def test_the_shipped_gaps_are_those_of_the_shipped_model(digits: Digits) -> None:
    run = runs.read(runs.SHIPPED / "map")
    found = gaps.read(run)
    assert len(found.nll) == len(digits)
    model = inference.load(run.path)
    again = gaps.measure(model, digits[np.array([7, 2007, 4600])])
    for name in ("nll", "gap", "approximation"):
        expected = getattr(found, name)[[7, 2007, 4600]]
        np.testing.assert_allclose(getattr(again, name), expected, atol=0.02)
