"""The embedding by t-SNE: kept with its run, read as nothing else, and only where it is needed."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vae import archive, embedding, live, runs, shipping
from vae.embedding import compute
from vae.evaluation.neighbours import neighbours_kept
from vae.latent_map import LatentMap
from vae.live.bundle import pack

POINTS = np.random.default_rng(0).uniform(-1, 1, (5000, 2)).astype(np.float16)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any points in place of t-SNE's, which take 15 seconds."""
    monkeypatch.setattr(embedding, "compute", lambda latents: POINTS)


@pytest.fixture
def embedded(run_of_five: runs.Run, tmp_path: Path, quick: None) -> runs.Run:
    """A run of five dimensions that has its embedding."""
    return shipping.ship(run_of_five, tmp_path)


@pytest.mark.long
def test_groups_in_ten_dimensions_stay_groups_in_two() -> None:
    generator = np.random.default_rng(3)
    centres = generator.normal(0, 8, (4, 10))
    labels = np.repeat(np.arange(4), 60)
    latents = (centres[labels] + generator.normal(size=(240, 10))).astype(np.float32)
    points = compute(latents).astype(np.float32)
    assert np.abs(points).max() == pytest.approx(1, abs=1e-3)
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(axis=1)] == labels).all()
    assert neighbours_kept(latents, points, asked=240) > 1.5 * neighbours_kept(
        latents, latents[:, :2], asked=240
    )


def test_a_run_that_is_shipped_keeps_its_embedding_and_only_one_that_needs_one(
    embedded: runs.Run, small_run: runs.Run, tmp_path: Path
) -> None:
    found = embedding.read(embedded)
    assert found is not None
    np.testing.assert_array_equal(found, POINTS.astype(np.float32))
    assert not embedding.needed(embedded)
    assert not embedding.needed(small_run)
    assert not (shipping.ship(small_run, tmp_path).path / embedding.FILE).exists()


def test_a_run_without_an_embedding_serves_as_before(run_with_a_flow: runs.Run) -> None:
    assert embedding.read(run_with_a_flow) is None
    assert embedding.needed(run_with_a_flow)


@pytest.mark.parametrize(
    ("points", "fault"),
    [
        (POINTS.astype(np.float32), "its points are float32"),
        (POINTS[:9], "its points are float16"),
        (2 * POINTS, "points outside"),
        (np.full_like(POINTS, np.nan), "points outside"),
    ],
)
def test_what_is_no_embedding_is_passed_over(
    embedded: runs.Run, points: np.ndarray, fault: str
) -> None:
    fingerprint = embedding._fingerprint(embedded)
    file = embedded.path / embedding.FILE
    np.savez(file, points=points, encoder=fingerprint)
    assert embedding.read(embedded) is None
    with pytest.raises(ValueError, match=fault):
        embedding.check(file, embedded)


def test_an_embedding_of_an_earlier_state_of_the_run_is_passed_over(embedded: runs.Run) -> None:
    files = {**embedded.manifest.files, "encoder.tflite": "ab" * 32}
    later = replace(embedded, manifest=replace(embedded.manifest, files=files))
    assert embedding.read(later) is None


def changed(content: bytes, change: Callable[[bytes], bytes]) -> io.BytesIO:
    """An export with another embedding in it."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            entry = old.read(name)
            new.writestr(name, change(entry) if name.endswith(embedding.FILE) else entry)
    target.seek(0)
    return target


def test_an_export_takes_the_embedding_along_and_an_import_checks_it(
    embedded: runs.Run, tmp_path: Path
) -> None:
    content = archive.export(embedded)
    imported = archive.import_zip(io.BytesIO(content), tmp_path / "runs")
    np.testing.assert_array_equal(embedding.read(imported), POINTS.astype(np.float32))
    with pytest.raises(archive.ArchiveError, match=r"embedding\.npz is not that of this run"):
        archive.import_zip(changed(content, lambda entry: entry[:-9]), tmp_path / "runs")


def test_an_export_leaves_the_embedding_of_an_earlier_state_behind(
    embedded: runs.Run, tmp_path: Path
) -> None:
    np.savez(embedded.path / embedding.FILE, points=POINTS, encoder=np.zeros(32, np.uint8))
    imported = archive.import_zip(io.BytesIO(archive.export(embedded)), tmp_path / "runs")
    assert not (imported.path / embedding.FILE).exists()


def test_neighbours_kept_is_the_share_that_brute_force_finds() -> None:
    generator = np.random.default_rng(5)
    latents, points = generator.normal(size=(90, 6)), generator.normal(size=(90, 2))

    def near(at: np.ndarray, i: int) -> set[int]:
        distances = np.linalg.norm(at - at[i], axis=1)
        distances[i] = np.inf
        return set(np.argsort(distances)[:10].tolist())

    expected = np.mean([len(near(latents, i) & near(points, i)) / 10 for i in range(90)])
    assert neighbours_kept(latents, points, asked=90) == pytest.approx(expected)
    assert neighbours_kept(latents, latents, asked=90) == 1


def test_projections_have_the_plane_and_space_and_neighbours_only_where_they_were_embedded(
    deep: LatentMap, embedded: runs.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[tuple[dict, dict]] = []
    monkeypatch.setattr(live, "pack", lambda *given: packed.append(given) or pack(*given))
    live.projections_bundle(deep)
    with_embedding = replace(deep, model=type(deep.model)(embedded))
    live.projections_bundle(with_embedding)
    (values, arrays), (more, places) = packed
    assert set(arrays) == {"plane", "space"}
    assert values["id"] + "-embedded" == more["id"]
    assert set(places) == {"plane", "space", "neighbours"}
    eigenvalues = np.linalg.eigvalsh(np.cov(deep.latents.astype(np.float64).T))
    for name, count in (("plane", 2), ("space", 3)):
        share = eigenvalues[-count:].sum() / eigenvalues.sum()
        assert values["shares"][name] == pytest.approx(share, rel=1e-4)
        at = arrays[name].astype(np.float64)
        assert at.shape == (5000, 3)
        assert (np.linalg.norm(at, axis=1) <= 1.001).mean() >= 0.999
        spread = np.sort(at.var(axis=0))[::-1][:count] / at.var(axis=0).max()
        np.testing.assert_allclose(spread, eigenvalues[::-1][:count] / eigenvalues[-1], rtol=0.01)
    assert not arrays["plane"][:, 2].any()
