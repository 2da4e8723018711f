"""Networks as anybody may send them: what a server loads was tried before, in another process."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from fuzz import bounded
from hypothesis import given, settings
from hypothesis import strategies as st

from vae import inference, network_check, runs
from vae.live import network

FILES = (*runs.SERVED_FILES, *runs.FLOW_FILES)
FEW = 8 if settings().max_examples <= 100 else settings().max_examples  # each takes a process
NURSERY = """
import os, sys
from pathlib import Path
from vae import network_check
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        network_check._limit()
        os._exit(bool(network_check._wrong(Path(line.rstrip()))))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
CHANGES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255), st.booleans()),
    min_size=1,
    max_size=4,
)


def changed(content: bytes, changes: list[tuple[float, int, bool]]) -> bytes:
    """A network with some other bytes; half of them where its structure lies."""
    found = bytearray(content)
    structure = [i for i in range(len(found)) if i < 600 or i > len(found) - 12_000]
    for place, value, anywhere in changes:
        i = int(place * len(found)) if anywhere else structure[int(place * len(structure))]
        found[i] = value
    return bytes(found)


@given(st.sampled_from(FILES), CHANGES)
def test_a_structure_with_changed_bytes_is_looked_through_safely(
    run_with_a_flow: runs.Run, name: str, changes: list[tuple[float, int, bool]]
) -> None:
    content = changed((run_with_a_flow.path / name).read_bytes(), changes)
    with bounded(), suppress(*network_check.DAMAGED):
        network_check.check_structure(content)


@given(st.binary(max_size=3000))
def test_bytes_are_no_structure(content: bytes) -> None:
    with bounded(), suppress(*network_check.DAMAGED):
        network_check.check_structure(content)
        raise AssertionError("nothing was refused")


@pytest.fixture(scope="module")
def trial() -> Iterator[Callable[[Path], int]]:
    """The trial of `vae.network_check`, which starts ten times as fast where a process that has
    imported everything forks for it: its exit status, 0 if the networks of a folder pass."""
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        told, answered = nursery.stdin, nursery.stdout

        def status(folder: Path) -> int:
            told.write(f"{folder}\n")
            told.flush()
            return int(answered.readline())

        yield status
        told.close()


def test_networks_that_were_not_changed_pass_the_trial(
    run_with_a_flow: runs.Run, trial: Callable[[Path], int]
) -> None:
    assert trial(run_with_a_flow.path) == 0


@settings(max_examples=FEW)
@given(st.sampled_from(FILES), CHANGES)
def test_a_network_that_passes_can_be_loaded_and_gives_finite_numbers(
    run_with_a_flow: runs.Run,
    trial: Callable[[Path], int],
    tmp_path: Path,
    name: str,
    changes: list[tuple[float, int, bool]],
) -> None:
    files = {file: (run_with_a_flow.path / file).read_bytes() for file in FILES}
    files[name] = changed(files[name], changes)
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)
    hashes = {file: sha256(content).hexdigest() for file, content in files.items()}
    runs.write_manifest(tmp_path, replace(run_with_a_flow.manifest, files=hashes))
    if trial(tmp_path):
        return
    model = inference.load(tmp_path)
    network.encoder(model)
    network.decoder(model)
