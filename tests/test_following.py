"""A growing history is read once, whoever watches."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vae import runs
from vae.following import Followed


def test_each_look_reads_only_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(path: Path, start: int) -> tuple[list[dict], int]:
        events, cursor = read_events(path, start)
        read.append(cursor - start)
        return events, cursor

    read_events = runs.read_events
    monkeypatch.setattr(runs, "read_events", counted)
    followed = Followed(tmp_path)
    assert followed.events() == []
    for state in ("stopped", "finished"):
        runs.append_event(tmp_path, {"event": "end", "state": state})
        followed.events()
    assert [event["state"] for event in followed.events()] == ["stopped", "finished"]
    assert sum(read) == (tmp_path / "events.jsonl").stat().st_size


def test_all_who_watch_at_once_are_told_every_event_once(tmp_path: Path) -> None:
    followed = Followed(tmp_path)

    def look(number: int) -> list[int]:
        if number % 2:
            runs.append_event(tmp_path, {"event": "end", "number": number})
        return [event["number"] for event in followed.events()]

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(look, range(200)))
    assert sorted(followed_numbers := [e["number"] for e in followed.events()]) == [
        *range(1, 200, 2)
    ]
    assert all(numbers == followed_numbers[: len(numbers)] for numbers in told)


def test_what_a_watcher_does_to_the_list_is_nobody_elses_business(tmp_path: Path) -> None:
    runs.append_event(tmp_path, {"event": "end"})
    followed = Followed(tmp_path)
    followed.events().clear()
    assert len(followed.events()) == 1
