"""What the project keeps of a run: what its pages show, and nothing that is in there twice."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from vae import archive, runs


def ship(run: runs.Run, root: Path = runs.SHIPPED) -> runs.Run:
    """Copy a run into the folder `root`, in the place of an earlier one of its name.

    Left away are the checkpoint, the logs, and `model.keras`, whose weights the networks for
    serving have, too.

    Raises:
        vae.runs.RunError: the run has not ended, has no model, or a file is damaged.
    """
    if runs.state(run) in runs.ALIVE:
        raise runs.RunError(f"{run.name} is {runs.state(run)}; ship it once it has ended")
    files = {name: file for name, file in archive.contents(run).items() if name != "model.keras"}
    served = {name: run.manifest.files[name] for name in runs.served_files(run.manifest.model)}
    folder = Path(tempfile.mkdtemp(prefix=".ship-", dir=root))
    try:
        for name, file in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(file, folder / name)
        runs.write_manifest(folder, replace(run.manifest, files=served))
        folder.chmod(0o755)  # temporary ones are made for their owner only
        shutil.rmtree(root / run.name, ignore_errors=True)
        return runs.read(folder.rename(root / run.name))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
