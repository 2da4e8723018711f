"""Visitors over real WebSockets: what the benchmark measures, at a tiny size."""

import asyncio
import json
import os
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loops import run

from benchmarks import proxy, visitor, visitors
from benchmarks.server import Server, serving
from vae import runs
from vae.live import name_of

PEN_UP = float(os.environ.get("VAE_TEST_PEN_UP", "inf"))
"""Milliseconds of the processor that a pen-up may cost the server: 20, where nothing else runs."""
UNTOUCHED = {"slider", "checkbox", "button_group", "file_uploader"}
"""What no stroke changes: the pen's settings, and digits that need no drawing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[visitors.Site]:
    with visitors.site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.mark.timeout(120)
def test_two_visitors_walk_through_all_pages_without_an_error(site: visitors.Site) -> None:
    row = run(visitors.load(site, visitors=2, seconds=0, think=0))

    assert row["errors"] == []
    assert row["pages"] == 2 * len(visitors.PAGES)
    assert 0 < row["median"] <= row["p95"]
    assert "| 2 |" in visitors.tabulated([row | {
        "training": False, "megabytes_one_tour": 0.0, "megabytes": site.megabytes()
    }])  # fmt: skip


@pytest.mark.long
@pytest.mark.skipif(proxy.CADDY is None, reason="Caddy is not installed")
@pytest.mark.timeout(120)
def test_visitors_of_two_servers_stay_with_theirs_and_meet_no_error(tmp_path: Path) -> None:
    with visitors.site(tmp_path, servers=2) as site:
        row = run(visitors.load(site, visitors=4, seconds=0, think=0))
        assert len({proxy.cookie(site.address) for _ in range(20)}) == 2

    assert row["errors"] == []
    assert row["pages"] == 4 * len(visitors.PAGES)
    assert "| 4, 2 servers |" in visitors.tabulated(
        [row | {"training": False, "megabytes_one_tour": 0.0, "megabytes": 0.0}]
    )


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_training_beside_the_visitors_is_in_its_epochs_and_ends_with_them(tmp_path: Path) -> None:
    with visitors.training(tmp_path):
        (run,) = runs.list_runs(tmp_path)
        assert runs.state(run) == "training"
    (run,) = runs.list_runs(tmp_path)
    assert runs.state(run) == "stopped"


@pytest.mark.long  # test_server_sockets.py says by what; how long it takes is the machine's
def test_a_page_does_not_wait_until_its_first_message_has_been_received(
    site: visitors.Site,
) -> None:
    """A receiver may confirm 40 ms late; with that no page is there any sooner."""

    async def soonest() -> float:
        async with visitor.enter(site.address) as one:
            return min([(await one.open("how_it_works")).seconds for _ in range(20)])

    assert run(soonest()) < 0.035


def test_a_widget_that_a_visitor_changes_changes_the_page(site: visitors.Site) -> None:
    async def sheets() -> list[list[str]]:
        async with visitor.enter(site.address) as one:
            await one.open("generate")
            before = [view.json for view in one.find("bidi_component")]
            seed = next(box for box in one.find("number_input") if box.label == "Seed")
            await one.change(seed.id, double_value=7)
            return [before, [view.json for view in one.find("bidi_component")]]

    before, after = run(sheets())

    assert len(before) == len(after)
    assert [old == new for old, new in zip(before, after, strict=True)].count(False) == 1


def test_a_page_that_shows_an_exception_counts_as_an_error(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("raise ValueError('spilt milk')")

    async def open_it(address: str) -> None:
        async with visitor.enter(address) as one:
            await one.open()

    with serving(tmp_path / "runs", script) as broken, pytest.raises(visitor.VisitError):
        run(open_it(broken.address))


def test_a_pen_up_costs_the_server_little_and_sends_nothing_that_no_stroke_changes(
    tmp_path: Path,
) -> None:
    standing = [name_of(runs.read(runs.SHIPPED / name)) for name in ("map", "best")]

    async def pen_ups(server: Server) -> tuple[float, list[tuple[float, set[str | None]]]]:
        async with visitor.enter(server.address) as one:
            shown = await one.open()
            before = server.cpu_seconds()
            for _ in range(5):
                await one.open()
            page = 200 * (server.cpu_seconds() - before)
            (fragment,) = {m.delta.fragment_id for m in shown.messages if m.delta.fragment_id}
            await one.change(
                named(one, "-drawing"), fragment, json_value=json.dumps({"standing": standing})
            )
            costs, strokes = [], []
            for i in range(24):
                strokes = [*strokes, stroke(i)][-3:]
                before = server.cpu_seconds()
                drawing = {"drawing": {"raw": {"objects": strokes}, "data": None}}
                shown = await one.change(
                    named(one, "-canvas-0"), fragment, json_value=json.dumps(drawing)
                )
                await asyncio.sleep(0.02)  # whatever it does when all has been sent
                kinds = {m.delta.new_element.WhichOneof("type") for m in shown.messages}
                costs.append((1000 * (server.cpu_seconds() - before), kinds))
            return page, costs[4:]  # the first ones load and measure models

    with serving(tmp_path / "runs") as server:
        page, found = run(pen_ups(server))

    cost = statistics.median(milliseconds for milliseconds, _ in found)
    print(f"{cost:.1f} ms of the server's CPU a pen-up, {page:.1f} the page")
    assert all("html" in kinds and not kinds & UNTOUCHED for _, kinds in found)
    assert cost < PEN_UP
    assert cost < 2 * page  # on any machine, whatever else it does


def named(one: visitor.Visitor, end: str) -> str:
    """The component whose name ends so."""
    ids = [view.id for view in one.find("bidi_component")]
    return next(name for name in ids if name.endswith(end) and "attend" not in name)


def stroke(i: int) -> dict[str, Any]:
    """A stroke as the canvas sends it, never the same."""
    left = 60 + 7 * (i % 10)
    path = [["M", left, 60]]
    path += [["Q", left + 9 * k, 60 + 12 * k, left + 4 + 9 * k, 66 + 12 * k] for k in range(12)]
    return {"type": "path", "path": [*path, ["L", 200 - i, 220]], "strokeWidth": 20}
