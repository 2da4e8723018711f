"""Visitors over real WebSockets: what the benchmark measures, at a tiny size."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from loops import run

from benchmarks import proxy, visitor, visitors
from benchmarks.server import serving
from vae import runs


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


@pytest.mark.timeout(120)
def test_a_training_beside_the_visitors_is_in_its_epochs_and_ends_with_them(tmp_path: Path) -> None:
    with visitors.training(tmp_path):
        (run,) = runs.list_runs(tmp_path)
        assert runs.state(run) == "training"
    (run,) = runs.list_runs(tmp_path)
    assert runs.state(run) == "stopped"


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
