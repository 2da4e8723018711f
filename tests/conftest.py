"""What several test files need: small data, and small runs that are really trained."""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

# One BLAS thread, as in the app: two test processes on two cores would wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
from chromium import browser, moving_page, page, server, size, sized_page
from hypothesis import HealthCheck, settings
from visits import bent_run, own_run, owned
from xdist.scheduler import LoadScopeScheduling

from vae import data, embedding, inference, runs
from vae.config import ModelConfig, TrainingConfig
from vae.latent_map import LatentMap, lay_out

__all__ = [  # fixtures
    "bent_run",
    "browser",
    "moving_page",
    "own_run",
    "owned",
    "page",
    "server",
    "size",
    "sized_page",
]

# What the fuzz tests (fuzz.py) try: the same hundred inputs each time, or ten thousand new ones.
settings.register_profile(
    "default",
    max_examples=100,
    derandomize=True,
    deadline=None,  # `fuzz.bounded` looks at the processor's time: others work on this machine, too
    # The files of one example are overwritten by those of the next.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile(
    "thorough", settings.get_profile("default"), max_examples=10_000, derandomize=False
)
settings.load_profile("default")  # before that of the command line

GROUPS = {
    "browser": re.compile(r"needs_chromium|from chromium import .*Server"),
    "TensorFlow": re.compile(r"(from|import) (keras|tensorflow|vae\.training)|without_export"),
}
"""Files that share what takes long to set up, by what is in them: one worker has all of a group.
The browser has two groups: its tests wait more than they compute."""


@cache
def _group(file: Path) -> str:
    """The group of a file, or the file's own name."""
    text = file.read_text(encoding="utf-8")
    group = next((group for group, sign in GROUPS.items() if sign.search(text)), file.name)
    return f"browser {sum(file.name.encode()) % 2}" if group == "browser" else group


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups first: they take longest, and the files after them fill up whoever is done earlier."""
    groups = {path: _group(path) for path in {item.path for item in items}}
    items.sort(key=lambda item: groups[item.path] == item.path.name)


class Scheduling(LoadScopeScheduling):
    """A group is one piece of work, as is any file outside of them."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(self.config.rootpath / nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """How tests are given to the workers."""
    return Scheduling(config, log)


SMALL_MODEL = ModelConfig(
    latent_dim=2, encoder_units=(64, 32), decoder_units=(32, 32), decoder_channels=(8, 8)
)
SMALL_TRAINING = TrainingConfig(
    epochs=2, batch_size=50, learning_rate=3e-3, ema_decay=0.9, train_images=1000, seed=3
)

# Everything that draws random numbers or keeps a state from step to step, in one config.
EVERYTHING = replace(
    SMALL_TRAINING,
    epochs=3,
    schedule="cosine",
    weight_decay=0.01,
    kl_warmup_epochs=2,
    pixels="mixed",
    augmentation=0.5,
    seed=7,
)


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty folder for the runs of the server whose pages are tested, and nothing cached."""
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("VAE_DATA_DIR", raising=False)
    from pages.shared import resources

    resources.jobs.forget()
    yield tmp_path / "runs"
    resources.jobs.forget()


@pytest.fixture(scope="session", autouse=True)
def quick_embedding() -> Iterator[None]:
    """No t-SNE at the end of trainings, which takes longer than they do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding, "compute", lambda latents: np.zeros((len(latents), 2), np.float16))
        yield


@pytest.fixture(scope="session")
def digits() -> data.Digits:
    """The 5,000 embedded digits."""
    return data.embedded()


@pytest.fixture(scope="session")
def splits() -> data.Splits:
    """1,000 / 500 / 500 of the embedded digits."""
    return embedded_splits(1000)


def embedded_splits(train_images: int) -> data.Splits:
    """The embedded digits, split, whatever else this machine has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("VAE_DATA_DIR", raising=False)
        patch.setenv("KERAS_HOME", "/nonexistent")
        patch.setattr(tempfile, "tempdir", "/nonexistent")
        return data.load(train_images=train_images, download=False)


@pytest.fixture(scope="session")
def few() -> data.Splits:
    """200 training images and 100 for validation: 4 steps an epoch."""
    splits = embedded_splits(200)
    return replace(splits, validation=splits.validation[::5])


@pytest.fixture(scope="session")
def small_run(trained_runs: Path, splits: data.Splits) -> runs.Run:
    """A run with two latent dimensions, trained for two short epochs. Do not change it."""
    return _trained(trained_runs / "small", SMALL_MODEL, splits)


@pytest.fixture(scope="session")
def run_of_five(trained_runs: Path, splits: data.Splits) -> runs.Run:
    """The same with five latent dimensions. Do not change it."""
    return _trained(trained_runs / "five", replace(SMALL_MODEL, latent_dim=5), splits)


@pytest.fixture(scope="session")
def run_with_a_flow(trained_runs: Path, splits: data.Splits) -> runs.Run:
    """The same with a learned prior. Do not change it."""
    model = replace(SMALL_MODEL, latent_dim=5, prior="flow", couplings=3, coupling_units=16)
    return _trained(trained_runs / "flow", model, splits)


@pytest.fixture(scope="session")
def flat(small_run: runs.Run, digits: data.Digits) -> LatentMap:
    """The latent map of the run with two latent dimensions."""
    return lay_out(inference.load(small_run.path), digits)


@pytest.fixture(scope="session")
def deep(run_of_five: runs.Run, digits: data.Digits) -> LatentMap:
    """The latent map of the run with five latent dimensions."""
    return lay_out(inference.load(run_of_five.path), digits)


@pytest.fixture(scope="session")
def bent(run_with_a_flow: runs.Run, digits: data.Digits) -> LatentMap:
    """The latent map of the run with a learned prior."""
    return lay_out(inference.load(run_with_a_flow.path), digits)


@pytest.fixture(scope="session")
def trained_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for runs that all workers share: each is trained once."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "trained"
    folder.mkdir(exist_ok=True)
    return folder


def _trained(path: Path, model: ModelConfig, splits: data.Splits) -> runs.Run:
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may train it now
        if path.exists() and (run := runs.read(path)).manifest.state == "finished":
            return run
        from vae.training.loop import train  # TensorFlow: only for who comes first

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(embedding, "make", lambda run: None)  # older runs have none
            return train(model, SMALL_TRAINING, splits, path, preset="tiny")


def validation_losses(path: Path) -> list[float]:
    """Those of a run's epochs."""
    events, _ = runs.read_events(path)
    return [event["validation"]["loss"] for event in events if event["event"] == "epoch"]


def skip_export(patch: pytest.MonkeyPatch) -> None:
    """Empty model files: they take most of the time of a training as small as the tests'."""
    import keras  # TensorFlow: only for the tests that need it

    from vae.training import converter

    patch.setattr(keras.Model, "save", lambda self, path: Path(path).touch())
    patch.setattr(converter, "convert", lambda network: b"")
    patch.setattr(embedding, "make", lambda run: None)  # which asks the networks


@pytest.fixture
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that look at a training, not at what it exports."""
    skip_export(monkeypatch)
