"""Histories as anybody may write them: what is no event is passed over, the rest can be shown."""

import json
from pathlib import Path

from fuzz import bounded, deep, json_values
from hypothesis import given
from hypothesis import strategies as st

from vae import runs


@given(st.lists(json_values.map(json.dumps) | deep, max_size=5))
def test_any_json_in_a_history_is_an_event_or_passed_over(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with bounded():
        events, _ = runs.read_events(tmp_path)
    assert all(event["event"] in ("start", "progress", "epoch", "end") for event in events)
