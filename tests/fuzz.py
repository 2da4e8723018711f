"""What the fuzz tests share: values that anybody may send, and the bounds on what they may cost.

A fuzz test gives one entrance (a file, a message, an address) what hypothesis invents, and lies in
`test_fuzz_*.py`. The suite tries about a hundred inputs a test, the same ones each time; this tries
ten thousand, other ones each time:

    python -m pytest tests/test_fuzz_*.py --hypothesis-profile thorough
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import strategies as st

SECONDS = 2.0
BYTES = 500_000_000


@contextmanager
def bounded(most: int = BYTES) -> Iterator[None]:
    """What happens here takes less than 2 s of the processor, and at most so many bytes more than
    this process ever had."""
    started, peak = time.process_time(), _peak()
    yield
    seconds, grown = time.process_time() - started, _peak() - peak
    assert seconds < SECONDS, f"it took {seconds:.1f} s"
    assert grown <= most, f"it took {grown / 1e6:.0f} MB"


def _peak() -> int:
    """The most bytes of memory that this process ever had."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


numbers = st.one_of(
    st.sampled_from([0, -1, 2**31, 2**63, 10**400, 1e308, -0.0, float("nan"), float("inf")]),
    st.integers(),
    st.floats(),
)
"""Numbers as JSON and a browser may give them: huge ones, nan and infinity are among them."""

texts = st.one_of(
    st.sampled_from(["", " ", ".", "..", "../x", "/etc/passwd", "\0", "[x](http://x)", "<b>"]),
    st.sampled_from(["1", "nan", "1e999", "\ud800", "٣", "🎲", "[/v2]", "x" * 5000]),
    st.text(max_size=20),
)
"""Texts, with what paths, markup, number parsers and encodings take amiss among them."""

json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=15,
)
"""Any value of JSON, as Python has it; how deep a text may go on, `deep` says."""

deep = st.integers(1, 200_000).flatmap(
    lambda depth: st.sampled_from(["[" * depth, '{"a":' * depth, "[" * depth + "]" * depth])
)
"""JSON texts that go deeper and deeper: the parser of the standard library gives up on them."""
