"""Bars that tell how far a command is."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from vae import data


def bar(console: Console) -> Progress:
    """A bar, with the time that is left."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console
    )


def load(folder: Path | None, train_images: int | None, bar: Progress) -> data.Splits:
    """The data, with a bar if it has to be downloaded."""
    task = bar.add_task("MNIST", visible=False)

    def show(done: int, total: int) -> None:
        bar.columns = (*bar.columns[:2], DownloadColumn())
        bar.update(task, completed=done, total=total or None, visible=True)

    return data.load(folder, train_images, progress=show)
