"""The command line: what it prints, what it leaves on disk, and what it refuses."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from vae import cards, catalogue, data, inference, results, runs, training_cost
from vae.__main__ import main
from vae.commands import measure
from vae.commands.train import _stop_on_signals
from vae.config import ModelConfig, Option, TrainingConfig, options
from vae.evaluation import classifier
from vae.presets import PRESETS

ROOT = Path(__file__).parents[1]
PATIENCE = 120.0  # seconds; the machine may be busy
SMALL = [
    *("--encoder-units", "16", "--decoder-units", "16", "--decoder-channels", "4", "4"),
    *("--train-images", "64", "--batch-size", "64", "--latent-dim", "3"),
]
EMBEDDED = "the 5,000 embedded MNIST digits"
OPTIONS = {**options(ModelConfig), **options(TrainingConfig)}
MANIFEST = runs.Manifest(
    preset="tiny", model=PRESETS["tiny"].model, training=PRESETS["tiny"].training
)


@pytest.fixture(scope="module", autouse=True)
def embedded_digits_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No folder with MNIST is named, and there is neither a cache nor a place to download to."""
    file = tmp_path_factory.mktemp("keras") / "file"
    file.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("VAE_DATA_DIR", raising=False)
        patch.setenv("KERAS_HOME", str(file))
        patch.setenv("TMPDIR", str(file.parent))
        patch.setenv("no_proxy", "")
        patch.setenv("https_proxy", "http://127.0.0.1:9")
        patch.setattr(tempfile, "tempdir", str(file.parent))
        patch.setattr(data, "URL", "http://127.0.0.1:9/mnist.npz")  # refused at once
        patch.setattr(classifier, "_EPOCHS", 1)  # a poor judge will do
        patch.setattr(classifier, "_FEWEST_STEPS", 20)
        yield


@contextmanager
def signals_restored() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def ran(*arguments: str | Path) -> tuple[int, str, str]:
    """One command in this process: its exit status, and what it wrote to stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with signals_restored(), redirect_stdout(out), redirect_stderr(err):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:  # argparse
            status = int(end.code or 0)
    return status, out.getvalue(), err.getvalue()


def one_json(text: str) -> dict[str, Any]:
    """The JSON object with which this text begins, after white space."""
    return json.JSONDecoder().raw_decode(text.lstrip())[0]


def epochs(path: Path) -> list[dict[str, Any]]:
    return [event for event in runs.read_events(path)[0] if event["event"] == "epoch"]


@dataclass(frozen=True)
class Trained:
    """A training in a process of its own, ended by Ctrl-C in the middle."""

    path: Path
    status: int
    out: str
    err: str


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The one real training here. Do not change its run."""
    folder = tmp_path_factory.mktemp("trained")
    path, out, err = folder / "run", folder / "out", folder / "err"
    arguments = ["train", "--preset", "tiny", "--out", str(path), *SMALL, "--epochs", "1000"]
    with out.open("w") as stdout, err.open("w") as stderr:
        command = [sys.executable, "-m", "vae", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdout=stdout, stderr=stderr)
        try:
            deadline = time.monotonic() + PATIENCE
            while len(epochs(path)) < 2:
                assert process.poll() is None, out.read_text() + err.read_text()
                assert time.monotonic() < deadline, "waited in vain for two epochs"
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            status = process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
    return Trained(path, status, out.read_text(), err.read_text())


def test_train_begins_with_its_config_as_json_and_names_its_data(trained: Trained) -> None:
    config = one_json(trained.out)
    manifest = runs.read(trained.path).manifest
    assert ModelConfig.from_json(config["model"]) == manifest.model
    assert TrainingConfig.from_json(config["training"]) == manifest.training
    why = "the download failed: Connection refused"
    assert f"data: {EMBEDDED}; 64 training images ({why})\n" in trained.out


