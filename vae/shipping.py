"""What the project keeps of a run: what its pages show, and nothing that is in there twice."""

import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vae import runs, snapshots


def ship(run: runs.Run, root: Path = runs.SHIPPED) -> runs.Run:
    """Copy a run into the folder `root`, in the place of an earlier one of its name.

    Left away are the checkpoint, the logs, and `model.keras`, whose weights the networks for
    serving have, too.

    Raises:
        vae.runs.RunError: the run has not ended, has no model, or a file is damaged.
    """
    if runs.state(run) in runs.ALIVE:
        raise runs.RunError(f"{run.name} is {runs.state(run)}; ship it once it has ended")
    files = runs.model_files(run)
    folder = Path(tempfile.mkdtemp(prefix=".ship-", dir=root))
    folder.chmod(0o755)  # temporary ones are made for their owner only
    for name in runs.SERVED_FILES:
        shutil.copy(files[name], folder / name)
    served = {name: run.manifest.files[name] for name in runs.SERVED_FILES}
    runs.write_manifest(folder, replace(run.manifest, files=served))
    with suppress(FileNotFoundError):
        shutil.copy(run.path / "events.jsonl", folder)
    (folder / snapshots.FOLDER).mkdir()
    for file in snapshots.files(run.path).values():
        shutil.copy(file, folder / snapshots.FOLDER)
    shutil.rmtree(root / run.name, ignore_errors=True)
    return runs.read(folder.rename(root / run.name))
