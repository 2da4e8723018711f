"""Folders of runs: which runs they hold, and why others are passed over."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vae.runs.manifest import NoRunError, Run, RunError, read

SHIPPED = Path(__file__).parents[2] / "assets" / "models"

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
"""What a run may be called: a directory everywhere, and nothing that is hidden."""


def own_root() -> Path:
    """Where this machine's own runs lie: VAE_RUNS_DIR, else `runs` in the working directory."""
    return Path(os.environ.get("VAE_RUNS_DIR") or "runs")


@dataclass(frozen=True)
class Listing:
    """What is in some folders: the readable runs, and why others are passed over, by place."""

    found: list[Run]
    passed_over: dict[str, str]


def survey(*roots: Path) -> Listing:
    """The runs in these folders, each folder's sorted by name. One bad entry hides no other."""
    listing = Listing([], {})
    for root in roots:
        try:
            names = sorted(path.name for path in root.iterdir())
        except FileNotFoundError:
            continue
        except OSError as error:
            listing.passed_over[str(root)] = f"the folder cannot be read: {error}"
            continue
        for name in names:
            try:
                _take(root / name, listing)
            except RunError as error:
                shown = str(root / name).encode("utf-8", "backslashreplace").decode("utf-8")
                listing.passed_over[shown] = str(error)
    return listing


def _take(path: Path, listing: Listing) -> None:
    if path.name.startswith("."):
        return  # hidden, as the trash is
    with suppress(NoRunError):
        run = read(path)
        if not NAME.fullmatch(path.name):
            raise RunError("a run cannot have this name; rename the folder")
        listing.found.append(run)


def list_runs(*roots: Path) -> list[Run]:
    """The readable runs in these folders; `survey` also says what is passed over."""
    return survey(*roots).found


def matching(root: Path, pattern: str) -> list[Path]:
    """What of a folder of runs matches a pattern; nothing where nobody may look into the folder,
    of which `survey` says why."""
    try:
        return list(root.glob(pattern))
    except OSError:
        return []


def identity(path: Path) -> int:
    """What tells this run directory from another that had its path before; 0 if there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0