def test_train_starts_from_the_preset_and_takes_what_the_command_line_changes(
    trained: Trained,
) -> None:
    manifest = runs.read(trained.path).manifest
    tiny = PRESETS["tiny"]
    assert manifest.preset == "tiny"
    assert manifest.model == replace(
        tiny.model,
        latent_dim=3,
        encoder_units=(16,),
        decoder_units=(16,),
        decoder_channels=(4, 4),
    )
    assert manifest.training == replace(tiny.training, epochs=1000, batch_size=64, train_images=64)


def test_train_prints_a_line_an_epoch_with_both_losses_and_the_speed(trained: Trained) -> None:
    def terms(losses: dict[str, float]) -> str:
        reconstruction, kl = losses["reconstruction_loss"], losses["kl_divergence"]
        return f"loss {losses['loss']:.2f} (reconstruction {reconstruction:.2f} + KL {kl:.2f})"

    assert [line for line in trained.out.splitlines() if line.startswith("epoch")] == [
        f"epoch {number:>3}/1000  train {terms(epoch['train'])}  "
        f"validation {terms(epoch['validation'])}  "
        f"{epoch['seconds']:.1f} s  {epoch['images_per_second']:,.0f} images/s"
        for number, epoch in enumerate(epochs(trained.path), start=1)
    ]


def test_ctrl_c_ends_a_training_without_an_error(trained: Trained) -> None:
    assert trained.status == 0, trained.err
    assert "Traceback" not in trained.out + trained.err
    best = runs.read(trained.path).manifest.best_epoch
    assert trained.out.endswith(f"stopped: {trained.path}, best epoch {best}\n")


def test_ctrl_c_leaves_a_run_that_can_be_served(trained: Trained) -> None:
    model = inference.load(trained.path)
    manifest = model.run.manifest
    assert model.reconstruct(data.embedded()[:2].pixels).shape == (2, 28, 28)
    assert runs.state(model.run) == "stopped"
    assert 2 <= manifest.epochs_done < 1000
    assert 1 <= manifest.best_epoch <= manifest.epochs_done


@pytest.mark.usefixtures("without_export")
def test_a_run_that_ctrl_c_ended_goes_on_where_it_was(trained: Trained, tmp_path: Path) -> None:
    path = shutil.copytree(trained.path, tmp_path / "[" / "v2]:dog:")  # printed as it is
    before = runs.read(path).manifest
    done = before.epochs_done
    status, out, _ = ran("train", "--resume", "--out", path, "--epochs", str(done + 2))
    assert status == 0
    printed = re.findall(r"^epoch +(\d+)/(\d+) ", out, re.MULTILINE)
    assert [(int(a), int(b)) for a, b in printed] == [(done + 1, done + 2), (done + 2, done + 2)]
    after = runs.read(path).manifest
    assert (after.state, after.epochs_done) == ("finished", done + 2)
    assert (after.preset, after.model) == ("tiny", before.model)
    assert after.training == replace(before.training, epochs=done + 2)
    assert [epoch["epoch"] for epoch in epochs(path)] == list(range(1, done + 3))
    assert out.endswith(f"finished: {path}, best epoch {after.best_epoch}\n")


def test_a_first_ctrl_c_or_sigterm_asks_for_a_stop_and_a_second_one_insists() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with signals_restored():
            stop = _stop_on_signals()
            assert not stop.is_set()
            os.kill(os.getpid(), number)
            assert stop.wait(5)
            with pytest.raises(KeyboardInterrupt):  # noqa: PT012  # it comes within moments
                os.kill(os.getpid(), number)
                time.sleep(5)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        (["--seed", "1"], "--resume goes on as the run began; of the options only --epochs may"),
        (["--learning-rate", "0.01", "--epochs", "3"], "of the options only --epochs may change"),
        (["--latent-dim", "2"], "--resume cannot change the model; leave the model's options out"),
    ],
    ids=["training", "training-and-epochs", "model"],
)
def test_resume_refuses_other_options_than_the_run_began_with(
    trained: Trained, changed: list[str], text: str
) -> None:
    path = trained.path
    before = (path / "manifest.json").read_bytes()
    status, out, _ = ran("train", "--resume", "--out", path, *changed)
    assert status == 2
    assert out.startswith("error: ")
    assert text in out
    assert (path / "manifest.json").read_bytes() == before


