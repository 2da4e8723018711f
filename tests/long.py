"""What the suite has no time for."""

from collections.abc import Iterable
from typing import Any

import pytest


def first(n: int, cases: Iterable[Any]) -> list[Any]:
    """Cases of a test: the first `n` for the suite, the others on request (`-m long`)."""
    cases = list(cases)
    return [*cases[:n], *(pytest.param(case, marks=pytest.mark.long) for case in cases[n:])]
