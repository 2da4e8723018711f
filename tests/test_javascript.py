"""The page's scripts: their own unit tests, their types, their style."""

import os
import re
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
from node import NODE, PATH, ROOT, needs_node, npm

pytestmark = [needs_node, pytest.mark.timeout(300)]  # the tools are fetched the first time


def run(*command: str) -> None:
    environment = os.environ | {"PATH": PATH}
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_scripts_pass_their_unit_tests() -> None:
    files = sorted(map(str, (ROOT / "tests" / "js").glob("*.test.js")))
    assert files
    run(str(NODE), "--test", *files)


@pytest.fixture(scope="module")
def tools() -> Path:
    """The type checker and the linter, exactly as package-lock.json has them."""
    installed = ROOT / "node_modules" / ".package-lock.json"
    wanted = ROOT / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        command = npm()
        if command is None:
            pytest.skip("npm is not installed")
        try:
            run(*command, "ci", "--no-audit", "--no-fund")
        except AssertionError as error:
            if "CI" in os.environ:
                raise
            pytest.skip(f"npm ci cannot fetch the tools of package.json: {error}")
    return ROOT / "node_modules" / ".bin"


@pytest.mark.parametrize(
    "command", [["tsc"], ["biome", "check", "--error-on-warnings"]], ids=["types", "lint"]
)
def test_the_scripts_are_clean(tools: Path, command: list[str]) -> None:
    program, *options = command
    run(str(tools / program), *options)


def test_the_bytes_of_the_row_sums_are_made_of_their_source(tools: Path, tmp_path: Path) -> None:
    source, made = ROOT / "vae/live/row_sums.wat", tmp_path / "row_sums.wasm"
    run(str(tools / "wat2wasm"), str(source), f"--output={made}")
    script = (ROOT / "vae/live/row_sums.js").read_text(encoding="utf-8")
    written = re.search(r"const BYTES =\n((?:  .*\n)+)", script)
    assert written is not None
    kept = "".join(re.findall('"(.*?)"', written[1]))
    assert kept == b64encode(made.read_bytes()).decode()
