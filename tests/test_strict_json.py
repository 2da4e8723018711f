"""JSON files: read within bounds, as the type that they must have, and as they were written."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from vae import strict_json
from vae.strict_json import Range


@dataclass(frozen=True)
class Inner:
    share: Annotated[float, Range(0, 1)]


@dataclass(frozen=True)
class Outer:
    name: str
    kind: Literal["a", "b"]
    counts: tuple[int, ...]
    parts: dict[str, Inner]
    limit: int | None = None


VALUES = {"name": "é九", "kind": "b", "counts": [1, 2], "parts": {"x": {"share": 1}}}


def test_values_become_the_types_of_their_fields() -> None:
    found = Outer(**strict_json.entries(Outer, VALUES))
    assert found == Outer("é九", "b", (1, 2), {"x": Inner(1.0)})
    assert isinstance(found.parts["x"].share, float)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": 3}, "^name is 3$"),
        ({"name": "\ud800"}, "^name has half a character in it$"),
        ({"kind": "c"}, "^kind 'c' is none of a, b$"),
        ({"kind": ["a"]}, r"^kind \['a'\] is none of a, b$"),
        ({"counts": [1, True]}, "^counts is True$"),
        ({"counts": [1.0]}, r"^counts is 1\.0$"),
        ({"counts": {"0": 1}}, r"^counts is \{'0': 1\}$"),
        ({"parts": {"x": {"share": 1.5}}}, r"^share is 1\.5; it must be from 0 to 1$"),
        ({"parts": {"x": {"share": float("nan")}}}, "^share is nan$"),
        ({"parts": {"x": {"share": 10**400}}}, r"^share is 1000000.*\.\.\.$"),
        ({"parts": {"x": {}}}, "^share is missing$"),
        ({"parts": {"x": []}}, r"^parts x is \[\]$"),
        ({"limit": "none"}, "^limit is 'none'$"),
        ({"more": 1}, r"^unknown entries \['more'\]$"),
    ],
    ids=lambda value: None if isinstance(value, str) else next(iter(value)),
)
def test_a_value_of_another_type_is_named(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        strict_json.entries(Outer, VALUES | change)


def test_how_deep_a_text_may_go() -> None:
    deepest = "[" * strict_json.MAX_DEPTH + "]" * strict_json.MAX_DEPTH
    assert strict_json.parse(deepest.encode()) == json.loads(deepest)
    for deeper in (f"[{deepest}]", "[" * 10**6, '{"a":' * 10**6):
        with pytest.raises(ValueError, match=r"^it is nested more than 20 deep$"):
            strict_json.parse(deeper.encode())
    flat = json.dumps([[], "[[{" * 100, 'a\\"[' * 100, *([[]] * 100)])
    assert strict_json.parse(flat.encode()) == json.loads(flat)


@pytest.mark.parametrize("text", [b"NaN", b"-Infinity", b"\xff", b"", b"1 2", b"9" * 5000])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_json.parse(text)


def test_a_file_is_read_no_further_than_it_may_be_long(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"[1]")
    assert strict_json.read(tmp_path / "file", 3) == [1]
    with pytest.raises(ValueError, match=r"^it is longer than 2 bytes$"):
        strict_json.read(tmp_path / "file", 2)


def test_what_is_sealed_is_known_again_in_any_layout() -> None:
    text = strict_json.to_text(VALUES)
    values = json.loads(text)
    assert next(iter(values)) == strict_json.SEAL
    assert strict_json.unsealed(values) == VALUES
    strict_json.check_seal(dict(reversed(values.items())))
    strict_json.check_seal(VALUES)  # written before there was a seal
    with pytest.raises(ValueError, match=r"^it has changed since it was written$"):
        strict_json.check_seal(values | {"name": "e"})
    with pytest.raises(ValueError, match=r"^\[\] is no object with entries$"):
        strict_json.unsealed([])


def test_nan_is_not_written() -> None:
    for write in (strict_json.to_text, strict_json.line):
        with pytest.raises(ValueError, match=r"not JSON compliant"):
            write({"loss": float("nan")})
