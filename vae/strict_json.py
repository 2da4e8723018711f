"""JSON from files that anybody may have written, or damaged: bounded, checked and typed.

Standard library only. A file that `to_text` made carries a hash of its content, so that a changed
digit is noticed; files from before that are read without it.
"""

import hashlib
import json
import re
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from vae import plain_files

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
SEAL = "sha256"
"""The first entry of a file: the hash of all others."""

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[][{}]")


@dataclass(frozen=True)
class Range:
    """The least and the largest value of a number: `Annotated[int, Range(0, 9)]`."""

    low: float
    high: float


Count = Annotated[int, Range(0, 10**12)]
Seconds = Annotated[float, Range(0, 1e10)]


def parse(content: bytes) -> Any:
    """The value of a JSON text in UTF-8. Numbers may still be too large for a float.

    Raises:
        ValueError: it is no JSON, has nan or infinity in it, or is nested too deeply.
    """
    text = content.decode("utf-8")
    if _is_deep(text):  # before the parser, which may run out of its stack
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
    return _DECODER.decode(text)


def _is_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
_ENCODER = json.JSONEncoder(allow_nan=False)


def line(values: dict[str, Any]) -> str:
    """Values as JSON on one line.

    Raises:
        ValueError: a number is nan or infinite.
    """
    return _ENCODER.encode(values)


def read(file: Path, most: int = MAX_BYTES) -> Any:
    """The value in a JSON file, read no further than it may be long.

    Raises:
        OSError: it cannot be read.
        ValueError: it is longer than `most` bytes, or `parse` refuses it.
    """
    with plain_files.opened(file) as handle:
        content = handle.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is longer than {most:,} bytes")
    return parse(content)


def to_text(values: dict[str, Any], indent: int = 2) -> str:
    """Values as JSON that says by its first entry whether it is still the same.

    Raises:
        ValueError: a number is nan or infinite.
    """
    return json.dumps({SEAL: _hash(values), **values}, indent=indent, allow_nan=False)


def unsealed(values: Any) -> dict[str, Any]:
    """The entries of a file without the seal.

    Raises:
        ValueError: it is no object.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{_shown(values)} is no object with entries")
    return {name: value for name, value in values.items() if name != SEAL}


def check_seal(values: dict[str, Any]) -> None:
    """Raises: ValueError: the entries of a file are not those that were written."""
    if SEAL in values and values[SEAL] != _hash(unsealed(values)):
        raise ValueError("it has changed since it was written")


def _hash(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode("utf-8")).hexdigest()


def typed(kind: Any, value: Any, name: str = "it") -> Any:
    """A value of JSON as the type that it must have.

    Args:
        kind: bool, int, float, str, a Literal, any of them or None, an Annotated number with its
            Range, `dict[str, ...]`, `tuple[..., ...]`, or a dataclass of such fields. A dataclass
            with a `from_json` of its own is made by that. Any takes everything.
        value: what JSON holds.
        name: what errors call it.

    Raises:
        ValueError: it is something else, or out of its range.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin is Annotated:
        number, bounds = typed(inner[0], value, name), inner[1]
        if not bounds.low <= number <= bounds.high:
            raise ValueError(f"{name} is {number}; it must be from {bounds.low} to {bounds.high}")
        return number
    if origin is UnionType:
        return None if value is None else typed(inner[0], value, name)
    if origin is Literal:
        if not isinstance(value, str) or value not in inner:
            raise ValueError(f"{name} {_shown(value)} is none of {', '.join(inner)}")
        return value
    if origin is dict and isinstance(value, dict):
        return {_text(key, name): typed(inner[1], v, f"{name} {key}") for key, v in value.items()}
    if origin is tuple and isinstance(value, list):
        return tuple(typed(inner[0], item, name) for item in value)
    if is_dataclass(kind) and isinstance(value, dict):
        return _record(kind, value)
    if kind is float and type(value) in (int, float) and abs(value) < 1e300:  # False for nan
        return float(value)
    if kind is str and isinstance(value, str):
        return _text(value, name)
    if kind in (int, bool) and type(value) is kind:
        return value
    raise ValueError(f"{name} is {_shown(value)}")


def _record(kind: Any, values: dict[str, Any]) -> Any:
    if hasattr(kind, "from_json"):
        return kind.from_json(values)
    return kind(**entries(kind, values))


def entries(kind: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass from a JSON object that has no others.

    Raises:
        ValueError: one is unknown, missing, or of another type.
    """
    hints = get_type_hints(kind, include_extras=True)
    if unknown := sorted(set(values) - set(hints)):
        raise ValueError(f"unknown entries {_shown(unknown)}")
    needed = [f.name for f in fields(kind) if f.default is f.default_factory is MISSING]
    if missing := [name for name in needed if name not in values]:
        raise ValueError(f"{', '.join(missing)} is missing")
    return {name: typed(hints[name], value, name) for name, value in values.items()}


def _text(value: str, name: str) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError(f"{name} has half a character in it")
    return value


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
