"""`evaluate`, `card`, `classifier` and `gaps`: what a run can do, in figures, and who judges it."""

import argparse
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from vae import data, results, runs
from vae.commands import progress

if TYPE_CHECKING:
    from vae.inference import Model


def add_to(commands: Any) -> None:
    """Add these commands."""
    evaluate = commands.add_parser("evaluate", help="print a run's test figures")
    evaluate.add_argument("run", type=Path, help="the run directory")
    evaluate.add_argument("--data", type=Path, help="a folder with MNIST")
    evaluate.add_argument("--json", action="store_true", help="print JSON only")
    evaluate.add_argument(
        "--split", choices=("test", "validation"), default="test", help="default: test"
    )

    card = commands.add_parser("card", help="write runs' model cards, measuring them if need be")
    card.add_argument("run", type=Path, nargs="+", help="the run directories")
    card.add_argument("--data", type=Path, help="a folder with MNIST")
    card.add_argument("--readme", type=Path, help="a document whose table of figures is renewed")
    for command in (evaluate, card):
        command.add_argument("--seed", type=int, default=0, help="of the random draws")
        command.add_argument(
            "--importance-samples",
            type=int,
            default=100,
            help="for the NLL of more than 2 dimensions; more come nearer to it",
        )
    judge = commands.add_parser("classifier", help="train the small classifier that reads digits")
    judge.add_argument("--data", type=Path, help="a folder with MNIST")
    judge.add_argument("--out", type=Path, help="default: the one that comes with the project")
    judge.set_defaults(run_command=_classifier)
    gaps = commands.add_parser(
        "gaps", help="measure what the ELBO lacks for each digit of the map; minutes"
    )
    gaps.add_argument("run", type=Path, nargs="+", help="run directories, of two latent dimensions")
    gaps.set_defaults(run_command=_gaps)
    evaluate.set_defaults(run_command=_evaluate)
    card.set_defaults(run_command=_card)


class _Measuring:
    """Measures runs on one split; the data and the classifier are read and trained with it."""

    def __init__(self, parsed: argparse.Namespace, split: str, console: Console) -> None:
        from vae.evaluation import classifier  # LiteRT and all else that measures

        self._parsed, self._console = parsed, console
        with progress.bar(console) as bar:
            splits = progress.load(parsed.data, None, bar)
        self.digits = {"test": splits.test, "validation": splits.validation}[split]
        self._labelled = splits.train
        self._name = f"{split} digits of {splits.source}"
        with console.status("training a small classifier"):
            self._classifier = classifier.train(splits.train)

    def measure(self, model: "Model") -> results.Figures:
        """All figures of a model, with a bar for each that takes long."""
        from vae import evaluation

        with progress.bar(self._console) as bar:
            task = bar.add_task("", total=1.0)
            return evaluation.evaluate(
                model,
                self.digits,
                self._labelled,
                self._classifier,
                self._name,
                seed=self._parsed.seed,
                importance_samples=self._parsed.importance_samples,
                progress=lambda what, share: bar.update(task, description=what, completed=share),
            )


def _evaluate(parsed: argparse.Namespace, console: Console) -> int:
    from vae import catalogue, inference

    model = inference.load(parsed.run)
    figures = _Measuring(parsed, parsed.split, console).measure(model)
    if parsed.json:
        print(json.dumps(figures.to_json(), indent=1))
    else:
        print(f"{model.name}, on {figures.images:,} {figures.digits}")
        known = catalogue.Known(model.run.manifest, figures)
        rows = [(f.name, f.text(known), f.protocol) for f in catalogue.of("card")]
        first, second, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
        for name, text, protocol in rows:
            print(f"{name:<{first}}  {text:<{second}}  {protocol}")
    return 0


def _card(parsed: argparse.Namespace, console: Console) -> int:
    """Cards of runs; figures that are there already, of the same model, are taken as they are."""
    from vae import cards, inference, pictures

    if parsed.readme:
        # a wrong document is told before measuring
        cards.with_table(parsed.readme.read_text(encoding="utf-8"), [])
    measuring: _Measuring | None = None
    named = []
    for path in sorted(parsed.run, key=lambda path: path.name):  # a shell's order is its locale's
        run = runs.read(path)
        try:
            figures = results.read(run)
        except results.ResultsError:
            model = inference.load(path)
            measuring = measuring or _Measuring(parsed, "test", console)
            figures = measuring.measure(model)
            if not run.manifest.training.is_autoencoder:  # which has no ELBO
                picture = pictures.png(cards.picture(model, measuring.digits, figures))
                (path / cards.PICTURE).write_bytes(picture)
            results.write(path, figures)
        cards.write(run, figures)
        console.print(f"{path / cards.FILE}")
        named.append((run, figures))
    if parsed.readme:
        cards.update(parsed.readme, named)
    return 0


def _classifier(parsed: argparse.Namespace, console: Console) -> int:
    from vae.evaluation import classifier

    with progress.bar(console) as bar:
        splits = progress.load(parsed.data, None, bar)
    path = parsed.out or classifier.SHIPPED
    classifier.write(path, classifier.train(splits.train))
    read = classifier.read(path).accuracy(splits.test)
    print(f"{path}: reads {read:.1%} of {len(splits.test):,} test digits of {splits.source}")
    return 0


def _gaps(parsed: argparse.Namespace, console: Console) -> int:
    from vae import gaps, inference

    digits = data.embedded()
    for path in parsed.run:
        model = inference.load(path)
        with progress.bar(console) as bar:
            show = partial(bar.update, bar.add_task("gaps", total=1.0))
            found = gaps.measure(model, digits, lambda share, show=show: show(completed=share))
        gaps.write(path, found)
        print(
            f"{path / gaps.FILE}  -log p(x) {found.nll.mean():.2f}  gap {found.gap.mean():.2f} = "
            f"amortisation {found.amortisation.mean():.2f} + approximation "
            f"{found.approximation.mean():.2f} nats on average  several hills: "
            f"{(found.hills > 1).mean():.1%}"
        )
    return 0
