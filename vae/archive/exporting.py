"""A run packed into one zip file, while it trains, too."""

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

from vae import embedding, plain_files, runs, snapshots
from vae.archive.bounds import MAX_BYTES
from vae.archive.thinning import thinned


def export(run: runs.Run) -> bytes:
    """A run as a zip file: its manifest, model files, history and snapshots, in one folder.

    A training run is exported as it is now, whatever it was when `run` was read, as a stopped one.
    A history that is longer than an import takes loses some of its events of progress.

    Raises:
        vae.runs.RunError: the run has no model yet, or a file is damaged.
    """
    run, files = _read_now(run.path)
    state = runs.state(run)
    settled = replace(run.manifest, state="stopped") if state in runs.ALIVE else run.manifest
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(f"{run.name}/manifest.json", runs.to_json(settled))
        for name, content in files.items():
            archive.writestr(f"{run.name}/{name}", content)
    return packed.getvalue()


def _read_now(path: Path) -> tuple[runs.Run, dict[str, bytes]]:
    """A run and what belongs to it beside its manifest, all of one epoch."""
    while True:
        run = runs.read(path)
        try:
            files = {name: _read(file) for name, file in contents(run).items()}
            found = {name: hashlib.sha256(files[name]).hexdigest() for name in run.manifest.files}
            if found == run.manifest.files:
                return run, files
        except (runs.RunError, FileNotFoundError):
            if runs.read(path).manifest == run.manifest:
                raise
        # The training committed another epoch meanwhile: so take that one.


def _read(file: Path) -> bytes:
    """A file of a run; of a history too long to be imported all but some events of progress."""
    allowed = MAX_BYTES["events.jsonl"]
    with plain_files.opened(file) as lines:
        size = file.stat().st_size
        if file.name != "events.jsonl" or size <= allowed:
            return lines.read()
        every = 1 + 2 * size // allowed  # half as much as allowed, and all other events
        return thinned(lines, every)


def contents(run: runs.Run) -> dict[str, Path]:
    """What belongs to a run beside its manifest, by its path in the run directory.

    Raises:
        vae.runs.RunError: the run has no model yet, or a file is damaged.
    """
    others = [run.path / name for name in ("events.jsonl", snapshots.DRAWING)]
    if embedding.read(run) is not None:  # one of an earlier state of the run stays behind
        others.append(run.path / embedding.FILE)
    found = [file for file in [*others, *snapshots.files(run.path).values()] if file.exists()]
    return runs.model_files(run) | {str(file.relative_to(run.path)): file for file in found}