def test_resume_without_a_checkpoint_says_so_and_fails(trained: Trained, tmp_path: Path) -> None:
    path = shutil.copytree(trained.path, tmp_path / "run")
    (path / "checkpoint.npz").unlink()
    status, out, _ = ran("train", "--resume", "--out", path)
    assert status == 1
    assert f"error: nothing to resume in {path}: checkpoint.npz is missing" in out


def test_resume_refuses_a_run_whose_loss_ran_away(trained: Trained, tmp_path: Path) -> None:
    path = shutil.copytree(trained.path, tmp_path / "run")
    failed = replace(runs.read(path).manifest, state="failed", error="it is nan", diverged=True)
    runs.write_manifest(path, failed)
    status, out, _ = ran("train", "--resume", "--out", path)
    assert (status, out) == (2, "error: it is nan; --resume would only repeat it\n")
    assert runs.read(path).manifest == failed


def test_a_dry_run_prints_config_and_estimate_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vae.training.loop", None)  # importing it would fail
    monkeypatch.chdir(tmp_path)
    status, out, err = ran("train", "--dry-run", "--out", "runs/new", *SMALL, "--epochs", "7")
    assert status == 0, err
    config = one_json(out)
    assert config["training"]["epochs"] == 7
    expected = training_cost.estimate(
        ModelConfig(**config["model"]), TrainingConfig(**config["training"]), data.TRAIN_IMAGES
    )
    assert f"estimate: {expected.seconds / 60:.1f} minutes for 7 epochs of" in out
    assert f"{expected.parameters:,} weights" in out
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_that_goes_on_counts_the_epochs_that_are_left(trained: Trained) -> None:
    done = runs.read(trained.path).manifest.epochs_done
    before = {file: file.read_bytes() for file in trained.path.rglob("*") if file.is_file()}
    options = ("--resume", "--dry-run", "--out", trained.path, "--epochs", str(done + 3))
    status, out, err = ran("train", *options)
    assert status == 0, err
    assert "minutes for 3 epochs of" in out
    assert {file: file.read_bytes() for file in trained.path.rglob("*") if file.is_file()} == before


def test_train_refuses_a_directory_that_holds_a_run(trained: Trained) -> None:
    path = trained.path
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    status, out, _ = ran("train", "--out", path, *SMALL)
    assert status == 2
    assert out == f"error: {path} holds a run already; add --resume or choose another --out\n"
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before


def test_train_refuses_a_directory_whose_checkpoint_is_gone_but_not_its_model(
    trained: Trained, tmp_path: Path
) -> None:
    path = shutil.copytree(trained.path, tmp_path / "run")
    (path / "checkpoint.npz").unlink()
    status, out, _ = ran("train", "--out", path, *SMALL)
    assert status == 2
    assert out == f"error: {path} holds a run already; add --resume or choose another --out\n"


def test_resume_refuses_to_end_before_what_is_done(trained: Trained) -> None:
    done = runs.read(trained.path).manifest.epochs_done
    status, out, _ = ran("train", "--resume", "--out", trained.path, "--epochs", str(done))
    assert status == 2
    assert out == f"error: the run has done {done} epochs; give --epochs more than that\n"


def test_a_stop_asked_for_while_a_new_training_starts_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.mkdir()
    runs.request(path, "stop")
    status, _, _ = ran("train", "--preset", "tiny", "--out", path, *SMALL, "--epochs", "50")
    assert status == 0
    assert runs.read(path).manifest.state == "stopped"
    assert len(epochs(path)) < 50


