"""The source is formatted, linted and typed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "arguments",
    [["ruff", "format", "--check"], ["ruff", "check"], ["pyright", "--pythonpath", sys.executable]],
    ids=["ruff format", "ruff check", "pyright"],
)
@pytest.mark.timeout(180)  # pyright fetches its own program the first time
def test_the_source_is_clean(arguments: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
