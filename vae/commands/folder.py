"""`runs`, `export`, `import`, `embed`, `places` and `ship`: what is done with runs as they are."""

import argparse
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from vae import runs


def add_to(commands: Any) -> None:
    """Add these commands."""
    listed = commands.add_parser("runs", help="list runs")
    listed.add_argument("roots", type=Path, nargs="*", help="folders of run directories")
    listed.set_defaults(run_command=_runs)

    exported = commands.add_parser("export", help="pack a run into one zip file")
    exported.add_argument("run", type=Path, help="the run directory")
    exported.add_argument("--out", type=Path, help="the zip file; default: the run's name")
    exported.set_defaults(run_command=_export)

    imported = commands.add_parser("import", help="check an exported run and add it to the others")
    imported.add_argument("file", type=Path, help="the zip file")
    imported.add_argument("root", type=Path, nargs="?", help="the folder of run directories")
    imported.set_defaults(run_command=_import)

    embed = commands.add_parser("embed", help="lay out runs of many dimensions by t-SNE")
    embed.add_argument("run", type=Path, nargs="+", help="the run directories")
    embed.set_defaults(run_command=_embed)

    places = commands.add_parser(
        "places", help="give a run an encoder that weighs places of the plane; nothing is trained"
    )
    places.add_argument("run", type=Path, help="the run directory, of two latent dimensions")
    places.add_argument("--number", type=int, default=4096, help="of places; default: 4096")
    places.set_defaults(run_command=_places)

    shipped = commands.add_parser("ship", help="put a run among those that come with the project")
    shipped.add_argument("run", type=Path, help="the run directory")
    shipped.set_defaults(run_command=_ship)


def _runs(parsed: argparse.Namespace, console: Console) -> int:
    listing = runs.survey(*(parsed.roots or [runs.SHIPPED, runs.own_root()]))
    for run in listing.found:
        m = run.manifest
        loss = m.metrics.get("validation_loss")
        print(
            f"{run.path}  {runs.state(run)}  {m.epochs_done}/{m.training.epochs} epochs  "
            f"latent_dim {m.model.latent_dim}  "
            + (f"validation loss {loss:.2f}" if loss is not None else "no epoch yet")
        )
    for place, reason in listing.passed_over.items():
        print(f"{place}  passed over: {reason}", file=sys.stderr)
    return 0


def _export(parsed: argparse.Namespace, console: Console) -> int:
    from vae import archive  # LiteRT, and only needed here and below

    run = runs.read(parsed.run)
    target = parsed.out or Path(f"{run.name}.zip")
    with target.open("xb") as file:
        file.write(archive.export(run))
    print(target)
    return 0


def _import(parsed: argparse.Namespace, console: Console) -> int:
    from vae import archive

    print(archive.import_zip(parsed.file, parsed.root or runs.own_root()).path)
    return 0


def _embed(parsed: argparse.Namespace, console: Console) -> int:
    """Give runs that need an embedding, and have none, one; trainings do it at their end."""
    from vae import embedding

    for path in parsed.run:
        run = runs.read(path)
        if embedding.needed(run):
            embedding.make(run)
            print(path / embedding.FILE)
    return 0


def _places(parsed: argparse.Namespace, console: Console) -> int:
    from vae.training import remaking  # TensorFlow

    run = remaking.with_places(runs.read(parsed.run), parsed.number)
    print(f"{run.path}  {run.manifest.model.encoder_places} places")
    return 0


def _ship(parsed: argparse.Namespace, console: Console) -> int:
    from vae import shipping

    print(shipping.ship(runs.read(parsed.run)).path)
    return 0