def test_train_refuses_a_directory_in_which_another_process_trains(tmp_path: Path) -> None:
    with runs.locked(tmp_path):
        status, out, _ = ran("train", "--out", tmp_path, *SMALL)
    assert status == 2
    assert out == f"error: {tmp_path} is being trained by another process; stop it first\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--preset", "nice"], "argument --preset: invalid choice: 'nice'"),
        (["--pixels", "red"], "argument --pixels: invalid choice: 'red'"),
        (["--epochs", "many"], "argument --epochs: invalid int value: 'many'"),
        (
            ["--train-images", "some"],
            "argument --train-images: 'some' is neither a whole number nor all",
        ),
        (["--colour", "red"], "unrecognized arguments: --colour red"),
        (["--epochs", "0"], "error: epochs is 0; it must be from 1 to 1000"),
        (["--learning-rate", "nan"], "error: learning_rate is nan; it must be from 1e-06 to 0.1"),
        (["--encoder-units", "64", "7"], "error: encoder_units is 7; it must be from 8 to 1024"),
        (["--decoder-channels", "8"], "error: decoder_channels is [8]; give two numbers"),
        (["--resume"], "error: no run in "),
        (["--data", "/nonexistent"], "error: no MNIST in /nonexistent: neither mnist.npz nor"),
    ],
    ids=str.split("preset choice number count option bound nan bound-in-list list no-run no-data"),
)
def test_train_refuses_what_cannot_be_and_says_why(
    tmp_path: Path, arguments: list[str], text: str
) -> None:
    status, out, err = ran("train", "--out", tmp_path / "run", *arguments)
    assert status == 2
    assert text in out + err
    assert runs.list_runs(tmp_path) == []


def test_evaluate_refuses_a_run_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "run"
    assert ran("evaluate", path) == (
        2,
        "",
        f"error: no run in {path}: manifest.json is missing\n",
    )


def test_evaluate_refuses_a_run_without_a_model(tmp_path: Path) -> None:
    runs.write_manifest(tmp_path / "run", MANIFEST)
    status, out, err = ran("evaluate", tmp_path / "run")
    assert (status, out) == (2, "")
    assert err == "error: run has no trained model yet; wait for its first epoch\n"


