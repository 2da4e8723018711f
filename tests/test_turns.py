import threading
import time
from collections.abc import Callable

import pytest

from pages.shared import turns
from pages.shared.turns import Turns


def at_once(does: Callable[[], None], threads: int = 8) -> None:
    all_of_them = [threading.Thread(target=does) for _ in range(threads)]
    for thread in all_of_them:
        thread.start()
    for thread in all_of_them:
        thread.join(30)
        assert not thread.is_alive()


def test_one_computes_at_a_time_and_each_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONG", 30)
    inside, seen, turn = [], [], Turns().turn

    def page() -> None:
        with turn():
            inside.append(1)
            time.sleep(0.01)
            seen.append(len(inside))
            inside.pop()

    at_once(page)
    assert seen == [1] * 8


def test_what_takes_long_is_waited_for_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONG", 0.05)
    turn, ends, seen = Turns().turn, threading.Event(), []

    def imports() -> None:
        with turn():
            ends.wait(30)

    def page() -> None:
        with turn():
            seen.append(1)

    long = threading.Thread(target=imports)
    long.start()
    at_once(page)
    assert len(seen) == 8
    assert long.is_alive()
    ends.set()
    long.join(30)


def test_a_fragment_within_its_page_is_part_of_its_turn() -> None:
    turn = Turns().turn

    @turn()
    def fragment() -> int:
        return 3

    with turn():
        assert fragment() == 3
    assert fragment() == 3


def test_a_page_that_fails_has_had_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONG", 30)
    turn = Turns().turn
    with pytest.raises(ValueError, match="spilt"), turn():
        raise ValueError("spilt")
    begun = time.monotonic()
    with turn():
        pass
    assert time.monotonic() - begun < 20
