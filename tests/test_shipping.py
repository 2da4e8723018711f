"""What the project keeps of a run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vae import archive, inference, runs, snapshots
from vae.shipping import ship


def test_a_shipped_run_serves_as_before_with_its_history(
    small_run: runs.Run, tmp_path: Path
) -> None:
    shipped = ship(small_run, tmp_path)
    assert shipped.path == tmp_path / small_run.name
    latents = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    before, after = (inference.load(run.path).decode(latents) for run in (small_run, shipped))
    np.testing.assert_array_equal(after, before)
    assert runs.read_events(shipped.path)[0] == runs.read_events(small_run.path)[0]
    assert len(snapshots.read_all(shipped.path)) == len(snapshots.read_all(small_run.path)) > 0
    names = {path.name for path in shipped.path.iterdir()}
    assert names == {"manifest.json", *runs.SERVED_FILES, "events.jsonl", "snapshots"}


def test_a_shipped_run_takes_the_place_of_an_earlier_one(
    small_run: runs.Run, tmp_path: Path
) -> None:
    earlier = tmp_path / small_run.name
    earlier.mkdir()
    (earlier / "README.md").write_text("The card of another model")
    ship(small_run, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [small_run.name]
    assert not (earlier / "README.md").exists()


def test_a_shipped_run_can_be_exported_and_imported(small_run: runs.Run, tmp_path: Path) -> None:
    shipped = ship(small_run, tmp_path)
    file = tmp_path / "run.zip"
    file.write_bytes(archive.export(shipped))
    imported = archive.import_zip(file, tmp_path / "runs")
    assert imported.manifest.files == shipped.manifest.files


def test_a_run_that_still_trains_is_not_shipped(small_run: runs.Run, tmp_path: Path) -> None:
    path = tmp_path / "young"
    runs.write_manifest(path, replace(small_run.manifest, state="training"))
    with runs.locked(path), pytest.raises(runs.RunError, match="young is training; ship it once"):
        ship(runs.read(path), tmp_path)