@pytest.mark.parametrize(
    "arguments",
    [["train", "--out", "RUN", "--dropout", "1"], ["evaluate", "RUN"]],
    ids=["train", "evaluate"],
)
def test_an_error_is_an_exit_status_and_a_text_without_a_traceback(
    tmp_path: Path, arguments: list[str]
) -> None:
    arguments = [str(tmp_path / "run") if a == "RUN" else a for a in arguments]
    command = [sys.executable, "-m", "vae", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 2
    assert "error: " in result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr


@pytest.fixture(scope="module")
def evaluated(trained: Trained) -> str:
    """What evaluate prints of that run as JSON."""
    status, out, err = ran("evaluate", trained.path, "--json", "--importance-samples", "3")
    assert status == 0, err
    return out


def test_evaluate_prints_every_figure_with_its_protocol(
    trained: Trained, evaluated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = SimpleNamespace(measure=lambda _: results.Figures.from_json(json.loads(evaluated)))
    monkeypatch.setattr(measure, "_Measuring", lambda *_: bench)
    status, out, err = ran("evaluate", trained.path)
    assert status == 0, err
    first, *lines = out.splitlines()
    assert first == f"run, on 500 test digits of {EMBEDDED}"
    assert len(lines) == len(catalogue.of("card"))
    for figure, line in zip(catalogue.of("card"), lines, strict=True):
        assert line.startswith(figure.name + " ")
        assert line.endswith("  " + figure.protocol)
    assert re.search(r"^-ELBO, dynamic +\d+\.\d ± \d+\.\d ", out, re.MULTILINE)
    assert re.search(r"^active units +[0-3] of 3 ", out, re.MULTILINE)


def test_evaluate_prints_columns_however_long_the_training_took(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    best = runs.SHIPPED / "best"  # "100 epochs, 29 minutes" is the longest of all
    bench = SimpleNamespace(measure=lambda _: results.read(runs.read(best)))
    monkeypatch.setattr(measure, "_Measuring", lambda *_: bench)
    assert main(["evaluate", str(best)]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    figures = zip(catalogue.of("card"), lines, strict=True)
    assert len({len(line) - len(figure.protocol) for figure, line in figures}) == 1
    assert any("100 epochs, 29 minutes  epochs" in line for line in lines)


def test_evaluate_with_json_prints_one_object_and_nothing_else(
    trained: Trained, evaluated: str
) -> None:
    figures = results.Figures.from_json(json.loads(evaluated))  # refuses anything before or after
    assert (figures.run, figures.digits) == ("run", f"test digits of {EMBEDDED}")
    asked = ("--json", "--importance-samples", "3", "--seed", "1", "--split", "validation")
    others = ran("evaluate", trained.path, *asked)[1]
    again = results.Figures.from_json(json.loads(others))
    assert (again.seed, again.digits) == (1, f"validation digits of {EMBEDDED}")
    for name in ("elbo_dynamic", "elbo_grey", "nll_dynamic"):
        one, other = getattr(figures, name), getattr(again, name)
        assert one != other
        assert abs(one.mean - other.mean) < 3 * (one.standard_error + other.standard_error), name


def test_card_measures_a_run_once_and_renews_a_table(trained: Trained, tmp_path: Path) -> None:
    path = shutil.copytree(trained.path, tmp_path / "run")
    readme = tmp_path / "README.md"
    readme.write_text(f"Before\n{cards.START}\nold\n{cards.END}\nafter\n")
    arguments = ("card", path, "--importance-samples", "3", "--readme", readme)
    assert ran(*arguments)[0] == 0
    run = runs.read(path)
    figures = results.read(run)
    assert (path / cards.FILE).read_text() == cards.card(run, figures)
    assert (path / cards.PICTURE).read_bytes().startswith(b"\x89PNG")
    table = cards.table([(run, figures)])
    assert readme.read_text() == f"Before\n{cards.START}\n{table}\n{cards.END}\nafter\n"
    # the second time nothing is measured, so no data is needed
    status, _, err = ran(*arguments, "--data", "/nonexistent")
    assert status == 0, err
    assert results.read(run) == figures


def test_card_refuses_a_document_without_a_place_for_the_table_before_it_measures(
    trained: Trained, tmp_path: Path
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("No marks.")
    status, _, err = ran("card", trained.path, "--readme", readme)
    assert status == 2
    assert "no place for the table; mark it with" in err
    assert readme.read_text() == "No marks."
    assert not (trained.path / results.FILE).exists()


@pytest.fixture
def three_runs(tmp_path: Path) -> Path:
    """A folder with a finished run, one whose process died, and a queued one whose server died."""
    metrics = {"validation_loss": 123.456}
    finished = replace(MANIFEST, state="finished", epochs_done=10, metrics=metrics)
    runs.write_manifest(tmp_path / "a", finished)
    runs.write_manifest(tmp_path / "b", replace(finished, state="training", epochs_done=4))
    runs.write_manifest(tmp_path / "c", replace(MANIFEST, state="queued"))
    return tmp_path


LISTED = [
    "a  finished  10/10 epochs  latent_dim 2  validation loss 123.46",
    "b  interrupted  4/10 epochs  latent_dim 2  validation loss 123.46",
    "c  interrupted  0/10 epochs  latent_dim 2  no epoch yet",
]


def test_runs_are_listed_with_state_epochs_and_loss(three_runs: Path) -> None:
    status, out, err = ran("runs", three_runs)
    assert (status, err) == (0, "")
    assert out.splitlines() == [f"{three_runs}/{line}" for line in LISTED]


def test_what_is_no_readable_run_is_told_beside_the_others(tmp_path: Path) -> None:
    runs.write_manifest(tmp_path / "two words", MANIFEST)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "manifest.json").write_text("{", encoding="utf-8")
    status, out, err = ran("runs", tmp_path)
    assert (status, out) == (0, "")
    cut, words = err.splitlines()
    assert cut.startswith(f"{tmp_path}/cut  passed over: the manifest in {tmp_path}/cut cannot be")
    assert words == f"{tmp_path}/two words  passed over: {WORDS}"


WORDS = "a run cannot have this name; rename the folder"


def test_without_a_folder_the_shipped_runs_and_this_machines_own_are_listed(
    three_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setenv("VAE_RUNS_DIR", str(three_runs))
    runs.write_manifest(tmp_path / "shipped" / "map", replace(MANIFEST, state="finished"))
    _, out, _ = ran("runs")
    names = [
        Path(line.split("  ")[0]).relative_to(tmp_path).as_posix() for line in out.splitlines()
    ]
    assert names == ["shipped/map", "a", "b", "c"]


def test_the_runs_of_an_empty_folder_are_none(tmp_path: Path) -> None:
    assert ran("runs", tmp_path) == (0, "", "")


@pytest.fixture(scope="module")
def train_help() -> dict[str, str]:
    """What `train --help` says of each option, by the option's name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "10000")  # a line each
        status, out, _ = ran("train", "--help")
    assert status == 0
    lines = re.findall(r"^  --([a-z-]+) .*?(?:\s{2,}|\n\s+)(\S.*)$", out, re.MULTILINE)
    return dict(lines)


@pytest.mark.parametrize(("name", "option"), OPTIONS.items(), ids=OPTIONS)
def test_every_config_field_is_an_option_of_train_with_its_help(
    name: str, option: Option, train_help: dict[str, str]
) -> None:
    assert train_help[name.replace("_", "-")] == option.help


def test_every_option_of_train_has_a_help_text(train_help: dict[str, str]) -> None:
    others = {"out", "preset", "data", "resume", "dry-run"}
    assert set(train_help) == others | {name.replace("_", "-") for name in OPTIONS}
    assert all(train_help.values())


@pytest.mark.parametrize("arguments", [[], ["paint"], ["train"], ["evaluate"]], ids=str)
def test_a_command_that_is_not_whole_is_answered_with_its_usage(arguments: list[str]) -> None:
    status, out, err = ran(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("usage: python -m vae")


def test_the_data_may_lie_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def load(*arguments: Any, progress: Callable[[int, int], None]) -> data.Splits:
        asked.extend(arguments)
        progress(3, 10)  # a download is under way
        raise data.DataError("that is enough")

    monkeypatch.setattr(data, "load", load)
    status, out, _ = ran("train", "--out", tmp_path, "--data", "/some/folder", *SMALL)
    assert (status, asked) == (2, [Path("/some/folder"), 64])
    assert "error: that is enough" in out


def test_a_run_is_exported_to_a_file_and_imported_from_it(trained: Trained, tmp_path: Path) -> None:
    file, root = tmp_path / "a.zip", tmp_path / "runs"
    assert ran("export", trained.path, "--out", file) == (0, f"{file}\n", "")
    assert ran("import", file, root) == (0, f"{root / 'run'}\n", "")
    assert runs.read(root / "run").manifest == runs.read(trained.path).manifest
    before = file.read_bytes()
    status, _, err = ran("export", trained.path, "--out", file)
    assert (status, file.read_bytes()) == (2, before)
    assert "File exists" in err
    file.write_bytes(before[:1000])
    status, _, err = ran("import", file, root)
    assert status == 2
    assert err.startswith("error: this is not an exported run: ")


@pytest.mark.skipif(sys.platform != "linux", reason="there only")
def test_a_training_in_a_terminal_asks_for_huge_pages_as_one_of_the_server_does(
    tmp_path: Path,
) -> None:
    telling = "import os, sys; print(os.getpid(), os.environ.get('GLIBC_TUNABLES'))"
    (tmp_path / "sitecustomize.py").write_text(telling)
    environment = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    command = [
        sys.executable,
        "-m",
        "vae",
        "train",
        "--out",
        str(tmp_path / "it's one"),
        "--dry-run",
    ]
    result = subprocess.run(
        [*command, "--epochs", "3"],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second, *_ = result.stdout.splitlines()
    number, tunables = second.split()
    assert first == f"{number} None"  # the same process, begun anew
    assert tunables == "glibc.malloc.hugetlb=1"
    assert "for 3 epochs" in result.stdout
