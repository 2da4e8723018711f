"""What the project keeps of a run: what its pages show, and nothing that is in there twice."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from vae import archive, embedding, runs

TITLES = {
    "map": "2-D map",
    "best": "sharp, 16-D",
    "flow": "sharpest, 24-D",
    "baseline": "plain, 16-D",
    "enhanced": "plain, deeper decoder",
    "enhanced-100": "the same, trained longer",
    "autoencoder": "no KL",
}
"""What people call the shipped runs; links and the command line have the runs' own names."""


def title(run: runs.Run) -> str:
    """A run as a chooser shows it: a shipped one with what people call it."""
    known = TITLES.get(run.name) if run.path.parent == runs.SHIPPED else None
    return f"{known} · {run.name}" if known else run.name


def ship(run: runs.Run, root: Path = runs.SHIPPED) -> runs.Run:
    """Copy a run into the folder `root`, in the place of an earlier one of its name.

    A run that has no embedding, and needs one, gets it. Left away are the checkpoint, the logs, and
    `model.keras`, whose weights the networks for serving have, too.

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
        if embedding.needed(runs.read(folder)):
            embedding.make(runs.read(folder))
        folder.chmod(0o755)  # temporary ones are made for their owner only
        shutil.rmtree(root / run.name, ignore_errors=True)
        return runs.read(folder.rename(root / run.name))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
